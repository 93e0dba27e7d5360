"""Quotes: good times for a job, and why a machine has none."""

from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.bookings import Phase
from packhouse.api.errors import ProblemLine, problem_line
from packhouse.api.wire import Blueprint, Input, Instant, Number, ProductReference, Text, asking
from packhouse.domain.permissions import Access, allow
from packhouse.queries.products import product_id_of
from packhouse.services.bookings import MOST_PIECES
from packhouse.services.slots import Ask, quote

bp = Blueprint("api-slots", __name__, description="Free time on machines.")


class Option(ma.Schema):
    machine = fields.String(required=True)
    site = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    occupied_from = Instant(required=True)
    phases = fields.List(fields.Nested(Phase), required=True)
    change_until = Instant(required=True)
    price = fields.Integer(required=True)
    full_price = fields.Integer(required=True)
    reduction = fields.String(required=True, allow_none=True)
    needs_approval = fields.Boolean(required=True)
    why = fields.List(fields.String(), required=True)


class Refused(ma.Schema):
    machine = fields.String(required=True)
    problems = fields.List(fields.Nested(ProblemLine), required=True)


class Quote(ma.Schema):
    options = fields.List(fields.Nested(Option), required=True)
    refusals = fields.List(fields.Nested(Refused), required=True)


class Question(Input):
    product = ProductReference(required=True)
    quantity = Number(most=MOST_PIECES, required=True)
    site = Text()
    machine = Text()
    from_at = Instant(data_key="from")
    to_at = Instant(data_key="to")


@bp.route("/quotes", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Question)
@bp.response(200, Quote)
def ask(asked: dict[str, Any]) -> ResponseReturnValue:
    """Return up to three good times for a job, and why the other machines have none."""
    actor = asking()
    product_id = product_id_of(reference=asked.pop("product"), actor=actor)
    found = quote(ask=Ask(product_id=product_id, **asked), actor=actor, now=clock.now())
    return {
        "options": [offer.describe() for offer in found.offers],
        "refusals": [
            {"machine": each.machine, "problems": [problem_line(line) for line in each.problems]}
            for each in found.refusals
        ],
    }
