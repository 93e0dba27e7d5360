"""What is put right afterwards: a slip of the thumb, and a count that was wrong."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_manage
from packhouse.domain.runs import CORRECT_WITHIN, Noted, Reason, may_correct, may_undo
from packhouse.domain.users import Actor
from packhouse.errors import Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval, Tap
from packhouse.services.bookings import Answer, become, note
from packhouse.services.runs.early import give_back_early
from packhouse.services.runs.hands import Counts, operated
from packhouse.services.runs.running import running
from packhouse.services.runs.states import open_state
from packhouse.services.runs.taps import (
    BY_HAND,
    Tapped,
    note_tap,
    refuse_unseen,
    tap_once,
    time_of,
)


@use_case
def undo(*, code: str, actor: Actor, now: datetime, tapped: Tapped = BY_HAND) -> Answer:
    """Take back the last start, pause or resume of a session, as if it had not been tapped.

    A start taken back leaves the customer arrived and the run waiting for its next start. Raises
    WrongState when there is nothing to take back, or it is too late.
    """
    with transaction() as session:

        def act() -> Answer:
            booking, run, spot = running(session, code=code, actor=actor, now=now)
            refuse_unseen(session, booking=booking, tapped=tapped)
            last = _last_tap(session, booking)
            noted = time_of(session, booking=booking, tapped=tapped, now=now)
            if last is None or not may_undo(last.action, at=last.at, now=noted.at):
                raise WrongState("nothing_to_undo", code=code)
            if last.action == "start":
                _undo_start(session, booking, run, noted.at)
                become(session, booking, State.ARRIVED, actor=actor, now=now)
                give_back_early(session, booking=booking, spot=spot)
            else:
                _undo_switch(session, booking, run)
                note(session, booking, action="run:undo", actor=actor, now=now, of=last.action)
            return note_tap(
                session, booking, action="undo", reason=last.action, tapped=tapped,
                noted=noted, actor=actor, now=now,
            )  # fmt: skip

        return tap_once(
            session, command="undo", request={"code": code}, tapped=tapped, actor=actor, now=now,
            act=act,
        )  # fmt: skip


def _last_tap(session: Session, booking: Booking) -> Tap | None:
    return session.scalar(
        select(Tap).where(Tap.booking_id == booking.id).order_by(Tap.number.desc()).limit(1)
    )


def _undo_start(session: Session, booking: Booking, run: Run, now: datetime) -> None:
    """Take a run's time from it: the machine stood, for her or for nobody."""
    states = session.scalars(select(StateInterval).where(StateInterval.run_id == run.id)).all()
    current = open_state(session, machine_id=run.machine_id)
    if current is None or current.run_id != run.id:
        raise WrongState("nothing_to_undo", code=booking.code)
    ended_at = max(now, run.started_at + timedelta(seconds=1))
    for state in states:
        state.run_id = None
        if state.starts_at < run.started_at:
            continue  # The clean before her really was.
        late = state.starts_at >= booking.starts_at
        state.reason = Reason.WAITING_CUSTOMER if late else Reason.UNBOOKED
        state.booking_id = booking.id if late else None
    current.ends_at = max(ended_at, current.starts_at + timedelta(seconds=1))
    run.ended_at, run.undone_at = ended_at, now
    session.flush()


def _undo_switch(session: Session, booking: Booking, run: Run) -> None:
    """Let the state before the last one go on, as if it had never been left."""
    newest = session.scalars(
        select(StateInterval)
        .where(StateInterval.run_id == run.id)
        .order_by(StateInterval.starts_at.desc())
        .limit(2)
    ).all()
    if len(newest) < 2 or newest[0].ends_at is not None or newest[1].ends_at is None:
        raise WrongState("nothing_to_undo", code=booking.code)
    newest[0].reason = newest[1].reason
    session.flush()


@use_case
def correct(
    *, code: str, counts: Counts, reason: str, actor: Actor, now: datetime,
    tapped: Tapped = BY_HAND,
) -> Answer:  # fmt: skip
    """Put the counts of a finished run right, for a reason that is kept with what stood before.

    Raises WrongState before the run is over, RuleBroken without a reason or when it is too late
    for an operator.
    """
    with transaction() as session:

        def act() -> Answer:
            booking, _spot = operated(session, code=code, actor=actor, now=now)
            refuse_unseen(session, booking=booking, tapped=tapped)
            run = session.scalar(
                select(Run)
                .where(Run.booking_id == booking.id, Run.undone_at.is_(None))
                .order_by(Run.id.desc())
                .limit(1)
            )
            if booking.state != State.FINISHED or run is None or run.ended_at is None:
                raise WrongState(
                    "wrong_state", code=code, state=booking.state, wanted=State.FINISHED
                )
            manages = may_manage(actor, booking.site_id)
            if not may_correct(ended_at=run.ended_at, now=now, manages=manages):
                facts = {"days": CORRECT_WITHIN.days}
                raise RuleBroken([Problem("correction_too_late", facts)])
            if not reason.strip():
                raise RuleBroken([Problem("reason_missing")])
            before = {"good_before": run.good, "rejected_before": run.rejected}
            run.good, run.rejected = counts.good, counts.rejected
            booking.version += 1
            note(
                session, booking, action="run:correct", actor=actor, now=now, reason=reason,
                good=run.good, rejected=run.rejected, **before,
            )  # fmt: skip
            return note_tap(
                session, booking, action="correct", reason=reason, tapped=tapped,
                noted=Noted(now), actor=actor, now=now,
            )  # fmt: skip

        request = {"code": code, "good": counts.good, "rejected": counts.rejected}
        return tap_once(
            session, command="correct", request=request, tapped=tapped, actor=actor, now=now,
            act=act,
        )  # fmt: skip
