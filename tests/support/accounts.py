"""Whether a house that lived for a while can account for every minute, message and displacement."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.replanning.answers import AnswerState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.models.replanning import PlanAnswer
from packhouse.models.reports import load_machine_days
from packhouse.models.sites import load_calendar

STATES = ("prd", "sby", "eng", "sdt", "udt", "nst")
SAID = {
    State.CANCELLED: {"booking_cancelled"},
    State.DISPLACED: {"booking_displaced", "new_time_asked"},
}
NEW_TIME = {"booking_moved", "new_time_asked", "new_time_told"}


def unaccounted_minutes(*, site_id: int, first: datetime, over: datetime) -> list[str]:
    """Return the machine-days whose states do not add up to exactly their calendar time."""
    session = reading()
    calendar = load_calendar(session, site_id)
    start, last = calendar.day_of(first), calendar.day_of(over - timedelta(hours=1))
    days = [start + timedelta(days=number) for number in range((last - start).days + 1)]
    machines = session.scalars(select(Machine).where(Machine.site_id == site_id)).all()
    found = load_machine_days(session, machines=machines, days=days, now=over)
    assert len(found) == len(machines) * len(days)
    return [
        f"{machine} {day}: {seconds} of {sums.calendar_seconds}"
        for (machine, day), sums in found.items()
        if (seconds := sum(getattr(sums, f"{state}_seconds") for state in STATES))
        != sums.calendar_seconds
        or sums.calendar_seconds != 86_400
    ]


def doubled_messages() -> list[str]:
    """Return what was told twice to one person, by one way, of one version of a booking."""
    rows = reading().execute(
        select(
            Message.user_id, Message.channel, Message.kind, Message.booking_id,
            Message.booking_version,
        ).where(Message.booking_id.is_not(None), Message.state == "sent")
    )  # fmt: skip
    return [str(tuple(key)) for key, times in Counter(rows.all()).items() if times > 1]


def left_alone() -> Iterator[str]:
    """Yield every displaced booking whose customer was left without knowing where she stands.

    She has a new time and was told so, was called, cancelled and was told, or is displaced, knows
    it, and somebody is going to call her.
    """
    session = reading()
    displaced = session.scalars(
        select(AuditEntry.subject_id)
        .where(AuditEntry.subject_kind == "booking", AuditEntry.action == "booking:displaced")
        .distinct()
    ).all()
    answers = {
        each.booking_id: each.state
        for each in session.scalars(select(PlanAnswer).order_by(PlanAnswer.plan_id))
    }
    for booking in session.scalars(select(Booking).where(Booking.id.in_(displaced))):
        sent = set(
            session.scalars(
                select(Message.kind).where(
                    Message.booking_id == booking.id,
                    Message.channel == "in_app",
                    Message.state == "sent",
                )
            )
        )
        if answers.get(booking.id) == AnswerState.CALLED:
            continue
        if not sent & SAID.get(State(booking.state), NEW_TIME):
            yield f"{booking.code} {booking.state}: told {sorted(sent)}"
        elif booking.state == State.DISPLACED and booking.id not in answers:
            yield f"{booking.code} displaced: nobody plans for it"
