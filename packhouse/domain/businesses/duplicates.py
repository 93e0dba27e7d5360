"""Which businesses are on record twice, as far as a program can tell, and which may be merged."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from packhouse.domain.businesses.identity import normal_nib
from packhouse.domain.users import normal_phone
from packhouse.errors import Problem

# What stands before a name and does not tell two businesses apart.
_FORMS = frozenset({"cv", "fa", "irt", "kub", "pd", "pt", "ud", "ukm", "umkm", "usaha"})


class Likeness(StrEnum):
    """What two records have in common, most telling first."""

    NIB = "nib"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Known:
    """What of a business tells it apart; ``nibs`` are its own and those on its papers."""

    id: int
    name: str
    kind: str
    regency_code: str
    phone: str
    nibs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one business; the first is the older one."""

    first: int
    second: int
    likeness: tuple[Likeness, ...]


def name_key(name: str) -> str:
    """Return a name as it is compared: without case, accents, signs, spaces and legal form."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    words = re.findall(r"[^\W_]+", letters)
    return "".join(each for each in words if each not in _FORMS) or "".join(words)


def likenesses(first: Known, second: Known) -> tuple[Likeness, ...]:
    """Return what two records of a kind have in common; a name only counts within a regency."""
    mine, hers = set(_keys(first)), set(_keys(second))
    return tuple(each for each in Likeness if any(key[0] is each for key in mine & hers))


def likely_pairs(
    known: Iterable[Known], *, apart: Container[tuple[int, int]] = frozenset()
) -> list[Pair]:
    """Return the pairs that may be one business, most telling first.

    Each later record is put beside the oldest that shares something with it: of five with one
    telephone come four pairs. ``apart`` holds pairs (lower id first) that are known to be two:
    there the next oldest stands in.
    """
    by_id = {each.id: each for each in known}
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for business_id in sorted(by_id):
        for key in _keys(by_id[business_id]):
            groups[key].append(business_id)
    found = {
        pair
        for group in groups.values()
        for place, other in enumerate(group)
        if (
            pair := next(((one, other) for one in group[:place] if (one, other) not in apart), None)
        )
    }
    pairs = [Pair(*each, likenesses(by_id[each[0]], by_id[each[1]])) for each in found]
    order = list(Likeness)
    return sorted(pairs, key=lambda each: (order.index(each.likeness[0]), each.first, each.second))


def _keys(known: Known) -> Iterator[tuple[Likeness, str, str]]:
    for nib in known.nibs:
        whole = normal_nib(nib)
        if whole:
            yield Likeness.NIB, known.kind, whole
    phone = normal_phone(known.phone)
    if phone:
        yield Likeness.PHONE, known.kind, phone
    name = name_key(known.name)
    if name:
        yield Likeness.NAME, f"{known.kind} {known.regency_code}", name


@dataclass(frozen=True, slots=True)
class Mergeable:
    """What decides whether a record may be merged; ``merged`` if it was already."""

    id: int
    kind: str
    nib: str | None
    merged: bool


def problems_with_merge(merged: Mergeable, into: Mergeable, *, linked: bool) -> list[Problem]:
    """Return everything that speaks against making two records one.

    ``linked``: one is a member of the other.
    """
    checks = (
        (merged.id != into.id, Problem("merge_self")),
        (not (merged.merged or into.merged), Problem("merge_done")),
        (merged.kind == into.kind, Problem("merge_kinds")),
        (not (merged.nib and into.nib and merged.nib != into.nib), Problem("merge_nibs")),
        (not linked, Problem("merge_linked")),
    )
    return [problem for fine, problem in checks if not fine]
