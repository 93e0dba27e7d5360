"""The figures of a report: three public rates, SEMI E10 and ISO 22400-2, out of summed days.

Definitions version 1; the rules that make the sums stand in domain/machine_days.py. Rates are
fractions; a ratio without a denominator is None, never 0 and never infinite. MTBF and MTTR are
the plain ratios of E10, not ISO's means of single times.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any

from packhouse.domain.runs import E10

DEFINITION_VERSION = "1"


@dataclass(frozen=True, slots=True)
class MachineDay:
    """One machine on one local day, in whole seconds and counts; days add up field by field.

    The six E10 states add up to `calendar_seconds`, the elapsed part of the day.
    """

    calendar_seconds: int = 0
    open_seconds: int = 0
    bookable_seconds: int = 0
    booked_seconds: int = 0
    used_seconds: int = 0
    prd_seconds: int = 0
    sby_seconds: int = 0
    eng_seconds: int = 0
    sdt_seconds: int = 0
    udt_seconds: int = 0
    nst_seconds: int = 0
    setup_seconds: int = 0
    delay_seconds: int = 0
    planned_down_seconds: int = 0
    overtime_seconds: int = 0
    estimated_seconds: int = 0
    repair_seconds: int = 0
    planned_run_seconds: int = 0
    good: int = 0
    rejected: int = 0
    failures: int = 0
    production_failures: int = 0
    downtime_events: int = 0
    broken_days: int = 0
    runs_started: int = 0
    runs_finished: int = 0
    no_shows: int = 0

    @property
    def productive_seconds(self) -> int:
        """APT: production is the only productive state, and always has a run."""
        return self.prd_seconds

    @property
    def operations_seconds(self) -> int:
        """E10 operations time: everything but non-scheduled."""
        return self.calendar_seconds - self.nst_seconds

    @property
    def uptime_seconds(self) -> int:
        """E10 uptime: productive, standby and engineering."""
        return self.prd_seconds + self.sby_seconds + self.eng_seconds


FIELDS = tuple(field.name for field in fields(MachineDay))
_values = attrgetter(*FIELDS)


def total(days: Iterable[MachineDay]) -> MachineDay:
    """Return the sum of days of one or many machines; rates of a group come from its sums."""
    rows = [_values(day) for day in days]
    return MachineDay(*map(sum, zip(*rows, strict=True))) if rows else MachineDay()


@dataclass(frozen=True, slots=True)
class E10Figures:
    """SEMI E10: uptime and utilization of the operations time and of all time; MTBFp, MTTR."""

    operational_uptime: float | None
    total_uptime: float | None
    operational_utilization: float | None
    total_utilization: float | None
    mtbf_productive_minutes: float | None
    mttr_minutes: float | None


@dataclass(frozen=True, slots=True)
class Iso22400Figures:
    """ISO 22400-2; effectiveness may exceed 1 where the planned pace is too slow."""

    allocation_efficiency: float | None
    utilization_efficiency: float | None
    availability: float | None
    technical_efficiency: float | None
    setup_rate: float | None
    effectiveness: float | None
    quality_ratio: float | None
    oee: float | None
    nee: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the utilization report, named and shaped as the API promises it."""

    bookable_minutes: float
    booked_minutes: float
    used_minutes: float
    productive_minutes: float
    booked_rate: float | None
    used_rate: float | None
    productive_rate: float | None
    states: dict[str, float]
    e10: E10Figures
    iso22400: Iso22400Figures
    estimated_minutes: float

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain, nested dictionaries."""
        return asdict(self)


def figures(days: MachineDay) -> Figures:
    """Return the figures of one day or of a sum of days (`total`); minutes to two decimals."""
    return Figures(
        bookable_minutes=minutes(days.bookable_seconds),
        booked_minutes=minutes(days.booked_seconds),
        used_minutes=minutes(days.used_seconds),
        productive_minutes=minutes(days.productive_seconds),
        booked_rate=ratio(days.booked_seconds, days.bookable_seconds),
        used_rate=ratio(days.used_seconds, days.bookable_seconds),
        productive_rate=ratio(days.productive_seconds, days.bookable_seconds),
        states=_states(days),
        e10=_e10(days),
        iso22400=_iso22400(days),
        estimated_minutes=minutes(days.estimated_seconds),
    )


def minutes(seconds: float) -> float:
    """Return seconds as minutes: whole where they are whole, else to two decimals."""
    whole, rest = divmod(seconds, 60)
    return round(seconds / 60, 2) if rest else int(whole)


def ratio(part: float, whole: float) -> float | None:
    """Return part ÷ whole unrounded, None where there is no whole."""
    return part / whole if whole else None


def _states(days: MachineDay) -> dict[str, float]:
    return {state.value: minutes(getattr(days, f"{state.lower()}_seconds")) for state in E10}


def _e10(days: MachineDay) -> E10Figures:
    operations, everything = days.operations_seconds, days.calendar_seconds
    between = ratio(days.prd_seconds, days.production_failures)
    repair = ratio(days.repair_seconds, days.failures)
    return E10Figures(
        operational_uptime=ratio(days.uptime_seconds, operations),
        total_uptime=ratio(days.uptime_seconds, everything),
        operational_utilization=ratio(days.prd_seconds, operations),
        total_utilization=ratio(days.prd_seconds, everything),
        mtbf_productive_minutes=None if between is None else minutes(between),
        mttr_minutes=None if repair is None else minutes(repair),
    )


def _iso22400(days: MachineDay) -> Iso22400Figures:
    bookable, production = days.bookable_seconds, days.productive_seconds
    processing = production + days.setup_seconds
    availability = ratio(production, bookable)
    effectiveness = ratio(days.planned_run_seconds, production)
    quality = ratio(days.good, days.good + days.rejected)
    return Iso22400Figures(
        allocation_efficiency=ratio(days.used_seconds, bookable),
        utilization_efficiency=ratio(production, days.used_seconds),
        availability=availability,
        technical_efficiency=ratio(production, production + days.delay_seconds),
        setup_rate=ratio(days.setup_seconds, processing),
        effectiveness=effectiveness,
        quality_ratio=quality,
        oee=_product(availability, effectiveness, quality),
        nee=_product(ratio(processing, bookable), effectiveness, quality),
    )


def _product(*factors: float | None) -> float | None:
    product = 1.0
    for factor in factors:
        if factor is None:
            return None
        product *= factor
    return product
