"""Breakdowns and planned maintenance."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.machines import Machine, machine_told
from packhouse.api.replanning import NewTimes
from packhouse.api.wire import Blueprint, Input, Instant, Known, Nothing, Text, asking, here
from packhouse.domain.permissions import Access, allow
from packhouse.domain.runs import BROKEN
from packhouse.domain.time_range import ceil_to_slot, floor_to_slot, local_iso
from packhouse.queries.machines import machine_item
from packhouse.queries.replanning import plan_view
from packhouse.services import downtime, replanning
from packhouse.services.downtime import PLANNED, Affected

bp = Blueprint("api-downtime", __name__, description="Times in which a machine cannot work.")


class Displaced(ma.Schema):
    code = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class Breakdown(ma.Schema):
    affected = fields.List(fields.Nested(Displaced), required=True)
    plan = fields.Nested(NewTimes, required=True, allow_none=True)


class NewBreakdown(Input):
    reason = fields.String(required=True, validate=Known(sorted(BROKEN)))
    expected_back_at = Instant(required=True)
    note = Text(least=0, load_default="")


class Maintenance(ma.Schema):
    id = fields.Integer(required=True)
    machine = fields.String(required=True)
    from_at = Instant(required=True, data_key="from")
    to_at = Instant(required=True, data_key="to")
    reason = fields.String(required=True)
    state = fields.String(required=True)
    in_the_way = fields.List(fields.Nested(Displaced), required=True)


class NewMaintenance(Input):
    from_at = Instant(required=True, data_key="from")
    to_at = Instant(required=True, data_key="to")
    reason = fields.String(required=True, validate=Known(sorted(PLANNED)))
    note = Text(least=0, load_default="")


@bp.route("/machines/<code>/breakdowns", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(NewBreakdown)
@bp.response(201, Breakdown)
def report(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that a machine is broken; say which bookings lost their time, and propose another."""
    now = clock.now()
    zone = machine_item(code=code, now=now).zone
    affected = downtime.report_breakdown(machine=code, actor=asking(), now=now, **told)
    answer = {"affected": _told(affected, zone), "plan": _plan(code, now) if affected else None}
    return answer, 201, here(f"machines/{code}")


def _plan(machine: str, now: datetime) -> dict[str, Any]:
    """Return the proposal for whoever needs a new time in the machine's house."""
    site = machine_item(code=machine, now=now).site
    plan_id = replanning.propose(site=site, actor=asking(), now=now)
    return plan_view(plan_id=plan_id, actor=asking(), now=now).answer


def _told(affected: tuple[Affected, ...], zone: str) -> list[dict[str, str]]:
    return [
        {
            "code": each.code,
            "starts_at": local_iso(each.starts_at, zone),
            "ends_at": local_iso(each.ends_at, zone),
        }
        for each in affected
    ]


@bp.route("/machines/<code>/repaired", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Machine)
def repaired(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that a machine works again; its time is free at once."""
    now = clock.now()
    downtime.repair(machine=code, actor=asking(), now=now)
    return machine_told(machine_item(code=code, now=now))


@bp.route("/machines/<code>/maintenance", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(NewMaintenance)
@bp.response(201, Maintenance)
def plan(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Plan work on a machine, in whole five minutes; over bookings it is only proposed."""
    now = clock.now()
    made = downtime.plan_maintenance(machine=code, actor=asking(), now=now, **told)
    zone = machine_item(code=code, now=now).zone
    planned = {
        "id": made.id,
        "machine": code,
        "from_at": local_iso(floor_to_slot(told["from_at"]), zone),
        "to_at": local_iso(ceil_to_slot(told["to_at"]), zone),
        "reason": told["reason"],
        "state": made.state,
        "in_the_way": _told(made.in_the_way, zone),
    }
    return planned, 201, here(f"machines/{code}/schedule")
