"""A year of a province: four houses, forty machines, 400 producers and their cooperatives."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

from packhouse import clock
from packhouse.cli.seeds.crowd import add_crowd
from packhouse.cli.seeds.days import Ware
from packhouse.cli.seeds.history import ONE_DAY, History
from packhouse.cli.seeds.houses import House, add_machine, open_house
from packhouse.cli.seeds.people import Person, add_person, add_staff
from packhouse.cli.seeds.playing import HOUR, Play, Visit
from packhouse.cli.seeds.seasons import WEEKDAYS, poisson, season_of
from packhouse.cli.seeds.stations import House as Place
from packhouse.cli.seeds.stations import Station
from packhouse.db import reading
from packhouse.domain.sites import Calendar
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.sites import load_calendar
from packhouse.services import downtime, reports

HOUSES = (
    House("PTK", "Rumah Kemasan Contoh Pontianak", "61.71", "Jalan Contoh 1, Pontianak", 8),
    House("SKW", "Rumah Kemasan Contoh Singkawang", "61.72", "Jalan Contoh 2, Singkawang", 4),
    House("STG", "Rumah Kemasan Contoh Sintang", "61.05", "Jalan Contoh 3, Sintang", 4),
    House("KTP", "Rumah Kemasan Contoh Ketapang", "61.04", "Jalan Contoh 4, Ketapang", 4),
)
MACHINES = {
    "PTK": "BAND BAND BAND GAS VAK VAK VAKG VFFS PISTON AUGER CUP TEH SUSUT LABEL KODE TIMBANG"
    " NHINJAK NHVAK",
    "SKW": "BAND BAND VAK PISTON CUP KODE NHINJAK NHVAK",
    "STG": "BAND INJAK VAK AUGER TIMBANG TANGAN KODE",
    "KTP": "BAND GAS VAK TIMBANG PISTON KODE TANGAN",
}
# Visits a machine and ordinary day, once the house is known.
DEMAND = {"PTK": 2.6, "SKW": 1.3, "STG": 0.7, "KTP": 0.9}
LIKED = {"BAND": 1.3, "VAK": 1.2, "VFFS": 0.5, "NHINJAK": 0.4, "NHVAK": 0.5, "TANGAN": 0.3}
NEVER_USED, WAITS_FOR_PARTS = "PTK-TEH-1", "PTK-AUGER-1"
PARTS_DAYS = 24
# Users by regency, as unequal as a house in the capital makes them (120 in all).
USERS = {
    "61.01": 6, "61.02": 9, "61.03": 3, "61.04": 2, "61.05": 1, "61.06": 0, "61.07": 2,
    "61.08": 4, "61.09": 0, "61.10": 0, "61.11": 0, "61.12": 31, "61.71": 58, "61.72": 4,
}  # fmt: skip
NEAR = {
    "61.71": ("61.71", "61.12", "61.02", "61.08", "61.03"),
    "61.72": ("61.72", "61.01", "61.07"),
    "61.05": ("61.05", "61.03"),
    "61.04": ("61.04",),
}
FAR = 0.05
STAGGER = timedelta(days=70)
STEPS = 100


def seed_province(
    *, now: datetime, seed: int, tell: Callable[[int], object], scale: float = 1.0
) -> None:
    """Fill an empty database with a province and the year behind it; ``scale`` makes it less."""
    rng = Random(seed)  # noqa: S311
    days = max(int(365 * scale), 30)
    opened = now - timedelta(days=days + 7)
    ids = _houses(opened, stagger=STAGGER * (days / 365), now=now)
    tell(5)
    staff = add_staff(now=opened, site_ids=ids.values())
    for number, house in enumerate(HOUSES[1:], start=90_101):
        operator = Person(
            Role.OPERATOR, f"operator.{house.code.lower()}", f"Ibu Contoh {house.code}", number
        )
        add_person(operator, now=opened, site_codes=(house.code,))
    history = _history(now, seed, rng, opened, max(int(400 * scale), 40))
    tell(5)
    _live_through(history, opened, now, rng, tell)
    _break(staff[Role.OPERATOR], now)
    _go_on(history, ids, staff, now, rng)
    tell(10)
    while reports.roll_up(actor=SYSTEM, now=now):
        pass
    tell(10)


def _houses(opened: datetime, *, stagger: timedelta, now: datetime) -> dict[str, int]:
    ids = {house.code: open_house(house, now=opened) for house in HOUSES}
    numbers: dict[str, int] = {}
    total = sum(len(models.split()) for models in MACHINES.values())
    for house, models in MACHINES.items():
        calendar = load_calendar(reading(), ids[house])
        for model in models.split():
            numbers[f"{house}-{model}"] = numbers.get(f"{house}-{model}", 0) + 1
            made = sum(numbers.values())
            start = opened + timedelta(days=1) + stagger * (made / total)
            add_machine(
                house,
                code=f"{house}-{model}-{numbers[f'{house}-{model}']}",
                model=model,
                number=made,
                commissioned_at=_morning(calendar, start),
                now=opened,
            )
    return ids


def _morning(calendar: Calendar, instant: datetime) -> datetime:
    return calendar.local_day(calendar.day_of(instant)).start + HOUR * 7.5


def _history(now: datetime, seed: int, rng: Random, opened: datetime, producers: int) -> History:
    """Register the producers, and return the history they are going to have."""
    empty = History(machine_ids=(), now=now, seed=seed)
    homes = rng.choices(list(USERS), list(USERS.values()), k=producers)
    crowd = add_crowd(
        empty.rows, regencies=homes, cooperatives=producers // 16, now=opened, rng=rng
    )
    empty.flush()

    def weigh(ware: Ware, house: Place) -> float:
        near = ware.regency in NEAR.get(house.regency, ())
        return crowd.zeal[ware.business_id] * (1.0 if near else FAR)

    return History(machine_ids=None, now=now, seed=seed, weigh=weigh)


def _live_through(
    history: History, opened: datetime, now: datetime, rng: Random, tell: Callable[[int], object]
) -> None:
    """Write every day from the opening to yesterday; seventy steps of progress."""
    season = cache(season_of)
    first, today = _day(opened), _day(now)
    broken_since = today - timedelta(days=PARTS_DAYS)
    told = 0

    def visits(station: Station, day: date) -> int:
        code = station.spec.code
        if code == NEVER_USED or (code == WAITS_FOR_PARTS and day >= broken_since):
            return 0
        liked = LIKED.get(code.split("-")[1], 0.9)
        known = min(1.0, 0.3 + (day - first).days / 150)
        mean = DEMAND[station.house.code] * liked * known * WEEKDAYS[day.weekday()]
        return poisson(mean * season(day), rng)

    for number in range((today - first).days):
        history.add_day(first + ONE_DAY * number, visits)
        done = 70 * (number + 1) // (today - first).days
        tell(done - told)
        told = done
    history.flush()


def _day(instant: datetime) -> date:
    calendar = load_calendar(reading(), 1)
    return calendar.day_of(instant)


def _break(operator: Actor, now: datetime) -> None:
    """Have one machine wait for parts since 24 days."""
    since = _morning(load_calendar(reading(), 1), now - timedelta(days=PARTS_DAYS)) + HOUR
    downtime.report_breakdown(
        machine=WAITS_FOR_PARTS,
        reason="waiting_parts",
        note="Suku cadang dari Surabaya",
        expected_back_at=now + timedelta(days=9),
        actor=operator,
        now=since,
    )


def _go_on(
    history: History,
    ids: dict[str, int],
    staff: dict[Role, Actor],
    now: datetime,
    rng: Random,
) -> None:
    """Book today and the weeks to come through the services, as producers do."""
    for code, site_id in ids.items():
        play = Play(site_id, now, staff[Role.OPERATOR], staff[Role.MANAGER], rng)
        stations = [each for each in history.stations if each.house.id == site_id]
        visits = [
            _visit(station, day, rng)
            for day in range(10)
            for station in stations
            if station.wares
            and station.spec.code not in (NEVER_USED, WAITS_FOR_PARTS)
            and rng.random() < DEMAND[code] / 4 / (1 + day / 3)
        ]
        play.plan(visits)
        play.run()
        with clock.frozen(now):
            play.housekeep(now)


def _visit(station: Station, day: int, rng: Random) -> Visit:
    ware = rng.choices(station.wares, cum_weights=station.weights)[0]
    owner = Actor(ware.owner_id, Role.PRODUCER, business_ids=frozenset({ware.business_id}))
    quantity = int(float(station.spec.rate_per_minute) * rng.uniform(15, 60)) + 1
    at = time(rng.randint(7, 13), rng.choice((0, 15, 30, 45)))
    fate = rng.choice(("approve", "wait")) if station.needs_approval else "come"
    lead = rng.uniform(20, 90)
    return Visit(station.spec.code, owner, ware.id, quantity, day, at, lead, fate)
