"""Steps that proposing, applying and answering share."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.permissions import may_replan
from packhouse.domain.replanning.answers import PlanState
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Stale, WrongState
from packhouse.models.replanning import ReplanningPlan
from packhouse.services.audit import Subject, record


def locked_plan(session: Session, *, plan_id: int, actor: Actor) -> ReplanningPlan:
    """Return a plan of a house the actor runs, its row locked. Raises NotFound."""
    plan = session.scalar(
        select(ReplanningPlan)
        .where(ReplanningPlan.id == plan_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if plan is None or not may_replan(actor, plan.site_id):
        raise NotFound("plan_not_found")
    return plan


def refuse_changed(plan: ReplanningPlan, version: int | None) -> None:
    """Refuse what was meant for another version of a plan, or for one that is over."""
    if plan.state != PlanState.PROPOSED:
        raise WrongState("plan_not_proposed", plan_state=plan.state)
    if version is not None and version != plan.version:
        raise Stale("plan_changed")


def note_plan(
    session: Session,
    plan: ReplanningPlan,
    *,
    action: str,
    actor: Actor,
    now: datetime,
    **facts: Any,
) -> None:
    """Write the audit entry of a plan."""
    subject = Subject("plan", plan.id, plan.site_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
