"""What may be wrong with the licences of a product: warnings with a way forward, never a wall.

What the digits mean is BPOM's rule for P-IRT numbers; which package a code stands for is theirs
to judge, so a doubt is told and nothing is refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from packhouse.domain.businesses.identity import Level
from packhouse.domain.businesses.papers import (
    EXPIRY_LEADS,
    MARKET_LICENCES,
    Paper,
    PaperKind,
    PaperState,
    pirt_digits,
)
from packhouse.domain.products import PACKS, Lane, PackFamily
from packhouse.errors import Problem

PACKAGES = MappingProxyType(
    {
        "1": "glass", "2": "plastic", "3": "paper", "4": "can", "5": "foil", "6": "other",
        "7": "composite", "8": "double",
    }
)  # fmt: skip
"""The first digit of a P-IRT number: what the package is made of."""
_FILMS = frozenset("2357")
_MADE_OF: MappingProxyType[PackFamily, frozenset[str]] = MappingProxyType(
    {
        PackFamily.POUCH: _FILMS,
        PackFamily.FILM: _FILMS,
        PackFamily.VACUUM: frozenset("257"),
        PackFamily.BOTTLE: frozenset("12"),
        PackFamily.JAR: frozenset("12"),
        PackFamily.CUP: frozenset("23"),
        PackFamily.CAN: frozenset("4"),
        PackFamily.CARTON: frozenset("37"),
        PackFamily.TEA_BAG: frozenset("37"),
    }
)
# "Other" and "double" describe a package that no pack of ours contradicts.
_ANY_PACK = frozenset("68")
# P-IRT is for manual to semi-automatic equipment, and not for what is sterilised or pasteurised.
AUTOMATIC = frozenset({"vffs", "flow_wrapper", "tea_bagger"})
PROCESSING = frozenset({"retort", "pasteurizer"})


@dataclass(frozen=True, slots=True)
class Packed:
    """A product as a licence sees it: pack, lane, and the kind of machine if one was chosen."""

    pack: str
    lane: str
    level: str
    kind: str | None = None


def cautions(product: Packed, papers: Iterable[Paper], today: date) -> list[Problem]:
    """Return what its people should know before a product is packed and labelled.

    `papers` are those of the product and those of its business as a whole. Nothing here keeps
    anybody from booking.
    """
    told = [paper for paper in papers if paper.is_told()]
    found = list(_missing(product, told))
    for paper in told:
        found += _SHAPES.get(paper.kind, _no_shape)(paper, product)
        found += _age(paper, today)
    return found


def _missing(product: Packed, told: list[Paper]) -> Iterator[Problem]:
    if product.level == Level.TRIAL:
        yield Problem("trial_not_for_sale")
        return
    kinds = {paper.kind for paper in told}
    if not kinds & MARKET_LICENCES:
        yield Problem("licence_missing")
    if product.lane == Lane.HALAL and PaperKind.HALAL not in kinds:
        yield Problem("halal_missing")
    if product.kind in PROCESSING and PaperKind.MD not in kinds:
        yield Problem("process_needs_md")


def _pirt(paper: Paper, product: Packed) -> Iterator[Problem]:
    if product.kind in AUTOMATIC:
        yield Problem("pirt_automatic", {"number": paper.number})
    digits = pirt_digits(paper.number)
    if digits is None:
        yield Problem("pirt_shape", {"number": paper.number})
        return
    package = PACKAGES.get(digits[0])
    family = PACKS.get(product.pack)
    made_of = _MADE_OF.get(family) if family else None
    if package is None:
        yield Problem("pirt_package_unknown", {"number": paper.number, "digit": digits[0]})
    elif made_of is not None and digits[0] not in made_of | _ANY_PACK:
        facts = {"number": paper.number, "package": package, "pack": product.pack}
        yield Problem("pirt_package_differs", facts)


def _md(paper: Paper, product: Packed) -> Iterator[Problem]:
    if not re.fullmatch(r"(?i)(md|ml)\s?[0-9]{12,15}", paper.number.strip()):
        yield Problem("md_shape", {"number": paper.number})


def _halal(paper: Paper, product: Packed) -> Iterator[Problem]:
    number = re.sub(r"[\s.-]", "", paper.number).upper()
    if number.startswith("KH"):
        yield Problem("halal_is_decree", {"number": paper.number})
    elif not re.fullmatch(r"ID[0-9]{14,18}", number):
        yield Problem("halal_shape", {"number": paper.number})


def _no_shape(paper: Paper, product: Packed) -> Iterator[Problem]:
    return iter(())


_SHAPES: MappingProxyType[PaperKind, Callable[[Paper, Packed], Iterator[Problem]]] = (
    MappingProxyType({PaperKind.PIRT: _pirt, PaperKind.MD: _md, PaperKind.HALAL: _halal})
)


def _age(paper: Paper, today: date) -> Iterator[Problem]:
    facts = {"paper": paper.kind, "number": paper.number, "day": paper.expires_on}
    if paper.expires_on is not None:
        if paper.expires_on < today:
            yield Problem("paper_expired", facts)
        elif paper.expires_on <= today + timedelta(days=EXPIRY_LEADS[0]):
            yield Problem("paper_expires", facts)
    if paper.state is PaperState.UNCHECKED:
        yield Problem("paper_unchecked", facts)
