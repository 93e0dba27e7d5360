"""Months of invented machine-days in bulk: planned by the rules, lived by chance, sealed.

``write_history`` is for benchmarks: so many finished bookings, as densely as a busy house has
them. ``History`` writes days one after the other for profiles with a story of their own.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from packhouse.cli.seeds.bulk import Rows
from packhouse.cli.seeds.days import (
    FINISHED,
    Lived,
    Planned,
    breakdown_after,
    clean_between,
    deal_fates,
    live,
    most_visits,
    plan_day,
)
from packhouse.cli.seeds.records import Desk, Fault
from packhouse.cli.seeds.stations import Station, Weigh, load_stations
from packhouse.db import reading, transaction
from packhouse.domain.products import CleaningLevel
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import SLOT_SECONDS, ceil_to_grid, to_epoch

BATCH = 20_000
ONE_DAY = timedelta(days=1)
UPKEEP_SECONDS = 3600
NOTICE_SECONDS = 3600
# A run may go on this long after its time before the worker ends it.
OVERRUN_SECONDS = 30 * 60
# How many visits a machine is to have on a local day.
Visits = Callable[[Station, date], int]


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written."""

    bookings: int
    rows: int


class History:
    """Days of many machines, written in batches; the same seed tells the same story.

    ``weigh`` says how likely a product is to be brought to a house; ``true_to_life`` adds
    cancellations, no-shows, failures and upkeep, without it every booking is finished. Without
    ``machine_ids`` all machines take part; ``only_near`` keeps producers in their own regency.
    Days from ``now`` on become confirmed bookings that hold their time.
    """

    def __init__(
        self,
        *,
        machine_ids: Collection[int] | None,
        now: datetime,
        seed: int,
        weigh: Weigh = lambda ware, house: 1.0,
        true_to_life: bool = True,
        only_near: bool = False,
    ) -> None:
        session = reading()
        self.rng = Random(seed)  # noqa: S311
        self.true_to_life = true_to_life
        self.until = to_epoch(now)
        self.stations = load_stations(
            session, machine_ids=machine_ids, now=now, weigh=weigh, only_near=only_near
        )
        self.rows = Rows(session)
        self.desk = Desk(self.rows, self.rng)
        self.written = Written(0, 0)

    def add_day(self, day: date, visits: Visits) -> None:
        """Add one local day of every machine, with as many visits as are told (or can fit)."""
        for station in self.stations:
            working = station.house.calendar.working_day(day)
            if station.wares and station.serves(working):
                wanted = visits(station, day)
                if wanted:
                    self._add(station, working, wanted)
        if self.rows.count >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        bookings = self.rows.count
        with transaction() as session:
            rows = self.rows.write(session)
        self.written = Written(self.written.bookings + bookings, self.written.rows + rows)

    def _add(self, station: Station, day: WorkingDay, wanted: int) -> None:
        first = self._first(station, day)
        wares = self.rng.choices(station.wares, cum_weights=station.weights, k=wanted)
        visits = plan_day(station.spec, day.length, wares, self.rng, first)
        is_ahead = day.ends > self.until
        if self.true_to_life and not is_ahead:
            deal_fates(visits, self.rng)
        clean_between(station.spec, visits)
        if is_ahead:
            for visit in visits:
                self.desk.promise(station, day, visit, self.until)
        else:
            self._live(station, day, visits)

    def _first(self, station: Station, day: WorkingDay) -> int:
        """Return from which position on the machine is free; upkeep takes an hour a month."""
        if day.ends > self.until:
            return day.position(ceil_to_grid(self.until + NOTICE_SECONDS, SLOT_SECONDS))
        first = day.position(ceil_to_grid(station.down_until, SLOT_SECONDS))
        due = day.day.day <= 7 and day.day.weekday() == station.id % 5
        if self.true_to_life and due and not first:
            self.desk.keep_up(station, day, UPKEEP_SECONDS)
            return UPKEEP_SECONDS
        return first

    def _live(self, station: Station, day: WorkingDay, visits: Sequence[Planned]) -> None:
        closing = station.spec.cleaning_for(CleaningLevel.FULL) * 60
        limits = [visit.clean_from for visit in visits if visit.fate == FINISHED][1:]
        limits.append(day.length - closing)
        ends: int | None = None
        fault: Fault | None = None
        for visit in visits:
            if fault is not None:
                visit.fate = "displaced"
            if visit.fate != FINISHED:
                self.desk.miss(station, day, visit, fault)
                continue
            limit = min(limits.pop(0), visit.end + OVERRUN_SECONDS)
            lived = live(visit, station.rate, limit, self.rng)
            self.desk.serve(station, day, visit, lived, ends)
            ends = lived.ends
            fault = self._fault(station, day, visit, lived)
        if ends is not None and fault is None:
            self.desk.close(station, day, ends, ends + closing)

    def _fault(
        self, station: Station, day: WorkingDay, visit: Planned, lived: Lived
    ) -> Fault | None:
        hours = None
        if self.true_to_life:
            hours = breakdown_after(lived, station.hours_between, self.rng)
        begins = day.end_at(lived.ends)
        back = begins + int((hours or 0) * 60) * 60
        if hours is None or back >= self.until:
            return None
        station.down_until = back
        return self.desk.fail(station, begins, max(begins, day.end_at(visit.end)), back)


def write_history(
    *,
    machine_ids: Collection[int],
    bookings: int,
    until: datetime,
    seed: int = 1,
    per_day: int = 8,
    tell: Callable[[int], object] = lambda done: None,
) -> Written:
    """Write so many finished bookings over these machines on the open days before ``until``.

    For measuring: about ``per_day`` a machine and open day (fewer where fewer fit), going back
    as many days as that takes, each with its job, occupation, run, states and audit entries;
    ``tell`` hears how many bookings each batch had. Needs an application context, products that
    the machines can pack, and nobody else who writes. Rollups are left to ``reports.roll_up``.
    Raises ValueError where the machines are younger than that, or nothing can be packed.
    """
    history = History(machine_ids=machine_ids, now=until, seed=seed, true_to_life=False)
    days, spare = _days_back(history.stations, bookings, until, per_day)

    def visits(station: Station, day: date) -> int:
        nonlocal spare
        number = _visits_on(station, day, per_day)
        left_out = min(spare, number)
        spare -= left_out
        return number - left_out

    told = 0
    for day in days:
        history.add_day(day, visits)
        tell(history.written.bookings - told)
        told = history.written.bookings
    history.flush()
    tell(history.written.bookings - told)
    return history.written


def _visits_on(station: Station, day: date, per_day: int) -> int:
    working = station.house.calendar.working_day(day)
    if not station.wares or not station.serves(working):
        return 0
    return min(per_day, most_visits(station.spec, working.length))


def _days_back(
    stations: Sequence[Station], bookings: int, until: datetime, per_day: int
) -> tuple[list[date], int]:
    """Return the days before ``until``, in order, that hold so many bookings, and how many more."""
    days: list[date] = []
    left = bookings
    day = max(station.house.calendar.day_of(until) for station in stations)
    oldest = min(station.spec.commissioned_at for station in stations).date()
    while left > 0:
        day -= ONE_DAY
        if day < oldest:
            raise ValueError(f"these machines cannot have served {bookings} bookings")
        left -= sum(_visits_on(station, day, per_day) for station in stations)
        days.append(day)
    return days[::-1], -left
