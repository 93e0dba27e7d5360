"""What keeps machines busy."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_see_booking
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.errors import Malformed
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.sites import load_calendars
from packhouse.models.slots import LONGEST_DAYS, Occupation
from packhouse.queries.machines.items import MachineItem, MachinesPage, machine_item

LONGEST_SCHEDULE = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Busy:
    """Something that keeps a machine from ``occupied_from`` to ``ends_at`` (UTC).

    ``booking``, ``state`` and the name of the ``business`` are told only to who may see the
    booking.
    """

    kind: str
    occupied_from: datetime
    starts_at: datetime
    ends_at: datetime
    booking: str | None
    state: str | None
    business: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A machine's opening hours and occupations between two instants."""

    machine: MachineItem
    time: TimeRange
    open: tuple[TimeRange, ...]
    busy: tuple[Busy, ...]


def schedule(*, code: str, time: TimeRange, actor: Actor, now: datetime) -> Schedule:
    """Return what a machine does in a period of at most two months, oldest first.

    Raises NotFound, Malformed.
    """
    session = reading()
    return _schedules(session, [machine_item(code=code, now=now)], time, actor)[0]


def schedules(*, page: MachinesPage, time: TimeRange, actor: Actor) -> tuple[Schedule, ...]:
    """Return what every machine of a page does in a period of at most two months, in its order.

    Five queries for any number of machines. Raises Malformed.
    """
    return _schedules(reading(), page.items, time, actor)


def _schedules(
    session: Session, machines: Sequence[MachineItem], time: TimeRange, actor: Actor
) -> tuple[Schedule, ...]:
    if time.end - time.start > LONGEST_SCHEDULE:
        raise Malformed("period_too_long", days=LONGEST_SCHEDULE.days)
    calendars = load_calendars(session, {machine.site_id for machine in machines})
    sites = {machine.id: machine.site_id for machine in machines}
    busy: dict[int, list[Busy]] = defaultdict(list)
    for row in session.execute(
        select(
            Occupation.machine_id,
            Occupation.kind,
            Occupation.from_at,
            Occupation.to_at,
            Booking.starts_at,
            Booking.code,
            Booking.state,
            Booking.business_id,
            Business.name,
        )
        .outerjoin(Booking, Booking.occupation_id == Occupation.id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .where(
            Occupation.machine_id.in_(sites),
            # No occupation is longer: the index is read from here, however long the history.
            Occupation.from_at > time.start - timedelta(days=LONGEST_DAYS),
            Occupation.from_at < time.end,
            Occupation.to_at > time.start,
            Occupation.status.in_(("live", "done")),
        )
        .order_by(Occupation.from_at, Occupation.id)
    ):
        machine_id, *of_machine = row
        busy[machine_id].append(_busy(of_machine, sites[machine_id], actor))
    return tuple(
        Schedule(
            machine,
            time,
            tuple(
                calendars[machine.site_id]
                .for_machine(machine.code)
                .open_ranges(time.start, time.end)
            ),
            tuple(busy[machine.id]),
        )
        for machine in machines
    )


def _busy(row: Sequence[Any], site_id: int, actor: Actor) -> Busy:
    kind, from_at, to_at, starts_at, code, state, business_id, business = row
    seen = code is not None and may_see_booking(actor, business_id, site_id)
    return Busy(
        kind=kind,
        occupied_from=from_at,
        starts_at=max(starts_at or from_at, from_at),
        ends_at=to_at,
        booking=code if seen else None,
        state=state if seen else None,
        business=business if seen else None,
    )
