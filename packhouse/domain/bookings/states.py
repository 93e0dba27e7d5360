"""The state table of a booking, and what its house's policy says about its start."""

from datetime import datetime, timedelta
from enum import StrEnum

from packhouse.errors import Problem


class State(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ARRIVED = "arrived"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    DISPLACED = "displaced"


# The only state changes there are; the database holds the same table and refuses every other.
# A run may begin without a check-in (the operator's first tap may well be MULAI).
TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (State.REQUESTED, State.CONFIRMED),
        (State.REQUESTED, State.REJECTED),
        (State.REQUESTED, State.EXPIRED),
        (State.REQUESTED, State.CANCELLED),
        (State.REQUESTED, State.DISPLACED),
        (State.CONFIRMED, State.ARRIVED),
        (State.CONFIRMED, State.RUNNING),
        (State.CONFIRMED, State.CANCELLED),
        (State.CONFIRMED, State.NO_SHOW),
        (State.CONFIRMED, State.DISPLACED),
        (State.ARRIVED, State.RUNNING),
        (State.ARRIVED, State.CANCELLED),
        (State.ARRIVED, State.DISPLACED),
        (State.RUNNING, State.FINISHED),
        (State.RUNNING, State.ARRIVED),  # The start was a slip of the thumb.
        (State.DISPLACED, State.CONFIRMED),
        (State.DISPLACED, State.CANCELLED),
        # She came after all, and her time is still free: a mark that is wrong is taken back.
        (State.NO_SHOW, State.ARRIVED),
    }
)

# Future bookings that hold their time.
WAITING = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED})
# Everything that holds claims on a machine.
HOLDING = WAITING | {State.RUNNING}
# What counts as booked in the utilization record.
BOOKED = HOLDING | {State.FINISHED, State.NO_SHOW}
MOVABLE = frozenset({State.REQUESTED, State.CONFIRMED, State.DISPLACED})
# What a job is no longer served by.
GIVEN_UP = frozenset({State.CANCELLED, State.REJECTED, State.EXPIRED})
CANCELLABLE = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED, State.DISPLACED})


def may_become(old: State, new: State) -> bool:
    """Say whether the state table knows this change."""
    return (old, new) in TRANSITIONS


def decision_deadline(*, now: datetime, starts_at: datetime, request_hours: int) -> datetime:
    """Return until when a request holds its time: so many hours, but an hour before its start.

    A request made less than an hour before the start is due at the start itself.
    """
    latest = starts_at - timedelta(hours=1)
    return min(now + timedelta(hours=request_hours), latest if latest > now else starts_at)


def problems_with_start(
    *, starts_at: datetime, now: datetime, notice_minutes: int, horizon_days: int
) -> list[Problem]:
    """Return why a start is too soon, past, or too far ahead for this house's policy."""
    earliest = now + timedelta(minutes=notice_minutes)
    latest = now + timedelta(days=horizon_days)
    if starts_at < now:
        return [Problem("in_the_past", {"starts_at": starts_at})]
    if starts_at < earliest:
        return [Problem("too_soon", {"notice_minutes": notice_minutes})]
    if starts_at > latest:
        return [Problem("too_far", {"horizon_days": horizon_days})]
    return []
