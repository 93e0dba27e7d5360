"""Hours as people and commands write them: "mon-thu 07:30-12:00 13:00-16:00; fri …"."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby

from packhouse.domain.sites.calendar import MINUTES_A_DAY, Opening, WorkingHours
from packhouse.errors import Malformed

# Government offices of five days in the fasting month: 32.5 hours (Perpres 21/2023).
RAMADAN_HOURS = "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30"
# In Pontianak the noon prayer of a Friday begins between 11.26 and 11.57 over the year.
FRIDAY_PRAYER = (11 * 60 + 30, 13 * 60)

_DAY_CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS = {code: number for number, code in enumerate(_DAY_CODES)} | {
    code: number for number, code in enumerate(("sen", "sel", "rab", "kam", "jum", "sab", "min"))
}
_TOKEN = re.compile(r"[^\s;]+|;")
_INTERVAL = re.compile(r"(\d{1,2})[:.](\d{2})-(\d{1,2})[:.](\d{2})")


def parse_hours(
    text: str, *, valid_from: date | None = None, valid_to: date | None = None
) -> WorkingHours:
    """Read "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30".

    Days are mon … sun or sen … min, single, as a range, or as a list with commas. Raises
    Malformed with the code of the first fault, its `position` (1 = first character) and `text`.
    """
    openings: list[Opening] = []
    days: tuple[int, ...] | None = None
    complete = True
    for match in _TOKEN.finditer(text):
        word, position = match.group(), match.start() + 1
        if word == ";":
            if not complete:
                raise Malformed("hours_times_missing", position=position, text=word)
            days = None
        elif days is None:
            days, complete = _read_days(word, position), False
        else:
            openings.extend(_read_openings(word, position, days, openings))
            complete = True
    if not complete or not openings:
        code = "hours_empty" if complete else "hours_times_missing"
        raise Malformed(code, position=len(text) + 1, text="")
    return WorkingHours(tuple(openings), valid_from, valid_to)


def _read_days(word: str, position: int) -> tuple[int, ...]:
    days: list[int] = []
    for part in word.lower().split(","):
        ends = part.split("-")
        if len(ends) > 2 or any(end not in _WEEKDAYS for end in ends):
            raise Malformed("hours_weekday_unknown", position=position, text=word)
        first, last = _WEEKDAYS[ends[0]], _WEEKDAYS[ends[-1]]
        if first > last:
            raise Malformed("hours_days_reversed", position=position, text=word)
        days.extend(range(first, last + 1))
    return tuple(days)


def _read_openings(
    word: str, position: int, days: tuple[int, ...], earlier: Sequence[Opening]
) -> list[Opening]:
    match = _INTERVAL.fullmatch(word)
    if not match:
        raise Malformed("hours_interval_unreadable", position=position, text=word)
    hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
    if minute > 59 or to_minute > 59:
        raise Malformed("hours_interval_unreadable", position=position, text=word)
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if closes > MINUTES_A_DAY:
        raise Malformed("hours_past_midnight", position=position, text=word)
    fresh: list[Opening] = []
    for day in days:
        try:
            opening = Opening(day, opens, closes)
        except Malformed as wrong:
            raise Malformed(wrong.problems[0].code, position=position, text=word) from None
        if any(
            each.weekday == day and opens < each.closes and each.opens < closes
            for each in (*earlier, *fresh)
        ):
            raise Malformed("hours_overlap", position=position, text=word)
        fresh.append(opening)
    return fresh


def without_friday_prayer(openings: Sequence[Opening]) -> tuple[Opening, ...]:
    """Return the openings of a day without the time of the Friday prayer."""
    begins, ends = FRIDAY_PRAYER
    rest = (
        (each.weekday, first, last)
        for each in openings
        for first, last in (
            (each.opens, min(each.closes, begins)),
            (max(each.opens, ends), each.closes),
        )
        if first < last
    )
    return tuple(Opening(*each) for each in rest)


def format_hours(hours: WorkingHours) -> str:
    """Write openings the way `parse_hours` reads them, neighbouring equal days as a range."""
    by_day: dict[int, str] = {}
    for each in hours.openings:
        times = f"{_clock(each.opens)}-{_clock(each.closes)}"
        by_day[each.weekday] = f"{by_day.get(each.weekday, '')} {times}"
    parts: list[str] = []
    for shared, same in groupby(range(7), key=by_day.get):
        days = list(same)
        if shared is not None:
            last = f"-{_DAY_CODES[days[-1]]}" if len(days) > 1 else ""
            parts.append(f"{_DAY_CODES[days[0]]}{last}{shared}")
    return "; ".join(parts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
