"""Checks of planned work and outages: what holds time, and what must be down."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from packhouse.domain.downtime import OUTAGES, MaintenanceState
from packhouse.models.downtime import Breakdown, MachineUtility, Maintenance, Outage
from packhouse.models.machines import Machine
from packhouse.models.slots import Occupation

HELD = {MaintenanceState.TAKEN: "live", MaintenanceState.DONE: "done"}


def wrong_maintenance(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find planned work whose block is not what its state says."""
    rows = session.execute(
        select(Maintenance, Occupation)
        .outerjoin(Occupation, Occupation.id == Maintenance.occupation_id)
        .order_by(Maintenance.id)
    )
    for work, block in rows:
        problem = _wrong_block(work, block)
        if problem:
            yield {"maintenance": work.id, "state": work.state, "problem": problem}


def _wrong_block(work: Maintenance, block: Occupation | None) -> str:
    held = HELD.get(MaintenanceState(work.state))
    if block is None:
        return "" if held is None else "holds no time"
    if held is None:
        return "still holds time" if block.status == "live" else ""
    if block.status != held:
        return f"its block is {block.status}"
    same = (block.machine_id, block.from_at, block.to_at) == (
        work.machine_id, work.from_at, work.to_at,
    )  # fmt: skip
    return "" if same and block.kind == "maintenance" else "holds another time"


def wrong_outages(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find machines that work though an outage is on, and those that are down for none."""
    needed = and_(
        MachineUtility.machine_id == Machine.id,
        MachineUtility.utility == Outage.utility,
        Outage.site_id == Machine.site_id,
        Outage.begun_at.is_not(None),
        Outage.ended_at.is_(None),
    )
    down = exists().where(Breakdown.machine_id == Machine.id, Breakdown.ended_at.is_(None))
    in_service = or_(Machine.retired_at.is_(None), Machine.retired_at > now)
    working = (
        select(Machine.code).where(exists().where(needed), ~down, in_service).order_by(Machine.code)
    )
    for code in session.scalars(working):
        yield {"machine": code, "problem": "works though an outage is on"}
    idle = (
        select(Machine.code)
        .join(Breakdown, Breakdown.machine_id == Machine.id)
        .where(
            Breakdown.ended_at.is_(None),
            Breakdown.reason.in_(sorted(OUTAGES)),
            ~exists().where(needed),
        )
        .order_by(Machine.code)
    )
    for code in session.scalars(idle):
        yield {"machine": code, "problem": "is down for an outage that is over"}
