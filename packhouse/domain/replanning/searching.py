"""The best plan, one part of the cost after the other, each with a proof where time allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isinf
from time import perf_counter
from typing import TYPE_CHECKING

from packhouse.domain.replanning.candidates import Candidates
from packhouse.domain.replanning.programme import Level, Price, Programme
from packhouse.domain.replanning.rows import EPSILON, Row, Rules

if TYPE_CHECKING:
    from packhouse.domain.replanning.candidates import Flags, Ints
    from packhouse.domain.replanning.rows import Floats

FIRST_COLUMNS = 20
MORE_COLUMNS = 20
MOST_COLUMNS = 40_000
RELAXING_SHARE = 0.6
NO_BOUND = 0
NO_PLAN = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class _Relaxed:
    """Columns worth a look, a bound, and by candidate how much more a plan with it costs."""

    columns: "Ints"
    value: float
    regret: "Floats"


class Search:
    """What is known while one situation is searched: rules, a plan, and what cannot be better."""

    def __init__(self, every: Candidates, rules: Rules, plan: "Ints") -> None:
        import numpy as np

        self.every, self.rules, self.plan = every, rules, plan
        self.alive: Flags = np.ones(len(every), dtype=np.bool_)
        self.rows: list[Row] = []
        # By candidate how much a plan with it costs more than the bound: small is promising.
        self.regret: Floats = np.zeros(len(every))
        # What the last search needed to find its way.
        self.columns: Ints = np.zeros(0, dtype=np.int64)
        self._until = perf_counter()

    @property
    def seconds_left(self) -> float:
        """How long the search at hand may still take."""
        return self._until - perf_counter()

    def worth(self, price: Price, plan: "Ints") -> int:
        """Return what a plan comes to."""
        calls = self.every.bookings - len(plan)
        return round(float(price.of[plan].sum()) + calls * price.call)

    def minimise(self, price: Price, levels: Sequence[Level], seconds: float) -> int:
        """Better the plan as far as time allows; return a proven lower bound of its price."""
        import numpy as np

        self._until = perf_counter() + seconds
        best, bound = self.worth(price, self.plan), self._least(price, levels)
        if bound >= best:
            return best
        relaxed = self._relax(price, levels, self.seconds_left * RELAXING_SHARE)
        if relaxed is None:
            return bound
        self.columns, self.regret = relaxed.columns, relaxed.regret
        step = self._step(price)
        bound = max(bound, _up(relaxed.value, step))
        if bound < best:
            self._whole(price, levels, relaxed.columns, step, self.seconds_left / 2)
            best = self.worth(price, self.plan)
        # Only these can be part of anything better.
        room = best - relaxed.value + EPSILON * max(1, best)
        pool = np.flatnonzero(self.alive & (self.regret <= room - step))
        if bound < best and len(pool) <= MOST_COLUMNS:
            proven = self._whole(price, levels, pool, step, self.seconds_left)
            best = self.worth(price, self.plan)
            bound = max(bound, min(_up(proven, step), best))
            room = best - relaxed.value + EPSILON * max(1, best)
        self.alive &= self.regret <= room
        self.alive[self.plan] = True
        return bound

    def promising(self, most: int) -> "Ints":
        """Return up to so many candidates that a good plan may have, the plan's own among them."""
        import numpy as np

        alive = np.flatnonzero(self.alive)
        order = np.lexsort((alive, self.regret[alive]))[:most]
        return np.union1d(alive[order], self.plan)

    def _step(self, price: Price) -> int:
        """Return a number that divides the price of every plan."""
        import numpy as np

        found = int(np.gcd.reduce(price.of[self.alive].astype(np.int64), initial=int(price.call)))
        return max(found, 1)

    def _whole(
        self,
        price: Price,
        levels: Sequence[Level],
        columns: "Ints",
        step: int,
        seconds: float,
    ) -> float:
        """Look for the best plan among some candidates; return a bound for those."""
        import numpy as np

        until = perf_counter() + seconds
        self.rows += self.rules.meetings(columns)
        programme = Programme(self.every, price, levels, columns, whole=step)
        programme.add_rows(self.rows)
        bound = -inf
        while perf_counter() < until:
            answer = programme.solve(until - perf_counter())
            bound = max(bound, answer.bound)
            if not answer.found:
                break
            chosen = programme.columns[answer.shares > 0.5]
            rows = self.rules.broken(chosen, np.ones(len(chosen)), thorough=True)
            rows = rows or self.rules.conflicts(chosen)
            if not rows:
                if self.worth(price, chosen) < self.worth(price, self.plan):
                    self.plan = np.sort(chosen)
                break
            self.rows += rows
            programme.add_rows(rows)
        return bound

    def _least(self, price: Price, levels: Sequence[Level]) -> int:
        """Return what the bookings would cost if none stood in another's way."""
        import numpy as np

        least = np.full(self.every.bookings, np.inf)
        np.minimum.at(least, self.every.booking[self.alive], price.of[self.alive])
        placed = np.sort(least[least < np.inf])
        calls = self.every.bookings - len(placed)
        if price.call:
            placed = np.minimum(placed, price.call)
        # Whoever else may call would be the dearest.
        may_call = sum(int(each.most) for each in levels if each.price.call) - calls
        if levels and may_call > 0:
            placed = placed[: max(len(placed) - may_call, 0)]
        return round(float(placed.sum()) + calls * price.call)

    def _relax(self, price: Price, levels: Sequence[Level], seconds: float) -> "_Relaxed | None":
        """Solve with shares of candidates allowed, every candidate and every rule considered.

        Where time is up before, what is known by then is still a bound.
        """
        until = perf_counter() + seconds
        programme = Programme(self.every, price, levels, self._first(price))
        programme.add_rows(self.rows)
        found = None
        while perf_counter() < until:
            answer = programme.solve(until - perf_counter())
            if not answer.found:
                break
            left = programme.left_over(answer.duals)
            used = answer.shares > EPSILON
            rows = self.rules.broken(programme.columns[used], answer.shares[used])
            self.rows += rows
            fresh = self._cheapest(left, MORE_COLUMNS, -EPSILON, programme.lacks)
            better = self._relaxed(programme.columns, answer.bound, left)
            found = better if found is None or better.value > found.value else found
            if not rows and not len(fresh):
                break
            programme.add_rows(rows)
            programme.add_columns(fresh)
        return replace(found, columns=programme.columns) if found else None

    def _relaxed(self, columns: "Ints", value: float, left: "Floats") -> "_Relaxed":
        """Return what reduced prices prove: each booking may still gain by its cheapest one."""
        import numpy as np

        gain = np.zeros(self.every.bookings)
        np.minimum.at(gain, self.every.booking[self.alive], left[self.alive])
        regret = left - gain[self.every.booking]
        return _Relaxed(columns, value + float(gain.sum()), regret)

    def _first(self, price: Price) -> "Ints":
        """Return columns to begin with: the plan's own, what served before, and cheap ones."""
        import numpy as np

        kept = self.columns[self.alive[self.columns]]
        near = self._cheapest(price.of, FIRST_COLUMNS, np.inf, ~self.every.changed)
        far = self._cheapest(price.of, FIRST_COLUMNS, np.inf, self.every.changed)
        return np.concatenate([self.plan, kept, near, far])

    def _cheapest(self, prices: "Floats", most: int, below: float, among: "Flags") -> "Ints":
        """Return up to so many of each booking's candidates, the cheapest, below a price."""
        import numpy as np

        good = np.flatnonzero(self.alive & among & (prices < below))
        order = good[np.lexsort((good, prices[good], self.every.booking[good]))]
        booking = self.every.booking[order]
        number = np.arange(len(order)) - np.searchsorted(booking, booking)
        return order[number < most]


def _up(value: float, step: int) -> int:
    """Return the least multiple of a step that is not below a value, its rounding forgiven."""
    if isinf(value):
        return NO_BOUND if value < 0 else NO_PLAN
    return ceil((value - EPSILON * max(1.0, abs(value))) / step) * step
