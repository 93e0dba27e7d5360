"""Re-planning after breakdowns: how good the plans are, how well proven, and how long it takes."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from time import perf_counter, process_time

from bench.report import tell
from packhouse.domain.machines import MachineSpec, MachineTime
from packhouse.domain.products import Allergen, Aroma, Job, Lane, Neighbour, ProductTraits
from packhouse.domain.replanning import Affected, Situation, Spot, solve
from packhouse.domain.replanning.candidates import candidates_of
from packhouse.domain.sites import Calendar, parse_hours
from packhouse.domain.slots import Placement, place, with_placed
from packhouse.domain.time_range import SLOT, TimeRange

CALENDAR = Calendar(
    "Asia/Pontianak", (parse_hours("mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30"),)
)
MONDAY = date(2026, 11, 30)
# So many times a booking is tried on each machine and day; about every fourth finds room.
TRIES = 12
KINDS = (
    ("pouch_100", "15", 10, (5, 8, 15), False),
    ("vacuum_bag", "5", 5, (5, 8, 20), False),
    ("sachet", "25", 30, (20, 30, 75), True),
    ("bottle_250", "12", 20, (30, 45, 45), True),
)
PRODUCTS = (
    ProductTraits(),
    ProductTraits(aroma=Aroma.SPICE),
    ProductTraits(allergens=frozenset({Allergen.FISH})),
    ProductTraits(allergens=frozenset({Allergen.FISH, Allergen.CRUSTACEAN})),
    ProductTraits(aroma=Aroma.COFFEE),
    ProductTraits(wet=True),
)
TRAVEL = (10, 20, 30, 45, 90, 200)


@dataclass(frozen=True, slots=True)
class House:
    """How large a house is, and how far ahead it is booked."""

    machines: int
    days: int


def run() -> None:
    """Measure eighty bookings that must be proven, and five hundred in bounded time.

    ``BENCH_SECONDS`` is what a plan may take: more of it where the machine has other work, too.
    """
    seconds = float(os.environ.get("BENCH_SECONDS", "30"))
    for seed in (1, 2, 3):
        _measure(80, seed, House(machines=20, days=14), seconds)
    _measure(500, 1, House(machines=40, days=28), 2 * seconds)


def _measure(count: int, seed: int, house: House, seconds: float) -> None:
    situation = broken_down(count, seed, house)
    candidates = len(candidates_of(situation))
    begun, before = perf_counter(), process_time()
    plan = solve(situation, seconds=seconds)
    tell(
        "replanning",
        affected=len(situation.affected),
        machines=len(situation.machines),
        days=house.days,
        seed=seed,
        candidates=candidates,
        seconds=round(perf_counter() - begun, 2),
        cpu_seconds=round(process_time() - before, 2),
        seconds_allowed=seconds,
        optimal=plan.is_optimal,
        cost=plan.cost,
        bound=plan.bound,
        greedy=plan.baseline,
        gap_percent=gap(plan.cost, plan.bound),
        greedy_gap_percent=gap(plan.baseline, plan.bound),
    )


def gap(cost: Sequence[int], bound: Sequence[int]) -> dict[str, float | None]:
    """Return by how many percent a cost may lie above the best there is, part by part.

    Behind a part that is not proven nothing is known: there it is null.
    """
    names = ("calls", "changed_days", "shift", "cleaning")
    found: dict[str, float | None] = dict.fromkeys(names)
    for name, mine, least in zip(names, cost, bound, strict=True):
        found[name] = round(100 * (mine - least) / max(least, 1), 2)
        if mine != least:
            break
    return found


def broken_down(count: int, seed: int, house: House) -> Situation:
    """Return a house, booked for all its days, in which machines break until so many are hit."""
    random = Random(seed)
    machines = [MachineTime(spec, CALENDAR) for spec in _specs(house.machines)]
    opens = CALENDAR.local_day(MONDAY).start
    booked: list[tuple[int, Job, Placement]] = []
    for day in (MONDAY + timedelta(days=each) for each in range(house.days)):
        if not CALENDAR.is_open_day(day):
            continue
        for number, machine in enumerate(machines):
            for job, placement in _filled(machine, day, random):
                machines[number] = with_placed(machines[number], job, placement)
                booked.append((number, job, placement))
    hit = _hit(booked, count, len(machines), random)
    chosen = set(map(id, hit))
    window = TimeRange(opens, opens + timedelta(days=house.days))
    broken = {number: _until(hit, number) for number in {each[0] for each in hit}}
    stand = {}
    for number, machine in enumerate(machines):
        free_from = broken.get(number, opens)
        stays = [
            each
            for each in booked
            if each[0] == number and id(each) not in chosen and each[2].starts_at >= free_from
        ]
        plain = replace(machine, neighbours=())
        for _, job, placement in stays:
            plain = with_placed(plain, job, placement)
        if number in broken:
            wall = Neighbour(opens, broken[number], opens, None, "breakdown")
            plain = replace(plain, neighbours=(*plain.neighbours, wall))
        stand[machine.spec.code] = plain
    return Situation(tuple(_affected(hit, machines, window, random)), stand)


def _specs(machines: int) -> Iterator[MachineSpec]:
    for number in range(machines):
        pack, rate, setup, cleaning, attended = KINDS[number % len(KINDS)]
        yield MachineSpec(
            code=f"M{number + 1:02}",
            lane=Lane.HALAL,
            packs=frozenset({pack}),
            rate_per_minute=Decimal(rate),
            setup_minutes=setup,
            cleaning_minutes=cleaning,
            attended=attended,
            tariff_per_hour=20_000,
            commissioned_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


def _filled(machine: MachineTime, day: date, random: Random) -> Iterator[tuple[Job, Placement]]:
    opens = CALENDAR.open_ranges_on(day)[0].start
    for _ in range(TRIES):
        (pack,) = machine.spec.packs
        minutes = random.choice((20, 30, 45, 60, 90))
        job = Job(random.choice(PRODUCTS), pack, int(minutes * machine.spec.rate_per_minute))
        found = place(machine, job, opens + SLOT * random.randrange(0, 102))
        if isinstance(found, Placement):
            yield job, found
            machine = with_placed(machine, job, found)


def _hit(
    booked: Sequence[tuple[int, Job, Placement]], count: int, machines: int, random: Random
) -> list[tuple[int, Job, Placement]]:
    """Return the bookings of machines that break for six days, until there are enough."""
    order = random.sample(range(machines), machines)
    per_machine = {number: [each for each in booked if each[0] == number] for number in order}
    until = CALENDAR.local_day(MONDAY + timedelta(days=6)).start
    hit: list[tuple[int, Job, Placement]] = []
    for number in order:
        early = [each for each in per_machine[number] if each[2].starts_at < until]
        hit += early[: count - len(hit)]
    for number in order:
        late = [each for each in per_machine[number] if each[2].starts_at >= until]
        hit += late[: count - len(hit)]
    return hit


def _until(hit: Sequence[tuple[int, Job, Placement]], number: int) -> datetime:
    return max(each[2].ends_at for each in hit if each[0] == number)


def _affected(
    hit: Sequence[tuple[int, Job, Placement]],
    machines: Sequence[MachineTime],
    window: TimeRange,
    random: Random,
) -> Iterator[Affected]:
    ranks = random.sample(range(len(hit)), len(hit))
    for rank, (number, job, placement) in zip(ranks, hit, strict=True):
        yield Affected(
            code=f"B{rank:03}",
            job=job,
            was=Spot(machines[number].spec.code, placement.starts_at),
            ends_at=placement.ends_at,
            specs=tuple(each.spec for each in machines if job.pack in each.spec.packs),
            not_before=window.start + timedelta(hours=10),
            not_after=window.end,
            travel_minutes=random.choice(TRAVEL),
            is_first_visit=random.random() < 0.2,
            rank=rank,
        )
