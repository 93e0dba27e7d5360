"""Which bookings of a house need a new time now, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import State
from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job, Neighbour, traits_of
from packhouse.domain.replanning.answers import Cause
from packhouse.domain.replanning.misfits import misfits_on
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.replanning.misfits import HELD, load_misfits
from packhouse.models.sites import load_calendar
from packhouse.models.slots import Occupation, load_neighbours


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work that would take a machine's time, and does not hold it yet."""

    machine_id: int
    time: TimeRange

    @property
    def wall(self) -> Neighbour:
        """The work as planning sees it."""
        start, end = self.time.start, self.time.end
        return Neighbour(start, end, start, None, "maintenance")


@dataclass(frozen=True, slots=True)
class Touched:
    """A booking that needs a new time, as it stands now.

    ``holds`` is the time from which it keeps an operator and its end, None where it holds none.
    """

    booking_id: int
    code: str
    version: int
    state: str
    cause: Cause
    machine_id: int
    machine: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    work_minutes: int
    business_id: int
    regency_code: str
    job_id: int | None
    job: Job
    created_at: datetime
    holds: tuple[datetime, datetime] | None


def load_touched(
    session: Session, *, site_id: int, work: Work | None, now: datetime
) -> tuple[Touched, ...]:
    """Return the bookings of a house that need a new time, in the order in which they booked.

    Those are who lost it, who no longer fits the calendar or finds no operator, and who stands in
    the way of the planned work.
    """
    causes = dict.fromkeys(_displaced(session, site_id), Cause.BREAKDOWN)
    if work is not None:
        for booking_id in _in_the_way(session, site_id, work, now):
            causes.setdefault(booking_id, Cause.MAINTENANCE)
    for misfit in load_misfits(session, site_id=site_id, now=now):
        causes.setdefault(misfit.booking_id, Cause.HOURS)
    if not causes:
        return ()
    rows = session.execute(
        _BOOKINGS.where(Booking.id.in_(causes)).order_by(Booking.created_at, Booking.id)
    )
    return tuple(_touched(row, causes[row[0].id]) for row in rows)


_BOOKINGS = (
    select(Booking, Machine, Product, Business, Occupation)
    .join(Machine, Machine.id == Booking.machine_id)
    .join(Product, Product.id == Booking.product_id)
    .join(Business, Business.id == Booking.business_id)
    .join(Occupation, Occupation.id == Booking.occupation_id)
)


def _touched(row: Row[*tuple[Any, ...]], cause: Cause) -> Touched:
    booking, machine, product, business, occupation = row
    held = occupation.status == "live" and occupation.attended_from is not None
    traits = traits_of(product.lane, frozenset(product.allergens), product.aroma, wet=product.wet)
    return Touched(
        booking_id=booking.id,
        code=booking.code,
        version=booking.version,
        state=booking.state,
        cause=cause,
        machine_id=machine.id,
        machine=machine.code,
        kind=machine.kind,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        work_minutes=booking.setup_minutes + booking.run_minutes,
        business_id=business.id,
        regency_code=business.regency_code,
        job_id=booking.job_id,
        job=Job(traits, product.pack, booking.quantity),
        created_at=booking.created_at,
        holds=(occupation.attended_from, occupation.to_at) if held else None,
    )


def _displaced(session: Session, site_id: int) -> Collection[int]:
    return session.scalars(
        select(Booking.id).where(
            Booking.site_id == site_id,
            Booking.state == State.DISPLACED,
            Booking.product_id.is_not(None),
        )
    ).all()


def _in_the_way(session: Session, site_id: int, work: Work, now: datetime) -> set[int]:
    """Return whom the work overlaps, and whose cleaning it would leave no room for."""
    rows = session.execute(
        select(
            Booking.id,
            Booking.setup_minutes + Booking.run_minutes,
            Booking.starts_at,
            Occupation.from_at,
            Occupation.to_at,
        )
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id == work.machine_id,
            Booking.state.in_(HELD),
            Booking.starts_at > now,
            Occupation.status == "live",
            Occupation.from_at < work.time.end + timedelta(days=1),
            Occupation.to_at > work.time.start - timedelta(days=1),
        )
    ).all()
    hit = {row.id for row in rows if TimeRange(row.from_at, row.to_at).overlaps(work.time)}
    others = {row.id: row[1] for row in rows if row.id not in hit}
    return hit | _uncleaned(session, site_id, work, hit, others, now)


def _uncleaned(
    session: Session,
    site_id: int,
    work: Work,
    hit: set[int],
    others: dict[int, int],
    now: datetime,
) -> set[int]:
    machine = session.get_one(Machine, work.machine_id)
    calendar = load_calendar(session, site_id).for_machine(machine.code)
    window = whole_days(calendar, work.time)
    around = load_neighbours(session, machine_ids=[machine.id], window=window)[machine.id]
    spec = load_specs(session, machines=[machine], now=now)[machine.id]
    stay = [each for each in around if each.key not in hit]
    before = MachineTime(spec, calendar, stay)
    after = MachineTime(spec, calendar, [*stay, work.wall])
    found: set[int] = set()
    day = calendar.day_of(window.start)
    while calendar.local_day(day).start < window.end:
        found |= misfits_on(after, day, others).keys() - misfits_on(before, day, others).keys()
        day += timedelta(days=1)
    return found


def whole_days(calendar: Calendar, time: TimeRange) -> TimeRange:
    """Return the local days that a time touches, from midnight to midnight."""
    return TimeRange(
        calendar.local_day(calendar.day_of(time.start)).start,
        calendar.local_day(calendar.day_of(time.end)).end,
    )
