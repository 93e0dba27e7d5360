"""When a house works: its calendar, its hours in writing, holidays."""

from packhouse.domain.sites.calendar import (
    GRID_MINUTES,
    MINUTES_A_DAY,
    ONE_DAY,
    Calendar,
    Closure,
    Opening,
    WorkingDay,
    WorkingHours,
    checked_zone,
)
from packhouse.domain.sites.holidays import Holiday, Ramadan, indonesian_holidays, next_ramadan
from packhouse.domain.sites.hours import (
    RAMADAN_HOURS,
    format_hours,
    parse_hours,
    without_friday_prayer,
)

__all__ = [
    "GRID_MINUTES",
    "MINUTES_A_DAY",
    "ONE_DAY",
    "RAMADAN_HOURS",
    "Calendar",
    "Closure",
    "Holiday",
    "Opening",
    "Ramadan",
    "WorkingDay",
    "WorkingHours",
    "checked_zone",
    "format_hours",
    "indonesian_holidays",
    "next_ramadan",
    "parse_hours",
    "without_friday_prayer",
]
