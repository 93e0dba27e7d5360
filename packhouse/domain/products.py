"""What is packed: lanes, packs, allergens, aromas, and the cleaning between two products."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeVar

from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import from_epoch, to_epoch
from packhouse.errors import Malformed, Problem, RuleBroken

_Code = TypeVar("_Code", bound=StrEnum)


class Lane(StrEnum):
    """The side of the house; tools of one never serve the other (UU 33/2014 art. 21)."""

    HALAL = "halal"
    NON_HALAL = "non_halal"


class Allergen(StrEnum):
    FISH = "fish"
    CRUSTACEAN = "crustacean"
    MOLLUSC = "mollusc"
    PEANUT = "peanut"
    TREE_NUT = "tree_nut"
    SOY = "soy"
    MILK = "milk"
    EGG = "egg"
    GLUTEN = "gluten"
    SESAME = "sesame"
    SULPHITE = "sulphite"


class Aroma(StrEnum):
    NONE = "none"
    DURIAN = "durian"
    TERASI = "terasi"
    COFFEE = "coffee"
    ONION = "onion"
    SPICE = "spice"


class PackFamily(StrEnum):
    POUCH = "pouch"
    VACUUM = "vacuum"
    FILM = "film"
    BOTTLE = "bottle"
    JAR = "jar"
    CUP = "cup"
    CAN = "can"
    CARTON = "carton"
    TEA_BAG = "tea_bag"
    SERVICE = "service"


PACKS: dict[str, PackFamily] = {
    "pouch_50": PackFamily.POUCH,
    "pouch_100": PackFamily.POUCH,
    "pouch_250": PackFamily.POUCH,
    "pouch_500": PackFamily.POUCH,
    "pouch_1000": PackFamily.POUCH,
    "standing_pouch": PackFamily.POUCH,
    "spout_pouch": PackFamily.POUCH,
    "valve_pouch": PackFamily.POUCH,
    "retort_pouch": PackFamily.POUCH,
    "vacuum_bag": PackFamily.VACUUM,
    "sachet": PackFamily.FILM,
    "pillow_pack": PackFamily.FILM,
    "bottle_100": PackFamily.BOTTLE,
    "bottle_250": PackFamily.BOTTLE,
    "bottle_600": PackFamily.BOTTLE,
    "jar": PackFamily.JAR,
    "cup_120": PackFamily.CUP,
    "cup_220": PackFamily.CUP,
    "can": PackFamily.CAN,
    "carton": PackFamily.CARTON,
    "tea_bag": PackFamily.TEA_BAG,
    "label_only": PackFamily.SERVICE,
    "print_only": PackFamily.SERVICE,
}
"""The packs of the catalogue and their families; the words for people are in i18n."""

_PACK_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def is_pack(code: str) -> bool:
    """Tell whether a word can be the code of a pack; a house may handle what is not listed."""
    return _PACK_CODE.fullmatch(code) is not None


@dataclass(frozen=True, slots=True)
class ProductTraits:
    """What of a product decides where it may be packed and what must be cleaned after it.

    `wet` also stands for oily: both leave a film that only the full clean removes.
    """

    lane: Lane = Lane.HALAL
    allergens: frozenset[Allergen] = frozenset()
    aroma: Aroma = Aroma.NONE
    wet: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What a producer asks for: so many pieces of one product in one pack."""

    traits: ProductTraits
    pack: str
    quantity: int


class CleaningLevel(IntEnum):
    """How thoroughly a machine is cleaned between two products."""

    NONE = 0
    BRUSH = 1
    AROMA = 2
    FULL = 3


class LaneMismatch(RuleBroken):
    """Two lanes met on one machine; no cleaning makes that right."""

    def __init__(self, previous: Lane, following: Lane) -> None:
        super().__init__(
            [Problem("lane_mismatch", {"previous_lane": previous, "product_lane": following})]
        )


def cleaning_level(previous: ProductTraits | None, following: ProductTraits) -> CleaningLevel:
    """Return the cleaning a machine needs after `previous` and before `following`.

    None stands for the start of an opening day, which always starts clean. The rule of contract
    packers: brush down only where the next product already holds every allergen of the last one;
    a lingering aroma asks for more, a wet or oily product or a foreign allergen for everything.
    It is asymmetric, and never cheaper by a detour: level(a, c) <= max(level(a, b), level(b, c)).
    Raises LaneMismatch.
    """
    if previous is None:
        return CleaningLevel.NONE
    if previous.lane != following.lane:
        raise LaneMismatch(previous.lane, following.lane)
    if previous.wet or previous.allergens - following.allergens:
        return CleaningLevel.FULL
    if previous.aroma in (Aroma.NONE, following.aroma):
        return CleaningLevel.BRUSH
    return CleaningLevel.AROMA


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something that already keeps the machine busy; without `traits` it is a wall.

    `kind` is the occupation's kind, `key` the caller's own mark and `level` the cleaning that is
    stored for it; planning reads none of them.
    """

    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    traits: ProductTraits | None
    kind: str
    key: int | None = None
    level: int | None = None

    @property
    def keeps_from(self) -> datetime:
        """From when nothing else fits: a product's clean is planned anew, a wall's is not."""
        return self.starts_at if self.traits else self.occupied_from


def clean_start(
    day: WorkingDay, after: datetime, before: datetime, walls: Sequence[Neighbour], minutes: int
) -> datetime | None:
    """Return from when a clean between two instants is claimed, None if it fits nowhere.

    A clean is one piece of working time between the `walls`, which are sorted. It is claimed
    right before `before`; where it only fits ahead of a wall, nothing is claimed.
    """
    cursor, earlier = to_epoch(after), False
    for wall in walls:
        room = day.position(to_epoch(wall.occupied_from)) - day.position(cursor)
        earlier = earlier or room >= minutes * 60
        cursor = max(cursor, to_epoch(wall.ends_at))
    target = day.position(to_epoch(before)) - minutes * 60
    if not minutes:
        return before
    if target >= day.position(cursor):
        return from_epoch(day.start_at(target))
    return before if earlier else None


def walls_until(others: Iterable[Neighbour], stop: Neighbour | None) -> list[Neighbour]:
    """Return what stands before `stop`; None stands for the end."""
    walls = []
    for each in others:
        if each is stop:
            break
        walls.append(each)
    return walls


def traits_of(lane: str, allergens: frozenset[str], aroma: str, *, wet: bool) -> ProductTraits:
    """Build traits from codes; raises Malformed with `field` and `value` of an unknown one."""
    return ProductTraits(
        _member(Lane, "lane", lane),
        frozenset(_member(Allergen, "allergens", each) for each in sorted(allergens)),
        _member(Aroma, "aroma", aroma),
        wet,
    )


def _member(kind: type[_Code], field: str, value: str) -> _Code:
    try:
        return kind(value)
    except ValueError:
        raise Malformed("code_unknown", field=field, value=value) from None


_NON_HALAL = re.compile(r"\b(babi|celeng|pork|b2|samcan|lard|arak|tuak|anjing|char ?siu)\b")


def sounds_non_halal(name: str) -> bool:
    """Tell whether a name speaks of what a halal machine must never meet, so that somebody asks.

    It finds what is said openly and nothing else: the lane is what its producer declares.
    """
    return _NON_HALAL.search(name.casefold()) is not None
