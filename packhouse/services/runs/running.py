"""One run from check-in to the count: check in, start, pause, resume, finish."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_operate
from packhouse.domain.runs import PAUSE_REASONS, Reason
from packhouse.domain.time_range import SLOT, ceil_to_slot, slot_of
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import open_breakdown
from packhouse.models.runs import Run
from packhouse.models.slots import Claim, Occupation
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings import Answer, answer_of, become, locked_booking, note
from packhouse.services.runs.states import (
    note_changeover,
    open_run,
    open_state,
    settle_setup,
    switch_state,
)
from packhouse.services.slots import Place
from packhouse.services.waitlist import offer_freed

MOST_PIECES = 10_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Good and rejected pieces of a run, as counted by the operator."""

    good: int
    rejected: int

    def __post_init__(self) -> None:
        for name, pieces in (("good", self.good), ("rejected", self.rejected)):
            if not 0 <= pieces <= MOST_PIECES:
                raise Malformed("count_out_of_range", field=name, most=MOST_PIECES)


def operated(session: Session, *, code: str, actor: Actor, now: datetime) -> tuple[Booking, Place]:
    """Return a booking under its operator's hands, its machine's row locked."""
    booking, spot = locked_booking(session, code=code, actor=actor, now=now)
    if not may_operate(actor, booking.site_id):
        raise NotAllowed
    return booking, spot


@use_case
def check_in(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Note that the customer is there, on the day of her booking; a repeat changes nothing."""
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        if booking.state == State.RUNNING:
            raise WrongState("wrong_state", code=code, state=booking.state, wanted=State.ARRIVED)
        if booking.state != State.ARRIVED:
            _refuse_another_day(booking, spot, now)
            become(session, booking, State.ARRIVED, actor=actor, now=now)
        return answer_of(session, booking)


def _refuse_another_day(booking: Booking, spot: Place, now: datetime) -> None:
    if spot.day_of(booking.starts_at) != spot.day_of(now):
        facts = {"starts_at": booking.starts_at, "zone": spot.site.zone}
        raise RuleBroken([Problem("another_day", facts)])


@use_case
def start(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Start the run of a booking; a repeat changes nothing.

    The machine's state becomes setup; what lasts longer than the planned setup counts as
    running from then on. Raises WrongState while another run is open on the machine or the
    machine is broken, RuleBroken on another day.
    """
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        if booking.state == State.RUNNING:
            return answer_of(session, booking)
        _refuse_another_day(booking, spot, now)
        _refuse_busy(session, booking, spot, now)
        become(session, booking, State.RUNNING, actor=actor, now=now)
        run = Run(
            machine_id=booking.machine_id,
            booking_id=booking.id,
            operator_id=actor.id,
            started_at=now,
            planned_rate=float(spot.spec.rate_per_minute),
        )
        session.add(run)
        session.flush()
        note_changeover(session, booking=booking, run=run, now=now)
        first = Reason.SETUP if booking.setup_minutes else Reason.RUNNING
        switch_state(session, machine_id=run.machine_id, reason=first, now=now, run=run)
        return answer_of(session, booking)


def _refuse_busy(session: Session, booking: Booking, spot: Place, now: datetime) -> None:
    other = open_run(session, machine_id=booking.machine_id)
    if other is not None:
        busy = session.get(Booking, other.booking_id) if other.booking_id else None
        raise WrongState("machine_running", code=busy.code if busy else "")
    if open_breakdown(session, machine_id=booking.machine_id) is not None:
        raise WrongState("machine_broken", machine=spot.machine.code)
    _refuse_too_early(session, booking, now)


def _refuse_too_early(session: Session, booking: Booking, now: datetime) -> None:
    """Refuse a start while somebody else's time lies before the booking's own."""
    own = session.get_one(Occupation, booking.occupation_id)
    between = session.scalar(
        select(Claim.occupation_id)
        .where(
            Claim.machine_id == booking.machine_id,
            Claim.slot >= slot_of(now),
            Claim.slot < slot_of(own.from_at),
        )
        .limit(1)
    )
    if between is not None:
        raise RuleBroken([Problem("too_early", {"starts_at": booking.starts_at})])


@use_case
def pause(*, code: str, reason: str, actor: Actor, now: datetime) -> Answer:
    """Interrupt a run for a reason; pausing again changes the reason from now on."""
    if reason not in PAUSE_REASONS:
        raise Malformed("reason_unknown", reason=reason, known=sorted(PAUSE_REASONS))
    with transaction() as session:
        return _switch(session, code=code, reason=Reason(reason), actor=actor, now=now)


@use_case
def resume(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Go on with a run after a pause; during setup it says that production has begun."""
    with transaction() as session:
        return _switch(session, code=code, reason=Reason.RUNNING, actor=actor, now=now)


def _switch(session: Session, *, code: str, reason: Reason, actor: Actor, now: datetime) -> Answer:
    booking, run, spot = _running(session, code, actor, now)
    settle_setup(session, run=run, now=now)
    if open_breakdown(session, machine_id=run.machine_id) is not None:
        raise WrongState("machine_broken", machine=spot.machine.code)
    switch_state(session, machine_id=run.machine_id, reason=reason, now=now, run=run)
    note(session, booking, action="run:switch", actor=actor, now=now, reason=reason)
    return answer_of(session, booking)


def _running(
    session: Session, code: str, actor: Actor, now: datetime
) -> tuple[Booking, Run, Place]:
    booking, spot = operated(session, code=code, actor=actor, now=now)
    run = session.scalar(select(Run).where(Run.booking_id == booking.id, Run.ended_at.is_(None)))
    if run is None:
        raise WrongState("not_running", code=code, state=booking.state)
    return booking, run, spot


@use_case
def finish(
    *, code: str, counts: Counts, actor: Actor, now: datetime, key: str | None = None
) -> Answer:
    """End a run with its counts; what is left of the booked time goes to the waitlist, or is free.

    Raises WrongState when the booking has no open run.
    """
    once = None
    if key:
        request = {"code": code, "good": counts.good, "rejected": counts.rejected}
        once = Once(key, "finish", request)
    with transaction() as session:

        def act() -> Answer:
            booking, run, spot = _running(session, code, actor, now)
            settle_setup(session, run=run, now=now)
            run.good, run.rejected = counts.good, counts.rejected
            end_run(session, booking=booking, run=run, ended_at=now)
            become(session, booking, State.FINISHED, actor=actor, now=now)
            offer_freed(session, spot=spot, actor=actor, now=now)
            return answer_of(session, booking)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def end_run(session: Session, *, booking: Booking, run: Run, ended_at: datetime) -> None:
    """Close the run's open state and the run, and give back what it left of its time."""
    state = open_state(session, machine_id=run.machine_id)
    if state is not None and state.run_id == run.id:
        # A machine that is still broken stays so after the run.
        broken = open_breakdown(session, machine_id=run.machine_id)
        left = Reason(broken.reason) if broken is not None else None
        switch_state(session, machine_id=run.machine_id, reason=left, now=ended_at)
    run.ended_at = max(ended_at, run.started_at + timedelta(seconds=1))
    occupation = session.get_one(Occupation, booking.occupation_id)
    occupation.status = "done"
    used_to = max(ceil_to_slot(ended_at), occupation.from_at + SLOT)
    occupation.to_at = min(used_to, occupation.to_at)
    if occupation.attended_from is not None and occupation.attended_from >= occupation.to_at:
        occupation.attended_from = None
    session.flush()
