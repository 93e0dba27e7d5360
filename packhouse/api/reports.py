"""Reports: how the machines were used, and what was asked for in vain."""

from typing import Any, get_args

import marshmallow as ma
from flask import current_app
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import Amount, Blueprint, Day, Input, Instant, Known, Text, asking
from packhouse.domain.permissions import Access, allow
from packhouse.queries import reports
from packhouse.queries.reports import By

bp = Blueprint("api-reports", __name__, description="The figures of the houses.")


class Days(Input):
    from_day = Day(required=True, data_key="from")
    to_day = Day(required=True, data_key="to")
    site = Text()


class Question(Days):
    by = fields.String(load_default="machine", validate=Known(get_args(By)))


class States(ma.Schema):
    PRD, SBY, ENG, SDT, UDT, NST = (Amount(required=True) for _ in range(6))


class E10(ma.Schema):
    operational_uptime, total_uptime, operational_utilization, total_utilization = (
        Amount(required=True) for _ in range(4)
    )
    mtbf_productive_minutes, mttr_minutes = Amount(required=True), Amount(required=True)


class Iso22400(ma.Schema):
    allocation_efficiency, utilization_efficiency, availability, technical_efficiency = (
        Amount(required=True) for _ in range(4)
    )
    setup_rate, effectiveness, quality_ratio = (Amount(required=True) for _ in range(3))
    oee, nee = Amount(required=True), Amount(required=True)


class Figures(ma.Schema):
    """Minutes, and ratios between 0 and 1; a ratio without a denominator is null."""

    bookable_minutes, booked_minutes, used_minutes, productive_minutes, estimated_minutes = (
        Amount(required=True) for _ in range(5)
    )
    booked_rate, used_rate, productive_rate = (Amount(required=True) for _ in range(3))
    states = fields.Nested(States, required=True)
    e10 = fields.Nested(E10, required=True)
    iso22400 = fields.Nested(Iso22400, required=True)


class FiguresRow(Figures):
    """The figures of one machine, site, day or kind, whichever was asked for."""

    machine, site, day, kind = (fields.String() for _ in range(4))


class UtilizationReport(ma.Schema):
    from_day = Day(required=True, data_key="from", attribute="from")
    to_day = Day(required=True, data_key="to", attribute="to")
    by = fields.String(required=True)
    site = fields.String(required=True, allow_none=True)
    rows = fields.List(fields.Nested(FiguresRow), required=True)
    total = fields.Nested(Figures, required=True)
    definition_version = fields.String(required=True)


class Wishes(ma.Schema):
    """Wishes that were refused; minutes as far as a machine could tell them."""

    wishes = fields.Integer(required=True)
    pieces = fields.Integer(required=True)
    minutes = Amount(required=True)
    untimed = fields.Integer(required=True)
    businesses = fields.Integer(required=True)


class WishesRow(Wishes):
    kind = fields.String(required=True, allow_none=True)
    pack = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class DemandReport(ma.Schema):
    from_day = Day(required=True, data_key="from", attribute="from")
    to_day = Day(required=True, data_key="to", attribute="to")
    site = fields.String(required=True, allow_none=True)
    rows = fields.List(fields.Nested(WishesRow), required=True)
    total = fields.Nested(Wishes, required=True)
    served_minutes = fields.Float(required=True)
    unmet_ratio = fields.Float(required=True, allow_none=True)


class Kinds(ma.Schema):
    booked, approved, put_first, put_back = (fields.Integer(required=True) for _ in range(4))


class ExceptionsRow(ma.Schema):
    at = Instant(required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    beyond = fields.List(fields.String(), required=True)
    site, booking = (fields.String(required=True, allow_none=True) for _ in range(2))
    wish = fields.Integer(required=True, allow_none=True)


class ExceptionsReport(ma.Schema):
    from_day = Day(required=True, data_key="from", attribute="from")
    to_day = Day(required=True, data_key="to", attribute="to")
    site = fields.String(required=True, allow_none=True)
    counts = fields.Nested(Kinds, required=True)
    rows = fields.List(fields.Nested(ExceptionsRow), required=True)


@bp.route("/reports/utilization", methods=["GET"])
@allow(Access.REVIEW)
@bp.arguments(Question, location="query")
@bp.response(200, UtilizationReport)
def utilization(asked: dict[str, Any]) -> ResponseReturnValue:
    """Return booked, used and productive time of local days, both included."""
    period = reports.Period(**asked)
    return reports.utilization(period=period, actor=asking(), now=clock.now()).as_dict()


@bp.route("/reports/demand", methods=["GET"])
@allow(Access.REVIEW)
@bp.arguments(Days, location="query")
@bp.response(200, DemandReport)
def demand(asked: dict[str, Any]) -> ResponseReturnValue:
    """Return what was asked for in vain in days of the house's own zone, both included."""
    period, zone = reports.Period(**asked), str(current_app.config["ZONE"])
    return reports.unmet_demand(period=period, actor=asking(), zone=zone).as_dict()


@bp.route("/reports/exceptions", methods=["GET"])
@allow(Access.REVIEW)
@bp.arguments(Days, location="query")
@bp.response(200, ExceptionsReport)
def exceptions(asked: dict[str, Any]) -> ResponseReturnValue:
    """Return what was done against a rule, with its reason, newest first; a thousand at most."""
    period, zone = reports.Period(**asked), str(current_app.config["ZONE"])
    return reports.exceptions_report(period=period, actor=asking(), zone=zone).as_dict()
