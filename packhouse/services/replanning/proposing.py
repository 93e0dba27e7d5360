"""Proposing a plan: read, solve outside of any transaction, keep what came out.

Solving may take seconds, and nothing waits for it: a plan that was overtaken meanwhile is refused
when it is applied, not before.
"""

from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain import replanning
from packhouse.domain.downtime import MaintenanceState
from packhouse.domain.permissions import may_replan
from packhouse.domain.replanning import Outcome, Plan, Situation
from packhouse.domain.replanning.answers import Cause, PlanState
from packhouse.domain.time_range import TimeRange, to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Stale, WrongState
from packhouse.models.downtime import Maintenance
from packhouse.models.machines import Machine
from packhouse.models.replanning import (
    Marks,
    PlanRow,
    ReplanningPlan,
    Touched,
    Work,
    load_situation,
    load_touched,
)
from packhouse.models.sites import Site
from packhouse.services.replanning.marks import Change, marked, marks_of
from packhouse.services.replanning.steps import locked_plan, note_plan, refuse_changed

# Nobody at a counter waits longer; what is found by then is good, and its gap is told.
SECONDS = 8.0


class _Drawn(NamedTuple):
    """A solved plan, before it is kept."""

    touched: tuple[Touched, ...]
    plan: Plan
    seconds: float
    machine_ids: Mapping[str, int]
    marks: Mapping[str, Marks]

    @property
    def cause(self) -> Cause:
        causes = {each.cause for each in self.touched}
        return Cause.BREAKDOWN if Cause.BREAKDOWN in causes else Cause.HOURS


@use_case
def propose(*, site: str, actor: Actor, now: datetime, maintenance_id: int | None = None) -> int:
    """Propose a new time for every booking of a house that needs one; return the plan's id.

    Those are who lost it, who no longer fits the calendar or the people, and who is in the way of
    the proposed maintenance, if one is named. An earlier proposal for the same is outdated by
    it; what the operator pinned or ruled out there stays. Raises NotFound, NotAllowed, WrongState.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None:
        raise NotFound("site_not_found", site=site)
    if not may_replan(actor, house.id):
        raise NotAllowed
    site_id = house.id
    marks = marks_of(session, plan_id=_proposed(session, site_id, maintenance_id))
    drawn = _draw(session, site_id, maintenance_id, marks, now)
    with transaction() as session:
        session.scalar(select(Site.id).where(Site.id == site_id).with_for_update(key_share=True))
        session.execute(
            update(ReplanningPlan)
            .where(*_open(site_id, maintenance_id))
            .values(state=PlanState.OUTDATED)
            .execution_options(synchronize_session=False)
        )
        plan = ReplanningPlan(
            site_id=site_id,
            cause=Cause.MAINTENANCE if maintenance_id else drawn.cause,
            maintenance_id=maintenance_id,
            created_by=actor.id,
            created_at=now,
        )
        _keep(session, plan, drawn, now)
        note_plan(session, plan, action="plan:proposed", actor=actor, now=now, **_told(drawn))
        return plan.id


def _open(site_id: int, maintenance_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Say which proposal a new one takes the place of.

    As plain conditions: who waits for a plan that is being applied then sees that it was.
    """
    return (
        ReplanningPlan.site_id == site_id,
        ReplanningPlan.state == PlanState.PROPOSED,
        ReplanningPlan.maintenance_id.is_(None)
        if maintenance_id is None
        else ReplanningPlan.maintenance_id == maintenance_id,
    )


def _proposed(session: Session, site_id: int, maintenance_id: int | None) -> int | None:
    wanted = select(ReplanningPlan.id).where(*_open(site_id, maintenance_id)).limit(1)
    return session.scalars(wanted).first()


@use_case
def revise(
    *,
    plan_id: int,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    change: Change | None = None,
) -> int:
    """Take the operator's decision about one booking and solve again; return the new version.

    Without a change it plans afresh from what is true now. ``version`` is the one she looked at.
    Raises NotFound, WrongState unless the plan is still a proposal, Stale.
    """
    session = reading()
    kept = session.get(ReplanningPlan, plan_id)
    if kept is None or not may_replan(actor, kept.site_id):
        raise NotFound("plan_not_found")
    refuse_changed(kept, version)
    seen = kept.version
    marks = marks_of(session, plan_id=plan_id)
    if change is not None:
        marks[change.code] = marked(session, plan_id=plan_id, change=change, marks=marks)
    drawn = _draw(session, kept.site_id, kept.maintenance_id, marks, now)
    with transaction() as session:
        plan = locked_plan(session, plan_id=plan_id, actor=actor)
        refuse_changed(plan, None)
        if plan.version != seen:
            raise Stale("plan_changed")
        session.execute(
            delete(PlanRow)
            .where(PlanRow.plan_id == plan_id)
            .execution_options(synchronize_session=False)
        )
        plan.version += 1
        if plan.maintenance_id is None:
            plan.cause = drawn.cause
        _keep(session, plan, drawn, now)
        decided = {"booking": change.code, "mark": change.mark} if change else {}
        note_plan(
            session, plan, action="plan:revised", actor=actor, now=now, **_told(drawn), **decided
        )
        return plan.version


@use_case
def discard(*, plan_id: int, actor: Actor, now: datetime) -> None:
    """Put a proposal away; nobody's time is touched. A repeat changes nothing. Raises NotFound."""
    with transaction() as session:
        plan = locked_plan(session, plan_id=plan_id, actor=actor)
        if plan.state == PlanState.DISCARDED:
            return
        refuse_changed(plan, None)
        plan.state = PlanState.DISCARDED
        note_plan(session, plan, action="plan:discarded", actor=actor, now=now)


# --- solving ------------------------------------------------------------------------------------


def _draw(
    session: Session,
    site_id: int,
    maintenance_id: int | None,
    marks: Mapping[str, Marks],
    now: datetime,
) -> _Drawn:
    work = _work(session, site_id, maintenance_id)
    touched = load_touched(session, site_id=site_id, work=work, now=now)
    situation = (
        load_situation(session, site_id=site_id, touched=touched, work=work, marks=marks, now=now)
        if touched
        else Situation((), {})
    )
    machines = select(Machine.code, Machine.id).where(Machine.site_id == site_id)
    machine_ids = {code: machine_id for code, machine_id in session.execute(machines)}  # noqa: C416
    session.rollback()  # The database is not kept waiting.
    begun = perf_counter()
    plan = replanning.solve(situation, seconds=SECONDS)
    return _Drawn(touched, plan, perf_counter() - begun, machine_ids, marks)


def _work(session: Session, site_id: int, maintenance_id: int | None) -> Work | None:
    if maintenance_id is None:
        return None
    found = session.execute(
        select(Maintenance, Machine.site_id)
        .join(Machine, Machine.id == Maintenance.machine_id)
        .where(Maintenance.id == maintenance_id)
    ).one_or_none()
    if found is None or found[1] != site_id:
        raise NotFound("maintenance_not_found")
    planned: Maintenance = found[0]
    if planned.state != MaintenanceState.PROPOSED:
        raise WrongState("maintenance_not_proposed", state=planned.state)
    return Work(planned.machine_id, TimeRange(planned.from_at, planned.to_at))


# --- keeping ------------------------------------------------------------------------------------


def _keep(session: Session, plan: ReplanningPlan, drawn: _Drawn, now: datetime) -> None:
    solved = drawn.plan
    plan.cost, plan.bound, plan.baseline = (
        list(each) for each in (solved.cost, solved.bound, solved.baseline)
    )
    plan.seconds, plan.solved_at = drawn.seconds, now
    session.add(plan)
    session.flush()
    outcomes = {each.code: each for each in solved.outcomes}
    session.add_all(
        _row(plan.id, position, each, outcomes[each.code], drawn)
        for position, each in enumerate(drawn.touched)
    )


def _row(plan_id: int, position: int, touched: Touched, found: Outcome, drawn: _Drawn) -> PlanRow:
    marks, placed = drawn.marks.get(touched.code, Marks()), found.placement
    pinned = marks.pinned
    return PlanRow(
        plan_id=plan_id,
        booking_id=touched.booking_id,
        position=position,
        cause=touched.cause,
        seen_version=touched.version,
        was_state=touched.state,
        was_machine_id=touched.machine_id,
        was_starts_at=touched.starts_at,
        was_ends_at=touched.ends_at,
        result=found.result,
        machine_id=drawn.machine_ids[placed.machine] if placed else None,
        starts_at=placed.starts_at if placed else None,
        ends_at=placed.ends_at if placed else None,
        shift_minutes=found.shift_minutes,
        changed_day=found.changed_day,
        cleaning_minutes=found.added_cleaning_minutes,
        reasons=list(found.reasons),
        pinned_machine_id=drawn.machine_ids[pinned.machine] if pinned else None,
        pinned_starts_at=pinned.starts_at if pinned else None,
        excluded=sorted([each.machine, to_epoch(each.starts_at)] for each in marks.excluded),
        excluded_machines=sorted(marks.excluded_machines),
        to_call=marks.to_call,
    )


def _told(drawn: _Drawn) -> dict[str, Any]:
    return {
        "bookings": [each.code for each in drawn.touched],
        "cost": list(drawn.plan.cost),
        "bound": list(drawn.plan.bound),
    }
