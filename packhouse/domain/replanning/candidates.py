"""Every start on every machine that a booking may get, as columns of numbers.

Time on a machine is counted in steps of the grid along one line: the working time of its first
day, then of its second, and so on, breaks left out. Between two days lies more room than any
clean takes, so what stands on one never touches the other.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from packhouse.domain.machines import MachineSpec, work_minutes
from packhouse.domain.products import CleaningLevel, ProductTraits
from packhouse.domain.replanning.floor import Floor
from packhouse.domain.replanning.situation import Affected, Situation, Spot
from packhouse.domain.sites import WorkingDay
from packhouse.domain.slots.searching import stretches
from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, from_epoch, to_epoch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class Place(NamedTuple):
    """One machine on one local day; ``first`` is where its line begins."""

    machine: str
    day: date
    first: int


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Columns of equal length, one row a candidate, by place, then booking, then time.

    ``bookings`` is how many there are to place. ``low`` and ``high`` are steps on the line,
    half-open; ``starts`` and ``ends`` epoch seconds; ``kind`` numbers the traits of the booking,
    in ``kinds``; ``shift`` is in minutes.
    """

    affected: tuple[Affected, ...]
    bookings: int
    kinds: tuple[ProductTraits, ...]
    places: tuple[Place, ...]
    booking: "Ints"
    place: "Ints"
    low: "Ints"
    high: "Ints"
    starts: "Ints"
    ends: "Ints"
    kind: "Ints"
    shift: "Ints"
    changed: "Flags"
    attended: "Flags"

    def __len__(self) -> int:
        return len(self.booking)

    def spot(self, row: int) -> Spot:
        """Return the machine and the start of a candidate."""
        return Spot(self.places[self.place[row]].machine, from_epoch(int(self.starts[row])))

    def spots(self, rows: "Ints") -> dict[str, Spot]:
        """Return by code where the bookings of some rows go."""
        return {self.affected[self.booking[row]].code: self.spot(row) for row in rows}

    def rows(self, spots: dict[str, Spot]) -> "Ints":
        """Return the rows that stand for spots, by booking."""
        import numpy as np

        found = []
        for number, affected in enumerate(self.affected):
            spot = spots.get(affected.code)
            if spot is not None:
                same = (self.booking == number) & (self.starts == to_epoch(spot.starts_at))
                found += [row for row in map(int, np.flatnonzero(same)) if self.spot(row) == spot]
        return np.array(found, dtype=np.int64)


class _Line:
    """The lines of all machines, laid end to end, with the clock time of every step."""

    def __init__(self, room: int) -> None:
        self.places: list[Place] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self._room = [0] * room
        self._known: dict[tuple[str, date], int] = {}

    def place(self, machine: str, day: WorkingDay) -> int:
        """Return the number of a place, laid down when it is first asked for."""
        found = self._known.get((machine, day.day))
        if found is not None:
            return found
        number = self._known[machine, day.day] = len(self.places)
        self.places.append(Place(machine, day.day, len(self.starts)))
        for step in range(0, day.length + 1, SLOT_SECONDS):
            self.starts.append(day.start_at(step))
            self.ends.append(day.end_at(step))
        self.starts += self._room
        self.ends += self._room
        return number


class _Run(NamedTuple):
    """Neighbouring starts of one booking at one place: steps of the line, both included."""

    number: int
    spec: MachineSpec
    steps: int
    place: int
    first: int
    last: int


def candidates_of(situation: Situation) -> Candidates:
    """Return all candidates of a situation; `place` takes each where only the others stand."""
    specs = [each.spec for each in situation.machines.values()]
    longest = max((each.cleaning_for(CleaningLevel.FULL) for each in specs), default=0)
    line = _Line(longest * 60 // SLOT_SECONDS + 1)
    floor = Floor(situation)
    known: dict[object, list[tuple[int, int, int]]] = {}
    runs = [
        run
        for number, affected in enumerate(situation.affected)
        if not affected.to_call and affected.job.quantity > 0
        for spec in floor.specs(affected)
        for run in _runs(floor, number, spec, line, known)
    ]
    return _columns(situation, line, runs)


def _runs(
    floor: Floor,
    number: int,
    spec: MachineSpec,
    line: _Line,
    known: dict[object, list[tuple[int, int, int]]],
) -> list[_Run]:
    """Return where a booking may start; those that need the same of a machine share one search."""
    affected = floor.situation.affected[number]
    window = _window(floor, spec, affected)
    if window is None:
        return []
    need = work_minutes(spec, affected.job).total
    key = (spec.code, affected.job.traits, affected.job.pack, need, window)
    if key not in known:
        found = known[key] = []
        for each in stretches(floor.machine(spec), affected.job, window):
            place = line.place(spec.code, each.day)
            first = line.places[place].first
            low, high = first + each.low // SLOT_SECONDS, first + each.high // SLOT_SECONDS
            found.append((place, low, high))
    steps = need * 60 // SLOT_SECONDS
    return [_Run(number, spec, steps, *each) for each in known[key]]


def _window(floor: Floor, spec: MachineSpec, affected: Affected) -> TimeRange | None:
    """Return the whole local days a booking may move to: many bookings have the same."""
    calendar = floor.situation.machines[spec.code].calendar
    first, last = affected.not_before, affected.not_after
    if affected.pinned is not None:
        if affected.pinned.machine != spec.code:
            return None
        first = last = affected.pinned.starts_at
    start = calendar.local_day(calendar.day_of(first)).start
    end = calendar.local_day(calendar.day_of(last)).end
    return TimeRange(start, end) if start < end else None


def _columns(situation: Situation, line: _Line, runs: list[_Run]) -> Candidates:
    import numpy as np

    runs = sorted(runs, key=lambda each: (each.place, each.number, each.first))
    sizes = [each.last - each.first + 1 for each in runs]

    def spread(values: list[int]) -> "Ints":
        return np.repeat(np.array(values, dtype=np.int64), sizes)

    low = np.concatenate(
        [np.zeros(0, np.int64), *(np.arange(each.first, each.last + 1) for each in runs)]
    )
    booking, place = spread([each.number for each in runs]), spread([each.place for each in runs])
    high = low + spread([each.steps for each in runs])
    starts = np.array(line.starts, dtype=np.int64)[low]
    kinds = list(dict.fromkeys(each.job.traits for each in situation.affected))
    of_booking = [kinds.index(each.job.traits) for each in situation.affected]
    was = np.array([to_epoch(each.was.starts_at) for each in situation.affected], dtype=np.int64)
    every = Candidates(
        affected=situation.affected,
        bookings=len(situation.affected),
        kinds=tuple(kinds),
        places=tuple(line.places),
        booking=booking,
        place=place,
        low=low,
        high=high,
        starts=starts,
        ends=np.array(line.ends, dtype=np.int64)[high],
        kind=np.array(of_booking, dtype=np.int64)[booking],
        shift=np.abs(starts - was[booking]) // 60,
        changed=_changed(situation, line)[booking, place],
        attended=spread([int(each.spec.attended) for each in runs]).astype(np.bool_),
    )
    return only(every, _is_allowed(every))


def _changed(situation: Situation, line: _Line) -> "Flags":
    """Return by booking and place whether its local day is another than the booking's own."""
    import numpy as np

    found = np.zeros((len(situation.affected), len(line.places)), dtype=np.bool_)
    calendars = {code: each.calendar for code, each in situation.machines.items()}
    for place, (machine, day, _) in enumerate(line.places):
        local = calendars[machine].local_day(day)
        found[:, place] = [not local.contains(each.was.starts_at) for each in situation.affected]
    return found


def _is_allowed(every: Candidates) -> "Flags":
    """Return which candidates lie in their booking's bounds and are not excluded."""
    import numpy as np

    good = np.ones(len(every), dtype=np.bool_)
    bounds = np.array([_bounds(each) for each in every.affected], dtype=np.int64).reshape(-1, 2)
    good &= every.starts >= bounds[every.booking, 0]
    good &= every.starts <= bounds[every.booking, 1]
    for number, affected in enumerate(every.affected):
        for spot in affected.excluded if affected.pinned is None else ():
            at_spot = (every.booking == number) & (every.starts == to_epoch(spot.starts_at))
            for row in map(int, np.flatnonzero(at_spot)):
                good[row] &= every.spot(row) != spot
    return good


def _bounds(affected: Affected) -> tuple[int, int]:
    if affected.pinned is not None:
        pinned = affected.pinned.starts_at.timestamp()
        return -int(-pinned // 1), int(pinned // 1)
    first, last = affected.not_before.timestamp(), affected.not_after.timestamp()
    return -int(-first // 1), int(last // 1)


def only(every: Candidates, good: "Flags") -> Candidates:
    """Return some of the candidates, in the same order."""
    columns = (
        "booking", "place", "low", "high", "starts", "ends", "kind", "shift", "changed", "attended",
    )  # fmt: skip
    return replace(every, **{each: getattr(every, each)[good] for each in columns})
