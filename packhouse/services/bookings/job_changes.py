"""A job of several parts, or a cooperative's order, moved or cancelled as one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import CANCELLABLE, GIVEN_UP, MOVABLE, State, is_bound, is_in_steps
from packhouse.domain.permissions import may_act_for, may_operate
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import (
    Malformed,
    NotAllowed,
    NotFound,
    Problem,
    RuleBroken,
    SlotTaken,
    Stale,
    WrongState,
)
from packhouse.models.bookings import Booking, Job, JobLine, Order
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings.changes import cancel_booking, settle_move
from packhouse.services.bookings.jobs import problems_with_steps
from packhouse.services.bookings.limits import problems_with_use
from packhouse.services.bookings.moving import arrive, for_pack, keep_move, leave
from packhouse.services.bookings.steps import Answer, Looked, answer_of
from packhouse.services.reminders import tell_together
from packhouse.services.slots import Place, job_of, lock_places


@dataclass(frozen=True, slots=True)
class Shift:
    """Where one part of a job goes."""

    booking: str
    machine: str
    starts_at: datetime


class _Group(NamedTuple):
    """The bookings of a job or an order, whose code it has."""

    code: str
    job: Job | None
    bookings: list[Booking]

    @property
    def open(self) -> list[Booking]:
        return [each for each in self.bookings if each.state not in GIVEN_UP]

    @property
    def version(self) -> int:
        """A number that grows with every change of any of them."""
        return sum(each.version for each in self.bookings)


@use_case
def move_job(
    *,
    code: str,
    shifts: Sequence[Shift],
    actor: Actor,
    now: datetime,
    version: int | None = None,
    key: str | None = None,
) -> Answer:
    """Move every part of a job or an order, or none; each keeps its code.

    All of them hold their old times until they have the new ones, so a part may go where another
    part of the same job stood. Raises what ``move`` raises, with the number of the ``part``.
    """
    told = [asdict(each) | {"starts_at": int(each.starts_at.timestamp())} for each in shifts]
    once = Once(key, "move_job", {"code": code, "shifts": told}) if key else None
    with transaction() as session:

        def act() -> Answer:
            return _moved(session, code, shifts, actor, now, version)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


@use_case
def look_at_move(*, code: str, shifts: Sequence[Shift], actor: Actor, now: datetime) -> Answer:
    """Return what ``move_job`` would, and keep nothing of it. Raises what it raises."""
    try:
        with transaction() as session:
            raise Looked(_moved(session, code, shifts, actor, now, None))
    except Looked as looked:
        answer = looked.answer
    return answer


def _moved(
    session: Session,
    code: str,
    shifts: Sequence[Shift],
    actor: Actor,
    now: datetime,
    version: int | None,
) -> Answer:
    group = _group(session, code, actor)
    wanted = {each.booking: each for each in shifts}
    if wanted.keys() != {each.code for each in group.open} or len(wanted) != len(shifts):
        raise Malformed("parts_incomplete")
    places = _locked(session, group, [each.machine for each in shifts], now)
    if version is not None and version != group.version:
        raise Stale("job_changed", code=code)
    for booking in group.open:
        _refuse(booking, places[booking.machine_id], actor, now)
    _relocate(session, group, wanted, places, actor, now)
    return _answer(session, group)


@use_case
def cancel_job(
    *,
    code: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
    only: str | None = None,
    version: int | None = None,
) -> Answer:
    """Cancel all of a job or an order that can still be called off, or ``only`` one booking of it.

    With one part gone the job is what its other parts make. A second cancellation returns the
    same answer. Raises NotFound, WrongState when nothing of it can be called off, Stale.
    """
    with transaction() as session:
        group = _group(session, code, actor)
        asked = [each for each in group.bookings if only in (None, each.code)]
        if not asked:
            raise NotFound("booking_not_found", code=only)
        places = _locked(session, group, [], now)
        if all(each.state in GIVEN_UP for each in asked):
            return _answer(session, group)
        if version is not None and version != group.version:
            raise Stale("job_changed", code=code)
        leaving = [each for each in asked if each.state in CANCELLABLE]
        if not leaving:
            raise WrongState("wrong_state", code=code, state=asked[0].state, wanted="cancel")
        for booking in leaving:
            cancel_booking(
                session, booking=booking, spot=places[booking.machine_id],
                actor=actor, now=now, reason=reason,
            )  # fmt: skip
        tell_together(session, kind=MessageKind.BOOKING_CANCELLED, bookings=leaving, now=now)
        return _answer(session, group)


def _group(session: Session, code: str, actor: Actor) -> _Group:
    job = session.scalar(select(Job).where(Job.code == code))
    if job is not None:
        owner, query = job.business_id, select(Booking).where(Booking.job_id == job.id)
    else:
        order = session.scalar(select(Order).where(Order.code == code))
        if order is None:
            raise NotFound("job_not_found", code=code)
        lines = select(JobLine.job_id).where(JobLine.order_id == order.id)
        owner, query = order.cooperative_id, select(Booking).where(Booking.job_id.in_(lines))
    bookings = list(session.scalars(query.order_by(Booking.starts_at, Booking.id)))
    if not bookings or not may_act_for(actor, owner, bookings[0].site_id):
        raise NotFound("job_not_found", code=code)
    return _Group(code, job, bookings)


def _locked(
    session: Session, group: _Group, machines: Sequence[str], now: datetime
) -> dict[int, Place]:
    """Lock every machine the bookings are on or go to, in the order of their ids."""
    known = session.execute(
        select(Machine.code, Machine.id).where(Machine.code.in_(machines))
    ).all()
    for missing in sorted(set(machines) - {row.code for row in known}):
        raise NotFound("machine_not_found", machine=missing)
    held = [each.machine_id for each in group.bookings]
    ids = [*held, *(row.id for row in known)]
    places = {place.machine.id: place for place in lock_places(session, machine_ids=ids, now=now)}
    for booking in group.bookings:
        session.refresh(booking)
    if [each.machine_id for each in group.bookings] != held:
        raise Stale("job_changed", code=group.code)
    return places


def _refuse(booking: Booking, place: Place, actor: Actor, now: datetime) -> None:
    if booking.state not in MOVABLE:
        raise WrongState("wrong_state", code=booking.code, state=booking.state, wanted="move")
    hours = place.site.cancel_hours
    if not may_operate(actor, place.site.id) and is_bound(
        state=booking.state, starts_at=booking.starts_at, now=now, cancel_hours=hours
    ):
        raise NotAllowed("move_window_closed", hours=hours)


def _relocate(
    session: Session,
    group: _Group,
    wanted: dict[str, Shift],
    places: dict[int, Place],
    actor: Actor,
    now: datetime,
) -> None:
    by_code = {place.machine.code: place for place in places.values()}
    moving = sorted(group.open, key=lambda each: wanted[each.code].starts_at)
    history = {
        each.id: leave(session, booking=each, places=places, actor=actor, now=now)
        for each in moving
    }
    problems: list[Problem] = []
    for number, booking in enumerate(moving, start=1):
        shift = wanted[booking.code]
        try:
            arrive(
                session, booking=booking, place=by_code[shift.machine],
                starts_at=shift.starts_at, actor=actor, now=now,
            )  # fmt: skip
        except RuleBroken as refused:
            problems += [Problem(e.code, {**e.facts, "part": number}) for e in refused.problems]
            if not session.is_active:
                break
            continue
        except SlotTaken as taken:
            raise SlotTaken(**{**taken.problems[0].facts, "part": number}) from taken
        keep_move(session, move=history[booking.id], booking=booking)
    problems = problems or _problems_together(session, group, moving, places, actor, now)
    if problems:
        raise RuleBroken(problems)
    for booking in moving:
        settle_move(session, booking, places[booking.machine_id], actor, now)
    tell_together(session, kind=MessageKind.BOOKING_MOVED, bookings=moving, now=now)


def _problems_together(
    session: Session,
    group: _Group,
    moved: Sequence[Booking],
    places: dict[int, Place],
    actor: Actor,
    now: datetime,
) -> list[Problem]:
    """Return what only shows when all parts have arrived: their order, and fair use.

    On the way one part would count beside another that is about to leave. Neither the staff nor
    who was displaced is bound by the limits, as with one booking.
    """
    problems: list[Problem] = []
    if group.job is not None and is_in_steps(group.job.quantity, [each.quantity for each in moved]):
        problems += problems_with_steps(session, moved)
    for number, booking in enumerate(moved, start=1):
        spot = places[booking.machine_id]
        free = booking.state == State.DISPLACED or may_operate(actor, spot.site.id)
        if free or booking.business_id is None:
            continue
        product = session.get_one(Product, booking.product_id)
        found = problems_with_use(
            session, spot=for_pack(session, spot, product.pack, now),
            job=job_of(product, booking.quantity), business_id=booking.business_id,
            starts_at=booking.starts_at, now=now, job_id=booking.job_id, leaving=booking.id,
        )  # fmt: skip
        problems += [Problem(each.code, {**each.facts, "part": number}) for each in found]
    return problems


def _answer(session: Session, group: _Group) -> Answer:
    return {
        "code": group.code,
        "bookings": [answer_of(session, each) for each in group.bookings],
        "price": sum(each.price for each in group.open),
    }
