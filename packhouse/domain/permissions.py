"""Who may do what to which thing. The same predicate guards the service and hides the button."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from packhouse.domain.users import Actor, Role

EntryPoint = TypeVar("EntryPoint", bound=Callable[..., Any])

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


def may_replan(actor: Actor, site_id: int) -> bool:
    """Propose new times for a site's bookings, carry a plan out, and call its people."""
    return may_operate(actor, site_id)


def may_manage(actor: Actor, site_id: int) -> bool:
    """Change a site: hours, closures, machines, maintenance; decide requests."""
    return actor.is_system or (actor.role in MANAGERS and works_at(actor, site_id))


def may_rule_prices(actor: Actor, site_id: int | None) -> bool:
    """Set reductions of a site; those of every site (None) are the administrator's."""
    return may_administer(actor) if site_id is None else may_manage(actor, site_id)


def may_act_for(actor: Actor, business_id: int | None, site_id: int) -> bool:
    """Book, move or cancel for a business: its own people, and the staff of the site."""
    own = business_id is not None and business_id in actor.business_ids
    return (actor.role == Role.PRODUCER and own) or may_operate(actor, site_id)


def may_see_booking(actor: Actor, business_id: int | None, site_id: int) -> bool:
    """See one booking with its names: who may act for it, and the auditor."""
    return may_act_for(actor, business_id, site_id) or actor.role == Role.AUDITOR


def may_serve_businesses(actor: Actor) -> bool:
    """Register businesses, check their papers, and know them all by name: the front desk."""
    return actor.is_system or actor.role in STAFF


def may_merge_businesses(actor: Actor) -> bool:
    """Make two records of one business one; it cannot be undone: managers."""
    return actor.is_system or actor.role in MANAGERS


def may_act_for_business(actor: Actor, business_id: int) -> bool:
    """Keep the products and the people of a business: its own people, and the front desk."""
    own = actor.role == Role.PRODUCER and business_id in actor.business_ids
    return own or may_serve_businesses(actor)


def may_answer_complaint(actor: Actor, site_id: int, *, about_the_house: bool) -> bool:
    """Read and answer a complaint: who manages the site, and none of its people if it is on them.

    ``about_the_house`` marks what is said about the people who run a house: its managers do not
    see that, an admin does.
    """
    if about_the_house:
        return may_administer(actor)
    return may_manage(actor, site_id)


def may_issue_code(actor: Actor, role: Role) -> bool:
    """Give a person of this role a code to a new password: the front desk, to producers alone.

    So nobody becomes an administrator by way of the desk.
    """
    return actor.role in STAFF and role == Role.PRODUCER


def may_review(actor: Actor) -> bool:
    """Read utilization and demand figures."""
    return actor.is_system or actor.role in REVIEWERS


def may_audit(actor: Actor) -> bool:
    """Read the audit trail."""
    return actor.is_system or actor.role in AUDITORS


def may_trace(actor: Actor, site_id: int) -> bool:
    """Read what was cleaned and packed on a machine, lot by lot: its staff, and the auditor."""
    return may_operate(actor, site_id) or may_audit(actor)


def may_administer(actor: Actor) -> bool:
    """Create sites, people and roles."""
    return actor.is_system or actor.role == Role.ADMIN


class Access(StrEnum):
    """Who may enter a page or an address of the API; what she may touch there, ``may_…`` says."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    PRODUCER = "producer"
    STAFF = "staff"
    MANAGER = "manager"
    REVIEW = "review"
    RECORDS = "records"
    AUDIT = "audit"
    ADMIN = "admin"


ADMITTED: dict[Access, frozenset[Role]] = {
    Access.SIGNED_IN: frozenset(Role),
    Access.PRODUCER: STAFF | {Role.PRODUCER},  # The front desk books for whoever stands there.
    Access.STAFF: STAFF,
    Access.MANAGER: MANAGERS,
    Access.REVIEW: REVIEWERS,
    Access.RECORDS: STAFF | AUDITORS,
    Access.AUDIT: AUDITORS,
    Access.ADMIN: frozenset({Role.ADMIN}),
}


def allow(access: Access) -> Callable[[EntryPoint], EntryPoint]:
    """Declare who may enter; an entry point without a declaration refuses everybody."""

    def declare(entry_point: EntryPoint) -> EntryPoint:
        entry_point.access = access  # type: ignore[attr-defined]
        return entry_point

    return declare


def may_enter(actor: Actor | None, access: Access) -> bool:
    """Enter what was declared with ``allow``; nobody's (None) entry is only to the public."""
    if access is Access.PUBLIC:
        return True
    return actor is not None and actor.role in ADMITTED[access]
