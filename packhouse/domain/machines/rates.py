"""What finished runs teach about how fast a machine packs, and when that is worth telling."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

GRID = 5
ENOUGH_RUNS = 5
# A rate that is wrong by less changes a usual visit by no more than the grid rounds it.
WORTH_TELLING = Decimal("0.1")
WAITS = (5, 10, 20)


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """Packs per minute to plan with, the range half of the runs stay in, and how many runs."""

    rate: Decimal
    low: Decimal
    high: Decimal
    count: int


_PRIOR = (Decimal("0.8"), Decimal(1), Decimal("1.2"))
_STEP = Decimal("0.001")


def learned_rate(planned: Decimal, samples: Sequence[Decimal]) -> RateEstimate:
    """Return the median rate of finished runs of one machine and pack, with its quartiles.

    The planned rate counts as three runs (at 80, 100 and 120 percent), so one odd run changes
    little and thirty decide. Samples that are not positive are no runs and are left out.
    """
    runs = [each for each in samples if each.is_finite() and each > 0]
    ordered = sorted([*runs, *(planned * each for each in _PRIOR)])
    low, middle, high = (_quantile(ordered, Decimal(part) / 4) for part in (1, 2, 3))
    return RateEstimate(middle, low, high, len(runs))


def _quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    value = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return max(value.quantize(_STEP), _STEP)


# --- odd runs -----------------------------------------------------------------------------------

# Modified z-scores above 3.5 are outliers (Iglewicz and Hoaglin, 1993); 0.6745 is the third
# quartile of the normal distribution, which makes the MAD comparable to a standard deviation.
_NORMAL = Decimal("0.6745")
_ODD = Decimal("3.5")


def deviation(samples: Sequence[Decimal]) -> Decimal:
    """Return the median absolute deviation of rates from their median; 0 where there are none."""
    if not samples:
        return Decimal(0)
    middle = _median(samples)
    return _median([abs(each - middle) for each in samples]).quantize(_STEP)


def odd_ones(samples: Sequence[Decimal]) -> tuple[bool, ...]:
    """Say of each rate whether it is an outlier among the others; fewer than five have none.

    Where more than half are the very same, the MAD is 0 and the mean deviation takes its place.
    They are named, not left out: the median does not mind them.
    """
    if len(samples) < ENOUGH_RUNS:
        return (False,) * len(samples)
    middle = _median(samples)
    away = [abs(each - middle) for each in samples]
    scale = _median(away) / _NORMAL or sum(away, Decimal(0)) / len(away) * Decimal("1.2533")
    return tuple(bool(scale) and each / scale > _ODD for each in away)


def _median(samples: Sequence[Decimal]) -> Decimal:
    ordered = sorted(samples)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


# --- what to make of it -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the runs of one machine and pack teach, beside the rate that is planned with.

    ``odd`` says of each run whether it is an outlier, in the order of the samples.
    """

    planned: Decimal
    estimate: RateEstimate
    deviation: Decimal
    odd: tuple[bool, ...]

    @property
    def is_known(self) -> bool:
        """Say whether there are runs enough to tell a range."""
        return self.estimate.count >= ENOUGH_RUNS

    @property
    def differs(self) -> bool:
        """Say whether runs are so many, and so much faster or slower, that a change is due."""
        away = abs(self.estimate.rate - self.planned)
        return self.is_known and away >= self.planned * WORTH_TELLING


def lesson(planned: Decimal, samples: Sequence[Decimal]) -> Lesson:
    """Return what finished runs teach about a planned rate, all in packs a minute."""
    return Lesson(planned, learned_rate(planned, samples), deviation(samples), odd_ones(samples))


def is_waited_for(run_ids: Sequence[int], *, last_run_id: int, wait_runs: int) -> bool:
    """Say whether a dismissed suggestion still waits for more runs than it had seen."""
    return sum(each > last_run_id for each in run_ids) < wait_runs


@dataclass(frozen=True, slots=True)
class RateRange:
    """Between which rates half of the finished runs were, and how many runs there were."""

    low: Decimal
    high: Decimal
    count: int


def usual_minutes(
    usual: RateRange | None, *, setup_minutes: int, quantity: int
) -> tuple[int, int] | None:
    """Return between which minutes, setup included, a job usually takes; None while unknown.

    On the grid, the fast end rounded down and the slow end up.
    """
    if usual is None or usual.count < ENOUGH_RUNS or quantity < 1:
        return None
    fast, slow = (
        setup_minutes + ceil(Fraction(quantity) / Fraction(rate))
        for rate in (usual.high, usual.low)
    )
    return max(fast // GRID * GRID, GRID), -(-slow // GRID) * GRID
