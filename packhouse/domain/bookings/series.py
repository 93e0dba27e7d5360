"""Repeated wishes: a rule in the local days of a house, its dates, and what became of each.

Rules are those of RFC 5545 as far as people here ask for them: every week or every second week
on some weekdays, or every month on the nth weekday. They name days and a time of day, never
instants, so the clock of the house decides what 08.00 is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from packhouse.domain.sites import checked_zone
from packhouse.errors import Malformed

MOST_DATES = 30
LONGEST = timedelta(days=366)


class Every(StrEnum):
    """How often a wish comes back."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Rule:
    """A repetition from its first to its last local day, both included.

    ``weekdays`` (0 = Monday) count for weekly rules; a monthly one keeps the place of the first
    day in its month: the second Thursday, and the last for a fifth one.
    """

    every: Every
    first_day: date
    last_day: date
    weekdays: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1970 <= self.first_day.year < 9998 or self.last_day < self.first_day:
            raise Malformed("series_reversed")
        if self.last_day - self.first_day > LONGEST:
            raise Malformed("series_too_long", most_days=LONGEST.days)
        if any(not 0 <= each <= 6 for each in self.weekdays):
            raise Malformed("hours_weekday_unknown")
        object.__setattr__(self, "weekdays", tuple(sorted(set(self.weekdays))))

    @property
    def dates(self) -> tuple[date, ...]:
        """Return the days of the rule in order. Raises Malformed when they are too many or none."""
        found = tuple(islice(self._days(), MOST_DATES + 1))
        if len(found) > MOST_DATES:
            raise Malformed("series_too_many", most=MOST_DATES)
        if not found:
            raise Malformed("series_empty")
        return found

    def _days(self) -> Iterator[date]:
        start = datetime.combine(self.first_day, time())
        until = datetime.combine(self.last_day, time())
        if self.every is Every.MONTH:
            nth = (self.first_day.day - 1) // 7 + 1
            days = rrule(
                MONTHLY,
                dtstart=start,
                until=until,
                byweekday=weekday(self.first_day.weekday(), -1 if nth == 5 else nth),
            )
        else:
            days = rrule(
                WEEKLY,
                interval=2 if self.every is Every.FORTNIGHT else 1,
                dtstart=start,
                until=until,
                byweekday=self.weekdays or (self.first_day.weekday(),),
            )
        return (each.date() for each in days)


def instant_on(day: date, minute_of_day: int, zone: str) -> datetime:
    """Return when a time of day falls on a local day of a house, in UTC."""
    clock_time = time(*divmod(minute_of_day, 60))
    return datetime.combine(day, clock_time, checked_zone(zone)).astimezone(UTC)


def minute_of(instant: datetime, zone: str) -> int:
    """Return the minutes after local midnight of an instant."""
    local = instant.astimezone(checked_zone(zone))
    return local.hour * 60 + local.minute


def day_on(instant: datetime, zone: str) -> date:
    """Return the local day of an instant."""
    return instant.astimezone(checked_zone(zone)).date()
