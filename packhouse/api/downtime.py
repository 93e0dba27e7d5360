"""Breakdowns, outages and planned maintenance."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.machines import Machine, machine_told
from packhouse.api.replanning import NewTimes
from packhouse.api.wire import (
    Blueprint,
    Input,
    Instant,
    Known,
    Nothing,
    Repeatable,
    Text,
    asking,
    here,
)
from packhouse.domain.downtime import Utility
from packhouse.domain.permissions import Access, allow
from packhouse.domain.runs import BROKEN
from packhouse.domain.time_range import ceil_to_slot, floor_to_slot, local_iso
from packhouse.queries.downtime import (
    PlannedWork,
    Recurring,
    machine_downtime,
    maintenance_machine,
    needs_of,
    outage_site,
)
from packhouse.queries.machines import machine_item
from packhouse.queries.replanning import plan_view
from packhouse.services import downtime, replanning
from packhouse.services.downtime import PLANNED, Affected, Down

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


class NewlyPlanned(Maintenance):
    in_the_way = fields.List(fields.Nested(Displaced), required=True)
    plan = fields.Nested(NewTimes, required=True, allow_none=True)


class Again(ma.Schema):
    id = fields.Integer(required=True)
    reason = fields.String(required=True)
    note = fields.String(required=True)
    basis = fields.String(required=True)
    every = fields.Integer(required=True)
    used = fields.Integer(required=True)
    due_at = Instant(required=True, allow_none=True)
    next_at = Instant(required=True, allow_none=True)


class Works(ma.Schema):
    planned = fields.List(fields.Nested(Maintenance), required=True)
    recurring = fields.List(fields.Nested(Again), required=True)


class NewMaintenance(Input):
    from_at = Instant(required=True, data_key="from")
    to_at = Instant(required=True, data_key="to")
    reason = fields.String(required=True, validate=Known(sorted(PLANNED)))
    note = Text(least=0, load_default="")


class Outage(ma.Schema):
    id = fields.Integer(required=True)
    machines = fields.List(fields.String(), required=True)
    affected = fields.List(fields.Nested(Displaced), required=True)
    plan = fields.Nested(NewTimes, required=True, allow_none=True)


class NewOutage(Input):
    utility = fields.String(required=True, validate=Known(sorted(Utility)))
    until = Instant(required=True)
    from_at = Instant(data_key="from", load_default=None, allow_none=True)
    note = Text(least=0, load_default="")


@bp.route("/machines/<code>/breakdowns", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(NewBreakdown)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, Breakdown)
def report(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """Note that a machine is broken: which bookings lost their time, and their new times."""
    now = clock.now()
    place = machine_item(code=code, now=now)
    affected = downtime.report_breakdown(
        machine=code, actor=asking(), now=now, key=once.get("key"), **told
    )
    lost = _told(affected, place.zone)
    return (
        {"affected": lost, "plan": _new_times(place.site, affected)},
        201,
        here(f"machines/{code}"),
    )


def _told(affected: Sequence[Affected], zone: str) -> list[dict[str, str]]:
    return [
        {
            "code": each.code,
            "starts_at": local_iso(each.starts_at, zone),
            "ends_at": local_iso(each.ends_at, zone),
        }
        for each in affected
    ]


def _new_times(
    site: str, affected: Sequence[Affected], maintenance_id: int | None = None
) -> dict[str, Any] | None:
    """Return a plan with new times for who needs one; None where nobody does."""
    if not affected:
        return None
    actor, now = asking(), clock.now()
    plan_id = replanning.propose(site=site, actor=actor, now=now, maintenance_id=maintenance_id)
    return plan_view(plan_id=plan_id, actor=actor, now=now).answer


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
@bp.response(201, NewlyPlanned)
def plan(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Plan work on a machine, in whole five minutes.

    On free time it is `taken`; over bookings it is `proposed`, with a plan that makes room.
    """
    now = clock.now()
    made = downtime.plan_maintenance(machine=code, actor=asking(), now=now, **told)
    place = machine_item(code=code, now=now)
    planned = {
        "id": made.id,
        "machine": code,
        "from_at": local_iso(floor_to_slot(told["from_at"]), place.zone),
        "to_at": local_iso(ceil_to_slot(told["to_at"]), place.zone),
        "reason": told["reason"],
        "state": made.state,
        "in_the_way": _told(made.in_the_way, place.zone),
        "plan": _new_times(place.site, made.in_the_way, made.id),
    }
    return planned, 201, here(f"machines/{code}/schedule")


@bp.route("/machines/<code>/maintenance", methods=["GET"])
@allow(Access.STAFF)
@bp.arguments(Nothing, location="query")
@bp.response(200, Works)
def works(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Show the work that is planned on a machine, and what comes back and when."""
    shown = machine_downtime(code=code, actor=asking(), now=clock.now())
    return {
        "planned": [_work_told(each) for each in shown.planned],
        "recurring": [_again_told(each) for each in shown.recurring],
    }


def _work_told(work: PlannedWork) -> dict[str, Any]:
    return {
        "id": work.id,
        "machine": work.machine,
        "from_at": local_iso(work.from_at, work.zone),
        "to_at": local_iso(work.to_at, work.zone),
        "reason": work.reason,
        "state": work.state,
    }


def _again_told(work: Recurring) -> dict[str, Any]:
    due, following = work.progress.due_at, work.next_at
    return {
        "id": work.id,
        "reason": work.reason,
        "note": work.note,
        "basis": work.basis,
        "every": work.every,
        "used": work.progress.used,
        "due_at": local_iso(due, work.zone) if due else None,
        "next_at": local_iso(following, work.zone) if following else None,
    }


@bp.route("/maintenance/<int:maintenance_id>/take", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(Nothing, required=False)
@bp.response(204)
def take(_nothing: dict[str, Any], maintenance_id: int) -> None:
    """Hold the time of proposed work, once no booking is in its way."""
    downtime.claim_maintenance(maintenance_id=maintenance_id, actor=asking(), now=clock.now())


@bp.route("/maintenance/<int:maintenance_id>/cancel", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(Nothing, required=False)
@bp.response(204)
def cancel(_nothing: dict[str, Any], maintenance_id: int) -> None:
    """Call planned work off; what has begun is done now."""
    maintenance_machine(maintenance_id=maintenance_id, actor=asking())
    downtime.cancel_maintenance(maintenance_id=maintenance_id, actor=asking(), now=clock.now())


@bp.route("/sites/<code>/outages", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(NewOutage)
@bp.response(201, Outage)
def go_out(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Take all machines of a site that need what is out, now or from an announced time on."""
    needs = needs_of(site=code, actor=asking())
    down = downtime.report_outage(site=code, actor=asking(), now=clock.now(), **told)
    return _down_told(down, code, needs.zone), 201, here(f"outages/{down.id}")


@bp.route("/outages/<int:outage_id>/end", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Outage)
def come_back(_nothing: dict[str, Any], outage_id: int) -> ResponseReturnValue:
    """End an outage, or say that it will not come: its machines work again."""
    site = outage_site(outage_id=outage_id, actor=asking())
    needs = needs_of(site=site, actor=asking())
    down = downtime.end_outage(outage_id=outage_id, actor=asking(), now=clock.now())
    return _down_told(down, site, needs.zone)


def _down_told(down: Down, site: str, zone: str) -> dict[str, Any]:
    return {
        "id": down.id,
        "machines": list(down.machines),
        "affected": _told(down.affected, zone),
        "plan": _new_times(site, down.affected),
    }
