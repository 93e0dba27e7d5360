"""Several machines for one product on one day, in the order of the work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job
from packhouse.domain.slots.placing import Placement
from packhouse.domain.slots.searching import Option, first_option, options
from packhouse.domain.time_range import TimeRange

BREATHING_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Bundle:
    """One placement a step, in order; ``why`` tells why it is shown, as of a ``Choice``."""

    placements: tuple[Placement, ...]
    why: tuple[str, ...] = ()

    @property
    def starts_at(self) -> datetime:
        """When the producer must be there."""
        return self.placements[0].starts_at

    @property
    def ends_at(self) -> datetime:
        """When the last step is done."""
        return self.placements[-1].ends_at

    @property
    def waiting_minutes(self) -> int:
        """Minutes between the steps, the breathing space included."""
        return sum(
            (after.starts_at - before.ends_at) // timedelta(minutes=1)
            for before, after in pairwise(self.placements)
        )


def bundle_options(
    steps: Sequence[Sequence[MachineTime]],
    job: Job,
    window: TimeRange,
    *,
    breathing_minutes: int = BREATHING_MINUTES,
) -> tuple[Bundle, ...]:
    """Return up to three ways through all steps on one local day, each step on one machine.

    A step begins ``breathing_minutes`` after the one before has ended, or later: packs are
    carried over, and a slow run does not push the next. Shown are the earliest, the one with
    least waiting, and the earliest of another day. The same machine never serves two steps.
    """
    found = list(_bundles(steps, job, window, timedelta(minutes=breathing_minutes)))
    if not found:
        return ()
    earliest = min(found, key=lambda each: (each.ends_at, each.waiting_minutes))
    calmest = min(found, key=lambda each: (each.waiting_minutes, each.ends_at))
    chosen = [(earliest, ["earliest"])]
    if calmest.waiting_minutes < earliest.waiting_minutes:
        chosen.append((calmest, ["least_waiting"]))
    else:
        chosen[0][1].append("least_waiting")
    calendar = steps[0][0].calendar
    days = {calendar.day_of(each.starts_at) for each, _ in chosen}
    for other in sorted(found, key=lambda each: (each.ends_at, each.waiting_minutes)):
        day = calendar.day_of(other.starts_at)
        if len(chosen) < 3 and day not in days:
            chosen.append((other, ["another_time"]))
            days.add(day)
    return tuple(replace(bundle, why=tuple(why)) for bundle, why in chosen)


def _bundles(
    steps: Sequence[Sequence[MachineTime]], job: Job, window: TimeRange, breathing: timedelta
) -> Iterator[Bundle]:
    for machine in steps[0]:
        for start in options(machine, job, window):
            day = machine.calendar.local_day(machine.calendar.day_of(start.starts_at))
            rest = _rest(steps[1:], job, day, start.placement, breathing)
            if rest is not None:
                yield Bundle((start.placement, *rest))


def _rest(
    steps: Sequence[Sequence[MachineTime]],
    job: Job,
    day: TimeRange,
    before: Placement,
    breathing: timedelta,
) -> tuple[Placement, ...] | None:
    """Return the earliest way through the steps that are left, None where the day is too short.

    Being done first with each step leaves most time for those behind it.
    """
    used = {before.machine}
    found: list[Placement] = []
    for machines in steps:
        start = (found[-1] if found else before).ends_at + breathing
        if start >= day.end:
            return None
        left = TimeRange(start, day.end)
        choices = [first_option(each, job, left) for each in machines if each.spec.code not in used]
        best: Option | None = min(
            (each for each in choices if each), key=lambda each: each.placement.ends_at,
            default=None,
        )  # fmt: skip
        if best is None:
            return None
        found.append(best.placement)
        used.add(best.placement.machine)
    return tuple(found)
