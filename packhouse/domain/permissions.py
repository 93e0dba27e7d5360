"""Who may do what to which thing. The same predicate guards the service and hides the button."""

from packhouse.domain.users import Actor, Role

STAFF = frozenset({Role.OPERATOR, Role.MANAGER, Role.ADMIN})
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
REVIEWERS = frozenset({Role.MANAGER, Role.REVIEWER, Role.AUDITOR, Role.ADMIN})
AUDITORS = frozenset({Role.AUDITOR, Role.ADMIN})


def works_at(actor: Actor, site_id: int) -> bool:
    """Say whether the site is in this person's hands: an admin has them all."""
    return actor.is_system or actor.role == Role.ADMIN or site_id in actor.site_ids


def may_operate(actor: Actor, site_id: int) -> bool:
    """Run the day's queue of a site: check in, start, stop, no-show, breakdown."""
    return actor.is_system or (actor.role in STAFF and works_at(actor, site_id))


def may_manage(actor: Actor, site_id: int) -> bool:
    """Change a site: hours, closures, machines, maintenance; decide requests."""
    return actor.is_system or (actor.role in MANAGERS and works_at(actor, site_id))


def may_act_for(actor: Actor, business_id: int | None, site_id: int) -> bool:
    """Book, move or cancel for a business: its own people, and the staff of the site."""
    own = business_id is not None and business_id in actor.business_ids
    return (actor.role == Role.PRODUCER and own) or may_operate(actor, site_id)


def may_see_booking(actor: Actor, business_id: int | None, site_id: int) -> bool:
    """See one booking with its names: who may act for it, and the auditor."""
    return may_act_for(actor, business_id, site_id) or actor.role == Role.AUDITOR


def may_review(actor: Actor) -> bool:
    """Read utilization and demand figures."""
    return actor.is_system or actor.role in REVIEWERS


def may_audit(actor: Actor) -> bool:
    """Read the audit trail."""
    return actor.is_system or actor.role in AUDITORS


def may_administer(actor: Actor) -> bool:
    """Create sites, people and roles."""
    return actor.is_system or actor.role == Role.ADMIN
