"""Steps that every change of a booking is made of."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import GIVEN_UP, State, may_become, problems_with_start
from packhouse.domain.permissions import may_see_booking
from packhouse.domain.products import Job
from packhouse.domain.slots import Placement
from packhouse.domain.tariffs import price_of
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken, Stale, WrongState
from packhouse.models.bookings import Booking, describe
from packhouse.models.bookings import Job as KeptJob
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.models.tariffs import BookingReduction, load_reductions
from packhouse.services.audit import Subject, record
from packhouse.services.reminders import forget_reminders
from packhouse.services.reports import forget_rollups
from packhouse.services.slots import Place, fit, lock_places

# Letters and digits that are not mistaken for one another on paper or over the phone.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

Answer = dict[str, Any]


class Looked(Exception):
    """Carries what a change would be out of its transaction, which is taken back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def new_code(prefix: str) -> str:
    """Return a fresh code such as PTK-7K3M9Q: 30^6 possibilities, and the database refuses two."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(6))
    return f"{prefix}-{letters}"


def placed_for(
    session: Session,
    *,
    spot: Place,
    job: Job,
    starts_at: datetime,
    staff: bool,
    now: datetime,
    broken: Sequence[Problem] = (),
) -> Placement:
    """Place a job and list every rule that refuses it, those of time and those of the machine.

    ``broken`` are rules about who books that refuse it already: they are listed with the others.
    """
    problems = problems_with_start(
        starts_at=starts_at,
        now=now,
        notice_minutes=0 if staff else spot.site.notice_minutes,
        horizon_days=spot.site.horizon_days,
    )
    problems += broken
    if not 1970 <= starts_at.year < 9999:  # No calendar reaches there.
        raise RuleBroken(problems)
    try:
        placed = fit(session, spot=spot, job=job, starts_at=starts_at)
    except RuleBroken as refused:
        raise RuleBroken([*problems, *refused.problems]) from None
    if problems:
        raise RuleBroken(problems)
    return placed


def write_times(booking: Booking, spot: Place, placed: Placement) -> None:
    """Write when a booking is, what it consists of and what it costs, as placed."""
    phases = placed.phases
    booking.starts_at, booking.ends_at = placed.starts_at, placed.ends_at
    booking.cleaning_level = int(phases.level)
    booking.changeover_minutes = phases.changeover_minutes
    booking.setup_minutes = phases.setup_minutes
    booking.run_minutes = phases.run_minutes
    booking.break_minutes = phases.break_minutes
    booking.closing_minutes = phases.closing_clean_minutes
    booking.tariff_per_hour = spot.spec.tariff_per_hour
    booking.price = price_of(spot.spec.tariff_per_hour, phases.work_minutes)


def write_moved(
    session: Session, booking: Booking, spot: Place, placed: Placement, *, now: datetime
) -> None:
    """Write where and when a booking is after a move, and what it costs now.

    On its own machine it keeps the tariff and the reduction it was booked with, whatever is asked
    today: only its minutes may be others. On another machine today's tariff of that one counts.
    """
    stays, tariff = booking.machine_id == spot.machine.id, booking.tariff_per_hour
    booking.machine_id, booking.site_id = spot.machine.id, spot.site.id
    write_times(booking, spot, placed)
    if not stays:
        reduce_price(session, booking, now=now)
        return
    kept = session.get(BookingReduction, booking.id)
    booking.tariff_per_hour = tariff
    booking.price = price_of(tariff, placed.phases.work_minutes, kept.percent if kept else 0)


def reduce_price(
    session: Session, booking: Booking, *, now: datetime, is_new: bool = False
) -> None:
    """Take off the reduction its business has in its house now, and keep which rule it was."""
    found = None
    if booking.business_id is not None and booking.tariff_per_hour:
        mine = load_reductions(session, business_id=booking.business_id, now=now)
        found = mine.at(booking.site_id)
    kept = None if is_new else session.get(BookingReduction, booking.id)
    if found is None:
        if kept is not None:
            session.delete(kept)
        return
    row = kept or BookingReduction(booking_id=booking.id)
    row.reduction_id, row.percent = found.id, found.percent
    session.add(row)
    minutes = booking.setup_minutes + booking.run_minutes
    booking.price = price_of(booking.tariff_per_hour, minutes, found.percent)


def answer_of(session: Session, booking: Booking) -> Answer:
    """Return what is told about a booking: codes, ISO 8601 times in the site's zone, rupiah."""
    occupation = session.get_one(Occupation, booking.occupation_id)
    machine = session.get_one(Machine, booking.machine_id)
    site = session.get_one(Site, booking.site_id)
    return describe(booking, occupation.from_at, machine=machine.code, zone=site.zone)


def locked_booking(
    session: Session, *, code: str, actor: Actor, now: datetime
) -> tuple[Booking, Place]:
    """Return a booking the actor may see, with its machine's row locked. Raises NotFound."""
    booking = session.scalar(select(Booking).where(Booking.code == code))
    if booking is None or not may_see_booking(actor, booking.business_id, booking.site_id):
        raise NotFound("booking_not_found", code=code)
    spot = lock_places(session, machine_ids=[booking.machine_id], now=now)[0]
    held = booking.machine_id
    session.refresh(booking)
    if booking.machine_id != held:
        raise Stale("booking_moved", code=code)
    return booking, spot


def lock_by_code(
    session: Session, *, codes: Collection[str], pack: str | None, now: datetime
) -> dict[str, Place]:
    """Lock machines in the order of their ids, and return them by code. Raises NotFound."""
    known = session.execute(select(Machine.code, Machine.id).where(Machine.code.in_(codes))).all()
    for missing in sorted(set(codes) - {row.code for row in known}):
        raise NotFound("machine_not_found", machine=missing)
    ids = [row.id for row in known]
    places = lock_places(session, machine_ids=ids, now=now, pack=pack)
    return {place.machine.code: place for place in places}


def become(
    session: Session,
    booking: Booking,
    state: State,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Change a booking's state along the table, note it, and drop what is no longer true.

    Raises WrongState when the table does not know the change.
    """
    before = State(booking.state)
    if not may_become(before, state):
        raise WrongState("wrong_state", code=booking.code, state=before, wanted=state)
    booking.state = state
    booking.version += 1
    if reason:
        booking.reason = reason
    note(
        session, booking, action=f"booking:{state}", actor=actor, now=now,
        before=before, reason=reason,
    )  # fmt: skip
    forget_reminders(session, booking=booking, now=now)
    if state in GIVEN_UP:
        _shrink_job(session, booking)


def _shrink_job(session: Session, booking: Booking) -> None:
    """Let a job be what its other parts still make; one that is given up whole stays as it was.

    Where each part handles all the pieces, one after another, the pieces stay as many.
    """
    job = session.get(KeptJob, booking.job_id) if booking.job_id else None
    if job is None:
        return
    rest = session.scalars(
        select(Booking.quantity).where(
            Booking.job_id == job.id, Booking.id != booking.id, Booking.state.not_in(GIVEN_UP)
        )
    ).all()
    if rest and set(rest) != {job.quantity}:
        job.quantity = sum(rest)


def note(
    session: Session, booking: Booking, *, action: str, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a booking as it is now; figures of its days are computed anew."""
    session.flush()
    record(
        session,
        actor=actor,
        now=now,
        action=action,
        subject=Subject("booking", booking.id, booking.site_id),
        state=booking.state,
        machine_id=booking.machine_id,
        starts_at=int(booking.starts_at.timestamp()),
        ends_at=int(booking.ends_at.timestamp()),
        **facts,
    )
    # Only days that are over have rollups: what is still to come touches none.
    from_at = booking.starts_at - timedelta(days=1)
    if from_at <= now:
        to_at = booking.ends_at + timedelta(days=1)
        forget_rollups(session, machine_id=booking.machine_id, from_at=from_at, to_at=to_at)
