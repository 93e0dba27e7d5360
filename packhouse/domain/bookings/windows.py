"""Until when a booking may be changed without a mark, and what follows when people do not come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from packhouse.domain.bookings.states import State
from packhouse.errors import Problem

# So many missed bookings within so long shorten how far ahead a business may book, for a while.
NO_SHOWS = 3
MEMORY = timedelta(days=90)
COOL_DOWN = timedelta(days=30)
COOL_HORIZON_DAYS = 3


def change_until(*, starts_at: datetime, cancel_hours: int) -> datetime:
    """Return until when her booking may be moved, or cancelled without counting as late.

    So many hours of the clock before the start: a rule that fits in one sentence, and an instant
    that can be printed on the booking. (Counted in working hours it would be neither.)
    """
    return starts_at - timedelta(hours=cancel_hours)


def is_late(*, starts_at: datetime, now: datetime, cancel_hours: int) -> bool:
    """Say whether cancelling now falls inside the window in which the slot is hard to fill."""
    return now > change_until(starts_at=starts_at, cancel_hours=cancel_hours)


def is_bound(*, state: str, starts_at: datetime, now: datetime, cancel_hours: int) -> bool:
    """Say whether a producer may no longer move a booking herself.

    A request binds nobody yet, and who was displaced is not at fault.
    """
    late = is_late(starts_at=starts_at, now=now, cancel_hours=cancel_hours)
    return late and state == State.CONFIRMED


def fixed_by_move(*, state: str, starts_at: datetime, now: datetime, cancel_hours: int) -> str:
    """Return what ends her right to move a booking once more after it has moved to a start.

    Only where a booking stands decides whether it may move, not where it goes. So a near time is
    no refusal, but it is told before: "moved" when the move itself closes the window behind her,
    "approved" when the approval of her request does, and nothing when it stays open.
    """
    if not is_late(starts_at=starts_at, now=now, cancel_hours=cancel_hours):
        return ""
    return "approved" if state == State.REQUESTED else "moved"


@dataclass(frozen=True, slots=True)
class CoolDown:
    """A while in which a business books only a few days ahead, because it did not come."""

    no_shows: int
    until: datetime
    horizon_days: int = COOL_HORIZON_DAYS


def cool_down(missed: Iterable[datetime], now: datetime) -> CoolDown | None:
    """Return the cool-down that runs now, if one does.

    ``missed`` are the starts of bookings whose owner did not come and whose time nobody else
    used. It begins with the third within 90 days and lasts 30; it costs no money.
    """
    times = sorted(each for each in missed if each <= now)
    begun = [
        last
        for first, last in zip(times, times[NO_SHOWS - 1 :], strict=False)
        if last - first <= MEMORY
    ]
    if not begun or now >= begun[-1] + COOL_DOWN:
        return None
    counted = [each for each in times if begun[-1] - MEMORY <= each <= begun[-1]]
    return CoolDown(len(counted), begun[-1] + COOL_DOWN)


def problems_with_cooling(
    *, cooling: CoolDown | None, starts_at: datetime, now: datetime
) -> list[Problem]:
    """Return why a start is too far ahead for a business that is cooling down."""
    if cooling is None or starts_at <= now + timedelta(days=cooling.horizon_days):
        return []
    facts = {
        "no_shows": cooling.no_shows,
        "horizon_days": cooling.horizon_days,
        "until": cooling.until,
    }
    return [Problem("cooling_down", facts)]
