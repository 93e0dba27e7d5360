"""Which bookings of a house no longer fit its calendar and its people, in a few queries."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import MOVABLE, State
from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Neighbour
from packhouse.domain.replanning.misfits import Attended, misfits_on, without_operator
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange, slot_of
from packhouse.errors import Problem
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, load_specs
from packhouse.models.sites import Shift, Site, load_calendar
from packhouse.models.slots import Occupation, load_neighbours

HELD = tuple(sorted(MOVABLE - {State.DISPLACED}))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A booking to come that its house can no longer keep as it stands, and every reason."""

    booking_id: int
    code: str
    machine: str
    starts_at: datetime
    ends_at: datetime
    problems: tuple[Problem, ...]


def load_misfits(session: Session, *, site_id: int, now: datetime) -> tuple[Misfit, ...]:
    """Return the bookings to come that no longer fit, by start.

    Looked at are requests and confirmed bookings that have not begun; who is there already is
    served as she is.
    """
    booked = session.execute(_BOOKED.where(*_to_come(site_id, now))).all()
    if not booked:
        return ()
    found: dict[int, list[Problem]] = defaultdict(list)
    for key, several in _outside(session, site_id, booked, now).items():
        found[key] += several
    for key, problem in _unattended(session, site_id, {each.id: each for each in booked}, now):
        found[key].append(problem)
    return tuple(
        Misfit(
            each.id, each.code, each.machine, each.starts_at, each.ends_at, tuple(found[each.id])
        )
        for each in booked
        if each.id in found
    )


_BOOKED = (
    select(
        Booking.id,
        Booking.code,
        Machine.code.label("machine"),
        Booking.machine_id,
        Booking.starts_at,
        Booking.ends_at,
        (Booking.setup_minutes + Booking.run_minutes).label("work_minutes"),
        Occupation.id.label("occupation_id"),
    )
    .join(Occupation, Occupation.id == Booking.occupation_id)
    .join(Machine, Machine.id == Booking.machine_id)
    .order_by(Booking.starts_at, Booking.id)
)


def _to_come(site_id: int, now: datetime) -> tuple[Any, ...]:
    return (
        Booking.site_id == site_id,
        Booking.state.in_(HELD),
        Booking.starts_at > now,
        Occupation.status == "live",
    )


def _outside(
    session: Session, site_id: int, booked: Sequence[Any], now: datetime
) -> dict[int, tuple[Problem, ...]]:
    calendar = load_calendar(session, site_id)
    days: dict[int, set[date]] = defaultdict(set)
    for each in booked:
        days[each.machine_id].add(calendar.day_of(each.starts_at))
    machines = session.scalars(select(Machine).where(Machine.id.in_(days))).all()
    specs = load_specs(session, machines=machines, now=now)
    around = _around(session, calendar, days)
    work = {each.id: each.work_minutes for each in booked}
    found: dict[int, tuple[Problem, ...]] = {}
    for machine in machines:
        own = calendar.for_machine(machine.code)
        for day in sorted(days[machine.id]):
            time = MachineTime(specs[machine.id], own, around(machine.id, day))
            found |= misfits_on(time, day, work)
    return found


def _around(
    session: Session, calendar: Calendar, days: dict[int, set[date]]
) -> Callable[[int, date], list[Neighbour]]:
    """Load what keeps the machines busy, and return it by machine and local day."""
    every = [day for machine in days.values() for day in machine]
    window = TimeRange(calendar.local_day(min(every)).start, calendar.local_day(max(every)).end)
    by_day: dict[tuple[int, date], list[Neighbour]] = defaultdict(list)
    loaded = load_neighbours(session, machine_ids=list(days), window=window)
    for machine_id, neighbours in loaded.items():
        for each in neighbours:
            day, last = (calendar.day_of(at) for at in (each.starts_at, each.ends_at))
            while day <= last:
                by_day[machine_id, day].append(each)
                day += timedelta(days=1)
    return lambda machine_id, day: by_day[machine_id, day]


def _unattended(
    session: Session, site_id: int, to_come: dict[int, Any], now: datetime
) -> list[tuple[int, Problem]]:
    """Return who finds no operator where fewer work than were booked; the last to book yields."""
    rows = session.execute(
        select(Occupation.id, Occupation.attended_from, Occupation.to_at, Booking.id.label("key"))
        .outerjoin(Booking, Booking.occupation_id == Occupation.id)
        .where(
            Occupation.site_id == site_id,
            Occupation.status == "live",
            Occupation.attended_from.is_not(None),
            Occupation.to_at > now,
        )
    )
    attended = [
        Attended(
            row.key if row.key in to_come else None,
            row.key or 0,
            slot_of(max(row.attended_from, now)),
            slot_of(row.to_at),
        )
        for row in rows
    ]
    if not attended:
        return []
    return list(without_operator(attended, load_operators(session, site_id, now)).items())


def load_operators(session: Session, site_id: int, now: datetime) -> Callable[[int], int]:
    """Return how many operators work in a slot from now on: as the shifts say, else as usual."""
    usual = session.get_one(Site, site_id).operators
    shifts = [
        (slot_of(row.from_at), slot_of(row.to_at), row.operators)
        for row in session.execute(
            select(Shift.from_at, Shift.to_at, Shift.operators)
            .where(Shift.site_id == site_id, Shift.to_at > now)
            .order_by(Shift.id.desc())
        )
    ]

    def working(slot: int) -> int:
        return next((many for first, last, many in shifts if first <= slot < last), usual)

    return working
