"""Complaints: what they are about, how they move, and until when the house must answer.

The limits are those that local services publish for SP4N-LAPOR, the national complaint system:
2 working days for what can be put right at once, 5 for a question about rules, 14 for what must
be looked into, 60 for what belongs to oversight.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from packhouse.domain.sites import ONE_DAY, Calendar
from packhouse.errors import Problem


class Topic(StrEnum):
    """What a complaint is about."""

    SCHEDULE = "schedule"
    MACHINE = "machine"
    CLEANNESS = "cleanness"
    PRIVACY = "privacy"
    FEES = "fees"
    OTHER = "other"
    STAFF = "staff"
    INTEGRITY = "integrity"


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ANSWERED = "answered"
    REOPENED = "reopened"
    CLOSED = "closed"


class EntryKind(StrEnum):
    """What was written below a complaint, and with it by which side."""

    ANSWER = "answer"
    REOPENING = "reopening"


WAITING = frozenset({ComplaintState.RECEIVED, ComplaintState.REOPENED})
NEXT: dict[ComplaintState, frozenset[ComplaintState]] = {
    ComplaintState.RECEIVED: frozenset({ComplaintState.ANSWERED}),
    ComplaintState.REOPENED: frozenset({ComplaintState.ANSWERED}),
    ComplaintState.ANSWERED: frozenset(
        {ComplaintState.ANSWERED, ComplaintState.REOPENED, ComplaintState.CLOSED}
    ),
    ComplaintState.CLOSED: frozenset({ComplaintState.REOPENED}),
}
# Working days until the first answer.
ANSWER_DAYS: dict[Topic, int] = {
    Topic.SCHEDULE: 2,
    Topic.MACHINE: 2,
    Topic.CLEANNESS: 2,
    Topic.PRIVACY: 2,
    Topic.FEES: 5,
    Topic.OTHER: 5,
    Topic.STAFF: 14,
    Topic.INTEGRITY: 60,
}
# What is said about the people who run a house is not theirs to answer.
ABOVE_THE_HOUSE = frozenset({Topic.INTEGRITY})
# Who is not content with an answer comes back within this time.
REOPEN_WITHIN = timedelta(days=30)
LONGEST_TEXT = 4000
SHORTEST_TEXT = 10
LONGEST_NAME = 120
LONGEST_PHONE = 30
LONGEST_CODE = 20
# A house without any hours for this long has no working days to count.
LONGEST_SILENCE = 60

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # No I, L, O and U: they are misread or misspelt.
_NUMBER, _SECRET = 8, 12


@dataclass(frozen=True, slots=True)
class Ticket:
    """A complaint's number, which staff know, and the secret that only the complainer has."""

    number: str
    secret: str

    @property
    def token(self) -> str:
        """Return both as they stand in an address and on paper."""
        return f"{self.number}-{self.secret}"


def may_become(before: ComplaintState, after: ComplaintState) -> bool:
    """Tell whether a complaint may go from one state to the other."""
    return after in NEXT[before]


def answer_due(*, topic: Topic, since: datetime, calendar: Calendar) -> datetime:
    """Return until when (UTC) the house answers: closing time of the last working day it has.

    The day on which the complaint comes does not count; a working day is one on which the house
    opens, so weekends, holidays and closures do not count either. A house that has not opened for
    two months is counted by weekdays: nobody waits for ever.
    """
    day, left, idle = calendar.day_of(since), ANSWER_DAYS[topic], 0
    while left:
        day += ONE_DAY
        opens = calendar.is_open_day(day)
        idle = 0 if opens else idle + 1
        left -= opens or (idle > LONGEST_SILENCE and day.weekday() < 5)
    return calendar.closing_time(day) or calendar.local_day(day).end


def working_days_left(*, due_at: datetime, now: datetime, calendar: Calendar) -> int:
    """Return how many working days remain until the answer is due; negative when it is late."""
    today, last = calendar.day_of(now), calendar.day_of(due_at)
    late = due_at <= now
    first, end = (last, today) if late else (today, last)
    days = _open_days(first, end, calendar)
    return -max(days, 1) if late else days


def _open_days(first: date, last: date, calendar: Calendar) -> int:
    """Return the working days after the first day, to the last."""
    span = min((last - first).days, 366)
    return sum(calendar.is_open_day(first + timedelta(days=each + 1)) for each in range(span))


def may_reopen(*, state: ComplaintState, answered_at: datetime | None, now: datetime) -> bool:
    """Tell whether the complainer may say that the answer does not help: for thirty days."""
    answered = may_become(state, ComplaintState.REOPENED) and answered_at is not None
    return answered and answered_at is not None and now < answered_at + REOPEN_WITHIN


def problems_with(
    *, topic: str, text: str, name: str, phone: str, booking_code: str
) -> list[Problem]:
    """Return everything that keeps a complaint from being taken; name and phone may be empty."""
    checks = (
        (topic in set(Topic), Problem("complaint_topic_unknown", {"value": topic})),
        (len(text) >= SHORTEST_TEXT, Problem("complaint_text_short")),
        (len(text) <= LONGEST_TEXT, Problem("text_long", {"maximum": LONGEST_TEXT})),
        (len(name) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (len(phone) <= LONGEST_PHONE, Problem("complaint_phone_long", {"maximum": LONGEST_PHONE})),
        (len(booking_code) <= LONGEST_CODE, Problem("complaint_code_long")),
    )
    return [problem for fine, problem in checks if not fine]


def ticket_for(key: str) -> Ticket:
    """Return the ticket of a complaint that was sent under an idempotency key.

    The same form sent twice is the same ticket, also for somebody who is not signed in. Who does
    not know the key, which no page shows again, cannot guess it: 60 bits are secret.
    """
    number = int.from_bytes(hashlib.sha256(f"complaint:{key}".encode()).digest())
    letters = "".join(_LETTERS[(number >> 5 * each) & 31] for each in range(_NUMBER + _SECRET))
    return Ticket(letters[:_NUMBER], letters[_NUMBER:])


def read_ticket(text: str) -> Ticket | None:
    """Return the ticket meant by what somebody typed; None when it is none."""
    plain = text.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    letters = "".join(each for each in plain if each not in " -.")
    if len(letters) != _NUMBER + _SECRET or not set(letters) <= set(_LETTERS):
        return None
    return Ticket(letters[:_NUMBER], letters[_NUMBER:])
