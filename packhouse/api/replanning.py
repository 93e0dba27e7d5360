"""Plans that give new times to bookings which lost theirs."""

from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import Blueprint, Input, Instant, Nothing, Number, Repeatable, asking
from packhouse.domain.permissions import Access, allow
from packhouse.domain.users import SYSTEM
from packhouse.queries.replanning import plan_view
from packhouse.services import replanning, waitlist

bp = Blueprint("api-replanning", __name__, description="New times for bookings that lost theirs.")


class Cost(ma.Schema):
    to_call = fields.Integer(required=True)
    changed_days = fields.Integer(required=True)
    weighted_minutes = fields.Integer(required=True)
    cleaning_minutes = fields.Integer(required=True)


class Stand(ma.Schema):
    machine = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class PlannedBooking(ma.Schema):
    code = fields.String(required=True)
    result = fields.String(required=True)
    before = fields.Nested(Stand, required=True)
    after = fields.Nested(Stand, required=True, allow_none=True)
    reasons = fields.List(fields.String(), required=True)
    answer = fields.String(required=True, allow_none=True)


class NewTimes(ma.Schema):
    id = fields.Integer(required=True)
    state = fields.String(required=True)
    cause = fields.String(required=True)
    site = fields.String(required=True)
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    applied_at = Instant(required=True, allow_none=True)
    outdated = fields.Boolean(required=True)
    optimal = fields.Boolean(required=True)
    cost = fields.Nested(Cost, required=True)
    bound = fields.Nested(Cost, required=True)
    baseline = fields.Nested(Cost, required=True)
    bookings = fields.List(fields.Nested(PlannedBooking), required=True)


class Applied(Input):
    version = Number(metadata={"description": "The version that was looked at."})


@bp.route("/plans/<int:plan_id>", methods=["GET"])
@allow(Access.STAFF)
@bp.arguments(Nothing, location="query")
@bp.response(200, NewTimes)
def show(_nothing: dict[str, Any], plan_id: int) -> ResponseReturnValue:
    """Show a plan: each booking before and after, why, and what it costs."""
    return plan_view(plan_id=plan_id, actor=asking(), now=clock.now()).answer


@bp.route("/plans/<int:plan_id>/apply", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Applied, required=False)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, NewTimes)
def carry_out(told: dict[str, Any], once: dict[str, str], plan_id: int) -> ResponseReturnValue:
    """Carry a plan out, all of it or nothing (409 stale, with what changed), and tell people."""
    actor, now = asking(), clock.now()
    replanning.apply_plan(
        plan_id=plan_id, version=told.get("version"), key=once.get("key"), actor=actor, now=now
    )
    waitlist.promote(actor=SYSTEM, now=now)  # What came free goes to the next at once.
    return plan_view(plan_id=plan_id, actor=actor, now=now).answer
