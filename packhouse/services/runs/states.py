"""Steps on a machine's states: at most one is open, and they never overlap."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.runs import Reason
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Occupation


def open_run(session: Session, *, machine_id: int) -> Run | None:
    """Return the run that is on, if any."""
    return session.scalar(select(Run).where(Run.machine_id == machine_id, Run.ended_at.is_(None)))


def open_state(session: Session, *, machine_id: int) -> StateInterval | None:
    """Return the state the machine is in, if one was noted."""
    return session.scalar(
        select(StateInterval).where(
            StateInterval.machine_id == machine_id, StateInterval.ends_at.is_(None)
        )
    )


def switch_state(
    session: Session,
    *,
    machine_id: int,
    reason: Reason | None,
    now: datetime,
    run: Run | None = None,
    booking_id: int | None = None,
) -> None:
    """End the state that is open and begin another; None only ends it.

    A state that would last no time at all is replaced: the clock has one-second steps.
    """
    current = open_state(session, machine_id=machine_id)
    if current is not None and current.reason == reason and current.run_id == (run and run.id):
        return
    if current is not None and current.starts_at >= now:
        if reason is not None:
            current.reason = reason
            current.run_id = run.id if run else None
            session.flush()
            return
        now = current.starts_at + timedelta(seconds=1)
    if current is not None:
        current.ends_at = now
        session.flush()
    if reason is None:
        return
    if current is None:
        now = max(now, _last_end(session, machine_id) or now)
    session.add(
        StateInterval(
            machine_id=machine_id,
            run_id=run.id if run else None,
            booking_id=run.booking_id if run else booking_id,
            reason=reason,
            starts_at=now,
        )
    )
    session.flush()


def _last_end(session: Session, machine_id: int) -> datetime | None:
    """Return when the last state ended: a second later than said, if it would have been empty."""
    return session.scalar(
        select(StateInterval.ends_at)
        .where(StateInterval.machine_id == machine_id)
        .order_by(StateInterval.starts_at.desc())
        .limit(1)
    )


def latest_instant(session: Session, *, machine_id: int) -> datetime | None:
    """Return when the machine's state last changed, as far as it is on record."""
    current = open_state(session, machine_id=machine_id)
    return current.starts_at if current is not None else _last_end(session, machine_id)


def mark_estimated(session: Session, *, machine_id: int) -> None:
    """Mark the last change of state as an estimate: what it ended, and what it began."""
    newest = session.scalars(
        select(StateInterval)
        .where(StateInterval.machine_id == machine_id)
        .order_by(StateInterval.starts_at.desc())
        .limit(2)
    ).all()
    for state in newest:
        if state is newest[0] or state.ends_at == newest[0].starts_at:
            state.estimated = True
    session.flush()


def settle_setup(session: Session, *, run: Run, now: datetime) -> None:
    """Split an open setup that has outlasted the planned one: what is beyond it was running.

    The operator presses one button to start; nobody presses another when the setup is done.
    """
    state = open_state(session, machine_id=run.machine_id)
    if state is None or state.reason != Reason.SETUP or state.run_id != run.id:
        return
    booking = session.get(Booking, run.booking_id) if run.booking_id else None
    planned = timedelta(minutes=booking.setup_minutes if booking else 0)
    done_at = state.starts_at + planned
    if planned and done_at < now:
        switch_state(
            session, machine_id=run.machine_id, reason=Reason.RUNNING, now=done_at, run=run
        )


def note_changeover(session: Session, *, booking: Booking, run: Run, now: datetime) -> None:
    """Note the house's clean before a booking, as far as no other state fills that time.

    Nobody presses a button for it, so it is marked as an estimate.
    """
    if not booking.changeover_minutes:
        return
    occupation = session.get_one(Occupation, booking.occupation_id)
    last_end = _last_end(session, booking.machine_id)
    start = max(occupation.from_at, last_end or occupation.from_at)
    end = min(booking.starts_at, now)
    current = open_state(session, machine_id=booking.machine_id)
    if current is None and start < end:
        session.add(
            StateInterval(
                machine_id=booking.machine_id,
                run_id=run.id,
                booking_id=booking.id,
                reason=Reason.CHANGEOVER,
                starts_at=start,
                ends_at=end,
                estimated=True,
            )
        )
        session.flush()
