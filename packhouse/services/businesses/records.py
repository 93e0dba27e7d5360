"""The record of a business: registered, corrected."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import (
    Basis,
    BusinessKind,
    Level,
    normal_nib,
    problems_with_business,
)
from packhouse.domain.permissions import may_serve_businesses
from packhouse.domain.users import Actor, normal_email, normal_phone
from packhouse.errors import NotAllowed, Problem, RuleBroken
from packhouse.models.businesses import Business, CooperativeMember, Verification
from packhouse.models.users import User
from packhouse.services.audit import Once, answer_once
from packhouse.services.businesses.steps import (
    OWNER,
    join,
    kept_business,
    note_business,
    producer_called,
    put_nib,
    relevel,
)
from packhouse.services.users import invite


@dataclass(frozen=True, slots=True)
class Papers:
    """What a business tells about itself; ``nib`` is empty while it has none."""

    name: str
    regency: str
    size: str
    kind: str = BusinessKind.UMKM
    nib: str = ""
    size_basis: str = Basis.STATED
    village: str = ""
    phone: str = ""


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
                join(session, business, owner, OWNER, actor=actor, now=now)
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
        business = kept_business(session, business_id, actor)
        problems = _problems(session, papers, business.level, business_id=business_id)
        if business.kind == BusinessKind.COOPERATIVE and papers.kind != business.kind:
            problems += _problems_with_members(session, business)
        if problems:
            raise RuleBroken(problems)
        wanted = _columns(papers)
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
        if "nib" in changed:
            _nib_changed(session, business, actor=actor, now=now)


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
    business = Business(
        level=level, seen_level=level, is_demo=is_demo, created_at=now, **_columns(papers)
    )
    session.add(business)
    _flush(session, papers)
    seen = level != Level.TRIAL
    put_nib(session, business, seen=seen, actor=actor, now=now)
    if seen:
        note_level(session, business, actor=actor, now=now)
    facts = {"regency": papers.regency, "size": papers.size, "level": level, "kind": papers.kind}
    note_business(session, "business:created", business, actor=actor, now=now, **facts)
    return business


def note_level(session: Session, business: Business, *, actor: Actor, now: datetime) -> None:
    """Keep who saw the originals for a tier, and when."""
    session.add(
        Verification(
            business_id=business.id,
            level=business.seen_level,
            verdict="withdrawn" if business.seen_level == Level.TRIAL else "verified",
            officer_id=actor.id,
            at=now,
        )
    )


def _nib_changed(session: Session, business: Business, *, actor: Actor, now: datetime) -> None:
    """Keep the new NIB as a paper; unless the front desk wrote it, it is to be checked anew."""
    desk = may_serve_businesses(actor)
    put_nib(session, business, seen=desk and business.seen_level != "trial", actor=actor, now=now)
    if not desk and business.seen_level != Level.TRIAL:
        business.seen_level = Level.TRIAL
        note_level(session, business, actor=actor, now=now)
    relevel(session, business, actor=actor, now=now)


def _columns(papers: Papers) -> dict[str, Any]:
    return {
        "name": papers.name.strip(),
        "regency_code": papers.regency,
        "size": papers.size,
        "kind": papers.kind,
        "nib": normal_nib(papers.nib),
        "size_basis": papers.size_basis,
        "village": papers.village.strip(),
        "phone": normal_phone(papers.phone) or "",
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
        village=papers.village,
        phone=papers.phone,
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


def _owner(
    session: Session, email: str, problems: list[Problem], *, actor: Actor, now: datetime
) -> User | None:
    known = session.scalar(select(User.id).where(User.email == normal_email(email)))
    if known is None and actor.is_system:
        invited = invite(session, email=email, now=now)
        if invited is None:
            problems.append(Problem("email_malformed", {"email": email}))
        return invited
    return producer_called(session, email, problems)
