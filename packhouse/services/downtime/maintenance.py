"""Planned work: on free time it is taken at once, over bookings it is proposed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.downtime import MaintenanceState, cleaning_is_lost, days_of
from packhouse.domain.machines import MachineTime
from packhouse.domain.permissions import may_manage
from packhouse.domain.runs import Reason
from packhouse.domain.time_range import TimeRange, ceil_to_slot, floor_to_slot, subtract
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Maintenance, Schedule
from packhouse.models.runs import StateInterval
from packhouse.models.slots import Occupation, load_neighbours
from packhouse.services.downtime.steps import (
    LONGEST,
    Affected,
    audit,
    blocks,
    end_block,
    hold_time,
    settle,
)
from packhouse.services.reports import forget_rollups
from packhouse.services.slots import Place, lock_place, lock_places
from packhouse.services.waitlist import retract_offers

PLANNED = frozenset({Reason.MAINTENANCE, Reason.CALIBRATION, Reason.TRIAL, Reason.INSTALLATION})


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of a plan: ``taken``, or ``proposed`` with the bookings that are in its way."""

    id: int
    state: MaintenanceState
    in_the_way: tuple[Affected, ...]


@use_case
def plan_maintenance(
    *,
    machine: str,
    from_at: datetime,
    to_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Planned:
    """Plan work on a machine, in whole slots.

    On free time it is taken at once; an offer of the waitlist that stands there is taken back
    and told. Where bookings are in its way it is proposed: nobody loses her time by a plan before
    she has another. Raises RuleBroken where a run is on, or the house would lose its cleaning.
    """
    if reason not in PLANNED:
        raise Malformed("reason_unknown", reason=reason)
    time = _period(from_at, to_at, now)
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_manage(actor, spot.site.id):
            raise NotAllowed
        planned = Maintenance(
            machine_id=spot.machine.id,
            state=MaintenanceState.PROPOSED,
            from_at=time.start,
            to_at=time.end,
            reason=reason,
            note=note,
            planned_by=actor.id,
            created_at=now,
        )
        return propose_or_take(session, spot=spot, planned=planned, actor=actor, now=now)


def _period(from_at: datetime, to_at: datetime, now: datetime) -> TimeRange:
    start, end = floor_to_slot(from_at), ceil_to_slot(to_at)
    if not now <= start < end or end - start > LONGEST:
        raise RuleBroken([Problem("period_out_of_range", {"days": LONGEST.days})])
    return TimeRange(start, end)


@use_case
def claim_maintenance(*, maintenance_id: int, actor: Actor, now: datetime) -> None:
    """Take the time of proposed work, once nobody is in its way. Raises NotFound, RuleBroken."""
    with transaction() as session:
        _managed(session, maintenance_id, actor, now)
        take_maintenance(session, maintenance_id=maintenance_id, actor=actor, now=now)


@use_case
def cancel_maintenance(*, maintenance_id: int, actor: Actor, now: datetime) -> None:
    """Give planned work's time back, or propose it no more.

    What has begun is done, earlier than planned. What comes back is not proposed again for the
    time that was called off. Raises NotFound.
    """
    with transaction() as session:
        planned, spot = _managed(session, maintenance_id, actor, now)
        if planned.state not in {MaintenanceState.PROPOSED, MaintenanceState.TAKEN}:
            return
        _call_off(session, spot, planned, actor, now)
        audit(session, spot, actor, now, "machine:maintenance_cancelled", state=planned.state)


def _call_off(
    session: Session, spot: Place, planned: Maintenance, actor: Actor, now: datetime
) -> None:
    block = None
    if planned.occupation_id is not None:
        block = session.get_one(Occupation, planned.occupation_id)
        end_block(block, now)
        session.flush()
    if block is not None and block.status == "done":
        finish_maintenance(session, planned=planned, block=block)
    else:
        planned.state = MaintenanceState.CANCELLED
        if planned.schedule_id is not None:
            session.get_one(Schedule, planned.schedule_id).not_before = planned.to_at
        session.flush()
    settle(session, spot=spot, actor=actor, now=now)


# --- steps --------------------------------------------------------------------------------------


def propose_or_take(
    session: Session, *, spot: Place, planned: Maintenance, actor: Actor, now: datetime
) -> Planned:
    """Keep new work on a locked machine: take its time if no booking is in the way."""
    time = TimeRange(planned.from_at, planned.to_at)
    in_the_way = _bookings_in(session, spot, time)
    running = [each for each in in_the_way if each.state == State.RUNNING]
    if running:
        raise RuleBroken([_in_the_way(each) for each in running])
    session.add(planned)
    session.flush()
    if not in_the_way:
        _hold(session, spot, planned, actor, now)
    audit(
        session, spot, actor, now, "machine:maintenance", reason=planned.reason,
        state=planned.state, from_at=int(time.start.timestamp()), to_at=int(time.end.timestamp()),
    )  # fmt: skip
    hit = tuple(Affected(each.code, each.starts_at, each.ends_at) for each in in_the_way)
    return Planned(planned.id, MaintenanceState(planned.state), hit)


def take_maintenance(session: Session, *, maintenance_id: int, actor: Actor, now: datetime) -> None:
    """Hold the time of proposed work, its machine locked or not yet.

    Raises NotFound, WrongState unless it is proposed and still ahead, and RuleBroken with every
    booking that is in its way.
    """
    planned = session.get(Maintenance, maintenance_id)
    if planned is None:
        raise NotFound("maintenance_not_found")
    spot = lock_places(session, machine_ids=[planned.machine_id], now=now)[0]
    session.refresh(planned)
    if planned.state != MaintenanceState.PROPOSED or planned.from_at < floor_to_slot(now):
        raise WrongState("maintenance_not_proposed", state=planned.state)
    hit = _bookings_in(session, spot, TimeRange(planned.from_at, planned.to_at))
    if hit:
        raise RuleBroken([_in_the_way(each) for each in hit])
    _hold(session, spot, planned, actor, now)
    audit(session, spot, actor, now, "machine:maintenance_taken", reason=planned.reason)


def _hold(session: Session, spot: Place, planned: Maintenance, actor: Actor, now: datetime) -> None:
    """Hold the time of work, where the machine is down then, too."""
    time = TimeRange(planned.from_at, planned.to_at)
    retract_offers(session, spot=spot, time=time, actor=actor, now=now)
    down = [
        block
        for block in blocks(session, spot, "breakdown")
        if block.from_at < time.end and block.to_at > time.start
    ]
    for block in down:
        end_block(block, now)
    session.flush()
    block = hold_time(session, spot, kind="maintenance", time=time)
    planned.occupation_id, planned.state = block.id, MaintenanceState.TAKEN
    session.flush()
    if down:
        settle(session, spot=spot, actor=actor, now=now)
    _refuse_lost_cleaning(session, spot, time)


def finish_maintenance(session: Session, *, planned: Maintenance, block: Occupation) -> None:
    """Note that the work was done in the time its block really took.

    It becomes a state of its machine, around whatever else was noted, and the count of work that
    comes back begins again.
    """
    planned.state, planned.to_at = MaintenanceState.DONE, block.to_at
    if planned.schedule_id is not None:
        schedule = session.get_one(Schedule, planned.schedule_id)
        schedule.counts_from = max(schedule.counts_from, block.to_at)
    time = TimeRange(block.from_at, block.to_at)
    others = session.scalars(
        select(StateInterval).where(
            StateInterval.machine_id == planned.machine_id,
            StateInterval.starts_at < time.end,
            (StateInterval.ends_at.is_(None)) | (StateInterval.ends_at > time.start),
        )
    )
    taken = [
        TimeRange(max(each.starts_at, time.start), each.ends_at or time.end) for each in others
    ]
    session.add_all(
        StateInterval(
            machine_id=planned.machine_id,
            reason=planned.reason,
            starts_at=part.start,
            ends_at=part.end,
        )
        for part in subtract([time], taken)
    )
    session.flush()
    forget_rollups(session, machine_id=planned.machine_id, from_at=time.start, to_at=time.end)


def _bookings_in(session: Session, spot: Place, time: TimeRange) -> list[Booking]:
    return list(
        session.scalars(
            select(Booking)
            .join(Occupation, Occupation.id == Booking.occupation_id)
            .where(
                Occupation.machine_id == spot.machine.id,
                Occupation.status == "live",
                Occupation.from_at < time.end,
                Occupation.to_at > time.start,
            )
            .order_by(Booking.starts_at)
        )
    )


def _in_the_way(booking: Booking) -> Problem:
    facts = {"code": booking.code, "starts_at": booking.starts_at}
    return Problem("bookings_in_the_way", facts)


def _refuse_lost_cleaning(session: Session, spot: Place, time: TimeRange) -> None:
    """Refuse a plan that takes the time in which the house cleans around other bookings."""
    for day in days_of(spot.calendar, time):
        window = spot.calendar.local_day(day)
        found = load_neighbours(session, machine_ids=[spot.machine.id], window=window)
        around = MachineTime(spot.spec, spot.calendar, found[spot.machine.id])
        if cleaning_is_lost(around, day):
            raise RuleBroken([Problem("cleaning_in_the_way", {"day": day})])


def _managed(
    session: Session, maintenance_id: int, actor: Actor, now: datetime
) -> tuple[Maintenance, Place]:
    planned = session.get(Maintenance, maintenance_id)
    if planned is None:
        raise NotFound("maintenance_not_found")
    spot = lock_places(session, machine_ids=[planned.machine_id], now=now)[0]
    if not may_manage(actor, spot.site.id):
        raise NotFound("maintenance_not_found")
    session.refresh(planned)
    return planned, spot
