"""The work that is planned on machines, once or again and again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select, true
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.downtime import Basis, MaintenanceState, Progress, progress
from packhouse.domain.permissions import STAFF, may_operate
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Maintenance, Schedule, load_counts
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation

OPEN = (MaintenanceState.PROPOSED, MaintenanceState.TAKEN)


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """Planned work on a machine that is not over yet.

    ``in_the_way`` counts the bookings that a proposal waits for.
    """

    id: int
    machine: str
    machine_name: str
    site_id: int
    site: str
    zone: str
    reason: str
    note: str
    state: str
    from_at: datetime
    to_at: datetime
    in_the_way: int

    @property
    def is_proposed(self) -> bool:
        """Say whether it holds no time yet."""
        return self.state == MaintenanceState.PROPOSED


@dataclass(frozen=True, slots=True)
class Recurring:
    """Work that a machine needs again and again, and how far it is on the way to the next."""

    id: int
    machine: str
    machine_name: str
    site_id: int
    zone: str
    reason: str
    note: str
    basis: str
    every: int
    minutes: int
    lead_days: int
    counts_from: datetime
    progress: Progress
    next_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Say whether it is due and nobody has kept a time for it."""
        return self.progress.is_over and self.next_at is None


def planned_work(*, actor: Actor, now: datetime) -> tuple[PlannedWork, ...]:
    """Return the planned work of the actor's sites that is not over, by time."""
    return planned_on(reading(), in_hand(actor), now)


def recurring_work(*, actor: Actor, now: datetime) -> tuple[Recurring, ...]:
    """Return the work that comes back on the machines of the actor's sites, the next due first."""
    return recurring_on(reading(), in_hand(actor), now)


def maintenance_machine(*, maintenance_id: int, actor: Actor) -> tuple[str, str]:
    """Return the codes of the machine that planned work is on, and of its site. NotFound."""
    return _machine_of(Maintenance, maintenance_id, actor, "maintenance_not_found")


def schedule_machine(*, schedule_id: int, actor: Actor) -> tuple[str, str]:
    """Return the codes of the machine a schedule is for, and of its site. Raises NotFound."""
    return _machine_of(Schedule, schedule_id, actor, "schedule_not_found")


def _machine_of(
    model: type[Maintenance] | type[Schedule], row_id: int, actor: Actor, missing: str
) -> tuple[str, str]:
    row = (
        reading()
        .execute(
            select(Machine.code, Machine.site_id, Site.code.label("site"))
            .join(model, model.machine_id == Machine.id)
            .join(Site, Site.id == Machine.site_id)
            .where(model.id == row_id)
        )
        .one_or_none()
    )
    if row is None or not may_operate(actor, row.site_id):
        raise NotFound(missing)
    return str(row.code), str(row.site)


# --- selecting ----------------------------------------------------------------------------------


def in_hand(actor: Actor) -> ColumnElement[bool]:
    """Select the machines that ``may_operate`` admits."""
    if actor.is_system or actor.role == Role.ADMIN:
        return true()
    return Machine.site_id.in_(actor.site_ids) if actor.role in STAFF else false()


def planned_on(
    session: Session, condition: ColumnElement[bool], now: datetime
) -> tuple[PlannedWork, ...]:
    """Return the planned work on the selected machines that is not over, by time."""
    in_the_way = (
        select(func.count(Booking.id))
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Maintenance.state == MaintenanceState.PROPOSED,
            Occupation.machine_id == Maintenance.machine_id,
            Occupation.status == "live",
            Occupation.from_at < Maintenance.to_at,
            Occupation.to_at > Maintenance.from_at,
        )
        .correlate(Maintenance)
        .scalar_subquery()
    )
    rows: Any = session.execute(
        select(
            Maintenance.id,
            Machine.code,
            Machine.name,
            Site.id,
            Site.code,
            Site.zone,
            Maintenance.reason,
            Maintenance.note,
            Maintenance.state,
            Maintenance.from_at,
            Maintenance.to_at,
            in_the_way,
        )
        .join(Machine, Machine.id == Maintenance.machine_id)
        .join(Site, Site.id == Machine.site_id)
        .where(condition, Maintenance.state.in_(OPEN), Maintenance.to_at > now)
        .order_by(Maintenance.from_at, Maintenance.id)
    )
    return tuple(PlannedWork(*row) for row in rows)


def recurring_on(
    session: Session, condition: ColumnElement[bool], now: datetime
) -> tuple[Recurring, ...]:
    """Return the work that comes back on the selected machines, the next due first."""
    rows = session.execute(
        select(Schedule, Machine.code, Machine.name, Site.id, Site.zone, Maintenance.from_at)
        .join(Machine, Machine.id == Schedule.machine_id)
        .join(Site, Site.id == Machine.site_id)
        .outerjoin(
            Maintenance, and_(Maintenance.schedule_id == Schedule.id, Maintenance.state.in_(OPEN))
        )
        .where(condition, Schedule.ended_at.is_(None))
    ).all()
    counts = load_counts(session, schedules=[row[0] for row in rows], now=now)
    found = []
    for each, code, name, site_id, zone, next_at in rows:
        counted, per_day = counts[each.id].of(each.basis)
        how_far = progress(
            Basis(each.basis), each.every, counted=counted, per_day=per_day,
            counts_from=each.counts_from, now=now,
        )  # fmt: skip
        found.append(
            Recurring(
                each.id, code, name, site_id, zone, each.reason, each.note, each.basis,
                each.every, each.minutes, each.lead_days, each.counts_from, how_far, next_at,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=_next_due))


def _next_due(each: Recurring) -> tuple[bool, float, int]:
    due = each.progress.due_at
    return due is None, due.timestamp() if due else 0.0, each.id
