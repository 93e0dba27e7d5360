"""Many invented producers at once: businesses, owners, cooperatives and products as rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from packhouse.cli.seeds.bulk import Rows
from packhouse.cli.seeds.catalogue import PASSWORD, RECIPES
from packhouse.cli.seeds.people import address_of, nib_of, phone_of
from packhouse.db import canonical_json
from packhouse.domain.passwords import hash_password
from packhouse.domain.time_range import to_epoch
from packhouse.services.products import Recipe

SIZES, SIZE_WEIGHTS = ("mikro", "kecil", "menengah"), (91, 8, 1)
LEVELS, LEVEL_WEIGHTS = ("trial", "nib", "market_ready"), (45, 40, 15)
NAMES = (
    "Sari", "Rahma", "Yanti", "Theresia", "Mei", "Nur", "Dayang", "Lestari", "Agnes", "Fitri",
    "Hendra", "Dominikus", "Wahyu", "Akhiong", "Budi", "Yohanes", "Iskandar", "Rudi",
)  # fmt: skip
FIRST_MAN = 10
HALAL = tuple(key for key, each in RECIPES.items() if each.lane == "halal")
NON_HALAL = tuple(key for key, each in RECIPES.items() if each.lane == "non_halal")
NON_HALAL_SHARE = 0.04
MEMBERS_OF_A_COOPERATIVE = 8


@dataclass(frozen=True, slots=True)
class Crowd:
    """The ids of businesses, and how much each one packs compared with others."""

    businesses: tuple[int, ...]
    zeal: dict[int, float]


def add_crowd(
    rows: Rows,
    *,
    regencies: Sequence[str],
    cooperatives: int,
    now: datetime,
    rng: Random,
    tell: Callable[[int], object] = lambda done: None,
) -> Crowd:
    """Add a business with owner and products for each regency named, then cooperatives of them."""
    hashed = hash_password(PASSWORD)  # Once for all: it protects invented accounts only.
    zeal: dict[int, float] = {}
    for number, regency in enumerate(regencies, start=100):
        lane = NON_HALAL if rng.random() < NON_HALAL_SHARE else HALAL
        keys = rng.sample(lane, k=min(len(lane), rng.choice((1, 1, 2, 2, 3))))
        name = f"{RECIPES[keys[0]].name.split()[0]} Contoh {number}"
        business = _add(rows, (number, name, "umkm", regency), hashed, now, rng)
        for key in keys:
            _product(rows, business, RECIPES[key], now)
        # A few come every week, most a few times a year.
        zeal[business] = rng.paretovariate(1.3)
        tell(1)
    members = list(zeal)
    for number in range(cooperatives):
        own = rng.choice(regencies)
        name = f"Koperasi Contoh {number + 1}"
        place = len(regencies) + 100 + number
        business = _add(rows, (place, name, "cooperative", own), hashed, now, rng)
        for key in rng.sample(HALAL, k=3):
            _product(rows, business, RECIPES[key], now)
        for member in rng.sample(members, k=min(MEMBERS_OF_A_COOPERATIVE, len(members))):
            rows.link("cooperative_members", business, member)
        zeal[business] = 4 * rng.paretovariate(1.3)
    return Crowd(tuple(zeal), zeal)


def _add(
    rows: Rows,
    firm: tuple[int, str, str, str],
    hashed: str,
    now: datetime,
    rng: Random,
) -> int:
    number, name, kind, regency = firm
    at = to_epoch(now)
    size = rng.choices(SIZES, SIZE_WEIGHTS)[0]
    level = rng.choices(LEVELS, LEVEL_WEIGHTS)[0]
    owner = rng.randrange(len(NAMES))
    called = f"{'Ibu' if owner < FIRST_MAN else 'Bapak'} Contoh {NAMES[owner]} {number}"
    nib = None if level == "trial" else nib_of(number)
    papers = size, "PP 7/2021", level, level, nib
    business = rows.add("businesses", name, kind, regency, *papers, True, at)
    user = rows.add(
        "users", address_of(f"usaha{number}"), called, phone_of(number % 100_000), "producer",
        "id", hashed, True, True, at,
    )  # fmt: skip
    rows.link("memberships", user, business, "owner")
    rows.tell(
        at, 0, None, "business:created", ("business", business), regency=regency, size=size,
        level=level, kind=kind,
    )  # fmt: skip
    return business


def _product(rows: Rows, business: int, recipe: Recipe, now: datetime) -> int:
    allergens = canonical_json(sorted(recipe.allergens))
    told = recipe.name, recipe.pack, str(recipe.lane), allergens, str(recipe.aroma), recipe.wet
    return rows.add("products", business, *told, to_epoch(now))
