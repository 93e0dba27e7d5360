"""Machines: what each kind can do, how long it takes, and what its runs teach about its rate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from math import ceil
from operator import attrgetter

from packhouse.domain.products import (
    PACKS,
    CleaningLevel,
    Job,
    Lane,
    Neighbour,
    PackFamily,
    clean_start,
    cleaning_level,
    walls_until,
)
from packhouse.domain.sites import Calendar, WorkingDay
from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, ceil_to_grid, from_epoch
from packhouse.errors import Problem, RuleBroken

GRID_MINUTES = SLOT_SECONDS // 60
MAX_MINUTES = 24 * 60


class MachineKind(StrEnum):
    HAND_SEALER = "hand_sealer"
    PEDAL_SEALER = "pedal_sealer"
    BAND_SEALER = "band_sealer"
    GAS_BAND_SEALER = "gas_band_sealer"
    VACUUM_SINGLE = "vacuum_single"
    VACUUM_DOUBLE = "vacuum_double"
    VFFS = "vffs"
    FLOW_WRAPPER = "flow_wrapper"
    CUP_SEALER = "cup_sealer"
    CAN_SEAMER = "can_seamer"
    PISTON_FILLER = "piston_filler"
    AUGER_FILLER = "auger_filler"
    TEA_BAGGER = "tea_bagger"
    INDUCTION_SEALER = "induction_sealer"
    SHRINK_TUNNEL = "shrink_tunnel"
    LABELLER = "labeller"
    CODER = "coder"
    RETORT = "retort"
    PASTEURIZER = "pasteurizer"
    WEIGH_FILLER = "weigh_filler"
    OIL_SPINNER = "oil_spinner"
    PRINTER = "printer"


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """Planning values of a kind of machine, to be replaced by what the house measures.

    `rate_per_minute` counts packs, also for batch machines (a batch spread over its minutes).
    `attended` kinds take an operator's whole attention; the others a producer may run herself,
    some after a training.
    """

    rate_per_minute: Decimal
    setup_minutes: int
    cleaning_minutes: tuple[int, int, int]
    attended: bool
    packs: frozenset[str]


def _defaults(
    rate: str, setup: int, cleaning: tuple[int, int], attended: bool, *families: PackFamily
) -> KindDefaults:
    """Level 2, an aroma, takes half as long again as the brush, at most the full clean."""
    brush, full = cleaning
    aroma = min(ceil(Fraction(3 * brush, 2)), full)
    packs = frozenset(code for code, family in PACKS.items() if family in families)
    return KindDefaults(Decimal(rate), setup, (brush, aroma, full), attended, packs)


_F = PackFamily
_DRY_OPEN = (_F.POUCH, _F.JAR)
_CLOSED = (_F.POUCH, _F.BOTTLE, _F.JAR, _F.CUP, _F.CAN, _F.CARTON, _F.VACUUM, _F.FILM)

KINDS: dict[MachineKind, KindDefaults] = {
    MachineKind.HAND_SEALER: _defaults("5", 2, (2, 5), False, _F.POUCH),
    MachineKind.PEDAL_SEALER: _defaults("8", 5, (3, 5), False, _F.POUCH),
    MachineKind.BAND_SEALER: _defaults("15", 10, (5, 15), False, _F.POUCH),
    MachineKind.GAS_BAND_SEALER: _defaults("10", 15, (10, 20), True, _F.POUCH),
    MachineKind.VACUUM_SINGLE: _defaults("5", 5, (5, 20), False, _F.VACUUM, _F.POUCH),
    MachineKind.VACUUM_DOUBLE: _defaults("10", 10, (10, 25), True, _F.VACUUM, _F.POUCH),
    MachineKind.VFFS: _defaults("25", 30, (20, 75), True, _F.FILM),
    MachineKind.FLOW_WRAPPER: _defaults("50", 30, (15, 45), True, _F.FILM),
    MachineKind.CUP_SEALER: _defaults("8", 10, (10, 20), False, _F.CUP),
    MachineKind.CAN_SEAMER: _defaults("10", 15, (10, 25), True, _F.CAN),
    MachineKind.PISTON_FILLER: _defaults("12", 20, (30, 45), True, _F.BOTTLE, _F.JAR, _F.POUCH),
    MachineKind.AUGER_FILLER: _defaults("10", 15, (30, 60), True, *_DRY_OPEN),
    MachineKind.TEA_BAGGER: _defaults("40", 30, (40, 60), True, _F.TEA_BAG),
    MachineKind.INDUCTION_SEALER: _defaults("15", 5, (2, 5), False, _F.BOTTLE, _F.JAR),
    MachineKind.SHRINK_TUNNEL: _defaults("12", 20, (2, 5), True, _F.BOTTLE, _F.JAR, _F.CARTON),
    MachineKind.LABELLER: _defaults("20", 15, (5, 5), False, _F.BOTTLE, _F.JAR, _F.SERVICE),
    MachineKind.CODER: _defaults("30", 10, (2, 2), False, *_CLOSED, _F.SERVICE),
    # One batch of 120 packs takes about 120 minutes, a pasteurizer's 150 bottles about 75.
    MachineKind.RETORT: _defaults("1", 30, (15, 30), True, _F.POUCH, _F.CAN),
    MachineKind.PASTEURIZER: _defaults("2", 20, (20, 40), True, _F.BOTTLE, _F.JAR, _F.CUP),
    MachineKind.WEIGH_FILLER: _defaults("12", 10, (15, 30), False, *_DRY_OPEN),
    # Five kilograms, 50 packs of 100 g, lose their oil in about ten minutes.
    MachineKind.OIL_SPINNER: _defaults("5", 3, (5, 15), False, _F.POUCH),
    # A thousand prints an hour; ink leaves no allergen, so no clean is fuller than the brush.
    MachineKind.PRINTER: _defaults("16.667", 30, (15, 15), True, _F.SERVICE, _F.CUP),
}
"""Planning values of small and semi-automatic machines as the trade states them."""


class Stage(IntEnum):
    """Where in the work on a product a machine stands; a later stage follows an earlier one."""

    PREPARE = 1
    FILL = 2
    SEAL = 3
    HEAT = 4
    FINISH = 5
    MARK = 6


STAGES: dict[MachineKind, Stage] = {
    **dict.fromkeys(MachineKind, Stage.SEAL),
    MachineKind.OIL_SPINNER: Stage.PREPARE,
    MachineKind.PRINTER: Stage.PREPARE,
    MachineKind.PISTON_FILLER: Stage.FILL,
    MachineKind.AUGER_FILLER: Stage.FILL,
    MachineKind.WEIGH_FILLER: Stage.FILL,
    MachineKind.RETORT: Stage.HEAT,
    MachineKind.PASTEURIZER: Stage.HEAT,
    MachineKind.SHRINK_TUNNEL: Stage.FINISH,
    MachineKind.LABELLER: Stage.FINISH,
    MachineKind.CODER: Stage.MARK,
}
"""What fills and closes in one, such as a VFFS, stands where the pack is closed."""


BESIDE = frozenset[str](kind for kind, stage in STAGES.items() if stage is not Stage.SEAL)


def packs_alone(kind: str) -> bool:
    """Say whether a machine turns out closed packs; the others only help before or after.

    Nobody is offered a date coder, say, for a job, unless she asks for that machine.
    """
    return kind not in BESIDE


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """One machine as planning sees it; raises RuleBroken with every wrong value at once.

    `cleaning_minutes` are those of levels 1, 2 and 3. A retired machine works up to, not
    including, `retired_at`.
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

    def __post_init__(self) -> None:
        problems = problems_with_machine(self)
        if problems:
            raise RuleBroken(problems)

    def cleaning_for(self, level: CleaningLevel) -> int:
        """Return the minutes a clean keeps the machine, rounded up to the grid."""
        return ceil_to_grid(self.cleaning_minutes[level - 1], GRID_MINUTES) if level else 0

    def with_rate(self, rate_per_minute: Decimal) -> "MachineSpec":
        """Return the same machine at a learned rate."""
        return replace(self, rate_per_minute=rate_per_minute)


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
