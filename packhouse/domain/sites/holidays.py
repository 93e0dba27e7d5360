"""Holidays and Ramadan, as decrees and calendars know them so far: a seed, never the last word."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off by decree; `estimated` where the date waits for the moon or the decree."""

    day: date
    name: str
    kind: Literal["public", "government"]
    estimated: bool


_HOLIDAY_KINDS: tuple[Literal["public", "government"], ...] = ("public", "government")
_ESTIMATED = " (perkiraan)"


@lru_cache(maxsize=16)
def indonesian_holidays(year: int) -> tuple[Holiday, ...]:
    """Return the national holidays and the joint leave (cuti bersama) of a year, by day.

    Names are Indonesian, the only language the decrees have. A year without any joint leave is
    not decreed yet. Only a seed: the manager of a site confirms or rejects each day.
    """
    import holidays

    days: list[Holiday] = []
    for kind in _HOLIDAY_KINDS:
        table = holidays.country_holidays("ID", years=year, categories=(kind,), language="id")
        for day in table:
            days.extend(
                Holiday(day, name.removesuffix(_ESTIMATED), kind, name.endswith(_ESTIMATED))
                for name in table.get_list(day)
            )
    return tuple(sorted(days, key=lambda each: (each.day, each.kind, each.name)))


@dataclass(frozen=True, slots=True)
class Ramadan:
    """The fasting month, both days included; ``estimated`` until the moon was seen."""

    first_day: date
    last_day: date
    estimated: bool


def next_ramadan(today: date) -> Ramadan | None:
    """Return the fasting month that is on or comes next; None where no table tells it.

    By the criteria Indonesia shares with its neighbours (MABIMS). The ministry announces both
    ends by the moon, so a date may be a day off: the manager sees and may change it.
    """
    from holidays.calendars import islamic

    table = getattr(islamic, "_IslamicMabimsLunar", None)
    if table is None:
        return None
    years = range(today.year - 1, today.year + 3)
    begins = sorted(each for year in years for each in _dates(table(), "ramadan_beginning", year))
    ends = sorted(day for year in years for day, _ in _dates(table(), "eid_al_fitr", year))
    for first, estimated in begins:
        end = next((day for day in ends if day > first), None)
        if end is not None and today < end:
            return Ramadan(first, end - timedelta(days=1), estimated)
    return None


def _dates(table: object, name: str, year: int) -> list[tuple[date, bool]]:
    found = getattr(table, f"{name}_dates", None)
    return list(found(year)) if found is not None else []
