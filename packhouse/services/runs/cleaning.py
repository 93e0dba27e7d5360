"""Cleans that people sign for: before a run, at the end of a day, and those that were left out."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State, may_become
from packhouse.domain.permissions import STAFF, may_operate
from packhouse.domain.products import CleaningLevel
from packhouse.domain.runs import Missing, Noted, noted_time
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.runs import Cleaning, CleaningState, load_cleaning, load_run_before
from packhouse.models.users import User, UserSite
from packhouse.services.audit import Subject, record
from packhouse.services.runs.hands import operated
from packhouse.services.runs.states import open_run
from packhouse.services.runs.taps import BY_HAND, Tapped, tap_once
from packhouse.services.slots import Place, lock_place

MOST_LETTERS = 200


def cleaning_before(session: Session, *, booking: Booking, spot: Place) -> CleaningState | None:
    """Return the clean that is due before a booking, from what ran before it on its day."""
    day = spot.calendar.local_day(spot.day_of(booking.starts_at))
    return load_cleaning(
        session, machine_id=booking.machine_id, product_id=booking.product_id, since=day.start
    )


def require_clean(
    session: Session,
    *,
    booking: Booking,
    spot: Place,
    unclean: str,
    noted: Noted,
    actor: Actor,
    now: datetime,
) -> None:
    """Refuse a run on a machine whose clean nobody signed for; a reason is kept and lets it run."""
    state = cleaning_before(session, booking=booking, spot=spot)
    if state is None or state.missing is None or _was_excused(session, booking, state):
        return
    reason = unclean.strip()[:MOST_LETTERS]
    if not reason:
        code = "clean_unchecked" if state.missing == Missing.CHECK else "clean_unsigned"
        facts = {"level": int(state.due.level), "after": state.after.product}
        raise RuleBroken([Problem(code, facts)])
    session.add(
        Cleaning(
            machine_id=booking.machine_id,
            booking_id=booking.id,
            kind="skipped",
            level=int(state.due.level),
            reason=reason,
            done_by=actor.id,
            done_at=noted.at,
            received_at=now,
            estimated=noted.estimated,
        )
    )
    _note(session, booking.machine_id, booking.site_id, "cleaning:skipped", actor, now,
          booking=booking.code, level=int(state.due.level), reason=reason)  # fmt: skip


def _was_excused(session: Session, booking: Booking, state: CleaningState) -> bool:
    """Say whether its run began without the clean before, for a reason, and was undone."""
    found = session.scalar(
        select(Cleaning.id).where(
            Cleaning.booking_id == booking.id,
            Cleaning.kind == "skipped",
            Cleaning.done_at >= state.after.ended_at,
        )
    )
    return found is not None


@use_case
def sign_clean(
    *, code: str, actor: Actor, now: datetime, tapped: Tapped = BY_HAND
) -> dict[str, object]:
    """Sign for the clean that is due before a booking; return its id and whether one must check.

    A second signature changes nothing. Raises WrongState while a run is on, RuleBroken when
    nothing is due.
    """
    with transaction() as session:

        def act() -> dict[str, object]:
            booking, spot = operated(session, code=code, actor=actor, now=now)
            if not may_become(State(booking.state), State.RUNNING):
                raise WrongState(
                    "wrong_state", code=code, state=booking.state, wanted=State.RUNNING
                )
            _refuse_running(session, booking.machine_id)
            state = cleaning_before(session, booking=booking, spot=spot)
            if state is None:
                raise RuleBroken([Problem("no_clean_due")])
            if state.missing != Missing.CLEAN:
                return {"id": state.cleaning_id, "check": state.missing == Missing.CHECK}
            noted = noted_time(tapped.clock, now=now, not_before=state.after.ended_at)
            row = Cleaning(
                machine_id=booking.machine_id,
                booking_id=booking.id,
                kind="before",
                level=int(state.due.level),
                done_by=actor.id,
                done_at=noted.at,
                device_at=tapped.clock.tapped_at if tapped.clock else None,
                received_at=now,
                estimated=noted.estimated,
            )
            session.add(row)
            session.flush()
            _note(session, booking.machine_id, booking.site_id, "cleaning:signed", actor, now,
                  booking=code, level=row.level, cleaning=row.id)  # fmt: skip
            return {"id": row.id, "check": state.due.needs_second}

        return tap_once(
            session, command="clean", request={"code": code}, tapped=tapped, actor=actor, now=now,
            act=act,
        )  # fmt: skip


def _refuse_running(session: Session, machine_id: int) -> None:
    other = open_run(session, machine_id=machine_id)
    if other is not None:
        busy = session.get(Booking, other.booking_id) if other.booking_id else None
        raise WrongState("machine_running", code=busy.code if busy else "")


@use_case
def check_clean(*, code: str, checker: int, actor: Actor, now: datetime) -> None:
    """Note that a second person has looked at the clean before a booking.

    ``checker`` is who looked: the actor herself, or a colleague who has just proved on the same
    phone who she is. Raises RuleBroken when she is who cleaned, or not of this house.
    """
    with transaction() as session:
        booking, spot = operated(session, code=code, actor=actor, now=now)
        state = cleaning_before(session, booking=booking, spot=spot)
        if state is None or state.cleaning_id is None:
            raise WrongState("no_clean_to_check", code=code)
        row = session.get_one(Cleaning, state.cleaning_id)
        if row.done_by == checker:
            raise RuleBroken([Problem("same_person")])
        if not _works_here(session, checker, booking.site_id):
            raise RuleBroken([Problem("not_of_this_house")])
        row.checked_by, row.checked_at = checker, now
        session.flush()
        _note(session, booking.machine_id, booking.site_id, "cleaning:checked", actor, now,
              booking=code, cleaning=row.id, checker=checker)  # fmt: skip


def _works_here(session: Session, user_id: int, site_id: int) -> bool:
    user = session.get(User, user_id)
    if user is None or not user.is_active or Role(user.role) not in STAFF:
        return False
    here = session.get(UserSite, (user_id, site_id))
    return here is not None or user.role == Role.ADMIN


@use_case
def close_day(*, machine: str, actor: Actor, now: datetime) -> int:
    """Sign for the full clean that ends a machine's day; return its id. A repeat changes nothing.

    Raises WrongState while a run is on, RuleBroken when nothing ran since the last full clean.
    """
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_operate(actor, spot.site.id):
            raise NotFound("machine_not_found", machine=machine)
        if actor.id is None:
            raise NotAllowed
        _refuse_running(session, spot.machine.id)
        day = spot.calendar.local_day(spot.day_of(now))
        before = load_run_before(session, machine_id=spot.machine.id, since=day.start)
        if before is None:
            raise RuleBroken([Problem("no_clean_due")])
        kept = session.scalar(
            select(Cleaning.id).where(
                Cleaning.machine_id == spot.machine.id,
                Cleaning.kind == "closing",
                Cleaning.done_at >= before.ended_at,
            )
        )
        if kept is not None:
            return kept
        row = Cleaning(
            machine_id=spot.machine.id,
            kind="closing",
            level=int(CleaningLevel.FULL),
            done_by=actor.id,
            done_at=now,
            received_at=now,
        )
        session.add(row)
        session.flush()
        _note(session, spot.machine.id, spot.site.id, "cleaning:closed", actor, now,
              cleaning=row.id)  # fmt: skip
        return row.id


def _note(
    session: Session, machine_id: int, site_id: int, action: str, actor: Actor, now: datetime,
    **facts: object,
) -> None:  # fmt: skip
    subject = Subject("machine", machine_id, site_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
