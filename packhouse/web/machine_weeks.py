"""A week of one machine, laid out for the board: its days are the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import url_for

from packhouse.domain.time_range import TimeRange, subtract
from packhouse.domain.users import Actor
from packhouse.queries.machines import Busy, MachineDetail, Schedule, schedule

WEEK = 7
# Nobody in particular: sees that a machine is busy, never with whom.
NOBODY = Actor(id=0, role=None)


@dataclass(frozen=True, slots=True)
class StripItem:
    """Something on a machine's week, moved onto the first of its days so that days line up."""

    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    title: str
    kind: str
    state: str
    url: str | None


@dataclass(frozen=True, slots=True)
class StripDay:
    """A day of a machine's week; ``free`` is what can still be asked for, in real instants."""

    name: date
    items: tuple[StripItem, ...]
    free: tuple[TimeRange, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a machine for the board, whose columns are the hours of its first day.

    ``shut`` is when the house is closed on all of these days.
    """

    days: tuple[StripDay, ...]
    opens: datetime
    closes: datetime
    shut: tuple[tuple[datetime, datetime], ...]
    before: date
    after: date


def week_of(found: MachineDetail, actor: Actor | None, first: date, now: datetime) -> Week | None:
    """Return seven days of a machine from a local day on; None while its house has no hours."""
    zone = ZoneInfo(found.machine.zone)
    begins = datetime.combine(first, time(), tzinfo=zone).astimezone(UTC)
    span = TimeRange(begins, begins + timedelta(days=WEEK))
    plan = schedule(code=found.machine.code, time=span, actor=actor or NOBODY, now=now)
    if not plan.open:
        return None
    nights = [begins + timedelta(days=number) for number in range(WEEK)]
    opens = min(_since_midnight(each.start, nights) for each in plan.open)
    closes = max(_since_midnight(each.end - timedelta(seconds=1), nights) for each in plan.open)
    shown = TimeRange(
        begins + timedelta(hours=opens // timedelta(hours=1)),
        begins + timedelta(hours=closes // timedelta(hours=1) + 1),
    )
    moved = [(each, _since_midnight(each.start, nights) + begins) for each in plan.open]
    hours = [TimeRange(start, start + (each.end - each.start)) for each, start in moved]
    return Week(
        tuple(_strip_day(plan, found, night, begins, now) for night in nights),
        shown.start,
        shown.end,
        tuple((each.start, each.end) for each in subtract([shown], hours)),
        first - timedelta(days=WEEK),
        first + timedelta(days=WEEK),
    )


def _since_midnight(instant: datetime, nights: Iterable[datetime]) -> timedelta:
    return instant - max(night for night in nights if night <= instant)


def _strip_day(
    plan: Schedule, found: MachineDetail, night: datetime, begins: datetime, now: datetime
) -> StripDay:
    day = TimeRange(night, night + timedelta(days=1))
    shift = night - begins
    hours = [shared for each in plan.open if (shared := each.intersection(day))]
    busy = [each for each in plan.busy if each.occupied_from < day.end and each.ends_at > day.start]
    taken = [TimeRange(each.occupied_from, each.ends_at) for each in busy]
    machine = found.machine
    life = [TimeRange(datetime.min.replace(tzinfo=UTC), max(now, machine.commissioned_at))]
    if machine.retired_at is not None:
        life.append(TimeRange(machine.retired_at, datetime.max.replace(tzinfo=UTC)))
    free = subtract(hours, [*taken, *life])
    return StripDay(
        night.astimezone(ZoneInfo(machine.zone)).date(),
        tuple(_strip_item(each, day, shift) for each in busy),
        tuple(free),
        bool(hours),
    )


def _strip_item(each: Busy, day: TimeRange, shift: timedelta) -> StripItem:
    return StripItem(
        starts_at=max(each.starts_at, day.start) - shift,
        ends_at=min(each.ends_at, day.end) - shift,
        occupied_from=max(each.occupied_from, day.start) - shift,
        title=each.business or "",
        kind="busy" if each.kind == "booking" and each.state is None else each.kind,
        state=each.state or "",
        url=url_for("bookings.show", code=each.booking) if each.booking else None,
    )
