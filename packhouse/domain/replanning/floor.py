"""The machines of a situation while bookings are put on them one after another."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from packhouse.domain.machines import MachineSpec, MachineTime
from packhouse.domain.products import Neighbour
from packhouse.domain.replanning.costs import cleaning_minutes
from packhouse.domain.replanning.situation import Affected, Situation, Spot
from packhouse.domain.slots.bundling import BREATHING_MINUTES
from packhouse.domain.slots.placing import Placement, place
from packhouse.domain.time_range import SLOT, TimeRange, merge, slot_of, slot_starts_at, to_epoch
from packhouse.errors import Problem

OFF_MACHINE = Problem("machine_not_found", {})
BREATHING = timedelta(minutes=BREATHING_MINUTES)


class Floor:
    """Who stands where, seen with the eyes of the domain: `place` decides what fits."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self._free = {slot_of(start): free for start, free in situation.operators_free.items()}
        self._used: Counter[int] = Counter()
        self._on: defaultdict[str, dict[str, Neighbour]] = defaultdict(dict)
        self._full: tuple[TimeRange, ...] | None = None
        self._full_on: dict[str, tuple[TimeRange, ...]] = {}

    def machine(self, spec: MachineSpec, *, without: str | None = None) -> MachineTime:
        """Return a machine as a booking with this spec finds it now.

        ``without`` is the code of a booking that is thought away; its operator is not given back.
        """
        known = self.situation.machines[spec.code]
        others = [each for code, each in self._on[spec.code].items() if code != without]
        full = self._operators_full(known) if spec.attended else ()
        return MachineTime(spec, known.calendar, (*known.neighbours, *others), full)

    def specs(self, affected: Affected) -> Iterator[MachineSpec]:
        """Yield the machines that may take a booking: its own first, then by code."""

        def order(spec: MachineSpec) -> tuple[bool, str]:
            return spec.code != affected.was.machine, spec.code

        for spec in sorted(affected.specs, key=order):
            ruled_out = spec.code in affected.excluded_machines and not affected.pinned
            if spec.code in self.situation.machines and not ruled_out:
                yield spec

    def put(self, affected: Affected, spot: Spot) -> int | tuple[Problem, ...]:
        """Put a booking on a spot; return the minutes of cleaning it adds, or what forbids it."""
        spec = next((each for each in self.specs(affected) if each.code == spot.machine), None)
        if spec is None:
            return (OFF_MACHINE,)
        machine = self.machine(spec)
        placement = place(machine, affected.job, spot.starts_at)
        if not isinstance(placement, Placement):
            return placement
        day = machine.calendar.working_day(machine.calendar.day_of(spot.starts_at))
        before = cleaning_minutes(machine, day)
        self._on[spec.code][affected.code] = Neighbour(
            placement.starts_at,
            placement.ends_at,
            placement.occupied_from,
            affected.job.traits,
            "booking",
        )
        if spec.attended:
            self._use(placement.starts_at, placement.ends_at)
        return cleaning_minutes(self.machine(spec), day) - before

    def placed(self, affected: Affected, spot: Spot) -> Placement:
        """Return how a booking that was put stands among all that were put since."""
        spec = next(each for each in self.specs(affected) if each.code == spot.machine)
        machine = self.machine(spec, without=affected.code)
        known = self.situation.machines[spec.code]
        placement = place(
            replace(machine, operators_full=known.operators_full), affected.job, spot.starts_at
        )
        assert isinstance(placement, Placement), placement
        return placement

    def operators_free(self) -> dict[datetime, int]:
        """Return how many more may run by slot, as the situation tells it."""
        return {slot_starts_at(slot): free - self._used[slot] for slot, free in self._free.items()}

    def done_at(self, code: str) -> datetime | None:
        """Return when the step behind a booking that was put may start; None where it was not."""
        found = (each[code].ends_at + BREATHING for each in self._on.values() if code in each)
        return next(found, None)

    def _use(self, starts_at: datetime, ends_at: datetime) -> None:
        slots = range(slot_of(starts_at), -(-to_epoch(ends_at) // SLOT.seconds))
        self._used.update(slots)
        self._full, self._full_on = None, {}

    def _operators_full(self, machine: MachineTime) -> tuple[TimeRange, ...]:
        """Return when no operator is free, those included whom the bookings put here keep."""
        if self._full is None:
            full = [slot for slot, free in self._free.items() if self._used[slot] >= free]
            self._full = tuple(
                merge(TimeRange(slot_starts_at(each), slot_starts_at(each + 1)) for each in full)
            )
        code = machine.spec.code
        if code not in self._full_on:
            self._full_on[code] = tuple(merge((*machine.operators_full, *self._full)))
        return self._full_on[code]
