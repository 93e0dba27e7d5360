"""What an operator decides about the bookings of a plan before it is solved again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from packhouse.domain.replanning import Spot
from packhouse.domain.time_range import from_epoch
from packhouse.errors import NotFound, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.replanning import Marks, PlanRow, ReplanningPlan


class Mark(StrEnum):
    """What an operator may decide about one booking of a plan."""

    PIN = "pin"
    EXCLUDE_SPOT = "exclude_spot"
    EXCLUDE_MACHINE = "exclude_machine"
    CALL = "call"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Change:
    """One decision about one booking; without a machine and start it is about what is proposed."""

    code: str
    mark: Mark
    machine: str | None = None
    starts_at: datetime | None = None


def marks_of(session: Session, *, plan_id: int | None) -> dict[str, Marks]:
    """Return what was decided about the bookings of a plan, by their codes."""
    pinned = aliased(Machine)
    rows = session.execute(
        select(PlanRow, Booking.code, pinned.code)
        .join(Booking, Booking.id == PlanRow.booking_id)
        .outerjoin(pinned, pinned.id == PlanRow.pinned_machine_id)
        .where(PlanRow.plan_id == plan_id)
    )
    return {code: _marks(row, machine) for row, code, machine in rows}


def _marks(row: PlanRow, machine: str | None) -> Marks:
    starts_at = row.pinned_starts_at
    return Marks(
        pinned=Spot(machine, starts_at) if machine and starts_at else None,
        excluded=frozenset(Spot(code, from_epoch(at)) for code, at in row.excluded),
        excluded_machines=frozenset(row.excluded_machines),
        to_call=row.to_call,
    )


def marked(session: Session, *, plan_id: int, change: Change, marks: Mapping[str, Marks]) -> Marks:
    """Return what is decided about a booking when one decision more is taken.

    Raises NotFound for a booking or a machine that the plan does not know, and WrongState where
    the decision is about what is proposed and nothing is.
    """
    old = marks.get(change.code)
    if old is None:
        raise NotFound("booking_not_found", code=change.code)
    if change.mark is Mark.CLEAR:
        return Marks()
    if change.mark is Mark.CALL:
        return Marks(None, old.excluded, old.excluded_machines, to_call=True)
    spot = _spot(session, plan_id, change)
    if change.mark is Mark.PIN:
        return Marks(spot, old.excluded - {spot}, old.excluded_machines - {spot.machine})
    if change.mark is Mark.EXCLUDE_SPOT:
        return Marks(None, old.excluded | {spot}, old.excluded_machines)
    return Marks(None, old.excluded, old.excluded_machines | {spot.machine})


def _spot(session: Session, plan_id: int, change: Change) -> Spot:
    """Return the spot a decision is about: the one named, else the one that is proposed."""
    if change.machine is not None and change.starts_at is not None:
        known = session.scalar(
            select(Machine.code)
            .join(ReplanningPlan, ReplanningPlan.site_id == Machine.site_id)
            .where(ReplanningPlan.id == plan_id, Machine.code == change.machine)
        )
        if known is None:
            raise NotFound("machine_not_found", machine=change.machine)
        return Spot(known, change.starts_at)
    proposed = session.execute(
        select(Machine.code, PlanRow.starts_at)
        .join(Machine, Machine.id == PlanRow.machine_id)
        .join(Booking, Booking.id == PlanRow.booking_id)
        .where(PlanRow.plan_id == plan_id, Booking.code == change.code)
    ).one_or_none()
    if proposed is None or proposed.starts_at is None:
        raise WrongState("nothing_proposed", code=change.code)
    return Spot(proposed.code, proposed.starts_at)
