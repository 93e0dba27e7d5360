"""What did not happen: customers who did not come, and runs nobody ended."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, bindparam, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown
from packhouse.models.runs import Run
from packhouse.models.sites import Site
from packhouse.services.bookings import Answer, answer_of, become, locked_booking, release
from packhouse.services.reminders import tell
from packhouse.services.runs.hands import operated
from packhouse.services.runs.returning import take_back
from packhouse.services.runs.running import end_run
from packhouse.services.runs.states import open_state, settle_setup
from packhouse.services.runs.waiting import grace_until
from packhouse.services.slots import Place
from packhouse.services.waitlist import offer_freed

BATCH = 100


def _epoch(instant: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


@use_case
def no_show(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Note that the customer did not come; her time goes to the waitlist, or is free at once.

    Raises RuleBroken while the house's grace still runs, or the house is not ready for her
    itself, WrongState when she has arrived.
    """
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        if booking.state == State.NO_SHOW:
            return answer_of(session, booking)
        if booking.state != State.CONFIRMED:
            raise WrongState("wrong_state", code=code, state=booking.state, wanted=State.NO_SHOW)
        until = grace_until(session, booking=booking, spot=spot)
        if until is None:
            raise RuleBroken([Problem("house_not_ready", {"machine": spot.machine.code})])
        if now < until:
            facts = {"until": until, "zone": spot.site.zone}
            raise RuleBroken([Problem("grace_running", facts)])
        _miss(session, booking, spot, actor, now)
        return answer_of(session, booking)


def _miss(session: Session, booking: Booking, spot: Place, actor: Actor, now: datetime) -> None:
    become(session, booking, State.NO_SHOW, actor=actor, now=now)
    release(session, booking, spot)
    tell(session, kind=MessageKind.NO_SHOW, booking=booking, site=spot.site, now=now)
    offer_freed(session, spot=spot, actor=actor, now=now)


@use_case
def came_after_all(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Take back that a customer did not come: she is there, and has her time again.

    Within half an hour of the mark, on her day, and if her time is still free. A repeat changes
    nothing. Raises RuleBroken when it is too late or the time is somebody else's by now.
    """
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        if booking.state in (State.ARRIVED, State.RUNNING, State.FINISHED):
            return answer_of(session, booking)
        take_back(session, booking=booking, spot=spot, actor=actor, now=now)
        return answer_of(session, booking)


@use_case
def mark_no_shows(*, actor: Actor, now: datetime) -> int:
    """Note everybody whose grace is over, who has not come, and about whom nobody decided.

    So many minutes after the grace as the house lets its desk decide. Nobody is missed by itself
    on a machine that could not have taken her: while another run is on, while the machine is
    broken, and until so long after it was free and clean. Returns how many were noted.
    """
    with transaction() as session:
        due = session.scalars(_OVERDUE, {"now": to_epoch(now)}).all()
        missed = 0
        for code in due:
            booking, spot = locked_booking(session, code=code, actor=actor, now=now)
            until = grace_until(session, booking=booking, spot=spot)
            patience = timedelta(minutes=spot.site.absence_minutes)
            if booking.state != State.CONFIRMED or until is None or now < until + patience:
                continue
            _miss(session, booking, spot, actor, now)
            missed += 1
            if missed == BATCH:
                break
        return missed


_OVERDUE = (
    select(Booking.code)
    .join(Site, Site.id == Booking.site_id)
    .where(
        Booking.state == State.CONFIRMED,
        _epoch(Booking.starts_at) + (Site.grace_minutes + Site.absence_minutes) * 60
        <= bindparam("now", type_=BigInteger),
        ~select(Run.id)
        .where(Run.machine_id == Booking.machine_id, Run.ended_at.is_(None))
        .exists(),
        ~select(Breakdown.id)
        .where(Breakdown.machine_id == Booking.machine_id, Breakdown.ended_at.is_(None))
        .exists(),
    )
    .order_by(Booking.machine_id, Booking.starts_at)
    .limit(10 * BATCH)
)


@use_case
def close_forgotten(*, actor: Actor, now: datetime) -> int:
    """End every run that nobody ended, at its booking's end plus the house's patience.

    Run and last state are marked as estimates, and the count stays open at zero.
    """
    with transaction() as session:
        due = session.execute(
            select(Run.id, Booking.code)
            .join(Booking, Booking.id == Run.booking_id)
            .join(Site, Site.id == Booking.site_id)
            .where(
                Run.ended_at.is_(None),
                _epoch(Booking.ends_at) + Site.overrun_minutes * 60 <= to_epoch(now),
            )
            .order_by(Run.machine_id)
            .limit(BATCH)
        ).all()
        for run_id, code in due:
            booking, spot = locked_booking(session, code=code, actor=actor, now=now)
            run = session.get_one(Run, run_id)
            if run.ended_at is None:
                _close(session, booking, run, spot, actor, now)
        return len(due)


def _close(
    session: Session, booking: Booking, run: Run, spot: Place, actor: Actor, now: datetime
) -> None:
    patience = timedelta(minutes=spot.site.overrun_minutes)
    ended_at = max(booking.ends_at + patience, run.started_at + timedelta(seconds=1))
    settle_setup(session, run=run, now=ended_at)
    run.estimated = True
    state = open_state(session, machine_id=run.machine_id)
    if state is not None:
        state.estimated = True
    end_run(session, booking=booking, run=run, ended_at=ended_at)
    become(session, booking, State.FINISHED, actor=actor, now=now, reason="forgotten")
