"""When to be at the house, and when to leave home for it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType

ARRIVE_EARLIER = timedelta(minutes=15)
# Nobody sets out before this on the day itself.
FIRST_LIGHT = time(4)
# Below this it is no journey.
NEAR_HOURS = 2
# Hours by road from the city of Pontianak to each regency's seat along three ways: the north
# coast, inland up the Kapuas, and the south. Sintang (8 to 9) and Ketapang (13, or 6 by fast
# boat) are published; the others are planning values between them.
_HOURS_FROM_PONTIANAK = MappingProxyType(
    {
        "61.71": ("", 0.0),
        "61.12": ("south", 0.5),
        "61.02": ("coast", 1.5),
        "61.72": ("coast", 3.5),
        "61.07": ("coast", 4.5),
        "61.01": ("coast", 5.5),
        "61.08": ("inland", 3.5),
        "61.03": ("inland", 4.5),
        "61.09": ("inland", 6.0),
        "61.05": ("inland", 8.5),
        "61.10": ("inland", 10.0),
        "61.06": ("inland", 15.0),
        "61.11": ("south", 11.0),
        "61.04": ("south", 13.0),
    }
)
_HARBOURS = frozenset({"61.04", "61.11"})


@dataclass(frozen=True, slots=True)
class Journey:
    """A way that takes hours: when to leave at the latest, or that it is one for the day before.

    ``by_sea``: most people take the boat, whose timetable decides.
    """

    hours: int
    leave_by: datetime
    day_before: bool
    by_sea: bool


def arrive_by(starts_at: datetime) -> datetime:
    """Return when to be at the house for a visit."""
    return starts_at - ARRIVE_EARLIER


def journey_to(*, home: str, house: str, starts_at: datetime) -> Journey | None:
    """Return the journey between two regencies of Kalimantan Barat (Kemendagri codes).

    ``starts_at`` is local time. None where it is near, or nobody here knows the way.
    """
    hours = _hours(home, house)
    if hours is None or hours < NEAR_HOURS:
        return None
    leave_by = arrive_by(starts_at) - timedelta(hours=hours)
    return Journey(
        hours=round(hours),
        leave_by=leave_by,
        day_before=leave_by.date() < starts_at.date() or leave_by.time() < FIRST_LIGHT,
        by_sea=(home in _HARBOURS) != (house in _HARBOURS),
    )


def _hours(home: str, house: str) -> float | None:
    ways = _HOURS_FROM_PONTIANAK
    if home not in ways or house not in ways:
        return None
    (one_way, one), (other_way, other) = ways[home], ways[house]
    return abs(one - other) if one_way == other_way else one + other
