"""A machine's day, planned by the rules of the house and then lived as people live it.

Everything is in working seconds from opening ("positions"), so that a break needs no thought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from packhouse.domain.machines import MachineSpec
from packhouse.domain.products import CleaningLevel, ProductTraits, cleaning_level
from packhouse.domain.time_range import SLOT_SECONDS, ceil_to_grid

GRID = 5
LEAST_RUN = 10
GRACE = 19
LATE_SHARE, LATE_MEAN = 0.20, 25
CANCELLED_SHARE, ABSENT_SHARE = 0.10, 0.15
FINISHED, CANCELLED, NO_SHOW, DISPLACED = "finished", "cancelled", "no_show", "displaced"


@dataclass(frozen=True, slots=True)
class Ware:
    """A product as planning sees it, with who books it."""

    id: int
    business_id: int
    owner_id: int | None
    regency: str
    traits: ProductTraits


@dataclass(slots=True)
class Planned:
    """A booking: from where to where, how it was cleaned for, and what becomes of it."""

    ware: Ware
    quantity: int
    start: int
    end: int
    setup: int
    run: int
    level: CleaningLevel = CleaningLevel.NONE
    cleaning: int = 0
    is_last: bool = False
    fate: str = FINISHED

    @property
    def clean_from(self) -> int:
        """Return where the house's clean before it begins."""
        return self.start - self.cleaning * 60


@dataclass(frozen=True, slots=True)
class Lived:
    """How a run really went: its positions, the interruption if any, and its counts."""

    begins: int
    set_up: int
    ends: int
    pause: tuple[int, int, str] | None
    good: int
    rejected: int


def most_visits(spec: MachineSpec, length: int) -> int:
    """Return how many short visits fit into so many working seconds, cleans included."""
    each = spec.setup_minutes + spec.cleaning_for(CleaningLevel.FULL) + LEAST_RUN + GRID
    return length // 60 // each


def plan_day(
    spec: MachineSpec, length: int, wares: Sequence[Ware], rng: Random, first: int = 0
) -> list[Planned]:
    """Return visits of these products between ``first`` and the closing clean, by start.

    Each gets its fair share of the day at most, so that as many as can fit do. The order is that
    of ``wares``; what time is left over is spread between them by chance.
    """
    room = length - first
    number = min(len(wares), most_visits(spec, room))
    if number < 1:
        return []
    full = spec.cleaning_for(CleaningLevel.FULL)
    share = room // 60 // number - spec.setup_minutes - full - GRID
    rate = Fraction(spec.rate_per_minute)
    visits: list[Planned] = []
    cursor = first
    for ware in wares[:number]:
        wanted = min(share, max(LEAST_RUN, int(rng.lognormvariate(3.6, 0.6))))
        quantity = max(1, int(wanted * rate))
        exact = -(-quantity * rate.denominator // rate.numerator)
        total = ceil_to_grid(spec.setup_minutes + exact, GRID)
        before = visits[-1].ware.traits if visits else None
        start = cursor + spec.cleaning_for(cleaning_level(before, ware.traits)) * 60
        cursor = start + total * 60
        run = total - spec.setup_minutes
        visits.append(Planned(ware, quantity, start, cursor, spec.setup_minutes, run))
    spare = (length - cursor - full * 60) // SLOT_SECONDS
    delays = sorted(rng.randint(0, max(spare, 0)) for _ in visits)
    for visit, delay in zip(visits, delays, strict=True):
        visit.start += delay * SLOT_SECONDS
        visit.end += delay * SLOT_SECONDS
    return visits


def deal_fates(visits: Sequence[Planned], rng: Random) -> None:
    """Let some be cancelled in time and some not come."""
    for visit in visits:
        chance = rng.random()
        if chance < CANCELLED_SHARE:
            visit.fate = CANCELLED
        elif chance < CANCELLED_SHARE + ABSENT_SHARE:
            visit.fate = NO_SHOW


def clean_between(spec: MachineSpec, visits: Sequence[Planned]) -> None:
    """Give each visit the clean after the last one before it that took place."""
    before: ProductTraits | None = None
    for number, visit in enumerate(visits):
        visit.level = cleaning_level(before, visit.ware.traits)
        visit.cleaning = spec.cleaning_for(visit.level)
        visit.is_last = number == len(visits) - 1
        if visit.fate == FINISHED:
            before = visit.ware.traits


def live(visit: Planned, rate: float, limit: int, rng: Random) -> Lived:
    """Return how a visit went that must be over at ``limit``."""
    late = rng.randint(0, 3)
    if rng.random() < LATE_SHARE:
        late = min(GRACE, late + int(rng.expovariate(1 / LATE_MEAN)))
    begins = min(visit.start + late * 60, visit.end - 600)
    planned = (visit.setup + visit.run) * 60
    lasts = int(planned * min(max(rng.lognormvariate(0, 0.25), 0.6), 1.5))
    ends = max(min(begins + lasts, limit), begins + 300)
    set_up = min(begins + visit.setup * 60, ends - 60)
    pause = _pause(set_up, ends, rng)
    worked = ends - set_up - (pause[1] - pause[0] if pause else 0)
    pieces = min(visit.quantity, max(int(worked / 60 * rate * rng.uniform(0.7, 0.95)), 1))
    rejected = int(pieces * rng.uniform(0.01, 0.05))
    return Lived(begins, set_up, ends, pause, pieces - rejected, rejected)


INTERRUPTIONS = ("no_material", "no_material", "waiting_customer", "breakdown", "power_outage")


def _pause(begins: int, ends: int, rng: Random) -> tuple[int, int, str] | None:
    if ends - begins < 30 * 60 or rng.random() > 0.08:
        return None
    start = begins + rng.randint(5 * 60, (ends - begins) // 2)
    return start, start + rng.randint(3 * 60, 12 * 60), rng.choice(INTERRUPTIONS)


def breakdown_after(lived: Lived, hours_between: float, rng: Random) -> float | None:
    """Return how many hours a failure at the end of a run lasts, None for no failure.

    Repairs take three hours in the median; one in ten waits days for parts.
    """
    worked = (lived.ends - lived.set_up) / 3600
    if rng.random() > worked / hours_between:
        return None
    if rng.random() < 0.1:
        return rng.uniform(5, 21) * 24
    return max(0.25, rng.lognormvariate(1.1, 0.7))
