"""Reports: how the machines were used, and what was asked for in vain."""

from typing import Any, get_args

from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import Blueprint, Day, Input, Known, Text, asking
from packhouse.domain.permissions import Access, allow
from packhouse.queries import reports
from packhouse.queries.reports import By

bp = Blueprint("api-reports", __name__, description="The figures of the houses.")


class Question(Input):
    from_day = Day(required=True, data_key="from")
    to_day = Day(required=True, data_key="to")
    by = fields.String(load_default="machine", validate=Known(get_args(By)))
    site = Text()


@bp.route("/reports/utilization", methods=["GET"])
@allow(Access.REVIEW)
@bp.arguments(Question, location="query")
@bp.response(200)
def utilization(asked: dict[str, Any]) -> ResponseReturnValue:
    """Return booked, used and productive time of local days, both included."""
    period = reports.Period(**asked)
    return reports.utilization(period=period, actor=asking(), now=clock.now()).as_dict()
