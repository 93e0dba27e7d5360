"""What must be cleaned and signed for before a run, from what really ran before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packhouse.domain.products import Aroma, CleaningLevel, ProductTraits, cleaning_level


class Why(StrEnum):
    """What of the product before asks for the clean."""

    ALLERGENS = "allergens"
    WET = "wet"
    AROMA = "aroma"
    BRUSH = "brush"


class Missing(StrEnum):
    """What still stands between a machine and its next run."""

    CLEAN = "clean"  # Nobody has signed for it.
    CHECK = "check"  # It is done, and a second person must look.


@dataclass(frozen=True, slots=True)
class CleaningDue:
    """The clean due before a run: how thorough, why, and what of the product before is left."""

    level: CleaningLevel
    why: Why
    allergens: tuple[str, ...] = ()
    aroma: str = ""

    @property
    def needs_second(self) -> bool:
        """Say whether a second person must look: a full clean is what allergens rest on."""
        return self.level == CleaningLevel.FULL


@dataclass(frozen=True, slots=True)
class Signed:
    """A clean that somebody signed for; ``checked`` when a second person has looked."""

    level: int
    at: datetime
    checked: bool


def due_between(previous: ProductTraits | None, following: ProductTraits) -> CleaningDue | None:
    """Return the clean between two runs of a day; None where the machine is clean already.

    The practice of contract packers: an allergen the next product does not hold, or anything wet,
    asks for everything and a second pair of eyes.
    """
    level = cleaning_level(previous, following)
    if previous is None or level == CleaningLevel.NONE:
        return None
    left = previous.allergens - following.allergens
    if left:
        return CleaningDue(level, Why.ALLERGENS, allergens=tuple(sorted(left)))
    if previous.wet:
        return CleaningDue(level, Why.WET)
    if previous.aroma not in (Aroma.NONE, following.aroma):
        return CleaningDue(level, Why.AROMA, aroma=str(previous.aroma))
    return CleaningDue(level, Why.BRUSH)


def missing(
    due: CleaningDue | None, *, since: datetime, signed: Iterable[Signed]
) -> Missing | None:
    """Return what is still missing; ``since`` is when the run before ended.

    A clean counts if it came after that run and was thorough enough.
    """
    if due is None:
        return None
    enough = [each for each in signed if each.at >= since and each.level >= due.level]
    if not enough:
        return Missing.CLEAN
    if due.needs_second and not any(each.checked for each in enough):
        return Missing.CHECK
    return None
