"""Times in which machines cannot work: what they need, and when planned work is due again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil

from packhouse.domain.machines import (
    MachineKind,
    MachineTime,
    cleanings_on,
    closing_clean_fits,
)
from packhouse.domain.products import Neighbour
from packhouse.domain.runs import BROKEN, Reason
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import SLOT, TimeRange, ceil_to_slot

SECONDS_PER_HOUR = 3600


class Utility(StrEnum):
    """What a machine may not work without."""

    ELECTRICITY = "electricity"
    WATER = "water"
    GAS = "gas"
    COMPRESSED_AIR = "compressed_air"
    STEAM = "steam"


class MaintenanceState(StrEnum):
    """Where planned work stands: ``proposed`` holds no time yet, ``taken`` holds it."""

    PROPOSED = "proposed"
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"


class Basis(StrEnum):
    """What is counted until work is due again."""

    DAYS = "days"
    RUNNING_HOURS = "running_hours"
    PIECES = "pieces"


OUTAGES = frozenset({Reason.POWER_OUTAGE, Reason.UTILITY_OUTAGE})
_POWER = frozenset({Utility.ELECTRICITY})
_NEEDS: Mapping[MachineKind, frozenset[Utility]] = {
    MachineKind.VFFS: _POWER | {Utility.COMPRESSED_AIR},
    MachineKind.PISTON_FILLER: _POWER | {Utility.COMPRESSED_AIR},
    MachineKind.CUP_SEALER: _POWER | {Utility.COMPRESSED_AIR},
    MachineKind.GAS_BAND_SEALER: _POWER | {Utility.GAS},
    MachineKind.RETORT: _POWER | {Utility.STEAM, Utility.WATER},
    MachineKind.PASTEURIZER: _POWER | {Utility.WATER},
}


def usual_needs(kind: str) -> frozenset[Utility]:
    """Return what a machine of this kind usually needs; a house says what is different."""
    return _NEEDS.get(MachineKind(kind), _POWER) if kind in set(MachineKind) else _POWER


def reason_of(utility: Utility) -> Reason:
    """Return the state of a machine that lacks this."""
    return Reason.POWER_OUTAGE if utility is Utility.ELECTRICITY else Reason.UTILITY_OUTAGE


def has_failed(reason: str) -> bool:
    """Say whether a machine that is down for this reason has failed itself."""
    return reason in BROKEN


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a machine is on the way to work that comes back, and when that is due.

    ``used`` of ``every`` days, running hours or pieces, whole ones, since it was last done.
    ``due_at`` is the instant at which the count is full: known for days, expected from how the
    machine was used lately for the others. None while nobody can say.
    """

    used: int
    every: int
    due_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Say whether the count is full already."""
        return self.used >= self.every


def progress(
    basis: Basis,
    every: int,
    *,
    counted: float,
    per_day: float,
    counts_from: datetime,
    now: datetime,
) -> Progress:
    """Return how far a count is.

    ``counted`` is what the machine did since ``counts_from``: seconds of running, or pieces; for
    days it is not looked at. ``per_day`` is what it does in a day lately, in the same unit. A
    count that is full is due now, or since its day.
    """
    if basis is Basis.DAYS:
        due = counts_from + timedelta(days=every)
        return Progress(max(0, (now - counts_from).days), every, due)
    size = SECONDS_PER_HOUR if basis is Basis.RUNNING_HOURS else 1
    left = every * size - counted
    if left <= 0:
        return Progress(int(counted // size), every, now)
    due_at = None
    if per_day > 0 and left / per_day <= LONGEST_FORECAST.days:
        due_at = now + timedelta(seconds=ceil(left / per_day * 86_400))
    return Progress(int(counted // size), every, due_at)


LONGEST_FORECAST = timedelta(days=3650)


def is_time_to_plan(progress: Progress, *, lead_days: int, now: datetime) -> bool:
    """Say whether work is due so soon that its time should be kept now."""
    return progress.due_at is not None and progress.due_at <= now + timedelta(days=lead_days)


# --- where planned work fits --------------------------------------------------------------------

STEP = timedelta(minutes=30)


def cleaning_is_lost(machine: MachineTime, day: date) -> bool:
    """Say whether the house finds no time to clean on a local day, as the neighbours stand."""
    lost = any(each.occupied_from is None for each in cleanings_on(machine, day))
    return lost or not closing_clean_fits(machine, day)


def times_on(calendar: Calendar, day: date, minutes: int) -> list[TimeRange]:
    """Return when work of so many minutes by the clock may be done on a local day, by start.

    It begins with an opening or half hours after it, and ends by closing; what takes longer than
    the day begins with it, and goes on.
    """
    ranges = calendar.open_ranges_on(day)
    if not ranges:
        return []
    length, closes = timedelta(minutes=minutes), ranges[-1].end
    first = ceil_to_slot(ranges[0].start)
    found: list[TimeRange] = []
    for each in ranges:
        start = ceil_to_slot(each.start)
        while start < each.end and start + length <= closes:
            found.append(TimeRange(start, start + length))
            start += STEP
    return found or [TimeRange(first, first + length)]


def is_free(machine: MachineTime, time: TimeRange) -> bool:
    """Say whether work fits among the neighbours of its day, and leaves time to clean."""
    if any(_keeps(each).overlaps(time) for each in machine.neighbours):
        return False
    wall = Neighbour(time.start, time.end, time.start, None, "maintenance")
    around = replace(machine, neighbours=[*machine.neighbours, wall])
    return not any(cleaning_is_lost(around, day) for day in days_of(machine.calendar, time))


def days_of(calendar: Calendar, time: TimeRange) -> list[date]:
    """Return the first and the last local day of a time, which may be one."""
    return sorted({calendar.day_of(time.start), calendar.day_of(time.end - SLOT)})


def _keeps(neighbour: Neighbour) -> TimeRange:
    return TimeRange(min(neighbour.occupied_from, neighbour.starts_at), neighbour.ends_at)
