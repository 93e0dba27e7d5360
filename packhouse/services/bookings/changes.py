"""Moving and cancelling a booking."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import (
    CANCELLABLE,
    MOVABLE,
    State,
    decision_deadline,
    is_bound,
    is_late,
)
from packhouse.domain.machines import takes_over
from packhouse.domain.permissions import may_act_for, may_operate
from packhouse.domain.products import Job
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, SlotTaken, Stale, WrongState
from packhouse.models.bookings import Booking, Move, load_leeway
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.replanning import is_asked
from packhouse.models.slots import Occupation
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings.booking import Wish, alternatives_to
from packhouse.services.bookings.jobs import problems_with_moved_step
from packhouse.services.bookings.limits import problems_with_use
from packhouse.services.bookings.requests import release
from packhouse.services.bookings.steps import (
    Answer,
    answer_of,
    become,
    locked_booking,
    note,
    placed_for,
    write_moved,
)
from packhouse.services.reminders import forget_reminders, tell, tell_and_remind
from packhouse.services.slots import Offer, Place, job_of, lock_places, occupy


@dataclass(frozen=True, slots=True)
class Target:
    """Where a booking is to go; without a machine it stays on its own.

    ``version`` is the booking's version the person looked at, if the caller knows it.
    """

    starts_at: datetime
    machine: str | None = None
    version: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told of her new time: the kind of message, and facts beside the usual."""

    kind: MessageKind
    facts: dict[str, Any] = field(default_factory=dict)


MOVED = Told(MessageKind.BOOKING_MOVED)


@use_case
def move(
    *, code: str, target: Target, actor: Actor, now: datetime, key: str | None = None
) -> Answer:
    """Move a booking in one step: it keeps its old time until it has the new one.

    Displaced bookings become confirmed again. A producer may move until the house's window
    before the start closes, the staff at any time. Raises NotFound, NotAllowed, WrongState,
    Stale, SlotTaken, RuleBroken.
    """
    try:
        return _moved(code, target, actor, now, key)
    except SlotTaken as taken:
        others = _other_times(code, target, actor, now)
        raise SlotTaken(others, **taken.problems[0].facts) from None


def _other_times(code: str, target: Target, actor: Actor, now: datetime) -> tuple[Offer, ...]:
    """Return other times near the one that was wanted, that its move may take."""
    session = reading()
    booking = session.scalars(select(Booking).where(Booking.code == code)).one()
    held = session.get_one(Machine, booking.machine_id)
    machine = target.machine or held.code
    assert booking.product_id is not None  # Paper bookings are history and never move.
    wish = Wish(booking.product_id, booking.quantity, machine, target.starts_at)
    found = alternatives_to(session, wish=wish, actor=actor, now=now)
    kinds = {
        each.code: each.kind
        for each in session.scalars(
            select(Machine).where(Machine.code.in_({each.machine for each in found}))
        )
    }
    staff = may_operate(actor, booking.site_id)
    leeway = load_leeway(session, booking_id=booking.id, by_staff=staff, now=now)
    return tuple(
        each
        for each in found
        if takes_over(held.kind, kinds[each.machine])
        and leeway.allows(each.starts_at, each.ends_at, minutes=each.phases.work_minutes)
    )


def _moved(code: str, target: Target, actor: Actor, now: datetime, key: str | None) -> Answer:
    with transaction() as session:
        request = {"code": code, "starts_at": int(target.starts_at.timestamp())} | {
            name: value for name, value in asdict(target).items() if name != "starts_at"
        }
        once = Once(key, "move", request) if key else None

        def act() -> Answer:
            return move_booking(session, code=code, target=target, actor=actor, now=now)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def move_booking(
    session: Session, *, code: str, target: Target, actor: Actor, now: datetime
) -> Answer:
    """Move one booking; its machine and the one it goes to are locked. Raises what ``move`` does.

    The limits of fair use do not bind the staff, who move for the house's reasons.
    """
    booking, old, new = _locked_move(session, code, target, actor, now)
    _refuse_move(booking, old, target, actor, now)
    product = session.get_one(Product, booking.product_id)
    if (new.machine.id, target.starts_at) == (old.machine.id, booking.starts_at) and (
        booking.state != State.DISPLACED
    ):
        return answer_of(session, booking)
    occupation = session.get_one(Occupation, booking.occupation_id)
    history = Move(
        booking_id=booking.id,
        at=now,
        actor_id=actor.id,
        reason=target.reason,
        old_machine_id=booking.machine_id,
        old_starts_at=booking.starts_at,
        old_ends_at=booking.ends_at,
    )
    note(session, booking, action="booking:leave", actor=actor, now=now)
    release(session, booking, old)
    wanted = job_of(product, booking.quantity)
    staff = may_operate(actor, new.site.id)
    placed = placed_for(
        session, spot=new, job=wanted, starts_at=target.starts_at, staff=staff, now=now,
        broken=() if staff else _broken_by_move(session, booking, new, wanted, target, now),
    )  # fmt: skip
    occupy(session, spot=new, job=wanted, placed=placed, occupation=occupation)
    write_moved(session, booking, new, placed, now=now)
    if out_of_order := problems_with_moved_step(session, booking):
        raise RuleBroken(out_of_order)
    history.new_machine_id = booking.machine_id
    history.new_starts_at, history.new_ends_at = booking.starts_at, booking.ends_at
    session.add(history)
    settle_move(session, booking, new, actor, now)
    return answer_of(session, booking)


def _broken_by_move(
    session: Session, booking: Booking, spot: Place, job: Job, target: Target, now: datetime
) -> list[Problem]:
    """Return the limits that her move would break; who was displaced breaks none by coming back.

    The staff moves for the house's reasons, and the move itself keeps which.
    """
    if booking.state == State.DISPLACED or booking.business_id is None:
        return []
    return problems_with_use(
        session, spot=spot, job=job, business_id=booking.business_id,
        starts_at=target.starts_at, now=now, job_id=booking.job_id, leaving=booking.id,
    )  # fmt: skip


def settle_move(
    session: Session,
    booking: Booking,
    spot: Place,
    actor: Actor,
    now: datetime,
    *,
    told: Told = MOVED,
) -> None:
    """Bring state, messages and audit of a moved booking up to date."""
    asks = spot.machine.needs_approval and not may_operate(actor, spot.site.id)
    if booking.state == State.DISPLACED:
        become(session, booking, State.CONFIRMED, actor=actor, now=now)
    else:
        booking.version += 1
    if booking.state == State.REQUESTED and asks:
        booking.decide_by = decision_deadline(
            now=now, starts_at=booking.starts_at, request_hours=spot.site.request_hours
        )
    note(session, booking, action="booking:move", actor=actor, now=now)
    forget_reminders(session, booking=booking, now=now)
    announce = tell_and_remind if booking.state == State.CONFIRMED else tell
    announce(session, kind=told.kind, booking=booking, site=spot.site, now=now, payload=told.facts)


def _locked_move(
    session: Session, code: str, target: Target, actor: Actor, now: datetime
) -> tuple[Booking, Place, Place]:
    """Lock the booking's machine and the one it goes to, in the order of their ids."""
    booking = session.scalar(select(Booking).where(Booking.code == code))
    if booking is None or not may_act_for(actor, booking.business_id, booking.site_id):
        raise NotFound("booking_not_found", code=code)
    goal = booking.machine_id
    if target.machine is not None:
        found = session.scalar(select(Machine.id).where(Machine.code == target.machine))
        if found is None:
            raise NotFound("machine_not_found", machine=target.machine)
        goal = found
    held = booking.machine_id
    pack = session.scalar(select(Product.pack).where(Product.id == booking.product_id))
    places = {
        spot.machine.id: spot
        for spot in lock_places(session, machine_ids=[held, goal], now=now, pack=pack)
    }
    session.refresh(booking)
    if booking.machine_id != held:
        raise Stale("booking_moved", code=code)
    return booking, places[held], places[goal]


def _refuse_move(booking: Booking, old: Place, target: Target, actor: Actor, now: datetime) -> None:
    if booking.state not in MOVABLE:
        raise WrongState("wrong_state", code=booking.code, state=booking.state, wanted="move")
    if target.version is not None and target.version != booking.version:
        raise Stale("booking_changed", code=booking.code)
    hours = old.site.cancel_hours
    if not may_operate(actor, old.site.id) and is_bound(
        state=booking.state, starts_at=booking.starts_at, now=now, cancel_hours=hours
    ):
        raise NotAllowed("move_window_closed", hours=hours)


def _is_late(booking: Booking, spot: Place, now: datetime) -> bool:
    return is_late(starts_at=booking.starts_at, now=now, cancel_hours=spot.site.cancel_hours)


@use_case
def cancel(
    *, code: str, actor: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Answer:
    """Cancel a booking; its time is free from this commit on.

    Inside the house's window before the start it counts as cancelled late. A second cancellation
    returns the same answer. Raises NotFound, NotAllowed, WrongState, Stale.
    """
    with transaction() as session:
        booking, spot = locked_booking(session, code=code, actor=actor, now=now)
        if not may_act_for(actor, booking.business_id, booking.site_id):
            raise NotAllowed
        if booking.state == State.CANCELLED:
            return answer_of(session, booking)
        if version is not None and version != booking.version and booking.state in CANCELLABLE:
            raise Stale("booking_changed", code=code)
        cancel_booking(session, booking=booking, spot=spot, actor=actor, now=now, reason=reason)
        return answer_of(session, booking)


def cancel_booking(
    session: Session, *, booking: Booking, spot: Place, actor: Actor, now: datetime, reason: str
) -> None:
    """Call off a booking whose machine is locked. Raises WrongState."""
    if booking.state not in CANCELLABLE:
        raise WrongState("wrong_state", code=booking.code, state=booking.state, wanted="cancel")
    bound = booking.state in (State.CONFIRMED, State.ARRIVED) and not is_asked(session, booking)
    booking.cancelled_late = bound and _is_late(booking, spot, now)
    become(session, booking, State.CANCELLED, actor=actor, now=now, reason=reason.strip())
    release(session, booking, spot)
    tell(session, kind=MessageKind.BOOKING_CANCELLED, booking=booking, site=spot.site, now=now)
