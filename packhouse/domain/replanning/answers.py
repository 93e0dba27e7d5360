"""What becomes of a plan, and what the people whom it moves are asked and answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from packhouse.domain.time_range import floor_to_slot


class PlanState(StrEnum):
    """Where a plan stands: an outdated one gave way to a newer."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    OUTDATED = "outdated"
    DISCARDED = "discarded"


class Cause(StrEnum):
    """Why bookings need a new time: it decides the words, not the plan."""

    BREAKDOWN = "breakdown"
    MAINTENANCE = "maintenance"
    HOURS = "hours"


class AnswerState(StrEnum):
    """Where a person stands whom an applied plan touches.

    ``asked`` for a new time; ``informed`` of a small shift; ``to_call`` because there is no time
    for her. She then ``accepted`` or ``declined``, or wants a call (``call_wanted``); ``called``
    once the desk has spoken with her.
    """

    ASKED = "asked"
    INFORMED = "informed"
    TO_CALL = "to_call"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CALL_WANTED = "call_wanted"
    CALLED = "called"


class Answer(StrEnum):
    """What she may say to her new time."""

    ACCEPT = "accept"
    DECLINE = "decline"
    CALL = "call"


class CallResult(StrEnum):
    """What came of a call; nobody at the other end means that she is called again."""

    AGREED = "agreed"
    OTHER_TIME = "other_time"
    UNREACHED = "unreached"


# She may still answer in these: nothing was settled with her yet.
ANSWERABLE = frozenset({AnswerState.ASKED, AnswerState.INFORMED, AnswerState.CALL_WANTED})
TO_BE_CALLED = frozenset({AnswerState.TO_CALL, AnswerState.CALL_WANTED})

LONGEST_WAIT = timedelta(hours=24)


def answer_by(*, now: datetime, starts_at: datetime) -> datetime:
    """Return until when she is asked: half of the time to the new start, at most a day.

    Silence keeps the new time: it stays hers, and from then on the desk calls her.
    """
    return max(floor_to_slot(now + min((starts_at - now) / 2, LONGEST_WAIT)), now)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a booking goes: minutes, whether to another local day, to another kind of machine."""

    minutes: int
    changed_day: bool
    changed_kind: bool

    def is_small(self, limit_minutes: int) -> bool:
        """Say whether she is only told of it: same day and kind, no further than the limit."""
        return not self.changed_day and not self.changed_kind and self.minutes <= limit_minutes


def must_be_called(state: AnswerState, *, due_at: datetime | None, now: datetime) -> bool:
    """Say whether the desk calls her: no time was found, she wishes it, or she keeps silent."""
    silent = state is AnswerState.ASKED and due_at is not None and due_at <= now
    return state in TO_BE_CALLED or silent
