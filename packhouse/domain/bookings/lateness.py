"""A day that runs late: when those who come next can really begin, and how long who is waited for.

One chain for a machine's day. What is still to come begins at its booked time, or as soon as the
house has the machine free and clean for it. Nobody is late as long as the machine is not ready:
her grace begins when it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import from_epoch, to_epoch

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A booking whose run has not begun: her start, the clean before it, her setup and run.

    ``cleaning_minutes`` and ``work_minutes`` are minutes of working time. ``grace_minutes`` is
    how long the house waits for her; None once she is there.
    """

    code: str
    starts_at: datetime
    cleaning_minutes: int
    work_minutes: int
    grace_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """When a booking is likely to begin and end, and from when on the house is ready for her.

    ``waits_until`` is the end of her grace, None once she is there; ``is_missed``: it is over.
    """

    code: str
    booked_at: datetime
    ready_at: datetime
    starts_at: datetime
    ends_at: datetime
    waits_until: datetime | None = None
    is_missed: bool = False
    past_closing: bool = False

    @property
    def delay_minutes(self) -> int:
        """Minutes of the clock between her booked start and the likely one."""
        return (self.starts_at - self.booked_at) // MINUTE

    @property
    def house_minutes(self) -> int:
        """Minutes of the clock that she has to wait for the house; 0 where it is ready in time."""
        return max((self.ready_at - self.booked_at) // MINUTE, 0)


def knock_on(
    day: WorkingDay, dues: Iterable[Due], *, free_from: datetime, now: datetime
) -> list[Expected]:
    """Return how the rest of a machine's day is likely to run, in the order of the bookings.

    ``free_from`` is when the machine comes free, or came free. Cleaning and work are laid over
    the working time of the day; what no longer fits before closing goes on after it, and is
    marked. Nobody begins before ``now``, and who was waited for long enough keeps nobody waiting.
    A delay never grows along the chain, as counted in working time, unless somebody on it comes
    late herself.
    """
    expected: list[Expected] = []
    for due in sorted(dues, key=lambda each: (each.starts_at, each.code)):
        ready_at = later(day, free_from, due.cleaning_minutes)
        begins = _in_working_time(day, max(due.starts_at, ready_at, now))
        ends_at = later(day, begins, due.work_minutes)
        until = None
        if due.grace_minutes is not None:
            until = max(due.starts_at, ready_at) + due.grace_minutes * MINUTE
        missed = until is not None and now >= until
        past = not missed and (not day.ranges or ends_at > day.ranges[-1].end)
        expected.append(
            Expected(due.code, due.starts_at, ready_at, begins, ends_at, until, missed, past)
        )
        if not missed:
            free_from = ends_at
    return expected


def later(day: WorkingDay, start: datetime, minutes: int) -> datetime:
    """Return the end of so many minutes of the house's work from an instant of the day.

    Breaks and the time before opening do not count; after closing every minute does.
    """
    if not minutes or not day.ranges:
        return start + minutes * MINUTE
    closes_at = day.ranges[-1].end
    if start >= closes_at:
        return start + minutes * MINUTE
    target = day.position(to_epoch(start)) + minutes * 60
    if target <= day.length:
        return from_epoch(day.end_at(target))
    return closes_at + timedelta(seconds=target - day.length)


def _in_working_time(day: WorkingDay, instant: datetime) -> datetime:
    """Return the instant itself, or the next opening where it lies before one or in a break."""
    if not day.ranges or instant >= day.ranges[-1].end:
        return instant
    return max(instant, from_epoch(day.start_at(day.position(to_epoch(instant)))))


def run_end(
    day: WorkingDay, *, planned_minutes: int, started_at: datetime, lost: timedelta, now: datetime
) -> datetime:
    """Return when a run that is on is likely to be done: what is left of it, from now on.

    ``lost`` is how long it stood still so far. Breaks of the day are no work either.
    """
    rested = lost + _breaks(day, started_at, now)
    left = left_to_do(planned_minutes=planned_minutes, started_at=started_at, lost=rested, now=now)
    return later(day, now, left)


def _breaks(day: WorkingDay, start: datetime, end: datetime) -> timedelta:
    shared = (
        min(after.start, end) - max(before.end, start)
        for before, after in pairwise(day.ranges)
        if before.end < end and start < after.start
    )
    return sum(shared, timedelta(0))


def left_to_do(
    *, planned_minutes: int, started_at: datetime, lost: timedelta, now: datetime
) -> int:
    """Return how many of a run's planned minutes of work are still to do, 0 at least.

    ``lost`` is how long it stood still so far: whoever waited for the house, or for material, is
    not done because the clock went on.
    """
    worked = max(now - started_at - lost, timedelta(0))
    return max(planned_minutes - worked // MINUTE, 0)


def waited_until(
    *, starts_at: datetime, ready_at: datetime | None, grace_minutes: int
) -> datetime | None:
    """Return until when she is waited for; None as long as the house itself is not ready.

    ``ready_at`` is when the machine was free and clean for her.
    """
    if ready_at is None:
        return None
    return max(starts_at, ready_at) + grace_minutes * MINUTE
