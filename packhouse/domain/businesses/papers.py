"""Papers: the NIB of a business, the licences of its products, and how long they hold.

A number is kept as it was told, whatever its shape: an officer decides who has seen the paper.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from packhouse.domain.businesses.identity import normal_nib
from packhouse.errors import Problem

LONGEST_NUMBER = 60
LONGEST_TITLE = 120
FIRST_YEAR, LAST_YEAR = 1945, 2199
EXPIRY_LEADS = (60, 14)
"""Days before a paper ends on which its people are told, the longest first."""


class PaperKind(StrEnum):
    """NIB and halal certificate of a business, P-IRT, MD and halal certificate of a product."""

    NIB = "nib"
    HALAL = "halal"
    PIRT = "pirt"
    MD = "md"
    OTHER = "other"


class PaperState(StrEnum):
    """What an officer said of a paper; it is removed by its people or by a newer one."""

    UNCHECKED = "unchecked"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


MARKET_LICENCES = frozenset({PaperKind.PIRT, PaperKind.MD})
OF_PRODUCTS = MARKET_LICENCES | {PaperKind.HALAL, PaperKind.OTHER}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of a business, or of one of its products; the last day it holds, if it has one."""

    kind: PaperKind
    state: PaperState
    number: str = ""
    product_id: int | None = None
    expires_on: date | None = None

    def is_told(self) -> bool:
        """Say whether the business has it by its own word: it was neither refused nor removed."""
        return self.state in (PaperState.UNCHECKED, PaperState.VERIFIED)

    def holds(self, today: date) -> bool:
        """Say whether an officer has seen it and it has not ended."""
        ended = self.expires_on is not None and self.expires_on < today
        return self.state is PaperState.VERIFIED and not ended


def pirt_digits(number: str) -> str | None:
    """Return the digits of a P-IRT number as printed (13 or more, a dash, 2); None if it is none.

    Shape: Peraturan BPOM on SPP-IRT. The codes inside are not checked: which set of regency
    codes an office used cannot be told from the number.
    """
    text = re.sub(r"(?i)p-?irt|no\.?|[\s.:]", "", number)
    return text.replace("-", "") if re.fullmatch(r"[0-9]{13,}-?[0-9]{2}", text) else None


def expiry_of(*, kind: str, number: str, expires_on: date | None) -> date | None:
    """Return the last day a paper holds: as told, else as a P-IRT number says by its year."""
    digits = pirt_digits(number) if kind == PaperKind.PIRT else None
    if expires_on is None and digits is not None:
        return date(2000 + int(digits[-2:]), 12, 31)
    return expires_on


def lead_due(*, expires_on: date, today: date, warned: int | None) -> int | None:
    """Return which warning is due: 60 or 14 days before the end, each once, the nearer one only.

    `warned` is the one that was given last. None when there is nothing to say today.
    """
    left = expires_on - today
    if left < timedelta(0):
        return None
    due = [days for days in EXPIRY_LEADS if left <= timedelta(days=days)]
    nearest = min(due, default=None)
    return nearest if nearest is not None and (warned is None or nearest < warned) else None


def problems_with_paper(
    *,
    kind: str,
    number: str,
    title: str,
    issued_on: date | None,
    expires_on: date | None,
    of_product: bool,
) -> list[Problem]:
    """Return what keeps a paper from being noted at all; odd numbers are only warned of."""
    known = kind in set(PaperKind)
    reversed_ = issued_on is not None and expires_on is not None and expires_on < issued_on
    days = [each for each in (issued_on, expires_on) if each is not None]
    numbered = kind in (PaperKind.NIB, PaperKind.OTHER) or bool(number.strip())
    shaped = kind != PaperKind.NIB or normal_nib(number) is not None
    checks = (
        (known, Problem("paper_kind_unknown", {"value": kind})),
        (not (known and of_product) or kind in OF_PRODUCTS, Problem("paper_of_business")),
        (numbered, Problem("paper_number_missing")),
        (len(number) <= LONGEST_NUMBER, Problem("paper_number_long", {"maximum": LONGEST_NUMBER})),
        (shaped, Problem("nib_malformed", {"nib": number})),
        (kind != PaperKind.OTHER or bool(title.strip()), Problem("paper_title_missing")),
        (len(title) <= LONGEST_TITLE, Problem("text_long", {"maximum": LONGEST_TITLE})),
        (not reversed_, Problem("paper_days_reversed")),
        (all(FIRST_YEAR <= day.year <= LAST_YEAR for day in days), Problem("paper_day_unlikely")),
    )  # fmt: skip
    return [problem for fine, problem in checks if not fine]
