"""Who acts for a business: owners and members, those invited, and members of cooperatives.

An owner keeps the data, the papers and the people of her business; a member books, and keeps
products and their licences. The last owner stays.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import LONGEST_NAME, BusinessKind
from packhouse.domain.permissions import may_serve_businesses
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.businesses import Business, CooperativeMember, Invitation, Membership
from packhouse.models.users import User
from packhouse.services.audit import Once, answer_once
from packhouse.services.businesses.steps import (
    MEMBER,
    OWNER,
    join,
    kept_business,
    note_business,
    producer_called,
)

INVITATION_LASTS = timedelta(days=7)
MOST_INVITATIONS = 20


@use_case
def add_person(
    *, business_id: int, email: str, is_owner: bool, actor: Actor, now: datetime
) -> None:
    """Let a producer act for a business: the front desk, or an owner of the business.

    Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    with transaction() as session:
        business = kept_business(session, business_id, actor)
        problems: list[Problem] = []
        user = producer_called(session, email, problems)
        if user is None:
            raise RuleBroken(problems)
        if session.get(Membership, (user.id, business.id)) is not None:
            raise RuleBroken([Problem("person_already_member", {"email": email})])
        join(session, business, user, OWNER if is_owner else MEMBER, actor=actor, now=now)


@use_case
def remove_person(*, business_id: int, user_id: int, actor: Actor, now: datetime) -> None:
    """Take from a person the right to act for a business, or let her leave; the last owner stays.

    Raises RuleBroken("owner_last"), NotFound, NotAllowed.
    """
    with transaction() as session:
        leaves = actor.id == user_id and business_id in actor.business_ids
        business = (
            _lock(session, business_id) if leaves else kept_business(session, business_id, actor)
        )
        membership = _membership(session, business, user_id)
        if membership.role == OWNER:
            _spare_last_owner(session, business, user_id)
        session.delete(membership)
        facts = {"user_id": user_id}
        note_business(session, "business:person_removed", business, actor=actor, now=now, **facts)


@use_case
def change_role(
    *, business_id: int, user_id: int, is_owner: bool, actor: Actor, now: datetime
) -> None:
    """Make a member an owner, or an owner a member; the last owner stays one.

    Raises RuleBroken("owner_last"), NotFound, NotAllowed.
    """
    with transaction() as session:
        business = kept_business(session, business_id, actor)
        membership = _membership(session, business, user_id)
        role = OWNER if is_owner else MEMBER
        if membership.role == role:
            return
        if not is_owner:
            _spare_last_owner(session, business, user_id)
        membership.role = role
        facts = {"user_id": user_id, "role": role}
        note_business(session, "business:role_changed", business, actor=actor, now=now, **facts)


@use_case
def invite_person(
    *,
    business_id: int,
    name: str,
    is_owner: bool,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> int:
    """Write an invitation that one person may accept within seven days; return its number.

    Whoever writes it hands it on: nobody learns by it who has an account. For the front desk and
    an owner. Raises RuleBroken, NotFound, NotAllowed.
    """
    request = {"business": business_id, "name": name, "owner": is_owner}
    once = Once(key, "invite_person", request) if key else None
    with transaction() as session:

        def act() -> int:
            business = kept_business(session, business_id, actor)
            problems = [Problem("name_missing")] if not name.strip() else []
            if len(name) > LONGEST_NAME:
                problems.append(Problem("name_long", {"maximum": LONGEST_NAME}))
            if _open_invitations(session, business_id, now) >= MOST_INVITATIONS:
                problems.append(Problem("invitations_many", {"most": MOST_INVITATIONS}))
            if problems:
                raise RuleBroken(problems)
            invitation = Invitation(
                business_id=business_id,
                role=OWNER if is_owner else MEMBER,
                name=name.strip(),
                created_by=actor.id,
                created_at=now,
                expires_at=now + INVITATION_LASTS,
            )
            session.add(invitation)
            session.flush()
            facts = {"invitation": invitation.id, "role": invitation.role}
            note_business(
                session, "business:person_invited", business, actor=actor, now=now, **facts
            )
            return invitation.id

        made: int = answer_once(session, actor=actor, now=now, once=once, act=act)
        return made


@use_case
def withdraw_invitation(
    *, business_id: int, invitation_id: int, actor: Actor, now: datetime
) -> None:
    """Close an invitation that nobody has accepted. Raises NotFound, NotAllowed, WrongState."""
    with transaction() as session:
        business = kept_business(session, business_id, actor)
        invitation = session.get(Invitation, invitation_id)
        if invitation is None or invitation.business_id != business_id:
            raise NotFound
        if invitation.accepted_at is not None:
            raise WrongState("invitation_used")
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = now
            facts = {"invitation": invitation_id}
            note_business(
                session, "business:invitation_withdrawn", business, actor=actor, now=now, **facts
            )


@use_case
def accept_invitation(*, invitation_id: int, actor: Actor, now: datetime) -> int:
    """Join a business by an invitation; return the business. A second time changes nothing.

    Raises NotAllowed for whoever is no producer, WrongState("invitation_used",
    "invitation_over"), NotFound.
    """
    if actor.role != Role.PRODUCER or actor.id is None:
        raise NotAllowed
    with transaction() as session:
        known = session.get(Invitation, invitation_id)
        if known is None:
            raise NotFound
        business = _lock(session, known.business_id)
        invitation = session.get_one(Invitation, invitation_id, populate_existing=True)
        if invitation.accepted_by == actor.id:
            return business.id
        if invitation.accepted_at is not None:
            raise WrongState("invitation_used")
        if invitation.withdrawn_at is not None or invitation.expires_at <= now:
            raise WrongState("invitation_over")
        user = session.get_one(User, actor.id)
        if session.get(Membership, (user.id, business.id)) is None:
            join(session, business, user, invitation.role, actor=actor, now=now)
        invitation.accepted_by, invitation.accepted_at = actor.id, now
        return business.id


@use_case
def add_cooperative_member(
    *, cooperative_id: int, member_id: int, actor: Actor, now: datetime
) -> None:
    """Count a business as one that a cooperative books for.

    Only the front desk, which has seen the list of members: else any cooperative could look into
    any business. Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    with transaction() as session:
        cooperative = kept_business(session, cooperative_id, actor)
        member = session.get(Business, member_id)
        if member is None:
            raise NotFound("business_not_found")
        known = session.get(CooperativeMember, (cooperative_id, member_id)) is not None
        checks = (
            (cooperative.kind == BusinessKind.COOPERATIVE, Problem("not_a_cooperative")),
            (member.kind == BusinessKind.UMKM, Problem("member_is_cooperative")),
            (not known, Problem("member_already")),
        )
        problems = [problem for fine, problem in checks if not fine]
        if problems:
            raise RuleBroken(problems)
        session.add(CooperativeMember(cooperative_id=cooperative_id, member_id=member_id))
        facts = {"member_id": member_id}
        note_business(session, "business:member_added", cooperative, actor=actor, now=now, **facts)


@use_case
def remove_cooperative_member(
    *, cooperative_id: int, member_id: int, actor: Actor, now: datetime
) -> None:
    """No longer count a business as a member: the front desk, or an owner of the cooperative.

    What was booked for it stays. Raises NotFound, NotAllowed.
    """
    with transaction() as session:
        cooperative = kept_business(session, cooperative_id, actor)
        row = session.get(CooperativeMember, (cooperative_id, member_id))
        if row is None:
            raise NotFound
        session.delete(row)
        facts = {"member_id": member_id}
        note_business(
            session, "business:member_removed", cooperative, actor=actor, now=now, **facts
        )


# --- steps --------------------------------------------------------------------------------------


def _lock(session: Session, business_id: int) -> Business:
    business = session.get(Business, business_id, with_for_update={"key_share": True})
    if business is None:
        raise NotFound("business_not_found")
    return business


def _membership(session: Session, business: Business, user_id: int) -> Membership:
    membership = session.get(Membership, (user_id, business.id))
    if membership is None:
        raise NotFound
    return membership


def _spare_last_owner(session: Session, business: Business, user_id: int) -> None:
    others = session.execute(
        select(func.count()).where(
            Membership.business_id == business.id,
            Membership.role == OWNER,
            Membership.user_id != user_id,
        )
    ).scalar_one()
    if not others:
        raise RuleBroken([Problem("owner_last")])


def _open_invitations(session: Session, business_id: int, now: datetime) -> int:
    return session.execute(
        select(func.count()).where(
            Invitation.business_id == business_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
    ).scalar_one()
