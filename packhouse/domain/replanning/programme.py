"""A linear programme over some of the candidates, held by HiGHS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packhouse.domain.replanning.candidates import Candidates
from packhouse.domain.replanning.rows import Row

if TYPE_CHECKING:
    import highspy

    from packhouse.domain.replanning.candidates import Flags, Ints
    from packhouse.domain.replanning.rows import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Price:
    """What is counted: by candidate, and for a booking that must call."""

    of: "Floats"
    call: float = 0


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """What a search before has settled: this price must not come to more."""

    price: Price
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came out of a programme: a bound in any case, a choice only if one was ``found``.

    ``shares`` are by column, ``duals`` by row. Without any choice that keeps the rows the bound
    is infinite.
    """

    found: bool
    bound: float
    shares: "Floats"
    duals: "Floats"


class Programme:
    """Each booking gets one candidate or calls, under the rows that are known so far.

    Columns are the bookings' calls, then candidates in the order they were added. Rows are one
    for each booking, one for each level, then the others.
    """

    def __init__(
        self,
        every: Candidates,
        price: Price,
        levels: Sequence[Level],
        columns: "Ints",
        *,
        whole: int = 0,
    ) -> None:
        import numpy as np

        self.every, self.price, self.levels, self.whole = every, price, levels, whole
        self.columns = np.zeros(0, dtype=np.int64)
        self.rows: list[Row] = []
        self._at = np.full(len(every), -1, dtype=np.int64)
        self._highs = highs = quiet_highs()
        # Prices differ by whole steps: what is nearer than one is proven.
        highs.setOptionValue("mip_abs_gap", whole * 0.9)
        bookings = every.bookings
        highs.addVars(bookings, np.zeros(bookings), np.ones(bookings))
        all_calls = np.arange(bookings, dtype=np.int32)
        highs.changeColsCost(bookings, all_calls, np.full(bookings, float(price.call)))
        if whole:
            self._make_whole(0, bookings)
        for booking in range(bookings):
            highs.addRow(1, 1, 1, np.array([booking], dtype=np.int32), np.ones(1))
        for level in levels:
            calls = all_calls if level.price.call else all_calls[:0]
            prices = np.full(len(calls), float(level.price.call))
            highs.addRow(-highs.inf, level.most, len(calls), calls, prices)
        self.add_columns(columns)

    def _make_whole(self, first: int, last: int) -> None:
        import highspy
        import numpy as np

        columns = np.arange(first, last, dtype=np.int32)
        kinds = np.full(last - first, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        self._highs.changeColsIntegrality(last - first, columns, kinds)

    @property
    def lacks(self) -> "Flags":
        """Return which candidates take no part yet."""
        return self._at < 0

    def add_columns(self, fresh: "Ints") -> None:
        """Let more candidates take part."""
        import numpy as np

        fresh = np.unique(fresh[self._at[fresh] < 0])
        if not len(fresh):
            return
        column, index, value = self._entries(fresh)
        starts = np.searchsorted(column, np.arange(len(fresh)))
        status = self._highs.addCols(
            len(fresh),
            self.price.of[fresh].astype(np.float64),
            np.zeros(len(fresh)),
            np.ones(len(fresh)),
            len(column),
            starts.astype(np.int32),
            index.astype(np.int32),
            value.astype(np.float64),
        )
        _check(status)
        first = self.every.bookings + len(self.columns)
        self._at[fresh] = first + np.arange(len(fresh))
        self.columns = np.concatenate([self.columns, fresh])
        if self.whole:
            self._make_whole(first, first + len(fresh))

    def _entries(self, fresh: "Ints") -> "tuple[Ints, Ints, Floats]":
        """Return what candidates mean to the rows: their number, row and value, by column."""
        import numpy as np

        bookings = self.every.bookings
        place = np.full(len(self.every), -1, dtype=np.int64)
        place[fresh] = np.arange(len(fresh))
        entries = [(place[fresh], self.every.booking[fresh], np.ones(len(fresh)))]
        for number, level in enumerate(self.levels):
            weights = level.price.of[fresh]
            entries.append((place[fresh], np.full(len(fresh), bookings + number), weights))
        head = bookings + len(self.levels)
        for number, row in enumerate(self.rows):
            at = place[row.rows]
            inside = at >= 0
            where = np.full(int(inside.sum()), head + number)
            entries.append((at[inside], where, row.signs[inside]))
        column, index, value = (np.concatenate(each) for each in zip(*entries, strict=True))
        used = np.flatnonzero(value)
        order = used[np.argsort(column[used], kind="stable")]
        return column[order], index[order], value[order]

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Take more rules into account."""
        import numpy as np

        if not rows:
            return
        starts, index, value = [], [], []
        size = 0
        for row in rows:
            at = self._at[row.rows]
            inside = at >= 0
            starts.append(size)
            index.append(at[inside])
            value.append(row.signs[inside])
            size += int(inside.sum())
        status = self._highs.addRows(
            len(rows),
            np.full(len(rows), -self._highs.inf),
            np.array([row.most for row in rows], dtype=np.float64),
            size,
            np.array(starts, dtype=np.int32),
            np.concatenate(index).astype(np.int32),
            np.concatenate(value).astype(np.float64),
        )
        _check(status)
        self.rows += rows

    def solve(self, seconds: float) -> Answer:
        """Return the best answer that is found in so many seconds."""
        import highspy
        import numpy as np

        highs = self._highs
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.01))
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        solution = highs.getSolution()
        bound = -np.inf
        if status == highspy.HighsModelStatus.kInfeasible:
            found, bound = False, np.inf
        elif self.whole:
            bound = info.mip_dual_bound
        elif status == highspy.HighsModelStatus.kOptimal:
            bound = info.objective_function_value
        else:
            found = False
        shares = np.array(solution.col_value if found else [])[self.every.bookings :]
        duals = np.array(solution.row_dual if found and not self.whole else [])
        return Answer(found, bound, shares, duals)

    def left_over(self, duals: "Floats") -> "Floats":
        """Return the reduced price of every candidate under the prices of the rows."""
        import numpy as np

        bookings = self.every.bookings
        prices = self.price.of - duals[:bookings][self.every.booking]
        for number, level in enumerate(self.levels):
            prices = prices - duals[bookings + number] * level.price.of
        rest = duals[bookings + len(self.levels) :]
        tight = [number for number, paid in enumerate(rest) if paid]
        if tight:
            index = np.concatenate([self.rows[number].rows for number in tight])
            paid = np.concatenate([rest[number] * self.rows[number].signs for number in tight])
            prices = prices - np.bincount(index, paid, minlength=len(self.every))
        return prices


def _check(status: "highspy.HighsStatus") -> None:
    import highspy

    assert status != highspy.HighsStatus.kError, "HiGHS refused rows or columns"


def quiet_highs() -> "highspy.Highs":
    """Return a fresh solver that prints nothing and always computes the same."""
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802
            # Else its name and licence are printed in the middle of it.
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call]

    highs = Quiet()  # type: ignore[no-untyped-call]
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 1)
    highs.setOptionValue("mip_rel_gap", 0.0)
    return highs
