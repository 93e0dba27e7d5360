"""Breakdowns and planned maintenance: block the machine, and tell whom it hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import WAITING, State
from packhouse.domain.machines import MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.permissions import may_manage, may_operate
from packhouse.domain.reminders import MessageKind
from packhouse.domain.runs import BROKEN, Reason
from packhouse.domain.time_range import SLOT, TimeRange, ceil_to_slot, floor_to_slot, subtract
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown, Maintenance, open_breakdown
from packhouse.models.runs import StateInterval
from packhouse.models.slots import LONGEST_DAYS, Occupation, load_neighbours
from packhouse.services.audit import Subject, record
from packhouse.services.bookings import become
from packhouse.services.reminders import tell
from packhouse.services.reports import forget_rollups
from packhouse.services.runs import open_run, settle_setup, switch_state
from packhouse.services.slots import Place, free, lock_place, lock_places, refusal
from packhouse.services.waitlist import retract_offers

LONGEST = timedelta(days=LONGEST_DAYS) - SLOT
BATCH = 100
PLANNED = frozenset({Reason.MAINTENANCE, Reason.CALIBRATION, Reason.TRIAL, Reason.INSTALLATION})


@dataclass(frozen=True, slots=True)
class Affected:
    """A booking that lost its time, and when it would have been (UTC)."""

    code: str
    starts_at: datetime
    ends_at: datetime


def _staffed(session: Session, machine: str, actor: Actor, now: datetime) -> Place:
    spot = lock_place(session, code=machine, now=now)
    if not may_operate(actor, spot.site.id):
        raise NotAllowed
    return spot


def _audit(
    session: Session, spot: Place, actor: Actor, now: datetime, action: str, **facts: object
) -> None:
    subject = Subject("machine", spot.machine.id, spot.site.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


@use_case
def report_breakdown(
    *,
    machine: str,
    reason: str,
    expected_back_at: datetime,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> tuple[Affected, ...]:
    """Note that a machine is broken until a time; return the bookings that lost theirs.

    They become displaced, keep their rank, and their people are told at once. A run that is on
    stays open, interrupted. Reporting again changes reason and expected time.
    Raises NotFound, NotAllowed, Malformed, RuleBroken.
    """
    if reason not in BROKEN:
        raise Malformed("reason_unknown", reason=reason, known=sorted(BROKEN))
    if not now < expected_back_at <= now + LONGEST:
        raise RuleBroken([Problem("expected_back_out_of_range", {"days": LONGEST.days})])
    with transaction() as session:
        spot = _staffed(session, machine, actor, now)
        broken = open_breakdown(session, machine_id=spot.machine.id)
        if broken is None:
            broken = Breakdown(machine_id=spot.machine.id, started_at=now, reported_by=actor.id)
            session.add(broken)
        broken.reason, broken.note, broken.expected_back_at = reason, note, expected_back_at
        affected = _block(session, spot, broken, actor, now)
        run = open_run(session, machine_id=spot.machine.id)
        if run is not None:
            settle_setup(session, run=run, now=now)
        switch_state(session, machine_id=spot.machine.id, reason=Reason(reason), now=now, run=run)
        _audit(
            session, spot, actor, now, "machine:broken", reason=reason, note=note,
            expected_back_at=int(expected_back_at.timestamp()),
        )  # fmt: skip
        _forget(session, spot, now)
        return affected


def _forget(session: Session, spot: Place, from_at: datetime) -> None:
    forget_rollups(session, machine_id=spot.machine.id, from_at=from_at, to_at=None)


def _block(
    session: Session, spot: Place, broken: Breakdown, actor: Actor, now: datetime
) -> tuple[Affected, ...]:
    """Hold the machine from now (or from the end of the run that is on) until it is back."""
    # The slot that is running is nobody's any more: it can neither be booked nor given back.
    start, end = ceil_to_slot(now), ceil_to_slot(broken.expected_back_at)
    for old in _blocks(session, spot, "breakdown"):
        start = min(start, old.from_at)
        old.status = "released"
    session.flush()
    affected = _displace(session, spot, TimeRange(floor_to_slot(now), end), actor, now)
    running = session.scalar(
        select(Occupation.to_at)
        .join(Booking, Booking.occupation_id == Occupation.id)
        .where(
            Booking.machine_id == spot.machine.id,
            Booking.state == State.RUNNING,
            Occupation.status == "live",
        )
    )
    start = max(start, running) if running else start
    # Planned work keeps what it holds: nobody packs then anyway.
    planned = [
        TimeRange(each.from_at, each.to_at) for each in _blocks(session, spot, "maintenance")
    ]
    parts = subtract([TimeRange(start, end)], planned) if start < end else []
    held = [_hold(session, spot, kind="breakdown", time=part) for part in parts]
    broken.occupation_id = held[-1].id if held else None
    session.flush()
    return affected


def _blocks(session: Session, spot: Place, kind: str) -> Sequence[Occupation]:
    return session.scalars(
        select(Occupation)
        .where(
            Occupation.machine_id == spot.machine.id,
            Occupation.kind == kind,
            Occupation.status == "live",
        )
        .order_by(Occupation.from_at)
    ).all()


def _hold(session: Session, spot: Place, *, kind: str, time: TimeRange) -> Occupation:
    block = Occupation(
        site_id=spot.site.id,
        machine_id=spot.machine.id,
        kind=kind,
        from_at=time.start,
        to_at=time.end,
    )
    session.add(block)
    try:
        session.flush()
    except IntegrityError as error:
        raise refusal(error, machine=spot.spec.code, starts_at=time.start) from error
    return block


def _displace(
    session: Session, spot: Place, time: TimeRange, actor: Actor, now: datetime
) -> tuple[Affected, ...]:
    """Take their time from the waiting bookings it overlaps, and tell their people."""
    retract_offers(session, spot=spot, time=time, actor=actor, now=now)
    hit = session.scalars(
        select(Booking)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id == spot.machine.id,
            Booking.state.in_(WAITING),
            Occupation.status == "live",
            Occupation.from_at < time.end,
            Occupation.to_at > time.start,
        )
        .order_by(Booking.starts_at)
    ).all()
    for booking in hit:
        become(session, booking, State.DISPLACED, actor=actor, now=now, reason="breakdown")
        occupation = session.get_one(Occupation, booking.occupation_id)
        free(session, spot=spot, occupation=occupation)
        tell(session, kind=MessageKind.BOOKING_DISPLACED, booking=booking, site=spot.site, now=now)
    return tuple(Affected(each.code, each.starts_at, each.ends_at) for each in hit)


@use_case
def repair(*, machine: str, actor: Actor, now: datetime) -> None:
    """Note that a machine works again; its time is free from this commit on.

    A run that was interrupted waits for its operator to go on. Raises WrongState if the machine
    is not broken.
    """
    with transaction() as session:
        spot = _staffed(session, machine, actor, now)
        broken = open_breakdown(session, machine_id=spot.machine.id)
        if broken is None:
            raise WrongState("machine_not_broken", machine=machine)
        broken.ended_at = max(now, broken.started_at + timedelta(seconds=1))
        for block in _blocks(session, spot, "breakdown"):
            _end_block(block, now)
        run = open_run(session, machine_id=spot.machine.id)
        after = Reason.NO_OPERATOR if run is not None else None
        switch_state(session, machine_id=spot.machine.id, reason=after, now=now, run=run)
        _audit(session, spot, actor, now, "machine:repaired")
        _forget(session, spot, broken.started_at)


def _end_block(block: Occupation, now: datetime) -> None:
    """Keep what a block really took, give back the rest."""
    if block.from_at >= now:
        block.status = "released"
        return
    block.to_at = min(block.to_at, ceil_to_slot(now))
    block.status = "done"


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
) -> int:
    """Block a machine for planned work and return the maintenance's id.

    Raises RuleBroken with every booking in the way: nobody is displaced by a plan.
    """
    if reason not in PLANNED:
        raise Malformed("reason_unknown", reason=reason)
    start, end = floor_to_slot(from_at), ceil_to_slot(to_at)
    if not now <= start < end or end - start > LONGEST:
        raise RuleBroken([Problem("period_out_of_range", {"days": LONGEST.days})])
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_manage(actor, spot.site.id):
            raise NotAllowed
        _refuse_bookings(session, spot, TimeRange(start, end))
        block = _hold(session, spot, kind="maintenance", time=TimeRange(start, end))
        _refuse_lost_cleaning(session, spot, TimeRange(start, end))
        planned = Maintenance(
            machine_id=spot.machine.id,
            occupation_id=block.id,
            reason=reason,
            note=note,
            planned_by=actor.id,
            created_at=now,
        )
        session.add(planned)
        session.flush()
        _audit(
            session, spot, actor, now, "machine:maintenance", reason=reason,
            from_at=int(start.timestamp()), to_at=int(end.timestamp()),
        )  # fmt: skip
        return planned.id


def _refuse_bookings(session: Session, spot: Place, time: TimeRange) -> None:
    hit = session.execute(
        select(Booking.code, Booking.starts_at)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Occupation.machine_id == spot.machine.id,
            Occupation.status == "live",
            Occupation.from_at < time.end,
            Occupation.to_at > time.start,
        )
        .order_by(Booking.starts_at)
    ).all()
    if hit:
        facts = [{"code": row.code, "starts_at": row.starts_at} for row in hit]
        raise RuleBroken([Problem("bookings_in_the_way", each) for each in facts])


def _refuse_lost_cleaning(session: Session, spot: Place, time: TimeRange) -> None:
    """Refuse a plan that takes the time in which the house cleans around other bookings."""
    days = {spot.day_of(time.start), spot.day_of(time.end - SLOT)}
    for day in sorted(days):
        window = spot.calendar.local_day(day)
        found = load_neighbours(session, machine_ids=[spot.machine.id], window=window)
        around = MachineTime(spot.spec, spot.calendar, found[spot.machine.id])
        lost = any(each.occupied_from is None for each in cleanings_on(around, day))
        if lost or not closing_clean_fits(around, day):
            raise RuleBroken([Problem("cleaning_in_the_way", {"day": day})])


@use_case
def cancel_maintenance(*, maintenance_id: int, actor: Actor, now: datetime) -> None:
    """Give a planned block's time back; what of it has passed stays. Raises NotFound."""
    with transaction() as session:
        planned = session.get(Maintenance, maintenance_id)
        if planned is None:
            raise NotFound("maintenance_not_found")
        spot = lock_places(session, machine_ids=[planned.machine_id], now=now)[0]
        if not may_manage(actor, spot.site.id):
            raise NotFound("maintenance_not_found")
        block = session.get_one(Occupation, planned.occupation_id)
        if block.status == "live":
            _end_block(block, now)
            _audit(session, spot, actor, now, "machine:maintenance_cancelled")


@use_case
def release_past(*, actor: Actor, now: datetime) -> int:
    """Turn blocks whose time is over into history; return how many.

    Planned work becomes a state of its machine for the time that no other state fills. A
    breakdown that lasts longer than expected keeps its machine for another hour at a time.
    """
    with transaction() as session:
        past = session.scalars(
            select(Occupation)
            .where(
                Occupation.status == "live",
                Occupation.kind.in_(("maintenance", "breakdown")),
                Occupation.to_at <= now,
            )
            .order_by(Occupation.machine_id)
            .limit(BATCH)
        ).all()
        for block in past:
            spot = lock_places(session, machine_ids=[block.machine_id], now=now)[0]
            block.status = "done"
            session.flush()
            planned = session.scalar(
                select(Maintenance).where(Maintenance.occupation_id == block.id)
            )
            if planned is not None:
                _note_planned(session, spot, planned, TimeRange(block.from_at, block.to_at))
            broken = open_breakdown(session, machine_id=spot.machine.id)
            if broken is not None and not _blocks(session, spot, "breakdown"):
                _outlast(session, spot, broken, actor, now)
        return len(past)


def _note_planned(session: Session, spot: Place, planned: Maintenance, time: TimeRange) -> None:
    """Write the machine's state for planned work, around whatever else was noted."""
    others = session.scalars(
        select(StateInterval).where(
            StateInterval.machine_id == spot.machine.id,
            StateInterval.starts_at < time.end,
            (StateInterval.ends_at.is_(None)) | (StateInterval.ends_at > time.start),
        )
    )
    taken = [
        TimeRange(max(each.starts_at, time.start), each.ends_at or time.end) for each in others
    ]
    for part in subtract([time], taken):
        session.add(
            StateInterval(
                machine_id=spot.machine.id,
                reason=planned.reason,
                starts_at=part.start,
                ends_at=part.end,
            )
        )
    session.flush()
    forget_rollups(session, machine_id=spot.machine.id, from_at=time.start, to_at=time.end)


def _outlast(session: Session, spot: Place, broken: Breakdown, actor: Actor, now: datetime) -> None:
    """Keep a machine that is still broken blocked for another hour, and tell whom that hits."""
    broken.expected_back_at = ceil_to_slot(now + timedelta(hours=1))
    _block(session, spot, broken, actor, now)
