"""Products: what a business packs."""

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import (
    Blueprint,
    Day,
    Flag,
    Input,
    Known,
    Letters,
    Nothing,
    Number,
    Paged,
    Repeatable,
    Text,
    asking,
    here,
    page_of,
    sent_back,
)
from packhouse.domain.permissions import Access, allow
from packhouse.domain.products import Allergen, Aroma, Lane
from packhouse.domain.users import Actor
from packhouse.errors import Malformed
from packhouse.i18n.messages import problem_text
from packhouse.queries.businesses import PaperItem, cautions_of, papers_of
from packhouse.queries.products import ProductItem, product_item, products_page
from packhouse.services.products import LONGEST_NAME, Recipe, create_product

bp = Blueprint("api-products", __name__, description="What businesses pack.")


class Product(ma.Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    business = fields.Integer(required=True)
    business_name = fields.String(required=True)
    pack = fields.String(required=True)
    lane = fields.String(required=True)
    allergens = fields.List(fields.String(), required=True)
    aroma = fields.String(required=True)
    wet = fields.Boolean(required=True)


class Licence(ma.Schema):
    kind = fields.String(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    issued_on = Day(required=True, allow_none=True)
    expires_on = Day(required=True, allow_none=True)
    whole_business = fields.Boolean(required=True)


class Warning(ma.Schema):
    code = fields.String(required=True)
    text = fields.String(required=True)


class Licences(ma.Schema):
    items = fields.List(fields.Nested(Licence), required=True)
    warnings = fields.List(fields.Nested(Warning), required=True)


class NewProduct(Input):
    name = Text(most=LONGEST_NAME, required=True)
    pack = Text(most=40, required=True)
    lane = fields.String(load_default=Lane.HALAL, validate=Known(list(Lane)))
    allergens = fields.List(
        fields.String(validate=Known(list(Allergen))),
        load_default=list,
        validate=Letters(0, len(Allergen)),
    )
    aroma = fields.String(load_default=Aroma.NONE, validate=Known(list(Aroma)))
    wet = Flag(load_default=False)
    business = Number(metadata={"description": "Needed by who acts for more than one."})


def _told(product: ProductItem) -> dict[str, Any]:
    return asdict(product) | {"business": product.business_id}


@bp.route("/products", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Paged, location="query")
@bp.response(200, page_of(Product))
def index(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the products in use that you may see."""
    return sent_back(products_page(actor=asking(), **chosen), _told)


@bp.route("/products", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(NewProduct)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, Product, headers={"Location": {"schema": {"type": "string"}}})
def create(wanted: dict[str, Any], once: dict[str, str]) -> ResponseReturnValue:
    """Add a product to your business."""
    actor = asking()
    business_id = wanted.pop("business", None) or _only_business(actor)
    made = create_product(
        business_id=business_id, recipe=Recipe(**wanted),
        actor=actor, now=clock.now(), key=once.get("key"),
    )  # fmt: skip
    product = _told(product_item(product_id=made, actor=actor))
    return product, 201, here(f"products/{made}")


@bp.route("/products/<int:product_id>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Product)
def show(_nothing: dict[str, Any], product_id: int) -> ResponseReturnValue:
    """Show one product."""
    return _told(product_item(product_id=product_id, actor=asking()))


@bp.route("/products/<int:product_id>/licences", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Licences)
def licences(_nothing: dict[str, Any], product_id: int) -> ResponseReturnValue:
    """List the papers that hold for a product, and what to know before it is packed."""
    actor = asking()
    product = product_item(product_id=product_id, actor=actor)
    papers = papers_of(business_id=product.business_id, actor=actor)
    told = cautions_of(product_id=product_id, actor=actor, now=clock.now())
    return {
        "items": [_licence(each) for each in papers if each.product_id in (None, product_id)],
        "warnings": [
            {"code": each.code, "text": problem_text(each.code, each.facts)} for each in told
        ],
    }


def _licence(paper: PaperItem) -> dict[str, Any]:
    return {
        "kind": paper.kind,
        "number": paper.number,
        "state": paper.state,
        "issued_on": paper.issued_on and paper.issued_on.isoformat(),
        "expires_on": paper.expires_on and paper.expires_on.isoformat(),
        "whole_business": paper.product_id is None,
    }


def _only_business(actor: Actor) -> int:
    if len(actor.business_ids) != 1:
        raise Malformed("field_missing", field="business")
    return next(iter(actor.business_ids))
