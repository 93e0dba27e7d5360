"""What a report is asked for."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from packhouse.errors import Malformed

By = Literal["machine", "site", "day", "kind"]
LONGEST_DAYS = 3 * 366
FIRST_YEAR, LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included, of one site or machine (by code) or of all.

    ``by`` groups the figures. Raises Malformed for a period that is reversed, too long, or in an
    unlikely year.
    """

    from_day: date
    to_day: date
    by: By = "machine"
    site: str | None = None
    machine: str | None = None

    def __post_init__(self) -> None:
        if self.from_day > self.to_day:
            raise Malformed("period_reversed")
        if self.from_day.year < FIRST_YEAR or self.to_day.year > LAST_YEAR:
            raise Malformed("period_unlikely", first=str(FIRST_YEAR), last=str(LAST_YEAR))
        if (self.to_day - self.from_day).days >= LONGEST_DAYS:
            raise Malformed("period_too_long", days=LONGEST_DAYS)
        if self.by not in ("machine", "site", "day", "kind"):
            raise Malformed("by_unknown", by=self.by)
