"""What the house notes by itself about downtime, once it is over or has lasted too long."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import MaintenanceState, has_failed
from packhouse.domain.time_range import ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.models.downtime import Maintenance, open_breakdown
from packhouse.models.slots import Occupation
from packhouse.services.downtime.maintenance import finish_maintenance
from packhouse.services.downtime.steps import audit, blocks, settle
from packhouse.services.slots import Place, lock_places

BATCH = 100
LONGER = timedelta(hours=1)


@use_case
def release_past(*, actor: Actor, now: datetime) -> int:
    """Turn blocks whose time is over into history; return how many.

    Planned work becomes a state of its machine for the time that no other state fills. A
    breakdown that lasts longer than expected keeps its machine for another hour at a time.
    Proposed work whose time has come without a decision is cancelled.
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
            session.refresh(block)
            if block.status != "live" or block.to_at > now:
                continue
            block.status = "done"
            session.flush()
            planned = session.scalar(
                select(Maintenance).where(Maintenance.occupation_id == block.id)
            )
            if planned is not None:
                finish_maintenance(session, planned=planned, block=block)
            _outlast(session, spot, actor, now)
        return len(past) + _lapse(session, actor, now)


def _outlast(session: Session, spot: Place, actor: Actor, now: datetime) -> None:
    """Keep a machine that is still broken blocked for another hour, and tell whom that hits."""
    broken = open_breakdown(session, machine_id=spot.machine.id)
    if broken is None or not has_failed(broken.reason) or blocks(session, spot, "breakdown"):
        return
    broken.expected_back_at = ceil_to_slot(now + LONGER)
    session.flush()
    settle(session, spot=spot, actor=actor, now=now)


def _lapse(session: Session, actor: Actor, now: datetime) -> int:
    """Cancel proposed work whose time has begun without a decision; return how much."""
    lapsed = session.scalars(
        select(Maintenance)
        .where(Maintenance.state == MaintenanceState.PROPOSED, Maintenance.from_at < now)
        .order_by(Maintenance.machine_id)
        .limit(BATCH)
    ).all()
    for planned in lapsed:
        spot = lock_places(session, machine_ids=[planned.machine_id], now=now)[0]
        session.refresh(planned)
        if planned.state != MaintenanceState.PROPOSED:
            continue
        planned.state = MaintenanceState.CANCELLED
        session.flush()
        audit(session, spot, actor, now, "machine:maintenance_lapsed")
    return len(lapsed)
