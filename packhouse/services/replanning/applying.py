"""Carrying a plan out: in one transaction, all of it or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.reminders import MessageKind
from packhouse.domain.replanning import Result
from packhouse.domain.replanning.answers import AnswerState, PlanState, Shift, answer_by
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import Problem, RuleBroken, SlotTaken, Stale, WrongState
from packhouse.models.bookings import Booking, Move
from packhouse.models.downtime import Maintenance
from packhouse.models.replanning import PlanAnswer, PlanRow, ReplanningPlan
from packhouse.models.tariffs import BookingReduction
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings import Answer, become, release
from packhouse.services.bookings.changes import Told, settle_move
from packhouse.services.bookings.jobs import problems_with_moved_step
from packhouse.services.bookings.moving import arrive, keep_move, leave
from packhouse.services.downtime import take_maintenance
from packhouse.services.reminders import tell
from packhouse.services.replanning.steps import locked_plan, note_plan, refuse_changed
from packhouse.services.slots import Place, lock_places


@dataclass(slots=True)
class _Step:
    """One row of a plan with its booking; ``move`` remembers where it was."""

    row: PlanRow
    booking: Booking
    price: int
    move: Move | None = None

    @property
    def stays(self) -> bool:
        """Say whether she keeps machine and time: only the cleaning around her is laid anew."""
        row = self.row
        same = (row.machine_id, row.starts_at) == (row.was_machine_id, row.was_starts_at)
        return same and row.was_state != State.DISPLACED


@use_case
def apply_plan(
    *, plan_id: int, actor: Actor, now: datetime, key: str | None = None, version: int | None = None
) -> Answer:
    """Give every booking of a plan its new time, take the planned work, and tell the people.

    Who is moved is asked, or only told of a small shift; who found no time is to be called. A
    plan that is applied already answers as it did. Raises NotFound, WrongState, KeyReused, and
    Stale with all that changed since the plan was made: then nothing is done.
    """
    once = Once(key, "apply_plan", {"plan": plan_id}) if key else None
    with transaction() as session:

        def act() -> Answer:
            plan = locked_plan(session, plan_id=plan_id, actor=actor)
            if plan.state != PlanState.APPLIED:
                refuse_changed(plan, version)
                _apply(session, plan, actor, now)
            return _answer(session, plan)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def _answer(session: Session, plan: ReplanningPlan) -> Answer:
    results = session.scalars(select(PlanRow.result).where(PlanRow.plan_id == plan.id)).all()
    return {
        "plan": plan.id,
        "state": plan.state,
        "moved": results.count(Result.MOVE),
        "to_call": results.count(Result.CALL),
    }


def _apply(session: Session, plan: ReplanningPlan, actor: Actor, now: datetime) -> None:
    places, steps = _locked(session, plan, now)
    moving = [each for each in steps if each.row.result == Result.MOVE]
    calling = [each for each in steps if each.row.result == Result.CALL]
    for each in moving:
        _leave(session, each, places, actor, now)
    for each in calling:
        _displace(session, each, places, actor, now)
    try:
        if plan.maintenance_id is not None:
            take_maintenance(session, maintenance_id=plan.maintenance_id, actor=actor, now=now)
    except (RuleBroken, WrongState, SlotTaken) as refused:
        raise _outdated(refused.problems) from refused
    _arrive(session, moving, places, actor, now)
    for each in moving:
        _settle(session, plan, each, places, actor, now)
    session.add_all(
        PlanAnswer(
            plan_id=plan.id,
            booking_id=each.booking.id,
            site_id=plan.site_id,
            state=AnswerState.TO_CALL,
            booking_version=each.booking.version,
            asked_at=now,
        )
        for each in calling
    )
    plan.state, plan.applied_by, plan.applied_at = PlanState.APPLIED, actor.id, now
    note_plan(
        session, plan, action="plan:applied", actor=actor, now=now,
        moved=[each.booking.code for each in moving],
        to_call=[each.booking.code for each in calling],
    )  # fmt: skip


def _locked(
    session: Session, plan: ReplanningPlan, now: datetime
) -> tuple[dict[int, Place], list[_Step]]:
    """Lock every machine of a plan in the order of ids, and read its bookings as they are now.

    Raises Stale with every booking that is not as the plan saw it.
    """
    rows = session.scalars(
        select(PlanRow).where(PlanRow.plan_id == plan.id).order_by(PlanRow.position)
    ).all()
    ids = {each.was_machine_id for each in rows} | {
        each.machine_id for each in rows if each.machine_id is not None
    }
    if plan.maintenance_id is not None:
        ids.add(session.get_one(Maintenance, plan.maintenance_id).machine_id)
    places = {spot.machine.id: spot for spot in lock_places(session, machine_ids=ids, now=now)}
    found = session.scalars(
        select(Booking)
        .where(Booking.id.in_([each.booking_id for each in rows]))
        .execution_options(populate_existing=True)
    )
    bookings = {each.id: each for each in found}
    steps = [
        _Step(each, bookings[each.booking_id], bookings[each.booking_id].price) for each in rows
    ]
    changed = [each.booking for each in steps if not _is_as_seen(each)]
    if changed:
        raise _outdated(
            Problem("plan_booking_changed", {"code": each.code, "state": each.state})
            for each in changed
        )
    return places, steps


def _is_as_seen(step: _Step) -> bool:
    row, booking = step.row, step.booking
    return (booking.version, booking.state, booking.machine_id, booking.starts_at) == (
        row.seen_version,
        row.was_state,
        row.was_machine_id,
        row.was_starts_at,
    )


def _outdated(problems: Iterable[Problem]) -> Stale:
    error = Stale("plan_outdated")
    error.problems = (*error.problems, *problems)
    return error


# --- moving -------------------------------------------------------------------------------------


def _leave(
    session: Session, step: _Step, places: Mapping[int, Place], actor: Actor, now: datetime
) -> None:
    if step.stays:
        release(session, step.booking, places[step.booking.machine_id])
    else:
        step.move = leave(session, booking=step.booking, places=places, actor=actor, now=now)


def _displace(
    session: Session, step: _Step, places: Mapping[int, Place], actor: Actor, now: datetime
) -> None:
    """Take the time of somebody for whom there is no other, and tell her not to come."""
    booking = step.booking
    if booking.state == State.DISPLACED:
        return
    spot = places[booking.machine_id]
    become(session, booking, State.DISPLACED, actor=actor, now=now, reason=step.row.cause)
    release(session, booking, spot)
    tell(session, kind=MessageKind.BOOKING_DISPLACED, booking=booking, site=spot.site, now=now)


def _arrive(
    session: Session,
    moving: Sequence[_Step],
    places: Mapping[int, Place],
    actor: Actor,
    now: datetime,
) -> None:
    problems: list[Problem] = []
    for each in moving:
        row, code = each.row, each.booking.code
        assert row.machine_id is not None
        assert row.starts_at is not None
        try:
            arrive(
                session, booking=each.booking, place=places[row.machine_id],
                starts_at=row.starts_at, actor=actor, now=now,
            )  # fmt: skip
        except (RuleBroken, SlotTaken) as refused:
            problems += [_of(code, problem) for problem in refused.problems]
            if not session.is_active:  # The database itself refused: nothing more can be read.
                break
    for each in () if problems else moving:
        broken = problems_with_moved_step(session, each.booking)
        problems += [_of(each.booking.code, problem) for problem in broken]
    if problems:
        raise _outdated(problems)


def _of(code: str, problem: Problem) -> Problem:
    return Problem(problem.code, {**problem.facts, "code": code})


def _settle(
    session: Session,
    plan: ReplanningPlan,
    step: _Step,
    places: Mapping[int, Place],
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the move, tell her, and remember what she was told."""
    booking, row = step.booking, step.row
    if step.move is None:
        return
    _keep_price(session, step)
    keep_move(session, move=step.move, booking=booking)
    spot, old = places[booking.machine_id], places[row.was_machine_id]
    shift = Shift(row.shift_minutes, row.changed_day, spot.machine.kind != old.machine.kind)
    small = shift.is_small(spot.site.inform_minutes)
    deadline = answer_by(now=now, starts_at=booking.starts_at)
    facts = {"was": to_epoch(row.was_starts_at), "answer_by": to_epoch(deadline)}
    kind = MessageKind.NEW_TIME_TOLD if small else MessageKind.NEW_TIME_ASKED
    settle_move(session, booking, spot, actor, now, told=Told(kind, facts))
    session.add(
        PlanAnswer(
            plan_id=plan.id,
            booking_id=booking.id,
            site_id=plan.site_id,
            state=AnswerState.INFORMED if small else AnswerState.ASKED,
            booking_version=booking.version,
            asked_at=now,
            answer_by=deadline,
        )
    )


def _keep_price(session: Session, step: _Step) -> None:
    """Let nobody pay more because the house moved her: the tariff yields as far as it must."""
    booking = step.booking
    if booking.price <= step.price:
        return
    kept = session.get(BookingReduction, booking.id)
    percent = kept.percent if kept is not None else 0
    minutes = booking.setup_minutes + booking.run_minutes
    tariff = booking.tariff_per_hour * step.price // booking.price
    while price_of(tariff, minutes, percent) > step.price:
        tariff -= 1
    booking.tariff_per_hour = tariff
    booking.price = price_of(tariff, minutes, percent)
