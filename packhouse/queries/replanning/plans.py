"""Plans as an operator reads them: before, after, why, and what has changed since."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from packhouse.db import reading
from packhouse.domain.permissions import STAFF, may_replan
from packhouse.domain.replanning import Result
from packhouse.domain.replanning.answers import AnswerState, Cause, PlanState, Shift
from packhouse.domain.time_range import TimeRange, from_epoch
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Maintenance
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.replanning import PlanAnswer, PlanRow, ReplanningPlan, Work, load_touched
from packhouse.models.sites import Site
from packhouse.models.users import User
from packhouse.queries.replanning.views import Cost, PlanItem, PlanView, PlanWork, RowItem
from packhouse.queries.runs import Contact, contacts_of

MOST_LISTED = 50


def plan_view(*, plan_id: int, actor: Actor, now: datetime) -> PlanView:
    """Return a plan of a house the actor runs, with what has changed since. Raises NotFound."""
    session = reading()
    found = session.execute(_PLAN.where(ReplanningPlan.id == plan_id)).one_or_none()
    if found is None or not may_replan(actor, found.site_id):
        raise NotFound("plan_not_found")
    plan: ReplanningPlan = found[0]
    kept = session.execute(_ROWS.where(PlanRow.plan_id == plan_id)).all()
    people = contacts_of(business_ids=sorted({each.business_id for each in kept}))
    rows = tuple(_row(each, found.inform_minutes, people) for each in kept)
    is_open = plan.state == PlanState.PROPOSED
    work, name, code = _work(session, plan)
    machines = session.execute(
        select(Machine.code, Machine.name)
        .where(Machine.site_id == plan.site_id, Machine.retired_at.is_(None))
        .order_by(Machine.name, Machine.code)
    )
    return PlanView(
        id=plan.id,
        version=plan.version,
        state=plan.state,
        cause=plan.cause,
        site_id=plan.site_id,
        site=found.site,
        site_name=found.site_name,
        zone=found.zone,
        created_at=plan.created_at,
        solved_at=plan.solved_at,
        created_by=found.created_by or "",
        applied_at=plan.applied_at,
        applied_by=found.applied_by or "",
        seconds=plan.seconds,
        cost=_four(plan.cost),
        bound=_four(plan.bound),
        baseline=_four(plan.baseline),
        work=PlanWork(code, name, work.reason, work.from_at, work.to_at) if work else None,
        rows=rows,
        added=_added(session, plan, work, rows, now) if is_open else (),
        is_late=is_open and any(each.starts_at and each.starts_at < now for each in rows),
        machines=tuple((each.code, each.name) for each in machines),
    )


def open_plans(*, actor: Actor, site: str | None = None) -> tuple[PlanItem, ...]:
    """Return the proposals of the actor's houses, and what was applied last, the newest first."""
    session = reading()
    counts = (
        select(
            PlanRow.plan_id,
            func.count().filter(PlanRow.result == Result.MOVE).label("moved"),
            func.count().filter(PlanRow.result == Result.CALL).label("to_call"),
        )
        .group_by(PlanRow.plan_id)
        .subquery()
    )
    query = (
        select(
            ReplanningPlan.id,
            ReplanningPlan.state,
            ReplanningPlan.cause,
            Site.code,
            Site.name,
            Site.zone,
            ReplanningPlan.created_at,
            ReplanningPlan.applied_at,
            counts.c.moved,
            counts.c.to_call,
        )
        .join(Site, Site.id == ReplanningPlan.site_id)
        .join(counts, counts.c.plan_id == ReplanningPlan.id)
        .where(
            or_(
                ReplanningPlan.state == PlanState.PROPOSED,
                ReplanningPlan.state == PlanState.APPLIED,
            )
        )
        .order_by(ReplanningPlan.state.desc(), ReplanningPlan.id.desc())
        .limit(MOST_LISTED)
    )
    if site is not None:
        query = query.where(Site.code == site)
    if not (actor.is_system or actor.role == Role.ADMIN):
        mine = actor.site_ids if actor.role in STAFF else ()
        query = query.where(ReplanningPlan.site_id.in_(mine))
    return tuple(PlanItem(*row) for row in session.execute(query))


# --- selecting ----------------------------------------------------------------------------------

_maker, _applier = aliased(User), aliased(User)
_was, _new = aliased(Machine), aliased(Machine)
_PLAN: Select[*tuple[Any, ...]] = (
    select(
        ReplanningPlan,
        Site.id.label("site_id"),
        Site.code.label("site"),
        Site.name.label("site_name"),
        Site.zone,
        Site.inform_minutes,
        _maker.name.label("created_by"),
        _applier.name.label("applied_by"),
    )
    .join(Site, Site.id == ReplanningPlan.site_id)
    .outerjoin(_maker, _maker.id == ReplanningPlan.created_by)
    .outerjoin(_applier, _applier.id == ReplanningPlan.applied_by)
)
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        PlanRow,
        Booking.code,
        Booking.version,
        Booking.state,
        Booking.quantity,
        Booking.business_id,
        Business.name.label("business_name"),
        Product.name.label("product_name"),
        Product.pack,
        _was.code.label("was_machine"),
        _was.name.label("was_machine_name"),
        _was.kind.label("was_kind"),
        _new.code.label("machine"),
        _new.name.label("machine_name"),
        _new.kind.label("kind"),
        PlanAnswer.state.label("answer"),
    )
    .join(Booking, Booking.id == PlanRow.booking_id)
    .join(Business, Business.id == Booking.business_id)
    .join(Product, Product.id == Booking.product_id)
    .join(_was, _was.id == PlanRow.was_machine_id)
    .outerjoin(_new, _new.id == PlanRow.machine_id)
    .outerjoin(
        PlanAnswer,
        and_(PlanAnswer.plan_id == PlanRow.plan_id, PlanAnswer.booking_id == PlanRow.booking_id),
    )
    .order_by(PlanRow.was_starts_at, PlanRow.position)
)


def _row(
    found: Row[*tuple[Any, ...]],
    inform_minutes: int,
    people: Mapping[int, tuple[Contact, ...]],
) -> RowItem:
    row: PlanRow = found[0]
    shift = Shift(row.shift_minutes, row.changed_day, found.kind != found.was_kind)
    seen = (row.seen_version, row.was_state)
    return RowItem(
        code=found.code,
        business_name=found.business_name,
        product_name=found.product_name,
        pack=found.pack,
        quantity=found.quantity,
        cause=row.cause,
        was_machine=found.was_machine,
        was_machine_name=found.was_machine_name,
        was_starts_at=row.was_starts_at,
        was_ends_at=row.was_ends_at,
        result=row.result,
        machine=found.machine or "",
        machine_name=found.machine_name or "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        shift_minutes=row.shift_minutes,
        changed_day=row.changed_day,
        cleaning_minutes=row.cleaning_minutes,
        reasons=tuple(row.reasons),
        is_pinned=row.pinned_starts_at is not None,
        excluded=tuple((code, from_epoch(at)) for code, at in row.excluded),
        excluded_machines=tuple(row.excluded_machines),
        to_call=row.to_call,
        has_changed=found.answer is None and seen != (found.version, found.state),
        is_small=row.result == Result.MOVE and shift.is_small(inform_minutes),
        answer=AnswerState(found.answer) if found.answer else "",
        contacts=people.get(found.business_id, ()),
    )


def _four(numbers: Sequence[int]) -> Cost:
    first, second, third, fourth = numbers
    return first, second, third, fourth


def _work(session: Session, plan: ReplanningPlan) -> tuple[Maintenance | None, str, str]:
    if plan.maintenance_id is None:
        return None, "", ""
    work = session.get_one(Maintenance, plan.maintenance_id)
    machine = session.get_one(Machine, work.machine_id)
    return work, machine.name, machine.code


def _added(
    session: Session,
    plan: ReplanningPlan,
    work: Maintenance | None,
    rows: Sequence[RowItem],
    now: datetime,
) -> tuple[str, ...]:
    asked = Work(work.machine_id, TimeRange(work.from_at, work.to_at)) if work else None
    touched = load_touched(session, site_id=plan.site_id, work=asked, now=now)
    known = {each.code for each in rows}
    return tuple(each.code for each in touched if each.code not in known)


def affected(*, site: str, actor: Actor, now: datetime) -> dict[str, Cause]:
    """Return which bookings of a house need a new time now, with the cause. Raises NotFound."""
    session = reading()
    site_id = session.scalar(select(Site.id).where(Site.code == site))
    if site_id is None or not may_replan(actor, site_id):
        raise NotFound("site_not_found", site=site)
    touched = load_touched(session, site_id=site_id, work=None, now=now)
    return {each.code: each.cause for each in touched}
