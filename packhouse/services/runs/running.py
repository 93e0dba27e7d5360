"""One run from check-in to the count: check in, start, pause, resume, finish."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.runs import PAUSE_REASONS, Noted, Reason
from packhouse.domain.time_range import SLOT, ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import open_breakdown
from packhouse.models.runs import Run, count_taps
from packhouse.models.slots import Occupation
from packhouse.services.bookings import Answer, answer_of, become, note
from packhouse.services.runs.cleaning import require_clean
from packhouse.services.runs.delays import tell_next
from packhouse.services.runs.early import hold_from, refuse_too_early
from packhouse.services.runs.forgotten import closed_by_itself, settle_forgotten
from packhouse.services.runs.hands import Counts, operated
from packhouse.services.runs.lots import name_lot
from packhouse.services.runs.returning import take_back
from packhouse.services.runs.states import (
    mark_estimated,
    note_changeover,
    open_run,
    open_state,
    settle_setup,
    switch_state,
)
from packhouse.services.runs.taps import (
    BY_HAND,
    Tapped,
    note_tap,
    refuse_unseen,
    tap_once,
    time_of,
)
from packhouse.services.slots import Place
from packhouse.services.waitlist import offer_freed


@use_case
def check_in(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Note that the customer is there, on the day of her booking; a repeat changes nothing.

    Who was missed before is there after all: a tap that had no signal may come late.
    """
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        if booking.state == State.RUNNING:
            raise WrongState("wrong_state", code=code, state=booking.state, wanted=State.ARRIVED)
        if booking.state == State.NO_SHOW:
            take_back(session, booking=booking, spot=spot, actor=actor, now=now)
        elif booking.state != State.ARRIVED:
            _refuse_another_day(booking, spot, now)
            become(session, booking, State.ARRIVED, actor=actor, now=now)
        return answer_of(session, booking)


def _refuse_another_day(booking: Booking, spot: Place, now: datetime) -> None:
    if spot.day_of(booking.starts_at) != spot.day_of(now):
        facts = {"starts_at": booking.starts_at, "zone": spot.site.zone}
        raise RuleBroken([Problem("another_day", facts)])


@use_case
def start(
    *, code: str, actor: Actor, now: datetime, tapped: Tapped = BY_HAND, unclean: str = ""
) -> Answer:
    """Start the run of a booking; a repeat changes nothing.

    The machine's state becomes setup; what lasts longer than the planned setup counts as
    running from then on. Without the sign-off of the clean that is due it starts only for a
    reason (``unclean``), which is kept. Raises WrongState while another run is open on the
    machine or the machine is broken, RuleBroken on another day or on a machine that is not
    clean, Stale when another device changed the session.
    """
    with transaction() as session:

        def act() -> Answer:
            booking, spot = operated(session, code=code, actor=actor, now=now)
            refuse_unseen(session, booking=booking, tapped=tapped)
            if booking.state == State.RUNNING:
                number = count_taps(session, booking_id=booking.id)
                return {**answer_of(session, booking), "tap": number}
            noted = time_of(session, booking=booking, tapped=tapped, now=now)
            _refuse_another_day(booking, spot, noted.at)
            _refuse_busy(session, booking, spot, noted.at)
            require_clean(
                session, booking=booking, spot=spot, unclean=unclean, noted=noted, actor=actor,
                now=now,
            )  # fmt: skip
            become(session, booking, State.RUNNING, actor=actor, now=now)
            _begin(session, booking, spot, noted, actor)
            return note_tap(
                session, booking, action="start", tapped=tapped, noted=noted, actor=actor, now=now
            )

        return tap_once(
            session, command="start", request={"code": code}, tapped=tapped, actor=actor, now=now,
            act=act,
        )  # fmt: skip


def _begin(session: Session, booking: Booking, spot: Place, noted: Noted, actor: Actor) -> None:
    """Open the run of a booking; one whose start was undone is taken up again, with its lot."""
    run = session.scalar(
        select(Run).where(Run.booking_id == booking.id, Run.undone_at.is_not(None))
    )
    if run is None:
        run = Run(machine_id=booking.machine_id, booking_id=booking.id)
        session.add(run)
    run.machine_id = booking.machine_id
    run.operator_id = actor.id
    run.started_at, run.ended_at, run.undone_at = noted.at, None, None
    run.planned_rate = float(spot.spec.rate_per_minute)
    run.estimated = noted.estimated
    session.flush()
    name_lot(session, run=run, booking=booking, spot=spot)
    note_changeover(session, booking=booking, run=run, now=noted.at)
    first = Reason.SETUP if booking.setup_minutes else Reason.RUNNING
    switch_state(session, machine_id=run.machine_id, reason=first, now=noted.at, run=run)
    _mark(session, run, noted)
    hold_from(session, booking=booking, spot=spot, begun_at=noted.at)


def _mark(session: Session, run: Run, noted: Noted) -> None:
    if noted.estimated:
        mark_estimated(session, machine_id=run.machine_id)


def _refuse_busy(session: Session, booking: Booking, spot: Place, now: datetime) -> None:
    other = open_run(session, machine_id=booking.machine_id)
    if other is not None:
        busy = session.get(Booking, other.booking_id) if other.booking_id else None
        raise WrongState("machine_running", code=busy.code if busy else "")
    if open_breakdown(session, machine_id=booking.machine_id) is not None:
        raise WrongState("machine_broken", machine=spot.machine.code)
    refuse_too_early(session, booking, now)


@use_case
def pause(
    *, code: str, reason: str, actor: Actor, now: datetime, tapped: Tapped = BY_HAND
) -> Answer:
    """Interrupt a run for a reason; pausing again changes the reason from now on."""
    if reason not in PAUSE_REASONS:
        raise Malformed("reason_unknown", reason=reason, known=sorted(PAUSE_REASONS))
    with transaction() as session:
        return _switch(session, code, "pause", Reason(reason), tapped=tapped, actor=actor, now=now)


@use_case
def resume(*, code: str, actor: Actor, now: datetime, tapped: Tapped = BY_HAND) -> Answer:
    """Go on with a run after a pause; during setup it says that production has begun."""
    with transaction() as session:
        return _switch(session, code, "resume", Reason.RUNNING, tapped=tapped, actor=actor, now=now)


def _switch(
    session: Session,
    code: str,
    action: str,
    reason: Reason,
    *,
    tapped: Tapped,
    actor: Actor,
    now: datetime,
) -> Answer:
    def act() -> Answer:
        booking, run, spot = running(session, code=code, actor=actor, now=now)
        refuse_unseen(session, booking=booking, tapped=tapped)
        noted = time_of(session, booking=booking, tapped=tapped, now=now)
        settle_setup(session, run=run, now=noted.at)
        if open_breakdown(session, machine_id=run.machine_id) is not None:
            raise WrongState("machine_broken", machine=spot.machine.code)
        switch_state(session, machine_id=run.machine_id, reason=reason, now=noted.at, run=run)
        _mark(session, run, noted)
        note(session, booking, action="run:switch", actor=actor, now=now, reason=reason)
        return note_tap(
            session, booking, action=action, reason=reason, tapped=tapped, noted=noted,
            actor=actor, now=now,
        )  # fmt: skip

    request = {"code": code, "reason": str(reason)}
    return tap_once(
        session, command=action, request=request, tapped=tapped, actor=actor, now=now, act=act
    )


def running(
    session: Session, *, code: str, actor: Actor, now: datetime
) -> tuple[Booking, Run, Place]:
    """Return a booking under its operator's hands, with its open run. Raises WrongState."""
    booking, spot = operated(session, code=code, actor=actor, now=now)
    run = session.scalar(select(Run).where(Run.booking_id == booking.id, Run.ended_at.is_(None)))
    if run is None:
        raise WrongState("not_running", code=code, state=booking.state)
    return booking, run, spot


@use_case
def finish(
    *,
    code: str,
    counts: Counts,
    actor: Actor,
    now: datetime,
    key: str | None = None,
    tapped: Tapped = BY_HAND,
) -> Answer:
    """End a run with its counts; what is left of the booked time goes to the waitlist, or is free.

    A run that closed itself, because the phone it was finished on had no signal, gets its counts
    and its true end. Raises WrongState when the booking has no such run.
    """
    tapped = replace(tapped, key=tapped.key or key)
    with transaction() as session:

        def act() -> Answer:
            forgotten = closed_by_itself(session, code=code, tapped=tapped, actor=actor, now=now)
            if forgotten is not None:
                return settle_forgotten(
                    session, booking=forgotten, counts=counts, tapped=tapped, actor=actor, now=now
                )
            booking, run, spot = running(session, code=code, actor=actor, now=now)
            refuse_unseen(session, booking=booking, tapped=tapped)
            noted = time_of(session, booking=booking, tapped=tapped, now=now)
            settle_setup(session, run=run, now=noted.at)
            run.good, run.rejected = counts.good, counts.rejected
            run.estimated = run.estimated or noted.estimated
            end_run(session, booking=booking, run=run, ended_at=noted.at)
            _mark(session, run, noted)
            become(session, booking, State.FINISHED, actor=actor, now=now)
            offer_freed(session, spot=spot, actor=actor, now=now)
            tell_next(session, booking=booking, spot=spot, now=now)
            return note_tap(
                session, booking, action="finish", tapped=tapped, noted=noted, actor=actor, now=now
            )

        request = {"code": code, "good": counts.good, "rejected": counts.rejected}
        return tap_once(
            session, command="finish", request=request, tapped=tapped, actor=actor, now=now, act=act
        )


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
    planned_to = occupation.to_at
    occupation.to_at = min(used_to, occupation.to_at)
    if occupation.attended_from is not None and occupation.attended_from >= occupation.to_at:
        occupation.attended_from = None
    session.flush()
    if occupation.to_at < planned_to:
        _leave_to_breakdown(session, run.machine_id, occupation.to_at, planned_to)


def _leave_to_breakdown(
    session: Session, machine_id: int, left_from: datetime, left_to: datetime
) -> None:
    """Give what a run leaves to the breakdown behind it: nobody could use that time."""
    block = session.scalar(
        select(Occupation).where(
            Occupation.machine_id == machine_id,
            Occupation.kind == "breakdown",
            Occupation.status == "live",
            Occupation.from_at == left_to,
        )
    )
    if block is not None and open_breakdown(session, machine_id=machine_id) is not None:
        block.from_at = left_from
        session.flush()
