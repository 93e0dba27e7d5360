"""A machine as planning sees it: how long a job takes, and what cleaning a day needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from operator import attrgetter

from packhouse.domain.machines.rates import RateRange
from packhouse.domain.products import (
    CleaningLevel,
    Job,
    Lane,
    Neighbour,
    clean_start,
    cleaning_level,
    walls_until,
)
from packhouse.domain.sites import Calendar, WorkingDay
from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, ceil_to_grid, from_epoch
from packhouse.errors import Problem, RuleBroken

GRID_MINUTES = SLOT_SECONDS // 60
MAX_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """One machine as planning sees it; raises RuleBroken with every wrong value at once.

    `cleaning_minutes` are those of levels 1, 2 and 3. A retired machine works up to, not
    including, `retired_at`. `usual` is the range of its finished runs of the pack asked for.
    """

    code: str
    lane: Lane
    packs: frozenset[str]
    rate_per_minute: Decimal
    setup_minutes: int
    cleaning_minutes: tuple[int, int, int]
    attended: bool
    tariff_per_hour: int
    commissioned_at: datetime
    retired_at: datetime | None = None
    usual: RateRange | None = None

    def __post_init__(self) -> None:
        problems = problems_with_machine(self)
        if problems:
            raise RuleBroken(problems)

    def cleaning_for(self, level: CleaningLevel) -> int:
        """Return the minutes a clean keeps the machine, rounded up to the grid."""
        return ceil_to_grid(self.cleaning_minutes[level - 1], GRID_MINUTES) if level else 0


def problems_with_machine(spec: MachineSpec) -> tuple[Problem, ...]:
    """Return every value of a machine that planning cannot work with."""
    brush, aroma, full = spec.cleaning_minutes
    rules: tuple[tuple[bool, str, dict[str, object]], ...] = (
        (bool(spec.packs), "machine_packs_missing", {}),
        (
            spec.rate_per_minute.is_finite() and spec.rate_per_minute > 0,
            "machine_rate_not_positive",
            {"rate_per_minute": spec.rate_per_minute},
        ),
        (
            0 <= spec.setup_minutes <= MAX_MINUTES,
            "machine_setup_out_of_range",
            {"setup_minutes": spec.setup_minutes},
        ),
        (
            0 <= brush <= aroma <= full <= MAX_MINUTES,
            "machine_cleaning_not_rising",
            {"cleaning_minutes": spec.cleaning_minutes},
        ),
        (
            spec.tariff_per_hour >= 0,
            "machine_tariff_negative",
            {"tariff_per_hour": spec.tariff_per_hour},
        ),
        (
            spec.retired_at is None or spec.retired_at > spec.commissioned_at,
            "machine_retired_before_commissioned",
            {"commissioned_at": spec.commissioned_at, "retired_at": spec.retired_at},
        ),
    )
    return tuple(Problem(code, facts) for holds, code, facts in rules if not holds)


@dataclass(frozen=True, slots=True)
class WorkMinutes:
    """The producer's own time: setup, then the run; both together stand on the grid.

    `run_minutes` holds the rounding; `rounding_minutes` tells how much of it that is.
    """

    setup_minutes: int
    run_minutes: int
    rounding_minutes: int

    @property
    def total(self) -> int:
        """Minutes that are worked and priced."""
        return self.setup_minutes + self.run_minutes


def work_minutes(spec: MachineSpec, job: Job) -> WorkMinutes:
    """Return how long a job takes: setup + ceil(quantity / rate), rounded up to the grid.

    A user knows pieces, not hours. Raises ValueError for a quantity below one.
    """
    if job.quantity < 1:
        raise ValueError(f"nothing to pack: {job.quantity}")
    exact = ceil(Fraction(job.quantity) / Fraction(spec.rate_per_minute))
    total = ceil_to_grid(spec.setup_minutes + exact, GRID_MINUTES)
    run = total - spec.setup_minutes
    return WorkMinutes(spec.setup_minutes, run, run - exact)


def problems_with_job(spec: MachineSpec, job: Job) -> tuple[Problem, ...]:
    """Return why a machine can never take a job: quantity, pack, lane."""
    problems = []
    if job.quantity < 1:
        problems.append(Problem("quantity_not_positive", {"quantity": job.quantity}))
    if job.pack not in spec.packs:
        problems.append(
            Problem(
                "pack_not_handled",
                {"machine": spec.code, "pack": job.pack, "packs": tuple(sorted(spec.packs))},
            )
        )
    if job.traits.lane != spec.lane:
        problems.append(
            Problem(
                "lane_mismatch",
                {
                    "machine": spec.code,
                    "machine_lane": spec.lane,
                    "product_lane": job.traits.lane,
                },
            )
        )
    return tuple(problems)


@dataclass(frozen=True, slots=True)
class MachineTime:
    """One machine, its calendar, its occupations, and when no operator is free for one more.

    `neighbours` may be in any order and do not overlap. `operators_full` is sorted and merged;
    it holds for attended machines, and a booking needs an operator from its start to its end.
    """

    spec: MachineSpec
    calendar: Calendar
    neighbours: Sequence[Neighbour] = ()
    operators_full: Sequence[TimeRange] = ()


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The clean before one product of a day; `occupied_from` is None where it does not fit."""

    neighbour: Neighbour
    level: CleaningLevel
    minutes: int
    occupied_from: datetime | None


def occupations_on(machine: MachineTime, day: WorkingDay) -> list[Neighbour]:
    """Return what keeps the machine busy on a local day, by start."""
    begins, ends = from_epoch(day.begins), from_epoch(day.ends)
    return sorted(
        (each for each in machine.neighbours if each.starts_at < ends and each.ends_at > begins),
        key=attrgetter("starts_at"),
    )


def cleanings_on(machine: MachineTime, day: date) -> tuple[Cleaning, ...]:
    """Return the clean each product of a local day needs, as the neighbours stand now.

    After a booking is taken away, store every `occupied_from` that differs.
    """
    working = machine.calendar.working_day(day)
    cleanings: list[Cleaning] = []
    previous: Neighbour | None = None
    walls: list[Neighbour] = []
    for each in occupations_on(machine, working):
        if each.traits is None:
            walls.append(each)
            continue
        level = cleaning_level(previous.traits if previous else None, each.traits)
        minutes = machine.spec.cleaning_for(level)
        claimed: datetime | None = each.starts_at
        if previous:
            claimed = clean_start(working, previous.ends_at, each.starts_at, walls, minutes)
        cleanings.append(Cleaning(each, level, minutes, claimed))
        previous, walls = each, []
    return tuple(cleanings)


def closing_clean_fits(machine: MachineTime, day: date) -> bool:
    """Tell whether the full clean after the last product of a local day is done by closing."""
    working = machine.calendar.working_day(day)
    others = occupations_on(machine, working)
    last = next((each for each in reversed(others) if each.traits), None)
    if last is None:
        return True
    if not working.length:
        return False
    walls = walls_until(reversed(others), last)[::-1]
    minutes = machine.spec.cleaning_for(CleaningLevel.FULL)
    return clean_start(working, last.ends_at, working.ranges[-1].end, walls, minutes) is not None
