"""A run that closed itself because the phone it was finished on had no signal."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import State
from packhouse.domain.runs import Noted, noted_time
from packhouse.domain.users import Actor
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval
from packhouse.services.bookings import Answer, note
from packhouse.services.runs.hands import Counts, operated
from packhouse.services.runs.taps import Tapped, note_tap, refuse_unseen

FORGOTTEN = "forgotten"


def closed_by_itself(
    session: Session, *, code: str, tapped: Tapped, actor: Actor, now: datetime
) -> Booking | None:
    """Return the booking if its run was ended by the house while a phone held its true end."""
    if tapped.clock is None:
        return None
    booking, _spot = operated(session, code=code, actor=actor, now=now)
    closed = booking.state == State.FINISHED and booking.reason == FORGOTTEN
    return booking if closed else None


def settle_forgotten(
    session: Session,
    *,
    booking: Booking,
    counts: Counts,
    tapped: Tapped,
    actor: Actor,
    now: datetime,
) -> Answer:
    """Give a run its counts, and its true end in place of the estimated one if that is known."""
    refuse_unseen(session, booking=booking, tapped=tapped)
    run = session.scalars(
        select(Run).where(Run.booking_id == booking.id).order_by(Run.id.desc()).limit(1)
    ).one()
    last = session.scalars(
        select(StateInterval)
        .where(StateInterval.run_id == run.id)
        .order_by(StateInterval.starts_at.desc())
        .limit(1)
    ).one()
    closed_at = run.ended_at or now
    noted = noted_time(tapped.clock, now=now, not_before=last.starts_at)
    if not noted.estimated and noted.at <= closed_at:
        last.ends_at = max(noted.at, last.starts_at + timedelta(seconds=1))
        run.ended_at = max(noted.at, run.started_at + timedelta(seconds=1))
        last.estimated = run.estimated = False
    else:
        noted = Noted(closed_at, estimated=True)
    run.good, run.rejected = counts.good, counts.rejected
    booking.reason = ""
    booking.version += 1
    note(
        session, booking, action="run:settled", actor=actor, now=now, good=counts.good,
        rejected=counts.rejected, ended_at=int(noted.at.timestamp()),
    )  # fmt: skip
    return note_tap(
        session, booking, action="finish", tapped=tapped, noted=noted, actor=actor, now=now
    )
