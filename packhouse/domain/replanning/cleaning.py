"""Candidates told apart by what stood on the machine before them, so that cleans can be counted.

Between two products that stay lies a gap. Who goes into it pays the clean after the one before,
so each candidate becomes several: one behind the product that opens the gap, one behind each kind
of product that may come between. Whoever is last hands the gap over to the product that closes it:
that is an ``end`` of the gap, a candidate without length of a booking that nobody made.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from packhouse.domain.machines import MachineTime, occupations_on
from packhouse.domain.products import CleaningLevel, Neighbour, ProductTraits, cleaning_level
from packhouse.domain.replanning.candidates import Candidates
from packhouse.domain.replanning.rows import EPSILON, Row, Rules, View
from packhouse.domain.replanning.situation import Situation
from packhouse.domain.time_range import SLOT_SECONDS, to_epoch

if TYPE_CHECKING:
    from packhouse.domain.replanning.candidates import Ints
    from packhouse.domain.replanning.rows import Floats

OPENING = -1


class Gap(NamedTuple):
    """The room between two products that stay; None stands for the start or end of the day."""

    machine: MachineTime
    place: int
    before: ProductTraits | None
    after: ProductTraits | None
    has_walls: bool

    def clean(self, first: ProductTraits | None, then: ProductTraits | None) -> int:
        """Return the minutes of cleaning between two products of this machine."""
        spec = self.machine.spec
        if then is None:
            return spec.cleaning_for(CleaningLevel.FULL) if first else 0
        return spec.cleaning_for(cleaning_level(first, then))


def gaps_of(situation: Situation, every: Candidates) -> tuple[list[Gap], "Ints"]:
    """Return the gaps in which candidates lie, and by candidate the number of its gap."""
    import numpy as np

    gaps: list[Gap] = []
    gap_of = np.zeros(len(every), dtype=np.int64)
    bounds = np.searchsorted(every.place, np.arange(len(every.places) + 1))
    for place, (code, day, _) in enumerate(every.places):
        first, last = bounds[place], bounds[place + 1]
        if first == last:
            continue
        machine = situation.machines[code]
        others = occupations_on(machine, machine.calendar.working_day(day))
        products = [each for each in others if each.traits]
        starts = np.array([to_epoch(each.starts_at) for each in products], dtype=np.int64)
        number = np.searchsorted(starts, every.starts[first:last], side="left")
        for each in np.unique(number):
            gap_of[first:last][number == each] = len(gaps)
            gaps.append(_gap(machine, place, products, int(each), len(products) < len(others)))
    return gaps, gap_of


def _gap(
    machine: MachineTime, place: int, products: Sequence[Neighbour], number: int, walls: bool
) -> Gap:
    before = products[number - 1].traits if number else None
    after = products[number].traits if number < len(products) else None
    return Gap(machine, place, before, after, walls)


@dataclass(frozen=True, slots=True, eq=False)
class Sequenced:
    """Candidates and ends: ``origin`` is the row of the plain candidate, -1 of an end.

    ``previous`` is the kind before, or `OPENING`; of an end, the kind that is last. ``price`` is
    the clean in minutes, ``offset`` what the gaps cost untouched.
    """

    every: Candidates
    gaps: tuple[Gap, ...]
    gap: "Ints"
    origin: "Ints"
    previous: "Ints"
    price: "Floats"
    offset: int


def sequenced(situation: Situation, plain: Candidates, rows: "Ints") -> Sequenced:
    """Return some plain candidates, told apart by what comes before them."""
    import numpy as np

    gaps, gap_of = gaps_of(situation, plain)
    by_gap: defaultdict[int, list[int]] = defaultdict(list)
    for row in map(int, rows):
        by_gap[int(gap_of[row])].append(row)
    # Gaps are numbered by place, and so are candidates.
    found = [
        each
        for number in sorted(by_gap)
        for each in _copies(plain, gaps[number], number, np.array(by_gap[number]))
    ]
    gap, origin, previous, price = np.array(found, dtype=np.int64).reshape(-1, 4).T
    used = np.unique(gap)
    number_of = np.searchsorted(used, gap)
    ends = origin < 0
    place = np.array([each.place for each in gaps], dtype=np.int64)[gap]
    line = np.array([each.first for each in plain.places], dtype=np.int64)[place]

    def kept(column: "Ints", of_end: "Ints | int" = 0) -> "Ints":
        return np.where(ends, of_end, column[origin])

    every = replace(
        plain,
        bookings=plain.bookings + len(used),
        booking=kept(plain.booking, plain.bookings + number_of),
        place=place,
        low=kept(plain.low, line),
        high=kept(plain.high, line),
        starts=kept(plain.starts),
        ends=kept(plain.ends),
        kind=kept(plain.kind),
        shift=kept(plain.shift),
        changed=~ends & plain.changed[origin],
        attended=~ends & plain.attended[origin],
    )
    offset = sum(gaps[each].clean(gaps[each].before, gaps[each].after) for each in used)
    return Sequenced(every, tuple(gaps), gap, origin, previous, price.astype(np.float64), offset)


def _copies(
    plain: Candidates, gap: Gap, number: int, rows: "Ints"
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the number of a gap, then origin, previous kind and price of all that lies in it."""
    kinds = sorted({int(each) for each in plain.kind[rows]})
    for row in rows:
        mine = plain.kinds[plain.kind[row]]
        yield number, row, OPENING, gap.clean(gap.before, mine)
        others = rows[plain.booking[rows] != plain.booking[row]]
        for kind in kinds:
            clean = gap.clean(plain.kinds[kind], mine)
            steps = clean * 60 // SLOT_SECONDS
            before = others[plain.kind[others] == kind]
            if (plain.high[before] + steps <= plain.low[row]).any():
                yield number, row, kind, clean
    yield number, -1, OPENING, gap.clean(gap.before, gap.after)
    for kind in kinds:
        yield number, -1, kind, gap.clean(plain.kinds[kind], gap.after)


class SequenceRules(Rules):
    """The rules between candidates that know what comes before them."""

    def __init__(self, situation: Situation, found: Sequenced) -> None:
        import numpy as np

        super().__init__(situation, found.every)
        self.found = found
        real = found.origin >= 0
        walls = np.array([each.has_walls for each in found.gaps], dtype=np.bool_)[found.gap]
        clean = np.where(real & ~walls, found.price.astype(np.int64) * 60 // SLOT_SECONDS, 0)
        clean[found.previous == OPENING] = 0
        # The clean is part of the candidate now: no view of others is needed.
        self._leaves = found.every.low - clean
        self._views = [View(found.every, -clean, np.zeros(len(clean), dtype=np.int64))]
        # A state is a gap and the kind of product that was last on the machine.
        kinds = len(found.every.kinds) + 1
        self._from = found.gap * kinds + found.previous + 1
        self._to = np.where(real, found.gap * kinds + found.every.kind + 1, -1)

    def broken(self, chosen: "Ints", share: "Floats", *, thorough: bool = False) -> list[Row]:
        """Return also rows for those who follow a kind that has not been there yet."""
        import numpy as np

        real = self.found.origin[chosen] >= 0
        rows = super().broken(chosen[real], share[real], thorough=thorough)
        inner = real & (self.found.previous[chosen] != OPENING)
        state = np.concatenate([self._to[chosen[real]], self._from[chosen[inner]]])
        at = np.concatenate([self.every.high[chosen[real]], self._leaves[chosen[inner]]])
        change = np.concatenate([share[real], -share[inner]])
        order = np.lexsort((-change, at, state))
        state, at = state[order], at[order]
        there = np.cumsum(change[order])
        first = np.searchsorted(state, state)
        there -= np.where(first > 0, there[first - 1], 0)
        for each in np.flatnonzero(there < -EPSILON):
            rows += self._of_state(int(state[each]), int(at[each]), thorough=thorough)
        return rows

    def _of_state(self, state: int, step: int, *, thorough: bool) -> Iterator[Row]:
        """Yield the row of a state at a step; to be thorough, at every step somebody leaves it."""
        import numpy as np

        steps = [step]
        if thorough:
            steps = np.unique(self._leaves[(self._from == state) & (self._to >= 0)]).tolist()
        for each in steps:
            if self._is_new("state", state, each):
                yield self._in_state(state, each)

    def _in_state(self, state: int, step: int) -> Row:
        """As many may have left a state by some step as have come into it."""
        import numpy as np

        left = np.flatnonzero((self._from == state) & (self._leaves <= step) & (self._to >= 0))
        came = np.flatnonzero((self._to == state) & (self.every.high <= step))
        left, came = np.setdiff1d(left, came), np.setdiff1d(came, left)
        return Row(
            np.concatenate([left, came]),
            np.concatenate([np.ones(len(left)), -np.ones(len(came))]),
            0,
        )

    def balance(self) -> Iterator[Row]:
        """Yield rows: of each kind as many come before somebody, or are last, as there are."""
        import numpy as np

        found = self.found
        real = found.origin >= 0
        for gap in np.unique(found.gap):
            here = np.flatnonzero(found.gap == gap)
            for previous in np.unique(found.previous[here]):
                out = here[found.previous[here] == previous]
                into = here[real[here] & (found.every.kind[here] == previous)]
                # Who follows its own kind hands on what it took.
                out, into = np.setdiff1d(out, into), np.setdiff1d(into, out)
                rows = np.concatenate([out, into])
                signs = np.concatenate([np.ones(len(out)), -np.ones(len(into))])
                most = 1 if previous == OPENING else 0
                yield Row(rows, signs, most)
                yield Row(rows, -signs, -most)

    def conflicts(self, chosen: "Ints") -> list[Row]:
        """Return rows for neighbours whose clean finds no room between them."""
        return super().conflicts(chosen[self.found.origin[chosen] >= 0])

    def _sequences(self, real: "Ints") -> Iterator[tuple[int, int | None, int]]:
        """Yield each chosen candidate with its gap and whom it follows there."""
        import numpy as np

        found = self.found
        order = real[np.lexsort((self.every.low[real], found.gap[real]))]
        before: int | None = None
        for row in map(int, order):
            if before is not None and found.gap[before] != found.gap[row]:
                before = None
            yield int(found.gap[row]), before, row
            before = row

    def copies(self, plain: "Ints") -> "Ints":
        """Return the copies and ends that stand for a plan of plain candidates."""
        import numpy as np

        found = self.found
        real = np.flatnonzero(np.isin(found.origin, plain) & (found.previous == OPENING))
        chosen, last = [], {}
        for gap, before, row in self._sequences(real):
            kind = OPENING if before is None else int(self.every.kind[before])
            same = (found.origin == found.origin[row]) & (found.previous == kind)
            chosen.append(int(np.flatnonzero(same)[0]))
            last[gap] = int(self.every.kind[row])
        for gap in np.unique(found.gap):
            kind = last.get(int(gap), OPENING)
            ends = (found.gap == gap) & (found.origin < 0) & (found.previous == kind)
            chosen.append(int(np.flatnonzero(ends)[0]))
        return np.sort(np.array(chosen, dtype=np.int64))
