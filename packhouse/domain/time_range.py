"""Half-open ranges of time in UTC, and the five-minute grid that bookings stand on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

SLOT_SECONDS = 300
SLOT = timedelta(seconds=SLOT_SECONDS)
_NO_OFFSET = timedelta(0)


def require_utc(instant: datetime) -> None:
    """Refuse an instant that is not aware UTC (ValueError): local times stay at the edges."""
    if instant.tzinfo is not UTC and instant.utcoffset() != _NO_OFFSET:
        raise ValueError(f"not an instant in UTC: {instant!r}")


@dataclass(frozen=True, slots=True, order=True)
class TimeRange:
    """From `start` up to, not including, `end`; both aware UTC, start before end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc(self.start)
        require_utc(self.end)
        if self.start >= self.end:
            raise ValueError(f"a range needs start before end: {self.start} .. {self.end}")

    @property
    def seconds(self) -> int:
        """Length in whole seconds."""
        return (self.end - self.start) // timedelta(seconds=1)

    @property
    def minutes(self) -> int:
        """Length in whole minutes, the rest dropped."""
        return self.seconds // 60

    def overlaps(self, other: Self) -> bool:
        """Tell whether both share at least one instant; ranges that only touch do not."""
        return self.start < other.end and other.start < self.end

    def contains(self, instant: datetime) -> bool:
        """Tell whether the instant lies inside; the start does, the end does not."""
        return self.start <= instant < self.end

    def intersection(self, other: Self) -> Self | None:
        """Return the shared part, or None where there is none."""
        if not self.overlaps(other):
            return None
        return type(self)(max(self.start, other.start), min(self.end, other.end))


def merge(ranges: Iterable[TimeRange]) -> list[TimeRange]:
    """Return the same instants as sorted ranges that neither overlap nor touch."""
    merged: list[TimeRange] = []
    for each in sorted(ranges):
        if merged and each.start <= merged[-1].end:
            if each.end > merged[-1].end:
                merged[-1] = TimeRange(merged[-1].start, each.end)
        else:
            merged.append(each)
    return merged


def subtract(ranges: Iterable[TimeRange], holes: Iterable[TimeRange]) -> list[TimeRange]:
    """Return the instants of `ranges` that lie in none of the `holes`, sorted and merged."""
    gaps = merge(holes)
    rest: list[TimeRange] = []
    for each in merge(ranges):
        start = each.start
        for hole in gaps:
            if hole.end <= start:
                continue
            if hole.start >= each.end:
                break
            if hole.start > start:
                rest.append(TimeRange(start, hole.start))
            start = max(start, hole.end)
        if start < each.end:
            rest.append(TimeRange(start, each.end))
    return rest


def to_epoch(instant: datetime) -> int:
    """Return whole seconds since 1970-01-01 00:00 UTC; a fraction is dropped."""
    return int(instant.timestamp() // 1)


def from_epoch(seconds: int) -> datetime:
    """Return the aware UTC instant of `seconds` since 1970-01-01 00:00 UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def local_iso(instant: datetime, zone: str) -> str:
    """Return an instant as ISO 8601 in a zone's own time, with the offset."""
    return instant.astimezone(ZoneInfo(zone)).isoformat()


def slot_of(instant: datetime) -> int:
    """Return the number of the five-minute slot that holds the instant: epoch // 300."""
    return to_epoch(instant) // SLOT_SECONDS


def slot_starts_at(slot: int) -> datetime:
    """Return the first instant of a slot; the inverse of `slot_of`."""
    return from_epoch(slot * SLOT_SECONDS)


def is_on_grid(instant: datetime) -> bool:
    """Tell whether the instant is exactly the first of a slot."""
    return instant == floor_to_slot(instant)


def floor_to_slot(instant: datetime) -> datetime:
    """Return the grid instant at or before the given one."""
    return slot_starts_at(slot_of(instant))


def ceil_to_slot(instant: datetime) -> datetime:
    """Return the grid instant at or after the given one."""
    floor = floor_to_slot(instant)
    return floor if floor == instant else floor + SLOT


def ceil_to_grid(amount: int, step: int) -> int:
    """Round a whole amount up to the next multiple of `step` (both in the same unit)."""
    return -(-amount // step) * step
