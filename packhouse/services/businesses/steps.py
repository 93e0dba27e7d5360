"""Steps that every change of a business is made of."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from packhouse.db import setting
from packhouse.domain.businesses import PaperKind, PaperState, problems_with_trial
from packhouse.domain.permissions import may_serve_businesses
from packhouse.domain.users import Actor, Role, normal_email
from packhouse.errors import NotAllowed, NotFound, Problem, WrongState
from packhouse.models.businesses import (
    Business,
    Document,
    Membership,
    Verification,
    load_level,
)
from packhouse.models.businesses.merging import load_merger
from packhouse.models.sites import Site
from packhouse.models.users import User
from packhouse.services.audit import Subject, record

OWNER, MEMBER = "owner", "member"


def local_day(now: datetime) -> date:
    """Return the day on the wall: a paper ends with a local day."""
    return now.astimezone(ZoneInfo(setting("ZONE"))).date()


def note_business(
    session: Session, action: str, business: Business, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a change of a business."""
    subject = Subject("business", business.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def kept_business(session: Session, business_id: int, actor: Actor) -> Business:
    """Return a locked business that this person may change: the front desk's, or her own."""
    business = session.get(Business, business_id, with_for_update={"key_share": True})
    staff = may_serve_businesses(actor)
    if business is None or not (staff or business_id in actor.business_ids):
        raise NotFound("business_not_found")
    membership = session.get(Membership, (actor.id, business_id)) if actor.id else None
    if not staff and (membership is None or membership.role != OWNER):
        raise NotAllowed
    if load_merger(session, business_id) is not None:
        raise WrongState("business_merged")
    return business


def locked_pair(session: Session, first_id: int, second_id: int) -> tuple[Business, Business]:
    """Lock both records, in the order of their ids: nobody refers to them anew until the end."""
    rows = {
        each.id: each
        for each in session.scalars(
            select(Business)
            .where(Business.id.in_((first_id, second_id)))
            .order_by(Business.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    if not {first_id, second_id} <= rows.keys():
        raise NotFound("business_not_found")
    return rows[first_id], rows[second_id]


def nearest_house(session: Session, business: Business) -> Site | None:
    """Return the house in whose name a business is told: one of its own regency, else the first."""
    nearness = case((Site.regency_code == business.regency_code, 0), else_=1)
    return session.scalars(select(Site).order_by(nearness, Site.id).limit(1)).first()


def producer_called(session: Session, email: str, problems: list[Problem]) -> User | None:
    """Return the producer with this address; note why there is none."""
    user = session.scalar(select(User).where(User.email == normal_email(email), User.is_active))
    if user is None:
        problems.append(Problem("user_unknown", {"email": email}))
    elif user.role != Role.PRODUCER:
        problems.append(Problem("not_a_producer", {"email": email}))
        return None
    return user


def join(
    session: Session, business: Business, user: User, role: str, *, actor: Actor, now: datetime
) -> None:
    """Let a person act for a business, and note it."""
    session.add(Membership(user_id=user.id, business_id=business.id, role=role))
    facts = {"user_id": user.id, "role": role}
    note_business(session, "business:person_added", business, actor=actor, now=now, **facts)


def relevel(session: Session, business: Business, *, actor: Actor, now: datetime) -> None:
    """Write the tier that follows from what is verified, and note it where it changed."""
    session.flush()
    before, after = business.level, load_level(session, business, local_day(now))
    if before != after:
        business.level = after
        facts = {"before": before, "level": after}
        note_business(session, "business:level", business, actor=actor, now=now, **facts)


def problems_with_tier(session: Session, *, business_id: int, quantity: int) -> list[Problem]:
    """Return why the tier of a business does not allow a job of so many pieces."""
    level = session.get_one(Business, business_id).level
    return problems_with_trial(level=level, quantity=quantity, most=setting("TRIAL_PIECES"))


def put_nib(
    session: Session, business: Business, *, seen: bool, actor: Actor, now: datetime
) -> None:
    """Keep the NIB that a business has now as its paper; an older one is removed."""
    _drop_nib(session, business)
    if business.nib is None:
        return
    document = Document(
        business_id=business.id,
        kind=PaperKind.NIB,
        number=business.nib,
        created_by=actor.id,
        created_at=now,
    )
    session.add(document)
    if seen:
        judge(session, document, PaperState.VERIFIED, actor=actor, now=now)


def _drop_nib(session: Session, business: Business) -> None:
    for row in session.scalars(nibs_of(business.id)):
        row.state = PaperState.REMOVED


def nibs_of(business_id: int) -> Select[Document]:
    """Select the NIB papers of a business that are in use."""
    return select(Document).where(
        Document.business_id == business_id,
        Document.kind == PaperKind.NIB,
        Document.state != PaperState.REMOVED,
    )


def judge(
    session: Session,
    document: Document,
    verdict: PaperState,
    *,
    actor: Actor,
    now: datetime,
    remark: str = "",
) -> None:
    """Write what an officer says of a paper, with her name and the time."""
    document.state, document.remark = verdict, remark
    document.checked_by, document.checked_at = actor.id, now
    session.flush()
    session.add(
        Verification(
            business_id=document.business_id,
            document_id=document.id,
            verdict=verdict,
            remark=remark,
            officer_id=actor.id,
            at=now,
        )
    )
