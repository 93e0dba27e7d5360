"""When a message may go out, until when it is worth sending, and whether it is still true.

Quiet hours follow the wall clock of the site. Indonesia's zones have whole hours and no daylight
saving, so a day is 24 hours and every wall time exists once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from packhouse.domain.bookings import State


class MessageKind(StrEnum):
    """What a message tells."""

    BOOKING_CONFIRMED = "booking_confirmed"
    BOOKING_REQUESTED = "booking_requested"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REJECTED = "request_rejected"
    REQUEST_EXPIRED = "request_expired"
    REQUEST_ASKED = "request_asked"
    REQUEST_ANSWERED = "request_answered"
    REQUEST_MISSED = "request_missed"
    WORK_PROPOSED = "work_proposed"
    BOOKING_MOVED = "booking_moved"
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_DISPLACED = "booking_displaced"
    NEW_TIME_ASKED = "new_time_asked"
    NEW_TIME_TOLD = "new_time_told"
    REMINDER_3_DAYS = "reminder_3_days"
    REMINDER_1_DAY = "reminder_1_day"
    REMINDER_2_HOURS = "reminder_2_hours"
    NO_SHOW = "no_show"
    RUN_OVERRAN = "run_overran"
    MAY_COME_EARLIER = "may_come_earlier"
    OFFER_MADE = "offer_made"
    OFFER_EXPIRED = "offer_expired"
    OFFER_WITHDRAWN = "offer_withdrawn"
    TIME_FREED = "time_freed"
    WISH_LAPSED = "wish_lapsed"
    COMPLAINT_ANSWERED = "complaint_answered"
    PAPER_EXPIRES = "paper_expires"
    BUSINESS_MERGED = "business_merged"
    PASSWORD_LINK = "password_link"  # noqa: S105
    EMAIL_LINK = "email_link"


class MessageState(StrEnum):
    """Where a message stands.

    ``unknown``: the mail host took the text but its answer was lost; it is sent once more with
    the same Message-ID. ``dead``: nobody will try again unless staff ask for it.
    """

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    DEAD = "dead"


class Channel(StrEnum):
    """A way to reach a person."""

    IN_APP = "in_app"
    EMAIL = "email"


class Failure(StrEnum):
    """How sending failed, and with it what happens next."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when until when, on the site's wall clock, nobody is disturbed; both equal: never."""

    start: time
    end: time

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the instant is quiet; the first minute is, the last is not."""
        wall = at.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def ends_after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the end of the quiet hours that hold at the instant, in UTC."""
        local = at.astimezone(zone)
        end = local.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)).astimezone(at.tzinfo)

    def began_before(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the beginning of the quiet hours that hold at the instant, in UTC."""
        local = at.astimezone(zone)
        start = local.replace(
            hour=self.start.hour, minute=self.start.minute, second=0, microsecond=0
        )
        return (start if start <= local else start - timedelta(days=1)).astimezone(at.tzinfo)


OPEN = frozenset({MessageState.DUE, MessageState.SENDING, MessageState.UNKNOWN})
LEAD: MappingProxyType[MessageKind, timedelta] = MappingProxyType(
    {
        MessageKind.REMINDER_3_DAYS: timedelta(days=3),
        MessageKind.REMINDER_1_DAY: timedelta(days=1),
        MessageKind.REMINDER_2_HOURS: timedelta(hours=2),
    }
)
REMINDERS = frozenset(LEAD)
# Answers to what the person did a moment ago: she is awake, and waits for them.
ANSWERS = frozenset({MessageKind.BOOKING_CONFIRMED, MessageKind.BOOKING_REQUESTED})
# These name a time to be there; they lapse when it comes, and when the booking moves.
APPOINTMENTS = REMINDERS | {
    MessageKind.BOOKING_CONFIRMED,
    MessageKind.BOOKING_REQUESTED,
    MessageKind.REQUEST_ASKED,
    MessageKind.REQUEST_APPROVED,
    MessageKind.BOOKING_MOVED,
    MessageKind.NEW_TIME_ASKED,
    MessageKind.NEW_TIME_TOLD,
    MessageKind.RUN_OVERRAN,
    MessageKind.MAY_COME_EARLIER,
}

_TAKEN = frozenset({State.CONFIRMED, State.ARRIVED, State.RUNNING, State.FINISHED})
_STILL_TRUE: MappingProxyType[MessageKind, frozenset[State]] = MappingProxyType(
    {
        MessageKind.BOOKING_CONFIRMED: _TAKEN,
        MessageKind.BOOKING_REQUESTED: frozenset({State.REQUESTED}),
        MessageKind.REQUEST_ASKED: frozenset({State.REQUESTED}),
        MessageKind.REQUEST_APPROVED: _TAKEN,
        MessageKind.REQUEST_REJECTED: frozenset({State.REJECTED}),
        MessageKind.REQUEST_EXPIRED: frozenset({State.EXPIRED}),
        MessageKind.BOOKING_MOVED: _TAKEN | {State.REQUESTED},
        MessageKind.BOOKING_CANCELLED: frozenset({State.CANCELLED}),
        MessageKind.BOOKING_DISPLACED: frozenset({State.DISPLACED}),
        MessageKind.NEW_TIME_ASKED: _TAKEN | {State.REQUESTED},
        MessageKind.NEW_TIME_TOLD: _TAKEN | {State.REQUESTED},
        MessageKind.REMINDER_3_DAYS: frozenset({State.CONFIRMED}),
        MessageKind.REMINDER_1_DAY: frozenset({State.CONFIRMED}),
        MessageKind.REMINDER_2_HOURS: frozenset({State.CONFIRMED}),
        MessageKind.NO_SHOW: frozenset({State.NO_SHOW}),
        MessageKind.RUN_OVERRAN: frozenset({State.CONFIRMED}),
        MessageKind.MAY_COME_EARLIER: frozenset({State.CONFIRMED}),
    }
)

# She may live two hours away: a reminder in the last hour would only upset her.
LAST_HOUR = timedelta(hours=1)
# However it was shifted, a reminder has this long to be sent in, for a busy or failing mail host.
ROOM = timedelta(minutes=30)
# A change to a booking that starts this soon may wake her: else she travels for nothing.
URGENT_WITHIN = timedelta(hours=12)
NEWS_KEEPS = timedelta(days=3)

URGENT, ORDINARY = 1, 5

MAX_TRIES = 12
RETRY_BASE = timedelta(seconds=30)
RETRY_CAP = timedelta(minutes=30)
ASK_AGAIN_AFTER = timedelta(minutes=10)
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Timing:
    """When a message goes out, until when it may, and whether the night counts."""

    due_at: datetime
    not_after: datetime
    priority: int


def due_at(
    kind: MessageKind, *, starts_at: datetime, now: datetime, zone: ZoneInfo, quiet: QuietHours
) -> datetime | None:
    """Return when a message of this kind goes out (UTC), or None where it is not sent at all.

    Reminders go three days, one day and two hours before the start. One that falls into quiet
    hours waits for their end if that still leaves an hour before the start, else it goes half an
    hour before they begin. A reminder whose time has passed when the booking is made is not
    sent: the confirmation written in the same moment says the same.

    News goes at once, in quiet hours only when it is an answer or urgent.
    """
    if kind not in REMINDERS:
        return _news_due_at(kind, starts_at=starts_at, now=now, zone=zone, quiet=quiet)
    due = starts_at - LEAD[kind]
    if quiet.holds(due, zone):
        morning = quiet.ends_after(due, zone)
        in_time = morning <= starts_at - LAST_HOUR
        due = morning if in_time else quiet.began_before(due, zone) - ROOM
    return due if due > now else None


def _news_due_at(
    kind: MessageKind, *, starts_at: datetime, now: datetime, zone: ZoneInfo, quiet: QuietHours
) -> datetime:
    if may_disturb(kind, starts_at=starts_at, now=now) or not quiet.holds(now, zone):
        return now
    morning = quiet.ends_after(now, zone)
    # Better at night than never.
    return morning if morning < _news_not_after(kind, starts_at, now) else now


def _news_not_after(kind: MessageKind, starts_at: datetime, now: datetime) -> datetime:
    if kind in APPOINTMENTS:
        return max(starts_at, now + LAST_HOUR)
    return now + NEWS_KEEPS


def may_disturb(kind: MessageKind, *, starts_at: datetime, now: datetime) -> bool:
    """Say whether this news may go out in quiet hours: answers, and changes within 12 hours."""
    if kind in REMINDERS or kind == MessageKind.NO_SHOW:
        return False
    return kind in ANSWERS or now <= starts_at <= now + URGENT_WITHIN


def timing(
    kind: MessageKind, *, starts_at: datetime, now: datetime, zone: ZoneInfo, quiet: QuietHours
) -> Timing | None:
    """Return due time, end of use and priority of a message; None where it is not sent.

    A reminder is of no use in the last hour before the start; one that is due just then (07.00
    for a start at 08.00) may still go for half an hour.
    """
    due = due_at(kind, starts_at=starts_at, now=now, zone=zone, quiet=quiet)
    if due is None:
        return None
    if kind in REMINDERS:
        return Timing(due, max(starts_at - LAST_HOUR, due + ROOM), ORDINARY)
    disturbs = may_disturb(kind, starts_at=starts_at, now=now) or quiet.holds(due, zone)
    return Timing(due, _news_not_after(kind, starts_at, now), URGENT if disturbs else ORDINARY)


def is_still_true(kind: MessageKind, *, told_version: int, version: int, state: State) -> bool:
    """Say whether a message about a booking may still be sent, given the booking as it is now.

    Reminders and everything else that names a time need the version they were written for.
    """
    if kind in APPOINTMENTS and told_version != version:
        return False
    return state in _STILL_TRUE.get(kind, frozenset())


def dedupe_key(
    *, booking_id: int, version: int, kind: MessageKind, channel: Channel, user_id: int
) -> str:
    """Return what makes a message the same message, however often it is written or sent."""
    return f"booking:{booking_id}:v{version}:{kind}:{channel}:{user_id}"


def reference(key: str) -> str:
    """Return the public name of a message, for Message-ID and file names: it reveals no ids."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def retry_at(*, attempts: int, now: datetime, luck: float) -> datetime:
    """Return when to try again after so many tries: 30 s doubled each time, at most 30 minutes.

    ``luck`` in [0, 1) spreads the tries over the second half of the wait, so that after an outage
    they do not all come back at once.
    """
    wait = min(RETRY_CAP, RETRY_BASE * (1 << min(max(attempts - 1, 0), 16)))
    return now + wait * (0.5 + luck / 2)
