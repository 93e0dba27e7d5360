"""The rules between candidates, as rows of a linear programme that are made when they are needed.

Two bookings on one line must be apart by the clean between them. For every step ``t`` the
candidates that keep the machine at ``t`` exclude each other. That stays true when each is made
longer by its clean: read "at ``t`` somebody with traits ``B`` could start" and everyone is longer
by the clean before ``B``, and begins later by as much as that reading would wrong a third product
(``c(A, B) - c(A, own)`` at the most). One such view for each kind of product, and one with the
shortest clean of each, make a relaxation that is nearly always whole numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from packhouse.domain.machines import MachineTime, occupations_on
from packhouse.domain.products import clean_start, cleaning_level
from packhouse.domain.replanning.candidates import Candidates
from packhouse.domain.replanning.situation import Situation
from packhouse.domain.slots.bundling import BREATHING_MINUTES
from packhouse.domain.time_range import SLOT_SECONDS, from_epoch, slot_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from packhouse.domain.replanning.candidates import Ints

    Floats = NDArray[np.float64]

EPSILON = 1e-6
BREATHING = BREATHING_MINUTES * 60


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """``sum(signs * x[rows]) <= most`` over all candidates."""

    rows: "Ints"
    signs: "Floats"
    most: float


class View:
    """All candidates as intervals on their line that exclude each other, seen in one way."""

    def __init__(self, every: Candidates, later: "Ints", longer: "Ints") -> None:
        import numpy as np

        self.low, self.high = every.low + later, every.high + longer
        self.firsts = np.array([each.first for each in every.places], dtype=np.int64)
        self.bounds = np.searchsorted(every.place, np.arange(len(every.places) + 1))

    def broken(self, chosen: "Ints", share: "Floats") -> list[int]:
        """Return the steps at which chosen candidates, each with its share, meet on a machine."""
        return peaks(self.low[chosen], self.high[chosen], share)

    def row(self, step: int) -> Row:
        """Return the rule of a step: one at the most."""
        import numpy as np

        place = int(np.searchsorted(self.firsts, step, side="right")) - 1
        first, last = self.bounds[place], self.bounds[place + 1]
        inside = (self.low[first:last] <= step) & (step < self.high[first:last])
        rows = first + np.flatnonzero(inside)
        return Row(rows, np.ones(len(rows)), 1)


def peaks(low: "Ints", high: "Ints", share: "Floats", most: float = 1) -> list[int]:
    """Return the steps at which half-open intervals add up to more than allowed, highest only."""
    import numpy as np

    alive = low < high
    low, high, share = low[alive], high[alive], share[alive]
    # What starts at a step comes after what ends there.
    at = np.concatenate([high, low])
    order = np.argsort(at, kind="stable")
    load = np.cumsum(np.concatenate([-share, share])[order])
    falls = np.append(load[1:] < load[:-1], np.ones(min(len(load), 1), dtype=np.bool_))
    return [int(each) for each in at[order[np.flatnonzero((load > most + EPSILON) & falls)]]]


class Rules:
    """Makes the rows that a choice breaks, each once."""

    def __init__(self, situation: Situation, every: Candidates) -> None:
        self.every = every
        self._machines = situation.machines
        self._views = list(_views(situation, every))
        self._free = {slot_of(start): free for start, free in situation.operators_free.items()}
        numbers = {each.code: number for number, each in enumerate(every.affected)}
        self._steps = [
            (numbers[each.after], number)
            for number, each in enumerate(every.affected)
            if each.after in numbers
        ]
        self._made: set[tuple[object, ...]] = set()

    def broken(self, chosen: "Ints", share: "Floats", *, thorough: bool = False) -> list[Row]:
        """Return rows that candidates with their shares (from 0 to 1) break and none before did.

        A choice of whole candidates that breaks none is a plan, up to ``conflicts``. To be
        ``thorough`` is to return also rows that its next of kin would break.
        """
        rows = [
            view.row(step)
            for number, view in enumerate(self._views)
            for step in view.broken(chosen, share)
            if self._is_new("meet", number, step)
        ]
        return [*rows, *self._operators(chosen, share), *self._in_order(chosen, share)]

    def meetings(self, columns: "Ints") -> list[Row]:
        """Return every row for some candidates that, plainly seen, meet on a machine."""
        import numpy as np

        view = self._views[0] if self._views else None
        steps = view.broken(columns, np.ones(len(columns))) if view else []
        return [view.row(step) for step in steps if view and self._is_new("meet", 0, step)]

    def _is_new(self, *key: object) -> bool:
        known = key in self._made
        self._made.add(key)
        return not known

    def _operators(self, chosen: "Ints", share: "Floats") -> Iterator[Row]:
        """Yield a row for each slot in which more machines run than people can attend."""
        import numpy as np

        if not self._free:
            return
        every = self.every
        attended = every.attended[chosen]
        mine, part = chosen[attended], share[attended]
        first, last = every.starts // SLOT_SECONDS, -(-every.ends // SLOT_SECONDS)
        for slot, free in sorted(self._free.items()):
            inside = (first[mine] <= slot) & (slot < last[mine])
            if part[inside].sum() > free + EPSILON and self._is_new("operators", slot):
                rows = np.flatnonzero(every.attended & (first <= slot) & (slot < last))
                yield Row(rows, np.ones(len(rows)), free)

    def _in_order(self, chosen: "Ints", share: "Floats") -> Iterator[Row]:
        """Yield rows that let a step start by some time only if the one before is done."""
        import numpy as np

        every = self.every
        for before, after in self._steps:
            mine = every.booking[chosen] == after
            done = every.booking[chosen] == before
            for start in np.unique(every.starts[chosen[mine]]):
                started = share[mine][every.starts[chosen[mine]] <= start].sum()
                ended = share[done][every.ends[chosen[done]] + BREATHING <= start].sum()
                if started > ended + EPSILON and self._is_new("order", before, after, int(start)):
                    late = np.flatnonzero((every.booking == after) & (every.starts <= start))
                    early = np.flatnonzero(
                        (every.booking == before) & (every.ends + BREATHING <= start)
                    )
                    signs = np.concatenate([np.ones(len(late)), -np.ones(len(early))])
                    yield Row(np.concatenate([late, early]), signs, 0)

    def conflicts(self, chosen: "Ints") -> list[Row]:
        """Return rows for neighbours of a choice whose clean finds no room between them."""
        import numpy as np

        by_time = chosen[np.argsort(self.every.low[chosen], kind="stable")]
        return [
            self._conflict(before, after)
            for before, after in pairwise(by_time)
            if self.every.place[before] == self.every.place[after]
            and not self._are_apart(before, after)
        ]

    def _machine(self, row: int) -> MachineTime:
        return self._machines[self.every.places[self.every.place[row]].machine]

    def _clean(self, before: int, after: int) -> int:
        """Return the minutes of cleaning between two candidates of one machine."""
        kinds = self.every.kinds
        level = cleaning_level(kinds[self.every.kind[before]], kinds[self.every.kind[after]])
        return self._machine(before).spec.cleaning_for(level)

    def _are_apart(self, before: int, after: int) -> bool:
        ends, starts = int(self.every.ends[before]), int(self.every.starts[after])
        machine = self._machine(before)
        day = machine.calendar.working_day(self.every.places[self.every.place[before]].day)
        first, last = from_epoch(ends), from_epoch(starts)
        between = [each for each in occupations_on(machine, day) if first <= each.starts_at < last]
        if any(each.traits for each in between):
            return True
        clean = self._clean(before, after)
        return ends <= starts and clean_start(day, first, last, between, clean) is not None

    def _conflict(self, before: int, after: int) -> Row:
        """Return a row that forbids two neighbours, and what would be no better for them."""
        import numpy as np

        every = self.every
        here = every.place == every.place[before]
        mine, other = (here & (every.booking == every.booking[each]) for each in (before, after))
        step = every.low[after]
        there, back = (
            each * 60 // SLOT_SECONDS
            for each in (self._clean(before, after), self._clean(after, before))
        )
        if every.high[before] + there > step:
            mine = mine & (every.low <= step) & (step < every.high + there)
            other = other & (every.low <= step) & (step < every.high + back)
        else:
            # A wall stands between: ending later or starting sooner leaves less room.
            mine = mine & (every.high >= every.high[before]) & (every.high <= step)
            other = other & (every.low == step)
        rows = np.flatnonzero(mine | other)
        return Row(rows, np.ones(len(rows)), 1)


def _views(situation: Situation, every: Candidates) -> Iterator[View]:
    """Yield how the candidates exclude each other: plainly, and as each kind of product sees it."""
    import numpy as np

    machines = sorted({each.machine for each in every.places})
    number = {code: at for at, code in enumerate(machines)}
    machine = np.array([number[each.machine] for each in every.places], dtype=np.int64)
    of = machine[every.place], every.kind
    tables = [_cleans(situation, every, code) for code in machines]
    if not tables:
        return
    longer = np.array([table.min(axis=1) for table in tables])
    yield View(every, np.zeros(len(every), dtype=np.int64), longer[of])
    for kind in range(len(every.kinds)):
        longer = np.array([table[:, kind] for table in tables])
        wrong = [table[:, [kind]] - table for table in tables]
        later = np.array([np.maximum(each.max(axis=0), 0) for each in wrong])
        yield View(every, later[of], longer[of])


def _cleans(situation: Situation, every: Candidates, machine: str) -> "Ints":
    """Return the steps of cleaning between any two kinds; of another lane there are none here."""
    import numpy as np

    spec = situation.machines[machine].spec
    return np.array(
        [
            [
                spec.cleaning_for(cleaning_level(first, then)) * 60 // SLOT_SECONDS
                if first.lane == then.lane == spec.lane
                else 0
                for then in every.kinds
            ]
            for first in every.kinds
        ],
        dtype=np.int64,
    )
