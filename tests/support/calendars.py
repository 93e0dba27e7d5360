"""The normal week of a house, and instants on its wall clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from packhouse.domain.sites import parse_hours
from packhouse.domain.time_range import TimeRange

PONTIANAK = "Asia/Pontianak"
NORMAL_TEXT = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30"
NORMAL = parse_hours(NORMAL_TEXT)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)


def at(text: str, zone: str = PONTIANAK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span(start: str, end: str) -> TimeRange:
    return TimeRange(at(start), at(end))
