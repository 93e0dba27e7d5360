"""A house in every regency of the country, a few weeks of bookings around now: for measuring.

Everything is written in bulk, also what lies ahead, so nobody is reminded of it by message.
Regencies outside Kalimantan Barat are numbered through; their codes are examples.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from random import Random

from packhouse.cli.seeds.bulk import Rows
from packhouse.cli.seeds.catalogue import HOURS, LEGAL_BASIS, MODELS, RAMADAN_HOURS
from packhouse.cli.seeds.crowd import add_crowd
from packhouse.cli.seeds.days import Ware
from packhouse.cli.seeds.history import ONE_DAY, History
from packhouse.cli.seeds.houses import draft_of, fasting_months
from packhouse.cli.seeds.people import add_staff
from packhouse.cli.seeds.seasons import WEEKDAYS, poisson, season_of
from packhouse.cli.seeds.stations import House, Station
from packhouse.domain.businesses import REGENCIES
from packhouse.domain.downtime import usual_needs
from packhouse.domain.sites import Holiday, indonesian_holidays, parse_hours
from packhouse.domain.time_range import to_epoch

# Regencies and cities by province (514 in 38), and the zone of each province.
PROVINCES = {
    "11": 23, "12": 33, "13": 19, "14": 12, "15": 11, "16": 17, "17": 10, "18": 15, "19": 7,
    "21": 7, "31": 6, "32": 27, "33": 35, "34": 5, "35": 38, "36": 8, "51": 9, "52": 10,
    "53": 22, "61": 14, "62": 14, "63": 13, "64": 10, "65": 5, "71": 15, "72": 13, "73": 24,
    "74": 17, "75": 6, "76": 6, "81": 11, "82": 10, "91": 9, "92": 7, "93": 4, "94": 8,
    "95": 8, "96": 6,
}  # fmt: skip
WEST, PONTIANAK, MIDDLE, EAST = (
    "Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura",
)  # fmt: skip
MODELS_OF_A_HOUSE = (
    "BAND", "BAND", "GAS", "VAK", "VAKG", "VFFS", "PISTON", "AUGER", "CUP", "LABEL", "KODE",
    "TIMBANG", "INJAK", "NHINJAK", "NHVAK",
)  # fmt: skip
PRODUCERS = 20
VISITS = 1.4
WEEKS_BACK, WEEKS_AHEAD = 3, 2
STEPS = 100


def seed_nation(
    *, now: datetime, seed: int, tell: Callable[[int], object], scale: float = 1.0
) -> None:
    """Fill an empty database with every regency's house; ``scale`` makes it fewer."""
    rng = Random(seed)  # noqa: S311
    opened = now - timedelta(weeks=WEEKS_BACK + 6)
    regencies = list(_regencies())
    regencies = regencies[:: max(1, round(1 / scale))]
    first = History(machine_ids=(), now=now, seed=seed)
    sites = [_house(first.rows, regency, opened, now) for regency in regencies]
    first.flush()
    tell(10)
    add_staff(now=opened, site_ids=sites)
    crowd_rows = History(machine_ids=(), now=now, seed=seed)
    homes = [regency for regency in regencies for _ in range(PRODUCERS)]
    crowd = add_crowd(
        crowd_rows.rows, regencies=homes, cooperatives=len(regencies), now=opened, rng=rng
    )
    crowd_rows.flush()
    tell(10)

    def weigh(ware: Ware, house: House) -> float:
        return crowd.zeal[ware.business_id]

    history = History(machine_ids=None, now=now, seed=seed, weigh=weigh, only_near=True)
    tell(5)
    _fill(history, now, rng, tell)


def _fill(history: History, now: datetime, rng: Random, tell: Callable[[int], object]) -> None:
    season = cache(season_of)
    today = now.date()
    days = range(-7 * WEEKS_BACK, 7 * WEEKS_AHEAD + 1)
    told = 0
    for number, offset in enumerate(days, start=1):
        day = today + ONE_DAY * offset
        thinning = 1.0 if offset < 0 else 1 / (1 + offset / 4)

        def visits(_station: Station, on: date, share: float = thinning) -> int:
            return poisson(VISITS * share * WEEKDAYS[on.weekday()] * season(on), rng)

        history.add_day(day, visits)
        done = 75 * number // len(days)
        tell(done - told)
        told = done
    history.flush()


def _regencies() -> Iterator[str]:
    for province, number in PROVINCES.items():
        if province == "61":
            yield from REGENCIES
        else:
            yield from (f"{province}.{each:02}" for each in range(1, number + 1))


def _zone(regency: str) -> str:
    province = regency[:2]
    if province in ("61", "62"):
        return PONTIANAK
    if province < "50":
        return WEST
    return EAST if province > "80" else MIDDLE


def _house(rows: Rows, regency: str, opened: datetime, now: datetime) -> int:
    """Add a house with its hours, holidays and machines; return its id."""
    at = to_epoch(opened)
    attended = sum(
        draft_of(MODELS[model], code="-", number=0, commissioned_at=opened).attended
        for model in MODELS_OF_A_HOUSE
    )
    code = "R" + regency.replace(".", "")
    site = rows.add(
        "sites", code, f"Rumah Kemasan Contoh {regency}", regency, _zone(regency), "province",
        "Alamat contoh", attended, 60, 60, 24, 48, 20, 30, True, at,
    )  # fmt: skip
    _week(rows, site, HOURS, date(2000, 1, 1), None)
    for first, last in fasting_months(now.year, now.year + 1):
        _week(rows, site, RAMADAN_HOURS, first, last)
    for each in _holidays(now.year):
        day = each.day.isoformat()
        rows.add("closures", site, day, day, each.name, "holiday", "proposed", each.estimated)
    facts = {"code": code, "regency": regency, "operators": attended}
    rows.tell(at, site, None, "site:created", ("site", site), **facts)
    for number, model in enumerate(MODELS_OF_A_HOUSE, start=1):
        _machine(rows, (site, f"{code}-{number:02}"), model, opened)
    return site


@cache
def _holidays(year: int) -> Sequence[Holiday]:
    days = range(year - 1, year + 3)
    unique = {(each.day, each.name): each for y in days for each in indonesian_holidays(y)}
    return tuple(unique.values())


def _week(rows: Rows, site: int, hours: str, first: date, last: date | None) -> None:
    until = last.isoformat() if last else None
    for each in parse_hours(hours).openings:
        span = each.weekday, each.opens, each.closes
        rows.add("site_hours", site, *span, first.isoformat(), until)


def _machine(rows: Rows, place: tuple[int, str], model: str, opened: datetime) -> None:
    site, code = place
    number = int(code.rpartition("-")[2])
    sort = MODELS[model]
    start = opened + timedelta(days=1)
    draft = draft_of(sort, code=code, number=number, commissioned_at=start)
    machine = rows.add(
        "machines", site, code, draft.name, draft.kind, draft.lane, float(draft.rate_per_minute),
        draft.setup_minutes, *draft.cleaning_minutes, draft.attended, draft.needs_approval,
        to_epoch(start), draft.asset_code, draft.asset_number, draft.acquired_year,
        draft.acquisition_value, draft.fund_kind, draft.fund_source, draft.holder,
        draft.condition, "",
    )  # fmt: skip
    for pack in sorted(draft.packs):
        rows.link("machine_packs", machine, pack)
    for need in sorted(usual_needs(draft.kind)):
        rows.link("machine_utilities", machine, need)
    rows.add("tariffs", machine, sort.per_hour, to_epoch(opened), LEGAL_BASIS)
