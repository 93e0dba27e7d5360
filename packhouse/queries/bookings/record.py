"""What a business did in the house: packed and counted, charged, kept and not kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select

from packhouse.db import UtcDateTime, reading
from packhouse.domain.bookings import HOLDING, State
from packhouse.domain.bookings.reliability import Reliability
from packhouse.domain.users import Actor
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking, never_agreed, taken_by_others
from packhouse.models.machines import Machine
from packhouse.models.runs import Run
from packhouse.models.tariffs import BookingReduction, Tariff, TariffReduction
from packhouse.queries.bookings.lists import BookingItem, booking_item, bookings_page

YEAR = timedelta(days=365)
PAGE = 20
CAME = (State.ARRIVED, State.RUNNING, State.FINISHED)


@dataclass(frozen=True, slots=True)
class Result:
    """One booking that is over, with the pieces counted; None where nothing ran."""

    booking: BookingItem
    good: int | None
    rejected: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over twelve months: visits that finished, pieces, whole rupiah charged."""

    finished: int
    good: int
    rejected: int
    charged: int


@dataclass(frozen=True, slots=True)
class Record:
    """A person's record over all her businesses; ``next`` is the cursor of the page behind."""

    results: tuple[Result, ...]
    next: str | None
    totals: Totals
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class Charge:
    """What one booking was charged, and by which decrees."""

    booking: BookingItem
    good: int | None
    rejected: int | None
    tariff_basis: str
    reduction_basis: str

    @property
    def is_final(self) -> bool:
        """Say whether the work is done, so that the sum changes no more."""
        return self.booking.state == State.FINISHED


def record(*, actor: Actor, now: datetime, cursor: str | None = None) -> Record:
    """Return a page of what is over, newest first, and the sums of twelve months: five queries.

    Raises Malformed for a cursor that is none.
    """
    page = bookings_page(
        actor=actor, when="past", now=now, newest_first=True, cursor=cursor, limit=PAGE
    )
    counted = _counted([each.id for each in page.items])
    results = tuple(Result(each, *counted.get(each.id, (None, None))) for each in page.items)
    mine = and_(_own(actor), Booking.starts_at > now - YEAR, Booking.starts_at <= now + YEAR)
    return Record(results, page.next, _totals(mine), _reliability(mine))


def charge(*, code: str, actor: Actor) -> Charge:
    """Return what a booking is charged for. Raises NotFound as ``booking_item`` does."""
    booking = booking_item(code=code, actor=actor)
    good, rejected = _counted([booking.id]).get(booking.id, (None, None))
    session = reading()
    tariff = session.scalar(
        select(Tariff.legal_basis)
        .join(Machine, Machine.id == Tariff.machine_id)
        .where(
            Machine.code == booking.machine,
            Tariff.per_hour == booking.tariff_per_hour,
            Tariff.valid_from
            <= func.coalesce(_last_priced(booking.id), literal(booking.created_at, UtcDateTime())),
        )
        .order_by(Tariff.valid_from.desc())
        .limit(1)
    )
    reduction = session.scalar(
        select(TariffReduction.legal_basis)
        .join(BookingReduction, BookingReduction.reduction_id == TariffReduction.id)
        .where(BookingReduction.booking_id == booking.id)
    )
    return Charge(booking, good, rejected, tariff or "", reduction or "")


def held_already(*, product_id: int, machine: str, starts_at: datetime) -> str | None:
    """Return the code of the booking that has exactly this time for this product, if any."""
    return reading().scalar(
        select(Booking.code)
        .join(Machine, Machine.id == Booking.machine_id)
        .where(
            Machine.code == machine,
            Booking.starts_at == starts_at,
            Booking.product_id == product_id,
            Booking.state.in_(HOLDING),
        )
        .limit(1)
    )


def _last_priced(booking_id: int) -> ColumnElement[datetime]:
    """When a booking got its price: when it was made or last moved."""
    return (
        select(func.max(AuditEntry.at))
        .where(
            AuditEntry.subject_kind == "booking",
            AuditEntry.subject_id == booking_id,
            AuditEntry.action.in_(("booking:create", "booking:move")),
        )
        .scalar_subquery()
    )


def _own(actor: Actor) -> ColumnElement[bool]:
    return Booking.business_id.in_(actor.business_ids) if actor.business_ids else false()


def _counted(booking_ids: list[int]) -> dict[int, tuple[int, int]]:
    rows = reading().execute(
        select(Run.booking_id, func.sum(Run.good), func.sum(Run.rejected))
        .where(Run.booking_id.in_(booking_ids), Run.undone_at.is_(None))
        .group_by(Run.booking_id)
    )
    return {
        booking_id: (int(good), int(rejected))
        for booking_id, good, rejected in rows
        if booking_id is not None
    }


def _totals(mine: ColumnElement[bool]) -> Totals:
    session, done = reading(), and_(mine, Booking.state == State.FINISHED)
    finished, charged = session.execute(
        select(func.count(), func.coalesce(func.sum(Booking.price), 0)).where(done)
    ).one()
    good, rejected = session.execute(
        select(func.coalesce(func.sum(Run.good), 0), func.coalesce(func.sum(Run.rejected), 0))
        .join(Booking, Booking.id == Run.booking_id)
        .where(done)
    ).one()
    return Totals(finished, int(good), int(rejected), int(charged))


def _reliability(mine: ColumnElement[bool]) -> Reliability:
    arrived = (
        select(AuditEntry.id)
        .where(
            AuditEntry.subject_kind == "booking",
            AuditEntry.subject_id == Booking.id,
            AuditEntry.action == f"booking:{State.ARRIVED}",
            AuditEntry.at > Booking.starts_at,
        )
        .exists()
    )
    came = Booking.state.in_(CAME)
    cancelled = Booking.state == State.CANCELLED
    missed = Booking.state == State.NO_SHOW

    def times(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = (
        reading()
        .execute(
            select(
                times(came),
                times(and_(came, arrived)),
                times(missed),
                times(and_(cancelled, Booking.cancelled_late)),
                times(and_(cancelled, ~Booking.cancelled_late)),
                times(
                    and_(
                        or_(missed, Booking.cancelled_late), or_(taken_by_others(), never_agreed())
                    )
                ),
            ).where(mine)
        )
        .one()
    )
    came_often, late, no_shows, late_cancels, in_time, forgiven = (int(each) for each in row)
    return Reliability(
        came=came_often,
        late_arrivals=late,
        no_shows=no_shows,
        late_cancels=late_cancels,
        forgiven=forgiven,
        cancelled_in_time=in_time,
    )
