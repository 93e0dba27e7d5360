"""Requests asked back, and what is done against a rule for a reason that is kept."""

from datetime import datetime, timedelta
from enum import StrEnum

from packhouse.domain.bookings.states import decision_deadline
from packhouse.errors import Problem

LONGEST_WORDS = 500


class ExceptionKind(StrEnum):
    """What somebody did although a rule spoke against it.

    ``booked``: beyond fair use or tier; ``approved``: a request that breaks a rule; ``put_first``
    and ``put_back``: a wish taken out of the published order, or back into it.
    """

    BOOKED = "booked"
    APPROVED = "approved"
    PUT_FIRST = "put_first"
    PUT_BACK = "put_back"


def extended_deadline(
    *,
    decide_by: datetime,
    now: datetime,
    starts_at: datetime,
    request_hours: int,
    asked_before: bool,
) -> datetime:
    """Return until when a request holds its time once its owner is asked something.

    As long again as at first, from now, and never shorter than before; only the first question
    extends it, so that nobody holds a machine by asking.
    """
    if asked_before:
        return decide_by
    again = decision_deadline(now=now, starts_at=starts_at, request_hours=request_hours)
    return max(decide_by, again)


def problems_with_words(text: str, *, code: str) -> list[Problem]:
    """Return what is wrong with words that somebody else will read; ``code`` says they miss."""
    if not text.strip():
        return [Problem(code)]
    if len(text.strip()) > LONGEST_WORDS:
        return [Problem("text_long", {"maximum": LONGEST_WORDS})]
    return []


def is_near(decide_by: datetime, now: datetime) -> bool:
    """Say whether a request must be decided within four hours, or nobody will have."""
    return decide_by - now <= timedelta(hours=4)
