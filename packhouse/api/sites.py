"""Houses and their policies."""

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse.api.wire import Blueprint, Paged, page_of, sent_back
from packhouse.domain.permissions import Access, allow
from packhouse.queries.sites import sites_page

bp = Blueprint("api-sites", __name__, description="Production houses.")


class Site(ma.Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    regency_code = fields.String(required=True)
    zone = fields.String(required=True)
    owner = fields.String(required=True)
    address = fields.String(required=True)
    operators = fields.Integer(required=True)
    horizon_days = fields.Integer(required=True)
    notice_minutes = fields.Integer(required=True)
    cancel_hours = fields.Integer(required=True)
    request_hours = fields.Integer(required=True)
    grace_minutes = fields.Integer(required=True)
    is_demo = fields.Boolean(required=True)


@bp.route("/sites", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Paged, location="query")
@bp.response(200, page_of(Site))
def index(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the houses."""
    return sent_back(sites_page(**chosen), asdict)
