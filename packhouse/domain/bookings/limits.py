"""Fair use: how much machine time a business may hold in one house, by policy of that house.

A business has a limit of its own. The members of a cooperative pool theirs: the pool is the sum
of the members' limits, and every booking of a member counts in it once, whoever made it. What a
cooperative books for a member counts in the pool alone: that is what pooling is for.

Bookings never cross local midnight, so each belongs to one local week (from Monday) and month.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from packhouse.errors import Problem

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a business may hold: open bookings at once, minutes of setup and run; None: any."""

    open_bookings: int | None = None
    week_minutes: int | None = None
    month_minutes: int | None = None

    @property
    def are_set(self) -> bool:
        """Say whether there is any."""
        return (self.open_bookings, self.week_minutes, self.month_minutes) != (None, None, None)

    def pooled(self, members: int) -> "Limits":
        """Return what so many members may hold together."""
        open_bookings, week, month = (
            None if each is None else each * members
            for each in (self.open_bookings, self.week_minutes, self.month_minutes)
        )
        return Limits(open_bookings, week, month)


@dataclass(frozen=True, slots=True)
class Use:
    """What is held already: the days of open bookings, in order, and minutes by local day."""

    open_days: tuple[date, ...] = ()
    minutes: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))

    def in_week(self, day: date) -> int:
        """Return the minutes of the week that holds the day."""
        return self._between(week_of(day), week_of(day) + 7 * ONE_DAY)

    def in_month(self, day: date) -> int:
        """Return the minutes of the month that holds the day."""
        return self._between(month_of(day), next_month(day))

    def _between(self, first: date, end: date) -> int:
        return sum(minutes for day, minutes in self.minutes.items() if first <= day < end)

    def with_booking(self, day: date, minutes: int) -> "Use":
        """Return the use with one more open booking."""
        held = {**self.minutes, day: self.minutes.get(day, 0) + minutes}
        return Use(tuple(sorted((*self.open_days, day))), held)


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - day.weekday() * ONE_DAY


def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return month_of(month_of(day) + 31 * ONE_DAY)


def broken_limits(
    limits: Limits, use: Use, *, day: date, minutes: int, today: date, last_day: date
) -> list[Problem]:
    """Return every limit that one more booking of so many minutes on a day would break.

    Each problem tells what would be allowed instead: when a place comes free, how many minutes
    are left, and the first week or month up to ``last_day`` with room for this booking.
    """
    problems: list[Problem] = []
    most = limits.open_bookings
    if most is not None and len(use.open_days) >= most:
        free = use.open_days[len(use.open_days) - most] if most else None
        facts = {"most": most, "used": len(use.open_days), "free_after": free}
        problems.append(Problem("limit_open" if free else "limit_open_none", facts))
    if limits.week_minutes is not None:
        weeks = (week_of(today + n * 7 * ONE_DAY) for n in range((last_day - today).days // 7 + 2))
        held = {week: use.in_week(week) for week in weeks if week <= last_day}
        held[week_of(day)] = use.in_week(day)
        problems += _over("week", limits.week_minutes, held, week_of(day), minutes)
    if limits.month_minutes is not None:
        months = {month: use.in_month(month) for month in _months(today, last_day)}
        months[month_of(day)] = use.in_month(day)
        problems += _over("month", limits.month_minutes, months, month_of(day), minutes)
    return problems


def _over(
    period: str, most: int, held: Mapping[date, int], wanted: date, minutes: int
) -> Iterator[Problem]:
    if held[wanted] + minutes <= most:
        return
    others = (first for first in sorted(held) if first != wanted and held[first] + minutes <= most)
    first = next(others, None)
    facts = {
        "most_minutes": most,
        "used_minutes": held[wanted],
        "left_minutes": max(most - held[wanted], 0),
        "wanted_minutes": minutes,
        "starting": wanted,
        "room_from": first,
    }
    yield Problem(f"limit_{period}" if first else f"limit_{period}_full", facts)


def _months(first: date, last: date) -> Iterator[date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def of_pool(problem: Problem, cooperative: str) -> Problem:
    """Return the same problem as one of a cooperative's pool."""
    return Problem(f"pool_{problem.code}", {**problem.facts, "cooperative": cooperative})
