"""Days of a machine, put together from what was recorded."""

from datetime import UTC, date, datetime
from typing import Any

from packhouse.domain.machine_days import DayFacts, machine_day
from packhouse.domain.reports import FIELDS
from packhouse.domain.runs import Interval, Reason
from packhouse.domain.sites import Calendar
from tests.support.worked_day import CALENDAR, DAY, at

LATER = datetime(2027, 6, 1, tzinfo=UTC)


def spell(
    start: str, end: str | None, reason: str, run: int | None = None, *, day: date = DAY
) -> Interval:
    return Interval(at(start, day), at(end, day) if end else None, Reason(reason), run)


def facts(
    *intervals: Interval, day: date = DAY, calendar: Calendar = CALENDAR, **more: Any
) -> DayFacts:
    return DayFacts(
        day=calendar.local_day(day),
        open_ranges=calendar.open_ranges_on(day),
        intervals=intervals,
        **more,
    )


def minutes(*intervals: Interval, now: datetime = LATER, **more: Any) -> dict[str, float]:
    """Return the fields of a day that are not zero, seconds as minutes."""
    day = machine_day(facts(*intervals, **more), now=now)
    values = {name: getattr(day, name) for name in FIELDS}
    return {
        name.removesuffix("_seconds"): value / 60 if name.endswith("_seconds") else value
        for name, value in values.items()
        if value
    }
