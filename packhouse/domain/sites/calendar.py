"""When a house works: zone, working hours, closures, and arithmetic in working time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, merge, to_epoch
from packhouse.errors import Malformed

MINUTES_A_DAY = 24 * 60
GRID_MINUTES = SLOT_SECONDS // 60
ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def checked_zone(name: str) -> ZoneInfo:
    """Return the IANA zone, or raise Malformed for one the grid cannot carry.

    Refused: unknown names, offsets that are not whole grid steps, and zones with summer time
    between 2020 and 2035 (a day must have one length; no Indonesian zone has any).
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Malformed("zone_unknown", zone=name) from None
    for week in range(16 * 53):
        noon = datetime(2020, 1, 1, 12, tzinfo=zone) + timedelta(weeks=week)
        if noon.dst():
            raise Malformed("zone_has_summer_time", zone=name)
        if (noon.utcoffset() or timedelta(0)) % timedelta(minutes=GRID_MINUTES):
            raise Malformed("zone_off_grid", zone=name)
    return zone


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One opening of a weekday (0 = Monday), in minutes after local midnight, half-open."""

    weekday: int
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise Malformed("hours_weekday_unknown", weekday=self.weekday)
        if not 0 <= self.opens < self.closes <= MINUTES_A_DAY:
            raise Malformed("hours_reversed", opens=self.opens, closes=self.closes)
        if self.opens % GRID_MINUTES or self.closes % GRID_MINUTES:
            raise Malformed("hours_off_grid", opens=self.opens, closes=self.closes)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A week of openings, valid from the first to the last given day, both included."""

    openings: tuple[Opening, ...]
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise Malformed("hours_validity_reversed", start=self.valid_from, end=self.valid_to)
        object.__setattr__(self, "openings", tuple(sorted(self.openings)))
        for before, after in pairwise(self.openings):
            if before.weekday == after.weekday and after.opens < before.closes:
                raise Malformed("hours_overlap", weekday=after.weekday, opens=after.opens)

    def is_valid_on(self, day: date) -> bool:
        """Tell whether this week applies on the day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)

    @property
    def specificity(self) -> tuple[int, date]:
        """Order weeks that are valid on one day: the shortest wins, then the latest start."""
        first, last = self.valid_from or date.min, self.valid_to or date.max
        return (-(last - first).days, first)


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which the house, or one machine of it, does not work; both days included."""

    day_from: date
    day_to: date
    machine_code: str | None = None

    def __post_init__(self) -> None:
        if self.day_from > self.day_to:
            raise Malformed("closure_reversed", start=self.day_from, end=self.day_to)


class WorkingDay:
    """The openings of one local day as one line of working seconds, breaks taken out.

    A position is the working time since opening. A position on a break stands for both sides of
    it: what starts there starts after the break, what ends there ends before it.
    """

    __slots__ = ("begins", "day", "ends", "length", "ranges", "spans")

    def __init__(self, day: date, local_day: TimeRange, ranges: Sequence[TimeRange]) -> None:
        self.day = day
        self.begins = to_epoch(local_day.start)
        self.ends = to_epoch(local_day.end)
        self.ranges = tuple(ranges)
        spans, done = [], 0
        for each in self.ranges:
            opens, closes = to_epoch(each.start), to_epoch(each.end)
            spans.append((opens, closes, done))
            done += closes - opens
        self.spans: tuple[tuple[int, int, int], ...] = tuple(spans)
        self.length = done

    def position(self, epoch: int) -> int:
        """Return the working seconds from opening to an instant (epoch seconds)."""
        for opens, closes, before in self.spans:
            if epoch < closes:
                return before + epoch - opens if epoch > opens else before
        return self.length

    def start_at(self, position: int) -> int:
        """Return the epoch second at which work that begins at a position begins."""
        for opens, closes, before in self.spans:
            if position < before + closes - opens:
                return opens + position - before
        return self.spans[-1][1]

    def end_at(self, position: int) -> int:
        """Return the epoch second at which work that ends at a position ends."""
        for opens, closes, before in self.spans:
            if position <= before + closes - opens:
                return opens + position - before
        raise ValueError(f"position {position} lies behind the closing time")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days and hours of one site, or of one machine of it (`for_machine`).

    Days are computed once and kept, so one calendar serves all machines of a request.
    """

    zone: str
    hours: tuple[WorkingHours, ...]
    closures: tuple[Closure, ...] = ()
    _days: dict[date, WorkingDay] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def for_machine(self, code: str) -> Self:
        """Return the calendar of a machine: the site's, with the machine's own closures."""
        own = [each for each in self.closures if each.machine_code == code]
        if not own:
            return self
        shared = [each for each in self.closures if each.machine_code is None]
        whole = (Closure(each.day_from, each.day_to) for each in own)
        return type(self)(self.zone, self.hours, (*shared, *whole))

    def day_of(self, instant: datetime) -> date:
        """Return the local day that holds the instant."""
        return instant.astimezone(checked_zone(self.zone)).date()

    def local_day(self, day: date) -> TimeRange:
        """Return the local day from midnight to midnight."""
        return TimeRange(self._instant(day, 0), self._instant(day, MINUTES_A_DAY))

    def working_day(self, day: date) -> WorkingDay:
        """Return the working time of a local day; its length is 0 where the house is closed."""
        known = self._days.get(day)
        if known is None:
            known = WorkingDay(day, self.local_day(day), self._open_ranges_on(day))
            self._days[day] = known
        return known

    def working_days(self, window: TimeRange) -> Iterator[WorkingDay]:
        """Yield every open local day that shares time with the window, in order."""
        day, last = self.day_of(window.start), self.day_of(window.end)
        while day <= last:
            working = self.working_day(day)
            if working.length and working.begins < to_epoch(window.end):
                yield working
            day += ONE_DAY

    def open_ranges_on(self, day: date) -> tuple[TimeRange, ...]:
        """Return the openings of a local day in UTC, in order; empty where closed."""
        return self.working_day(day).ranges

    def open_ranges(self, from_at: datetime, to_at: datetime) -> list[TimeRange]:
        """Return the openings between two instants in UTC, in order, cut at both ends."""
        window = TimeRange(from_at, to_at)
        shared = (
            each.intersection(window)
            for working in self.working_days(window)
            for each in working.ranges
        )
        return [each for each in shared if each is not None]

    def is_open_day(self, day: date) -> bool:
        """Tell whether the house works at all on the local day."""
        return self.working_day(day).length > 0

    def closing_time(self, day: date) -> datetime | None:
        """Return the instant at which the last opening of the day ends; None where closed."""
        ranges = self.open_ranges_on(day)
        return ranges[-1].end if ranges else None

    def _open_ranges_on(self, day: date) -> list[TimeRange]:
        weeks = [each for each in reversed(self.hours) if each.is_valid_on(day)]
        if not weeks or any(
            each.machine_code is None and each.day_from <= day <= each.day_to
            for each in self.closures
        ):
            return []
        week = max(weeks, key=lambda each: each.specificity)
        return merge(
            TimeRange(self._instant(day, each.opens), self._instant(day, each.closes))
            for each in week.openings
            if each.weekday == day.weekday()
        )

    def _instant(self, day: date, minutes: int) -> datetime:
        days, rest = divmod(minutes, MINUTES_A_DAY)
        local = datetime.combine(
            day + timedelta(days=days), time(*divmod(rest, 60)), checked_zone(self.zone)
        )
        return local.astimezone(UTC)
