"""Steps of all that takes time from a machine: hold it, and tell whom that hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.domain.bookings import WAITING, State
from packhouse.domain.downtime import Utility, has_failed, reason_of
from packhouse.domain.permissions import may_operate
from packhouse.domain.reminders import MessageKind
from packhouse.domain.runs import Reason
from packhouse.domain.time_range import (
    SLOT,
    TimeRange,
    ceil_to_slot,
    floor_to_slot,
    merge,
    subtract,
)
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown, Outage, open_breakdown, open_outages
from packhouse.models.slots import LONGEST_DAYS, Occupation
from packhouse.services.audit import Subject, record
from packhouse.services.bookings import become
from packhouse.services.reminders import tell
from packhouse.services.reports import forget_rollups
from packhouse.services.runs import open_run, settle_setup, switch_state
from packhouse.services.slots import Place, lock_place, refit_day, refusal
from packhouse.services.waitlist import retract_offers

LONGEST = timedelta(days=LONGEST_DAYS) - SLOT


@dataclass(frozen=True, slots=True)
class Affected:
    """A booking that lost its time, and when it would have been (UTC)."""

    code: str
    starts_at: datetime
    ends_at: datetime


def staffed(session: Session, *, machine: str, actor: Actor, now: datetime) -> Place:
    """Return a machine in its operator's hands, its row locked."""
    spot = lock_place(session, code=machine, now=now)
    if not may_operate(actor, spot.site.id):
        raise NotAllowed
    return spot


def audit(
    session: Session, spot: Place, actor: Actor, now: datetime, action: str, **facts: object
) -> None:
    """Note what was done to a machine."""
    subject = Subject("machine", spot.machine.id, spot.site.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def blocks(session: Session, spot: Place, kind: str) -> Sequence[Occupation]:
    """Return the live blocks of one kind on a machine, by time."""
    return session.scalars(
        select(Occupation)
        .where(
            Occupation.machine_id == spot.machine.id,
            Occupation.kind == kind,
            Occupation.status == "live",
        )
        .order_by(Occupation.from_at)
    ).all()


def hold_time(session: Session, spot: Place, *, kind: str, time: TimeRange) -> Occupation:
    """Keep a machine's time for no booking. Raises SlotTaken."""
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


def end_block(block: Occupation, now: datetime) -> None:
    """Keep what a block really took, give back the rest."""
    if block.from_at >= now:
        block.status = "released"
        return
    block.to_at = min(block.to_at, ceil_to_slot(now))
    block.status = "done"


# --- down ---------------------------------------------------------------------------------------


def settle(
    session: Session, *, spot: Place, actor: Actor, now: datetime, was_down: bool = False
) -> tuple[Affected, ...]:
    """Bring the state and the held time of a machine in line with what is true of it now.

    It is down while it is broken, and while an outage of what it needs is on. What an announced
    outage will take is held already. ``was_down`` says that the caller has just ended what kept
    it down. Returns the bookings that lost their time.
    """
    outages = open_outages(session, machine_id=spot.machine.id, site_id=spot.site.id)
    on = next((each for each in outages if each.begun_at is not None), None)
    broken = open_breakdown(session, machine_id=spot.machine.id)
    was_down = was_down or broken is not None
    if broken is None or not has_failed(broken.reason):
        broken = _without(session, spot, broken, on, now)
    if broken is not None or was_down:
        _show(session, spot, broken, now)
    down = [TimeRange(each.from_at, each.to_at) for each in outages if each.to_at > now]
    if broken is not None:
        down.append(TimeRange(min(broken.started_at, now), broken.expected_back_at))
        forget_rollups(session, machine_id=spot.machine.id, from_at=broken.started_at, to_at=None)
    if broken is not None:
        why = broken.reason
    else:
        why = reason_of(Utility(outages[0].utility)) if outages else Reason.BREAKDOWN
    return _keep_down(session, spot, down, why, actor, now)


def _without(
    session: Session, spot: Place, down: Breakdown | None, on: Outage | None, now: datetime
) -> Breakdown | None:
    """Have a machine be down for the outage that is on, and for no other."""
    reason = reason_of(Utility(on.utility)) if on is not None else None
    if down is not None and down.reason != reason:
        end_breakdown(session, spot, down, now)
        down = None
    if on is not None and down is None:
        down = Breakdown(
            machine_id=spot.machine.id,
            reason=reason,
            note=on.note,
            started_at=now,
            reported_by=on.reported_by,
        )
        session.add(down)
    if on is not None and down is not None:
        down.note, down.expected_back_at = on.note, on.to_at
        session.flush()
    return down


def end_breakdown(session: Session, spot: Place, broken: Breakdown, now: datetime) -> None:
    """Note that what kept a machine down is over."""
    broken.ended_at = max(now, broken.started_at + timedelta(seconds=1))
    session.flush()
    forget_rollups(session, machine_id=spot.machine.id, from_at=broken.started_at, to_at=None)


def _show(session: Session, spot: Place, broken: Breakdown | None, now: datetime) -> None:
    """Switch the machine's state: down, or back to a run that waits for its operator."""
    run = open_run(session, machine_id=spot.machine.id)
    if broken is not None:
        if run is not None:
            settle_setup(session, run=run, now=now)
        reason: Reason | None = Reason(broken.reason)
    else:
        reason = Reason.NO_OPERATOR if run is not None else None
    switch_state(session, machine_id=spot.machine.id, reason=reason, now=now, run=run)


def _keep_down(
    session: Session,
    spot: Place,
    down: list[TimeRange],
    why: str,
    actor: Actor,
    now: datetime,
) -> tuple[Affected, ...]:
    """Hold a machine's time while it is down, from now or from the end of the run that is on."""
    # The slot that is running is nobody's any more: it can neither be booked nor given back.
    running, begin = floor_to_slot(now), ceil_to_slot(now)
    lost = merge(
        TimeRange(max(floor_to_slot(each.start), running), ceil_to_slot(each.end))
        for each in down
        if ceil_to_slot(each.end) > running
    )
    affected = [hit for time in lost for hit in _displace(session, spot, time, why, actor, now)]
    # Planned work keeps what it holds: nobody packs then anyway. A run keeps what it used.
    others = [
        *blocks(session, spot, "maintenance"),
        *_running(session, spot),
        *_just_used(session, spot, begin),
    ]
    ahead = [TimeRange(max(each.start, begin), each.end) for each in lost if each.end > begin]
    parts = subtract(ahead, [TimeRange(each.from_at, each.to_at) for each in others])
    going_on = {
        block.id: part
        for block in blocks(session, spot, "breakdown")
        for part in parts
        if _goes_on(block, part, begin)
    }
    # Who gives back goes first: another may take it.
    for block in sorted(blocks(session, spot, "breakdown"), key=lambda each: each.id in going_on):
        if block.id in going_on:
            block.to_at = going_on[block.id].end
        else:
            end_block(block, now)
        session.flush()
    for part in parts:
        if part not in going_on.values():
            hold_time(session, spot, kind="breakdown", time=part)
    for day in sorted({spot.day_of(each.ends_at) for each in affected}):
        refit_day(session, spot=spot, day=day)
    return tuple(affected)


def _goes_on(block: Occupation, part: TimeRange, begin: datetime) -> bool:
    """Say whether a block holds what a part wants from its begin on, and nothing else ahead."""
    same = block.from_at == part.start
    reaches = block.from_at < begin == part.start <= block.to_at
    return (same or reaches) and part.end - block.from_at <= LONGEST


def _just_used(session: Session, spot: Place, begin: datetime) -> Sequence[Occupation]:
    """Return what has ended, but is on record until the end of its first slot."""
    return session.scalars(
        select(Occupation).where(
            Occupation.machine_id == spot.machine.id,
            Occupation.status == "done",
            Occupation.to_at > begin,
        )
    ).all()


def _running(session: Session, spot: Place) -> Sequence[Occupation]:
    return session.scalars(
        select(Occupation)
        .join(Booking, Booking.occupation_id == Occupation.id)
        .where(
            Booking.machine_id == spot.machine.id,
            Booking.state == State.RUNNING,
            Occupation.status == "live",
        )
    ).all()


def _displace(
    session: Session, spot: Place, time: TimeRange, reason: str, actor: Actor, now: datetime
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
        become(session, booking, State.DISPLACED, actor=actor, now=now, reason=reason)
        occupation = session.get_one(Occupation, booking.occupation_id)
        # The cleaning of who stays is found anew once the machine's time is held.
        occupation.status = "released"
        session.flush()
        tell(session, kind=MessageKind.BOOKING_DISPLACED, booking=booking, site=spot.site, now=now)
    return tuple(Affected(each.code, each.starts_at, each.ends_at) for each in hit)
