"""Who stands at the desk: her code as it was typed, and what she is told about her time."""

import re
from datetime import date
from enum import StrEnum

from packhouse.domain.bookings.states import State

# Codes are written without letters and digits that are mistaken for one another: whoever types
# one of those has misread something, and whatever stands in its place may be meant.
UNUSED = "01ILOU"
# These are written, and misread all the same.
ALIKE = ("8B", "5S", "2Z", "6G", "VY", "7T", "QD", "MN")
_NOT_IN_CODES = re.compile(r"[^0-9A-Z]+")
LONGEST, SHORTEST = 40, 3
ANY = "_"


def code_patterns(typed: str) -> tuple[str, ...]:
    """Return what a code may look like that was typed, said or scanned so, surest first.

    ``_`` stands for any one character. The address of a QR code, lower case, spaces for hyphens
    and a missing house are no trouble. Empty for what can be no code.
    """
    text = typed.strip().split("?")[0].rstrip("/").rpartition("/")[2].upper()
    words = [each for each in _NOT_IN_CODES.split(text) if each]
    if not words or len(text) > LONGEST:
        return ()
    if len(words) == 1 and len(words[0]) > 6:
        words = [words[0][:-6], words[0][-6:]]  # The hyphen was left out.
    ending = words[-1]
    if not SHORTEST <= len(ending) <= 6:
        return ()
    head = "-".join(words[:-1])
    head = f"{head}-" if head else ""
    sure = "".join(ANY if each in UNUSED else each for each in ending)
    looked = "".join(ANY if any(each in pair for pair in ALIKE) else each for each in sure)
    found = dict.fromkeys((f"{head}{sure}", sure, f"{head}{looked}", looked))
    # A pattern that fits a tenth of all codes is no code, but a name.
    return tuple(each for each in found if each.count(ANY) <= _most_unsure(ending))


def _most_unsure(ending: str) -> int:
    return 2 if len(ending) == 6 else 0


class Welcome(StrEnum):
    """What the desk says to somebody with a booking, by its state, its day and the clock."""

    COME_IN = "come_in"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"
    HERE = "here"
    RUNNING = "running"
    FINISHED = "finished"
    NO_SHOW = "no_show"
    ANOTHER_DAY = "another_day"
    DAY_PAST = "day_past"
    NOT_DECIDED = "not_decided"
    DISPLACED = "displaced"
    CALLED_OFF = "called_off"


_BY_STATE = {
    State.ARRIVED: Welcome.HERE,
    State.RUNNING: Welcome.RUNNING,
    State.FINISHED: Welcome.FINISHED,
    State.REQUESTED: Welcome.NOT_DECIDED,
    State.DISPLACED: Welcome.DISPLACED,
}
_GONE = frozenset({State.CANCELLED, State.REJECTED, State.EXPIRED})


def welcome(state: State, *, day: date, today: date, by_the_clock: Welcome) -> Welcome:
    """Return what somebody is told who is at the desk today with a booking for a day.

    ``by_the_clock`` is what a confirmed booking of today is told: early, late, or come in.
    """
    if state in _GONE:
        return Welcome.CALLED_OFF
    if state in _BY_STATE:
        return _BY_STATE[state]
    if state == State.NO_SHOW:
        return Welcome.NO_SHOW if day == today else Welcome.DAY_PAST
    if day != today:
        return Welcome.ANOTHER_DAY if day > today else Welcome.DAY_PAST
    return by_the_clock
