"""Lots: what is printed on a pack, and which lots a machine packed after which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_audit, may_operate, may_trace
from packhouse.domain.products import CleaningLevel, Lane
from packhouse.domain.runs import label_gaps
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, Document
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.runs import Cleaning, Run
from packhouse.models.sites import Site
from packhouse.models.users import User

MOST_LOTS = 2000
# Without a full clean a machine is not left longer: each day ends with one.
TRACED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Label:
    """What is on file for the label of a booking's packs; ``lot`` is empty before it runs."""

    code: str
    lot: str
    product: str
    pack: str
    business: str
    regency: str
    site: str
    site_code: str
    zone: str
    machine: str
    machine_name: str
    packed_at: datetime | None
    licence: str
    halal: str
    is_halal: bool
    is_trial: bool
    allergens: tuple[str, ...]

    def gaps(self, *, net: str, expiry: str, ingredients: str) -> tuple[str, ...]:
        """Return the fields the law asks for that nobody has told yet."""
        known = {
            "product": self.product, "producer": self.business, "lot": self.lot, "net": net,
            "expiry": expiry, "ingredients": ingredients, "licence": self.licence,
            "halal": self.halal, "not_halal": "" if self.is_halal else "said",
            "packed": "known" if self.packed_at else "",
        }  # fmt: skip
        return label_gaps(known, halal=self.is_halal)


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot: what ran, when and by whom, and the clean between it and the run before.

    ``full`` when that clean was a full one that counts; ``skipped`` is why none was signed for.
    """

    lot: str
    code: str
    machine: str
    machine_name: str
    zone: str
    started_at: datetime
    ended_at: datetime | None
    business: str
    product: str
    pack: str
    allergens: tuple[str, ...]
    good: int
    rejected: int
    operator: str
    level: int
    done_by: str
    checked_by: str
    skipped: str
    full: bool

    @property
    def day(self) -> date:
        """Return the local day on which it began."""
        return self.started_at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Traced:
    """Lots in the order they ran; ``first`` is the one that was asked for, if one was."""

    first: LotRow | None
    rows: tuple[LotRow, ...]


def label_of(*, code: str, actor: Actor) -> Label:
    """Return what is on file for a booking's label. Raises NotFound for what is not hers to run."""
    session = reading()
    row = session.execute(
        select(Booking, Product, Business, Site, Machine)
        .join(Product, Product.id == Booking.product_id)
        .join(Business, Business.id == Booking.business_id)
        .join(Site, Site.id == Booking.site_id)
        .join(Machine, Machine.id == Booking.machine_id)
        .where(Booking.code == code)
    ).one_or_none()
    if row is None or not may_operate(actor, row.Booking.site_id):
        raise NotFound("booking_not_found", code=code)
    run = session.execute(
        select(Run.lot_code, Run.started_at)
        .where(Run.booking_id == row.Booking.id, Run.undone_at.is_(None))
        .order_by(Run.id.desc())
        .limit(1)
    ).one_or_none()
    numbers = _numbers(session, row.Business.id, row.Product.id)
    return Label(
        code=code,
        lot=(run.lot_code or "") if run else "",
        product=row.Product.name,
        pack=row.Product.pack,
        business=row.Business.name,
        regency=row.Business.regency_code,
        site=row.Site.name,
        site_code=row.Site.code,
        zone=row.Site.zone,
        machine=row.Machine.code,
        machine_name=row.Machine.name,
        packed_at=run.started_at if run else None,
        licence=numbers.get("md") or numbers.get("pirt", ""),
        halal=numbers.get("halal", ""),
        is_halal=row.Product.lane == Lane.HALAL,
        is_trial=row.Business.level == "trial",
        allergens=tuple(row.Product.allergens),
    )


def _numbers(session: Session, business_id: int, product_id: int) -> dict[str, str]:
    """Return the numbers an officer has seen, by kind: of the product before its business's."""
    rows = session.execute(
        select(Document.kind, Document.number)
        .where(
            Document.business_id == business_id,
            or_(Document.product_id == product_id, Document.product_id.is_(None)),
            Document.kind.in_(("pirt", "md", "halal")),
            Document.state == "verified",
            Document.number != "",
        )
        .order_by(Document.product_id.is_not(None), Document.id)
    )
    return {row.kind: row.number for row in rows}


def lots_of(
    *, actor: Actor, window: tuple[datetime, datetime], machine: str | None = None
) -> Traced:
    """Return the lots begun in a period, newest first, at most two thousand."""
    session = reading()
    query = _LOTS.where(
        Run.started_at >= window[0],
        Run.started_at < window[1],
        true() if machine is None else Machine.code == machine,
        _mine(actor),
    )
    found = session.execute(query.order_by(Run.started_at.desc()).limit(MOST_LOTS)).all()
    return Traced(None, tuple(_rows(session, found)))


def lots_after(*, lot: str, actor: Actor) -> Traced:
    """Return a lot, and those of its machine behind it until a full clean that counts.

    ``lot`` may be a booking's code too. The first lot behind such a clean is not among them.
    Raises NotFound.
    """
    session = reading()
    start = session.execute(
        _LOTS.where(or_(Run.lot_code == lot, Booking.code == lot), _mine(actor))
        .order_by(Run.started_at.desc())
        .limit(1)
    ).one_or_none()
    if start is None or not may_trace(actor, start.site_id):
        raise NotFound("lot_not_found", lot=lot)
    behind = session.execute(
        _LOTS.where(
            Run.machine_id == start.machine_id,
            Run.started_at > start.started_at,
            Run.started_at < start.started_at + TRACED,
        )
        .order_by(Run.started_at)
        .limit(MOST_LOTS)
    ).all()
    first, *rows = _rows(session, [start, *behind])
    exposed: list[LotRow] = []
    for row in rows:
        if row.full:
            break
        exposed.append(row)
    return Traced(first, tuple(exposed))


_LOTS: Select[*tuple[Any, ...]] = (
    select(
        Run.lot_code,
        Run.machine_id,
        Run.started_at,
        Run.ended_at,
        Run.good,
        Run.rejected,
        Booking.code,
        Booking.site_id,
        Booking.id.label("booking_id"),
        Machine.code.label("machine"),
        Machine.name.label("machine_name"),
        Site.zone,
        Business.name.label("business"),
        Product.name.label("product"),
        Product.pack,
        Product.allergens,
        User.name.label("operator"),
    )
    .join(Booking, Booking.id == Run.booking_id)
    .join(Machine, Machine.id == Run.machine_id)
    .join(Site, Site.id == Machine.site_id)
    .outerjoin(Business, Business.id == Booking.business_id)
    .outerjoin(Product, Product.id == Booking.product_id)
    .outerjoin(User, User.id == Run.operator_id)
    .where(Run.undone_at.is_(None))
)
_LotRow = Row[*tuple[Any, ...]]


def _mine(actor: Actor) -> ColumnElement[bool]:
    return true() if may_audit(actor) else Machine.site_id.in_(actor.site_ids)


def _rows(session: Session, found: Sequence[_LotRow]) -> list[LotRow]:
    """Put to each lot the clean that lies between it and the run before it on its machine."""
    if not found:
        return []
    since = min(row.started_at for row in found) - TRACED
    until = max(row.started_at for row in found)
    machines = {row.machine_id for row in found}
    cleans = session.scalars(
        select(Cleaning)
        .where(
            Cleaning.machine_id.in_(machines),
            Cleaning.done_at >= since,
            Cleaning.done_at <= until,
        )
        .order_by(Cleaning.done_at, Cleaning.id)
    ).all()
    ends = session.execute(
        select(Run.machine_id, Run.ended_at).where(
            Run.machine_id.in_(machines),
            Run.undone_at.is_(None),
            and_(Run.ended_at.is_not(None), Run.ended_at >= since, Run.ended_at <= until),
        )
    ).all()
    people = {each for row in cleans for each in (row.done_by, row.checked_by) if each}
    names = {
        row.id: row.name
        for row in session.execute(select(User.id, User.name).where(User.id.in_(people)))
    }
    return [_row(row, cleans, ends, names) for row in found]


def _row(
    row: _LotRow, cleans: Sequence[Cleaning], ends: Sequence[Any], names: dict[int, str]
) -> LotRow:
    before = [
        each.ended_at
        for each in ends
        if each.machine_id == row.machine_id and each.ended_at <= row.started_at
    ]
    since = max(before, default=row.started_at - TRACED)
    own = [
        each
        for each in cleans
        if each.machine_id == row.machine_id and since <= each.done_at <= row.started_at
    ]
    done = [each for each in own if each.kind != "skipped"]
    best = max(done, key=lambda each: (each.level, each.checked_at is not None), default=None)
    skipped = next((each.reason for each in own if each.booking_id == row.booking_id), "")
    counts = best is not None and (best.kind == "closing" or best.checked_at is not None)
    return LotRow(
        lot=row.lot_code or "",
        code=row.code,
        machine=row.machine,
        machine_name=row.machine_name,
        zone=row.zone,
        started_at=row.started_at,
        ended_at=row.ended_at,
        business=row.business or "",
        product=row.product or "",
        pack=row.pack or "",
        allergens=tuple(row.allergens or ()),
        good=row.good,
        rejected=row.rejected,
        operator=row.operator or "",
        level=best.level if best else 0,
        done_by=names.get(best.done_by or 0, "") if best else "",
        checked_by=names.get(best.checked_by or 0, "") if best else "",
        skipped=skipped,
        full=best is not None and best.level == CleaningLevel.FULL and counts,
    )
