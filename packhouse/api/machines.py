"""Machines, what they do when, and the packs they handle."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import (
    Blueprint,
    Input,
    Instant,
    Nothing,
    Paged,
    Text,
    asking,
    page_of,
    sent_back,
)
from packhouse.domain.permissions import Access, allow
from packhouse.domain.time_range import TimeRange, floor_to_slot, local_iso
from packhouse.errors import Malformed
from packhouse.queries import machines
from packhouse.queries.machines import Busy, MachineItem, machine_item, machines_page

bp = Blueprint("api-machines", __name__, description="Machines, their time and their packs.")

LOOK_AHEAD = timedelta(days=7)
MINUTE = timedelta(minutes=1)


class Machine(ma.Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    site = fields.String(required=True)
    kind = fields.String(required=True)
    lane = fields.String(required=True)
    packs = fields.List(fields.String(), required=True)
    rate_per_minute = fields.Float(required=True)
    setup_minutes = fields.Integer(required=True)
    cleaning_minutes = fields.List(fields.Integer(), required=True)
    attended = fields.Boolean(required=True)
    needs_approval = fields.Boolean(required=True)
    tariff_per_hour = fields.Integer(required=True)
    commissioned_at = Instant(required=True)
    retired_at = Instant(required=True, allow_none=True)
    broken_until = Instant(required=True, allow_none=True)


class Opening(ma.Schema):
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class Occupation(ma.Schema):
    kind = fields.String(required=True)
    occupied_from = Instant(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    booking = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)


class Schedule(ma.Schema):
    machine = fields.String(required=True)
    from_at = Instant(required=True, data_key="from")
    to_at = Instant(required=True, data_key="to")
    open = fields.List(fields.Nested(Opening), required=True)
    items = fields.List(fields.Nested(Occupation), required=True)
    next = fields.String(required=True, allow_none=True)


class Plan(ma.Schema):
    """A schedule in few bytes: every time is in minutes since ``from``."""

    machine = fields.String(required=True)
    from_at = Instant(required=True, data_key="from")
    to_at = Instant(required=True, data_key="to")
    open = fields.List(
        fields.List(fields.Integer()),
        required=True,
        metadata={"description": "When the house is open: [starts_at, ends_at]."},
    )
    items = fields.List(
        fields.List(fields.Raw()),
        required=True,
        metadata={
            "description": "What keeps the machine: [occupied_from, starts_at, ends_at, booking,"
            " state, kind]. Left out at the end: a booking that is not yours to see, a state that"
            " is confirmed, a kind that is booking.",
            "example": [[1500, 1500, 1540, "PTK-7F3KQ2Z"], [1980, 1980, 2100, None, None, "hold"]],
        },
    )


class Pack(ma.Schema):
    code = fields.String(required=True)
    family = fields.String(required=True, allow_none=True)


class MachineFilter(Paged):
    site = Text()
    kind = Text()


class Period(Input):
    from_at = Instant(data_key="from")
    to_at = Instant(data_key="to")


class SchedulesFilter(Period, MachineFilter):
    pass


def machine_told(machine: MachineItem) -> dict[str, Any]:
    """Return a machine with its times in its house's zone."""

    def local(instant: datetime | None) -> str | None:
        return local_iso(instant, machine.zone) if instant else None

    return asdict(machine) | {
        "commissioned_at": local(machine.commissioned_at),
        "retired_at": local(machine.retired_at),
        "broken_until": local(machine.broken_until),
    }


@bp.route("/machines", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(MachineFilter, location="query")
@bp.response(200, page_of(Machine))
def index(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the machines, of one house or of one kind if you say so."""
    return sent_back(machines_page(now=clock.now(), **chosen), machine_told)


@bp.route("/machines/<code>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Machine)
def show(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Show one machine."""
    return machine_told(machine_item(code=code, now=clock.now()))


@bp.route("/machines/<code>/schedule", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Period, location="query")
@bp.response(200, Schedule)
def schedule(chosen: dict[str, datetime], code: str) -> ResponseReturnValue:
    """Show when a machine's house is open and what keeps it busy, a week from now on if unsaid.

    Whose booking it is, only those are told who may see the booking.
    """
    now = clock.now()
    time = _period(chosen, now)
    return _schedule_told(machines.schedule(code=code, time=time, actor=asking(), now=now))


@bp.route("/schedules", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(SchedulesFilter, location="query")
@bp.response(200, page_of(Plan))
def schedules(chosen: dict[str, Any]) -> ResponseReturnValue:
    """Show the same of all machines in use, of one house or of one kind if you say so.

    In few bytes, for a week of a whole house: times are minutes since ``from``.
    """
    now = clock.now()
    time = _period(chosen, now)
    asked = {name: chosen[name] for name in chosen.keys() - {"from_at", "to_at"}}
    page = machines_page(now=now, in_use=True, **asked)
    found = machines.schedules(page=page, time=time, actor=asking())
    return {"items": [_plan_told(each) for each in found], "next": page.next}


def _period(chosen: dict[str, Any], now: datetime) -> TimeRange:
    """Return the period asked for: a week from now on if unsaid."""
    start = chosen.get("from_at", floor_to_slot(now))
    end = chosen.get("to_at", start + LOOK_AHEAD)
    if start >= end:
        raise Malformed("period_reversed")
    return TimeRange(start, end)


def _schedule_told(found: machines.Schedule) -> dict[str, Any]:
    zone = found.machine.zone
    return {
        "machine": found.machine.code,
        "from_at": local_iso(found.time.start, zone),
        "to_at": local_iso(found.time.end, zone),
        "open": [
            {"starts_at": local_iso(each.start, zone), "ends_at": local_iso(each.end, zone)}
            for each in found.open
        ],
        "items": [_busy_told(each, zone) for each in found.busy],
        "next": None,
    }


def _plan_told(found: machines.Schedule) -> dict[str, Any]:
    zone = found.machine.zone
    begin = found.time.start.replace(second=0, microsecond=0)
    return {
        "machine": found.machine.code,
        "from_at": local_iso(begin, zone),
        "to_at": local_iso(found.time.end, zone),
        "open": [[_minutes(begin, each.start), _minutes(begin, each.end)] for each in found.open],
        "items": [_row_told(each, begin) for each in found.busy],
    }


def _minutes(since: datetime, instant: datetime) -> int:
    return (instant - since) // MINUTE


def _row_told(busy: Busy, begin: datetime) -> list[int | str | None]:
    """Return a row without what its end would say by being left out."""
    state = None if busy.state == "confirmed" else busy.state
    kind = None if busy.kind == "booking" else busy.kind
    told = [busy.booking, state, kind]
    while told and told[-1] is None:
        told.pop()
    times = (busy.occupied_from, busy.starts_at, busy.ends_at)
    return [*(_minutes(begin, each) for each in times), *told]


def _busy_told(busy: Busy, zone: str) -> dict[str, Any]:
    return {
        "kind": busy.kind,
        "occupied_from": local_iso(busy.occupied_from, zone),
        "starts_at": local_iso(busy.starts_at, zone),
        "ends_at": local_iso(busy.ends_at, zone),
        "booking": busy.booking,
        "state": busy.state,
    }


@bp.route("/packs", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, page_of(Pack))
def packs(_nothing: dict[str, Any]) -> ResponseReturnValue:
    """List the packs of the catalogue and those that only some machine knows."""
    found = [{"code": each.code, "family": each.family or None} for each in machines.packs()]
    return {"items": found, "next": None}
