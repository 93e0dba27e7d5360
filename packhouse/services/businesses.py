"""Businesses: who is registered, how far their papers have come, and who acts for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import (
    BusinessKind,
    Level,
    normal_nib,
    problems_with_business,
)
from packhouse.domain.permissions import may_serve_businesses
from packhouse.domain.users import Actor, Role, normal_email
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.businesses import Business, CooperativeMember, Membership
from packhouse.models.users import User
from packhouse.services.audit import Once, Subject, answer_once, record
from packhouse.services.users import invite

OWNER, MEMBER = "owner", "member"


@dataclass(frozen=True, slots=True)
class Papers:
    """What a business tells about itself; ``nib`` is empty while it has none."""

    name: str
    regency: str
    size: str
    kind: str = BusinessKind.UMKM
    nib: str = ""


@use_case
def create_business(
    *,
    papers: Papers,
    level: str,
    owner_email: str,
    actor: Actor,
    now: datetime,
    key: str | None = None,
    is_demo: bool = False,
) -> int:
    """Register a business with its owner (a producer's account, or "" for later); return its id.

    Only the front desk and above; a repeat under the same key returns the first id. On the
    command line the owner's account may follow later. Raises RuleBroken with all problems at
    once, NotAllowed.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    request = {"name": papers.name, "nib": papers.nib, "owner": owner_email}
    once = Once(key, "create_business", request) if key else None
    with transaction() as session:

        def act() -> int:
            problems: list[Problem] = []
            owner = None
            if owner_email.strip():
                owner = _owner(session, owner_email, problems, actor=actor, now=now)
            business = add_business(
                session, papers=papers, level=level, actor=actor, now=now, problems=problems,
                is_demo=is_demo,
            )  # fmt: skip
            if owner is not None:
                _join(session, business, owner, OWNER, actor=actor, now=now)
            return business.id

        business_id: int = answer_once(session, actor=actor, now=now, once=once, act=act)
        return business_id


@use_case
def edit_business(*, business_id: int, papers: Papers, actor: Actor, now: datetime) -> None:
    """Correct what is on record about a business: the front desk, or its owner.

    The size goes with the rule it was judged by. A changed NIB takes a level back to trial unless
    the front desk itself wrote it. Raises RuleBroken with all problems, NotFound, NotAllowed.
    """
    with transaction() as session:
        business = _business(session, business_id, actor)
        problems = _problems(session, papers, business.level, business_id=business_id)
        if business.kind == BusinessKind.COOPERATIVE and papers.kind != business.kind:
            problems += _problems_with_members(session, business)
        if problems:
            raise RuleBroken(problems)
        wanted = _columns(papers)
        if wanted["nib"] != business.nib and not may_serve_businesses(actor):
            wanted["level"] = Level.TRIAL
        changed = {
            field: [getattr(business, field), value]
            for field, value in wanted.items()
            if getattr(business, field) != value
        }
        for field, value in wanted.items():
            setattr(business, field, value)
        _flush(session, papers)
        if changed:
            note_business(
                session, "business:edited", business, actor=actor, now=now, changed=changed
            )


@use_case
def verify_business(*, business_id: int, level: str, actor: Actor, now: datetime) -> None:
    """Say that an officer saw the papers for a level; the audit entry names officer and date.

    Raises RuleBroken ("nib_missing" above trial without a NIB), NotFound, NotAllowed.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    with transaction() as session:
        business = _business(session, business_id, actor)
        if level not in set(Level):
            raise RuleBroken([Problem("level_unknown", {"value": level})])
        if level != Level.TRIAL and not business.nib:
            raise RuleBroken([Problem("nib_missing")])
        before, business.level = business.level, level
        facts = {"before": before, "level": level}
        note_business(session, "business:verified", business, actor=actor, now=now, **facts)


@use_case
def add_person(
    *, business_id: int, email: str, is_owner: bool, actor: Actor, now: datetime
) -> None:
    """Let a producer act for a business: the front desk, or an owner of the business.

    Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    with transaction() as session:
        business = _business(session, business_id, actor)
        problems: list[Problem] = []
        user = _producer(session, email, problems)
        if user is None:
            raise RuleBroken(problems)
        if session.get(Membership, (user.id, business.id)) is not None:
            raise RuleBroken([Problem("person_already_member", {"email": email})])
        _join(session, business, user, OWNER if is_owner else MEMBER, actor=actor, now=now)


@use_case
def remove_person(*, business_id: int, user_id: int, actor: Actor, now: datetime) -> None:
    """Take from a person the right to act for a business; the last owner stays.

    Raises RuleBroken("owner_last"), NotFound, NotAllowed.
    """
    with transaction() as session:
        business = _business(session, business_id, actor)
        membership = session.get(Membership, (user_id, business.id))
        if membership is None:
            raise NotFound
        others = session.execute(
            select(func.count()).where(
                Membership.business_id == business.id,
                Membership.role == OWNER,
                Membership.user_id != user_id,
            )
        ).scalar_one()
        if membership.role == OWNER and not others:
            raise RuleBroken([Problem("owner_last")])
        session.delete(membership)
        facts = {"user_id": user_id}
        note_business(session, "business:person_removed", business, actor=actor, now=now, **facts)


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
        cooperative = _business(session, cooperative_id, actor)
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
        cooperative = _business(session, cooperative_id, actor)
        row = session.get(CooperativeMember, (cooperative_id, member_id))
        if row is None:
            raise NotFound
        session.delete(row)
        facts = {"member_id": member_id}
        note_business(
            session, "business:member_removed", cooperative, actor=actor, now=now, **facts
        )


# --- steps --------------------------------------------------------------------------------------


def add_business(
    session: Session,
    *,
    papers: Papers,
    level: str,
    actor: Actor,
    now: datetime,
    problems: list[Problem] | None = None,
    is_demo: bool = False,
) -> Business:
    """Insert a business; raise RuleBroken with its problems behind those found before."""
    found = [*(problems or ()), *_problems(session, papers, level)]
    if found:
        raise RuleBroken(found)
    business = Business(level=level, is_demo=is_demo, created_at=now, **_columns(papers))
    session.add(business)
    _flush(session, papers)
    facts = {"regency": papers.regency, "size": papers.size, "level": level, "kind": papers.kind}
    note_business(session, "business:created", business, actor=actor, now=now, **facts)
    return business


def note_business(
    session: Session, action: str, business: Business, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a change of a business."""
    subject = Subject("business", business.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def _columns(papers: Papers) -> dict[str, Any]:
    return {
        "name": papers.name.strip(),
        "regency_code": papers.regency,
        "size": papers.size,
        "kind": papers.kind,
        "nib": normal_nib(papers.nib),
    }


def _problems(
    session: Session, papers: Papers, level: str, *, business_id: int | None = None
) -> list[Problem]:
    problems = problems_with_business(
        name=papers.name,
        regency=papers.regency,
        size=papers.size,
        level=level,
        kind=papers.kind,
        nib=papers.nib,
    )
    nib = normal_nib(papers.nib)
    other = nib and session.scalar(select(Business.id).where(Business.nib == nib))
    if other and other != business_id:
        problems.append(Problem("nib_taken", {"nib": nib}))
    return problems


def _problems_with_members(session: Session, business: Business) -> list[Problem]:
    members = session.execute(
        select(func.count()).where(CooperativeMember.cooperative_id == business.id)
    ).scalar_one()
    return [Problem("cooperative_has_members", {"members": members})] if members else []


def _flush(session: Session, papers: Papers) -> None:
    try:
        session.flush()
    except IntegrityError as error:  # Two registered the same NIB at once.
        raise RuleBroken([Problem("nib_taken", {"nib": papers.nib})]) from error


def _producer(session: Session, email: str, problems: list[Problem]) -> User | None:
    """Return the producer with this address; note why there is none."""
    user = session.scalar(select(User).where(User.email == normal_email(email), User.is_active))
    if user is None:
        problems.append(Problem("user_unknown", {"email": email}))
    elif user.role != Role.PRODUCER:
        problems.append(Problem("not_a_producer", {"email": email}))
        return None
    return user


def _owner(
    session: Session, email: str, problems: list[Problem], *, actor: Actor, now: datetime
) -> User | None:
    known = session.scalar(select(User.id).where(User.email == normal_email(email)))
    if known is None and actor.is_system:
        invited = invite(session, email=email, now=now)
        if invited is None:
            problems.append(Problem("email_malformed", {"email": email}))
        return invited
    return _producer(session, email, problems)


def _join(
    session: Session, business: Business, user: User, role: str, *, actor: Actor, now: datetime
) -> None:
    session.add(Membership(user_id=user.id, business_id=business.id, role=role))
    facts = {"user_id": user.id, "role": role}
    note_business(session, "business:person_added", business, actor=actor, now=now, **facts)


def _business(session: Session, business_id: int, actor: Actor) -> Business:
    """Return a locked business that this person may change: the front desk's, or her own."""
    business = session.get(Business, business_id, with_for_update={"key_share": True})
    staff = may_serve_businesses(actor)
    if business is None or not (staff or business_id in actor.business_ids):
        raise NotFound("business_not_found")
    membership = session.get(Membership, (actor.id, business_id)) if actor.id else None
    if not staff and (membership is None or membership.role != OWNER):
        raise NotAllowed
    return business
