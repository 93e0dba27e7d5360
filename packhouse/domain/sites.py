"""When a house works: zone, working hours, closures, holidays, and arithmetic in working time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, from_epoch, merge, to_epoch
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


def add_working(start: datetime, minutes: int, open_ranges: Sequence[TimeRange]) -> datetime | None:
    """Return the end of `minutes` of work from `start`, or None if the day is too short.

    `open_ranges` are the sorted openings of that one local day; time between them does not
    count. Work that would start in a break or before opening starts at the next opening.
    """
    if not minutes:
        return start
    line = _line(open_ranges)
    target = (line.position(to_epoch(start)) if line else 0) + minutes * 60
    return from_epoch(line.end_at(target)) if line and target <= line.length else None


def subtract_working(
    end: datetime, minutes: int, open_ranges: Sequence[TimeRange]
) -> datetime | None:
    """Return the latest start of `minutes` of work that is done by `end`, or None.

    The mirror of `add_working`: breaks of the day do not count, and work that must be done by a
    time in a break is done before it.
    """
    if not minutes:
        return end
    line = _line(open_ranges)
    target = (line.position(to_epoch(end)) if line else 0) - minutes * 60
    return from_epoch(line.start_at(target)) if line and target >= 0 else None


def _line(open_ranges: Sequence[TimeRange]) -> WorkingDay | None:
    if not open_ranges:
        return None
    whole = TimeRange(open_ranges[0].start, open_ranges[-1].end)
    return WorkingDay(whole.start.date(), whole, open_ranges)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off by decree; `estimated` where the date waits for the moon or the decree."""

    day: date
    name: str
    kind: Literal["public", "government"]
    estimated: bool


_HOLIDAY_KINDS: tuple[Literal["public", "government"], ...] = ("public", "government")
_ESTIMATED = " (perkiraan)"


@lru_cache(maxsize=16)
def indonesian_holidays(year: int) -> tuple[Holiday, ...]:
    """Return the national holidays and the joint leave (cuti bersama) of a year, by day.

    Names are Indonesian, the only language the decrees have. A year without any joint leave is
    not decreed yet. Only a seed: the manager of a site confirms or rejects each day.
    """
    import holidays

    days: list[Holiday] = []
    for kind in _HOLIDAY_KINDS:
        table = holidays.country_holidays("ID", years=year, categories=(kind,), language="id")
        for day in table:
            days.extend(
                Holiday(day, name.removesuffix(_ESTIMATED), kind, name.endswith(_ESTIMATED))
                for name in table.get_list(day)
            )
    return tuple(sorted(days, key=lambda each: (each.day, each.kind, each.name)))


_DAY_CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS = {code: number for number, code in enumerate(_DAY_CODES)} | {
    code: number for number, code in enumerate(("sen", "sel", "rab", "kam", "jum", "sab", "min"))
}
_TOKEN = re.compile(r"[^\s;]+|;")
_INTERVAL = re.compile(r"(\d{1,2})[:.](\d{2})-(\d{1,2})[:.](\d{2})")


def parse_hours(
    text: str, *, valid_from: date | None = None, valid_to: date | None = None
) -> WorkingHours:
    """Read "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30".

    Days are mon … sun or sen … min, single, as a range, or as a list with commas. Raises
    Malformed with the code of the first fault, its `position` (1 = first character) and `text`.
    """
    openings: list[Opening] = []
    days: tuple[int, ...] | None = None
    complete = True
    for match in _TOKEN.finditer(text):
        word, position = match.group(), match.start() + 1
        if word == ";":
            if not complete:
                raise Malformed("hours_times_missing", position=position, text=word)
            days = None
        elif days is None:
            days, complete = _read_days(word, position), False
        else:
            openings.extend(_read_openings(word, position, days, openings))
            complete = True
    if not complete or not openings:
        code = "hours_empty" if complete else "hours_times_missing"
        raise Malformed(code, position=len(text) + 1, text="")
    return WorkingHours(tuple(openings), valid_from, valid_to)


def _read_days(word: str, position: int) -> tuple[int, ...]:
    days: list[int] = []
    for part in word.lower().split(","):
        ends = part.split("-")
        if len(ends) > 2 or any(end not in _WEEKDAYS for end in ends):
            raise Malformed("hours_weekday_unknown", position=position, text=word)
        first, last = _WEEKDAYS[ends[0]], _WEEKDAYS[ends[-1]]
        if first > last:
            raise Malformed("hours_days_reversed", position=position, text=word)
        days.extend(range(first, last + 1))
    return tuple(days)


def _read_openings(
    word: str, position: int, days: tuple[int, ...], earlier: Sequence[Opening]
) -> list[Opening]:
    match = _INTERVAL.fullmatch(word)
    if not match:
        raise Malformed("hours_interval_unreadable", position=position, text=word)
    hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
    if minute > 59 or to_minute > 59:
        raise Malformed("hours_interval_unreadable", position=position, text=word)
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if closes > MINUTES_A_DAY:
        raise Malformed("hours_past_midnight", position=position, text=word)
    fresh: list[Opening] = []
    for day in days:
        try:
            opening = Opening(day, opens, closes)
        except Malformed as wrong:
            raise Malformed(wrong.problems[0].code, position=position, text=word) from None
        if any(
            each.weekday == day and opens < each.closes and each.opens < closes
            for each in (*earlier, *fresh)
        ):
            raise Malformed("hours_overlap", position=position, text=word)
        fresh.append(opening)
    return fresh


def format_hours(hours: WorkingHours) -> str:
    """Write openings the way `parse_hours` reads them, neighbouring equal days as a range."""
    by_day: dict[int, str] = {}
    for each in hours.openings:
        times = f"{_clock(each.opens)}-{_clock(each.closes)}"
        by_day[each.weekday] = f"{by_day.get(each.weekday, '')} {times}"
    parts: list[str] = []
    for shared, same in groupby(range(7), key=by_day.get):
        days = list(same)
        if shared is not None:
            last = f"-{_DAY_CODES[days[-1]]}" if len(days) > 1 else ""
            parts.append(f"{_DAY_CODES[days[0]]}{last}{shared}")
    return "; ".join(parts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
