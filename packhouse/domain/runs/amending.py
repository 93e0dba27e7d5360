"""Until when a tap can be taken back, and a count be put right."""

from datetime import datetime, timedelta

# So long after a tap it can be taken back with another: later it is history.
UNDO_WITHIN = timedelta(minutes=3)
# So long an operator may put a count right; whoever manages the house may do it later.
CORRECT_WITHIN = timedelta(days=7)
UNDOABLE = frozenset({"start", "pause", "resume"})


def may_undo(action: str, *, at: datetime, now: datetime) -> bool:
    """Say whether the last tap of a session can still be taken back."""
    return action in UNDOABLE and now - at <= UNDO_WITHIN


def may_correct(*, ended_at: datetime, now: datetime, manages: bool) -> bool:
    """Say whether the counts of a run that has ended can still be put right."""
    return manages or now - ended_at <= CORRECT_WITHIN
