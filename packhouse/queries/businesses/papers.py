"""Papers, who checked them, what they let a business do, and what to know before packing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from packhouse.db import reading, setting
from packhouse.domain.businesses import (
    ALLOWED,
    EXPIRY_LEADS,
    Level,
    Packed,
    PaperState,
    Step,
    cautions,
    next_steps,
    problems_with_trial,
)
from packhouse.domain.permissions import may_act_for_business, may_audit, may_serve_businesses
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem
from packhouse.models.businesses import (
    Business,
    Document,
    Invitation,
    Verification,
    load_lanes,
    load_papers,
    paper_of,
)
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.users import User
from packhouse.queries import id_after

MOST_PER_PAGE = 50
MOST_VERDICTS = 50


@dataclass(frozen=True, slots=True)
class PaperItem:
    """A paper of a business, or of one of its products, and what an officer said of it."""

    id: int
    business_id: int
    business_name: str
    product_id: int | None
    product_name: str
    kind: str
    number: str
    title: str
    issued_on: date | None
    expires_on: date | None
    state: str
    remark: str
    officer: str
    checked_at: datetime | None
    created_at: datetime

    def ends_soon(self, today: date) -> bool:
        """Say whether its people should renew it by now."""
        lead = timedelta(days=EXPIRY_LEADS[0])
        return self.expires_on is not None and self.expires_on <= today + lead


@dataclass(frozen=True, slots=True)
class PapersPage:
    """One page of papers; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[PaperItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an officer said, of a paper or of a tier as a whole, and when."""

    at: datetime
    officer: str
    verdict: str
    level: str
    kind: str
    number: str
    remark: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier of a business: what it may do, what comes next, how many pieces a trial has."""

    level: str
    allowed: tuple[str, ...]
    steps: tuple[Step, ...]
    trial_pieces: int


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation into a business; ``state`` is open, used, over."""

    id: int
    business_id: int
    business_name: str
    name: str
    role: str
    expires_at: datetime
    state: str


_officer = aliased(User)
_PAPERS: Select[*tuple[Any, ...]] = (
    select(
        Document.id, Document.business_id, Business.name, Document.product_id,
        func.coalesce(Product.name, ""), Document.kind, Document.number, Document.title,
        Document.issued_on, Document.expires_on, Document.state, Document.remark,
        func.coalesce(_officer.name, ""), Document.checked_at, Document.created_at,
    )
    .join(Business, Business.id == Document.business_id)
    .outerjoin(Product, Product.id == Document.product_id)
    .outerjoin(_officer, _officer.id == Document.checked_by)
)  # fmt: skip


def today_of(now: datetime) -> date:
    """Return the local day by which papers end."""
    return now.astimezone(ZoneInfo(setting("ZONE"))).date()


def papers_of(
    *, business_id: int, actor: Actor, product_id: int | None = None
) -> tuple[PaperItem, ...]:
    """Return the papers of a business and all of its products, or of one product alone.

    Raises NotFound when the business is not the actor's to see.
    """
    _see(actor, business_id)
    query = _PAPERS.where(Document.business_id == business_id, Document.state != PaperState.REMOVED)
    if product_id is not None:
        query = query.where(Document.product_id == product_id)
    rows = reading().execute(
        query.order_by(Document.product_id.is_not(None), Product.name, Document.kind, Document.id)
    )
    return tuple(PaperItem(*row) for row in rows)


def paper_item(*, document_id: int, actor: Actor) -> PaperItem:
    """Return one paper in use. Raises NotFound when it is not the actor's to see."""
    row = reading().execute(
        _PAPERS.where(Document.id == document_id, Document.state != PaperState.REMOVED)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound("paper_not_found")
    item = PaperItem(*row)
    _see(actor, item.business_id)
    return item


def papers_to_check(*, actor: Actor, cursor: str | None = None) -> PapersPage:
    """Return a page of the papers that no officer has looked at, longest waiting first.

    Only for the front desk. Raises NotAllowed, Malformed for a cursor that is none.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    query = _PAPERS.where(Document.state == PaperState.UNCHECKED)
    if cursor is not None:
        query = query.where(Document.id > id_after(cursor))
    rows = reading().execute(query.order_by(Document.id).limit(MOST_PER_PAGE + 1)).all()
    items = tuple(PaperItem(*row) for row in rows[:MOST_PER_PAGE])
    return PapersPage(items, str(items[-1].id) if len(rows) > MOST_PER_PAGE else None)


def to_check_count(*, actor: Actor) -> int:
    """Return how many papers wait for an officer; nothing waits for anybody else."""
    if not may_serve_businesses(actor):
        return 0
    query = select(func.count()).where(Document.state == PaperState.UNCHECKED)
    return reading().execute(query).scalar_one()


def verdicts_of(*, business_id: int, actor: Actor) -> tuple[Verdict, ...]:
    """Return the latest fifty things officers said about a business, newest first.

    Raises NotFound when the business is not the actor's to see.
    """
    _see(actor, business_id)
    rows = reading().execute(
        select(
            Verification.at,
            func.coalesce(_officer.name, ""),
            Verification.verdict,
            func.coalesce(Verification.level, ""),
            func.coalesce(Document.kind, ""),
            func.coalesce(Document.number, ""),
            Verification.remark,
        )
        .outerjoin(Document, Document.id == Verification.document_id)
        .outerjoin(_officer, _officer.id == Verification.officer_id)
        .where(Verification.business_id == business_id)
        .order_by(Verification.id.desc())
        .limit(MOST_VERDICTS)
    )
    return tuple(Verdict(*row) for row in rows)


def standing(*, business_id: int, actor: Actor, now: datetime) -> Standing:
    """Return the tier of a business with what it allows and what comes next.

    Raises NotFound when the business is not the actor's to see.
    """
    _see(actor, business_id)
    session = reading()
    kept = session.scalar(select(Business.level).where(Business.id == business_id))
    if kept is None:
        raise NotFound("business_not_found")
    level = Level(kept)
    steps = next_steps(
        level=level,
        papers=load_papers(session, business_id),
        lanes=load_lanes(session, business_id),
        today=today_of(now),
    )
    return Standing(level, ALLOWED[level], steps, setting("TRIAL_PIECES"))


def cautions_of(
    *,
    product_id: int,
    actor: Actor,
    now: datetime,
    machines: Collection[str] = (),
    quantity: int = 0,
) -> tuple[Problem, ...]:
    """Return what to know before a product is packed, on these machines, in three queries.

    The limit of a trial comes first; everything else is a warning. Raises NotFound when the
    product is not the actor's to see.
    """
    session = reading()
    found = session.execute(
        select(Product, Business.level)
        .join(Business, Business.id == Product.business_id)
        .where(Product.id == product_id)
    ).one_or_none()
    if found is None:
        raise NotFound("product_not_found")
    product, level = found
    _see(actor, product.business_id)
    rows = session.scalars(
        select(Document)
        .where(
            Document.business_id == product.business_id,
            (Document.product_id == product_id) | Document.product_id.is_(None),
            Document.state != PaperState.REMOVED,
        )
        .order_by(Document.id)
    )
    papers = [paper_of(row) for row in rows]
    kinds = [None, *_kinds(machines)]
    most = setting("TRIAL_PIECES")
    told = problems_with_trial(level=level, quantity=quantity, most=most)
    for kind in kinds:
        packed = Packed(product.pack, product.lane, level, kind)
        told += [each for each in cautions(packed, papers, today_of(now)) if each not in told]
    return tuple(told)


def on_trial(*, business_ids: Collection[int | None]) -> frozenset[int]:
    """Return those of these businesses that pack for trial, not for sale."""
    known = {each for each in business_ids if each is not None}
    query = select(Business.id).where(Business.id.in_(known), Business.level == Level.TRIAL)
    return frozenset(reading().scalars(query)) if known else frozenset()


def invitations_of(*, business_id: int, actor: Actor, now: datetime) -> tuple[Invited, ...]:
    """Return the invitations of a business that can still be accepted, newest first.

    Raises NotFound when the business is not the actor's to keep.
    """
    if not may_act_for_business(actor, business_id):
        raise NotFound("business_not_found")
    rows = reading().execute(
        _INVITED.where(
            Invitation.business_id == business_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        ).order_by(Invitation.id.desc())
    )
    return tuple(_invited(row, now) for row in rows)


def invitation_view(*, invitation_id: int, now: datetime) -> Invited:
    """Return an invitation to whoever holds its secret address. Raises NotFound."""
    row = reading().execute(_INVITED.where(Invitation.id == invitation_id)).one_or_none()
    if row is None:
        raise NotFound
    return _invited(row, now)


_INVITED: Select[*tuple[Any, ...]] = select(Invitation, Business.name).join(
    Business, Business.id == Invitation.business_id
)


def _invited(row: Any, now: datetime) -> Invited:
    invitation, business_name = row
    over = invitation.withdrawn_at is not None or invitation.expires_at <= now
    state = "used" if invitation.accepted_at is not None else "over" if over else "open"
    return Invited(
        invitation.id,
        invitation.business_id,
        business_name,
        invitation.name,
        invitation.role,
        invitation.expires_at,
        state,
    )


def _see(actor: Actor, business_id: int) -> None:
    if not (may_act_for_business(actor, business_id) or may_audit(actor)):
        raise NotFound("business_not_found")


def _kinds(machines: Collection[str]) -> list[str]:
    if not machines:
        return []
    query = select(Machine.kind).where(Machine.code.in_(machines)).distinct()
    return sorted(reading().scalars(query))
