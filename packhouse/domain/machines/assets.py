"""Machines as the property they are: their register, condition, and where they stand.

Indonesian regional government assets are kept in the equipment card (KIB B) by kode barang and
NUP, and their condition is told as B, RR or RB (Permendagri 19/2016, 47/2021).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from packhouse.errors import Problem

LONGEST_TEXT = 200
LONGEST_NOTE = 500
MOST_RUPIAH = 10**12
FIRST_YEAR, LAST_YEAR = 1945, 2100


class Condition(StrEnum):
    """What shape an asset is in."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


MARKS: Mapping[Condition, str] = {
    Condition.GOOD: "B",
    Condition.FAIR: "RR",
    Condition.BAD: "RB",
}
"""How the asset officer writes a condition: baik, rusak ringan, rusak berat."""


class FundKind(StrEnum):
    """Whose money bought an asset."""

    APBD = "apbd"
    TP = "tp"
    HIBAH = "hibah"
    CSR = "csr"


class PlacementKind(StrEnum):
    """Whether a machine stands where it belongs, or is lent out."""

    OWN = "own"
    LOAN = "loan"


@dataclass(frozen=True, slots=True)
class Asset:
    """The register's row of a machine: money in whole rupiah, the holder is an office.

    ``fund_source`` says in words what ``fund_kind`` says by code.
    """

    asset_code: str = ""
    asset_number: str = ""
    acquired_year: int | None = None
    acquisition_value: int | None = None
    fund_kind: str = ""
    fund_source: str = ""
    holder: str = ""
    condition: str = Condition.GOOD


ASSET_FIELDS = tuple(each.name for each in fields(Asset))


def asset_of(described: object) -> Asset:
    """Return the register's row of anything that has its fields: a machine, or a draft of one."""
    return Asset(**{name: getattr(described, name) for name in ASSET_FIELDS})


# Three to eight groups of digits (national and regional codings), or ten digits in one.
_CODE = re.compile(r"\d{1,3}(\.\d{1,3}){3,7}|\d{10}")
_NUMBER = re.compile(r"\d{1,6}")
# A civil servant's number has 18 digits, people write it in groups.
_PERSON = re.compile(r"(?<!\d)\d{8} ?\d{6} ?\d ?\d{3}(?!\d)")


def tidy_asset_code(text: str) -> str:
    """Return a kode barang as it is kept: groups of digits with a dot between them."""
    return re.sub(r"[\s./-]+", ".", text.strip()).strip(".")


def tidy_condition(text: str) -> str:
    """Return the code of a condition that may be written as the asset officer does (B, RR, RB)."""
    marks = {mark.lower(): str(condition) for condition, mark in MARKS.items()}
    word = text.strip().lower()
    return marks.get(word, word)


def problems_with_asset(asset: Asset) -> list[Problem]:
    """Return everything in a row of the register that cannot be so."""
    texts = (asset.fund_source, asset.holder)
    year, value = asset.acquired_year, asset.acquisition_value
    checks: tuple[tuple[object, str, dict[str, object]], ...] = (
        (not asset.asset_code or _CODE.fullmatch(asset.asset_code), "asset_code_malformed", {}),
        (
            not asset.asset_number or _NUMBER.fullmatch(asset.asset_number),
            "asset_number_malformed",
            {},
        ),
        (not asset.asset_number or asset.asset_code, "asset_number_alone", {}),
        (max(map(len, texts)) <= LONGEST_TEXT, "text_long", {"maximum": LONGEST_TEXT}),
        (not _PERSON.search(asset.holder), "holder_is_person", {}),
        (year is None or FIRST_YEAR <= year <= LAST_YEAR, "year_out_of_range", {}),
        (value is None or 0 <= value <= MOST_RUPIAH, "amount_out_of_range", {}),
        (
            not asset.fund_kind or asset.fund_kind in set(FundKind),
            "fund_kind_unknown",
            {"value": asset.fund_kind[:80]},
        ),
        (
            asset.condition in set(Condition),
            "condition_unknown",
            {"value": asset.condition[:80]},
        ),
    )
    return [Problem(code, dict(facts)) for fine, code, facts in checks if not fine]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a machine is to stand from now on, and why.

    ``site`` is a code. ``document`` is what the move rests on, such as a berita acara; another
    house, and a loan, need one. ``due_on`` is when what is lent is to come back.
    """

    site: str
    room: str = ""
    reason: str = ""
    document: str = ""
    kind: str = PlacementKind.OWN
    due_on: date | None = None


def problems_with_move(move: Move, *, at_site: str, in_room: str, today: date) -> list[Problem]:
    """Return what is missing for a move from a site (code) and room, whatever is booked."""
    leaves = move.site != at_site
    lent = move.kind == PlacementKind.LOAN
    texts = (move.room, move.reason, move.document)
    checks: tuple[tuple[object, str, dict[str, object]], ...] = (
        (bool(move.reason), "reason_missing", {}),
        (max(map(len, texts)) <= LONGEST_TEXT, "text_long", {"maximum": LONGEST_TEXT}),
        (move.kind in set(PlacementKind), "placement_kind_unknown", {"value": move.kind[:80]}),
        (bool(move.document) or not (leaves or lent), "document_missing", {}),
        (leaves or lent or move.room != in_room, "placement_same", {}),
        (not lent or (move.due_on is not None and move.due_on > today), "loan_without_end", {}),
    )
    return [Problem(code, dict(facts)) for fine, code, facts in checks if not fine]


@dataclass(frozen=True, slots=True)
class Part:
    """A spare part somebody waits for; ``eta`` is the day on which it should be here."""

    part: str
    ordered_from: str = ""
    ordered_on: date | None = None
    eta: date | None = None
    note: str = ""


def problems_with_part(part: Part, *, today: date) -> list[Problem]:
    """Return what is wrong with the note of a spare part."""
    ordered = part.ordered_on
    checks: tuple[tuple[object, str, dict[str, object]], ...] = (
        (bool(part.part), "part_missing", {}),
        (
            max(len(part.part), len(part.ordered_from)) <= LONGEST_TEXT,
            "text_long",
            {"maximum": LONGEST_TEXT},
        ),
        (len(part.note) <= LONGEST_NOTE, "text_long", {"maximum": LONGEST_NOTE}),
        (ordered is None or ordered <= today, "ordered_in_future", {}),
        (part.eta is None or part.eta >= (ordered or today), "eta_in_past", {}),
    )
    return [Problem(code, dict(facts)) for fine, code, facts in checks if not fine]
