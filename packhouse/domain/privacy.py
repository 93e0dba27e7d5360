"""Personal data: what it is used for and with whose consent, and how it is masked.

The law is UU 27/2022 (Pelindungan Data Pribadi). A public service rests on the public task, so
it needs no consent; everything beyond it does, purpose by purpose, and consent once withdrawn
counts no longer from that instant on (the law allows three days).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# How long what tells who somebody is is kept after it was last needed; usage, charges and the
# audit trail are kept by the rules for archives, under numbers.
TEXTS_KEPT = timedelta(days=90)
CONTACTS_KEPT = timedelta(days=730)


class Purpose(StrEnum):
    """What personal data may be used for beyond the service itself, with consent."""

    WHATSAPP = "whatsapp"
    FACILITATOR = "facilitator"
    STORY = "story"
    DIRECTORY = "directory"
    NEWS = "news"


# The version of the words a person agrees to. New words need a new yes.
VERSIONS: dict[Purpose, int] = dict.fromkeys(Purpose, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One yes or no, as it was given."""

    purpose: Purpose
    version: int
    given: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a purpose stands: ``given`` counts now; ``is_outdated`` was given to older words."""

    purpose: Purpose
    version: int
    given: bool
    is_outdated: bool
    at: datetime | None


def standings(answers: Iterable[Answer]) -> tuple[Standing, ...]:
    """Return how every purpose stands after these answers, the oldest first: the last counts."""
    last = {each.purpose: each for each in answers}
    return tuple(_standing(purpose, last.get(purpose)) for purpose in Purpose)


def _standing(purpose: Purpose, answer: Answer | None) -> Standing:
    version = VERSIONS[purpose]
    if answer is None:
        return Standing(purpose, version, given=False, is_outdated=False, at=None)
    outdated = answer.given and answer.version < version
    return Standing(purpose, version, answer.given and not outdated, outdated, answer.at)


def masked_email(email: str) -> str:
    """Return an address that its owner recognises and nobody else can write to."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}" if at else "***"
