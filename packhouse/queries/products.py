"""Products as their own people and the front desk see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select, true

from packhouse.db import reading
from packhouse.domain.permissions import (
    AUDITORS,
    may_act_for_business,
    may_audit,
    may_serve_businesses,
)
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.products import Product
from packhouse.queries import id_after, is_id

MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class ProductItem:
    """A product with whose it is and everything that decides machine, lane and cleaning."""

    id: int
    name: str
    business_id: int
    business_name: str
    pack: str
    lane: str
    allergens: tuple[str, ...]
    aroma: str
    wet: bool
    created_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """One page of products; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[ProductItem, ...]
    next: str | None


_ITEMS: Select[*tuple[Any, ...]] = select(Product, Business.name).join(
    Business, Business.id == Product.business_id
)


def products_page(*, actor: Actor, cursor: str | None = None, limit: int = 50) -> ProductsPage:
    """Return a page of the products in use that an actor may see, by number, in one query.

    Her own businesses' for a producer, all for the front desk and the auditor, none for anybody
    else. Raises Malformed for a cursor that is none.
    """
    query = _ITEMS.where(_visible(actor), Product.archived_at.is_(None))
    if cursor is not None:
        query = query.where(Product.id > id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.order_by(Product.id).limit(limit + 1)).all()
    items = tuple(_item(row) for row in rows[:limit])
    return ProductsPage(items, str(items[-1].id) if len(rows) > limit else None)


def products_of(*, business_id: int, actor: Actor) -> tuple[ProductItem, ...]:
    """Return every product of a business, archived ones last, by name, in one query.

    Raises NotFound when the business is not the actor's to see.
    """
    if not _may_see(actor, business_id):
        raise NotFound("business_not_found")
    rows = reading().execute(
        _ITEMS.where(Product.business_id == business_id).order_by(
            Product.archived_at.is_not(None), Product.name, Product.id
        )
    )
    return tuple(_item(row) for row in rows)


def booking_count(*, product_id: int) -> int:
    """Return how many bookings a product was ever used in."""
    query = select(func.count()).where(Booking.product_id == product_id)
    return reading().execute(query).scalar_one()


def product_item(*, product_id: int, actor: Actor) -> ProductItem:
    """Return one product. Raises NotFound when it is unknown or not the actor's to see."""
    row = reading().execute(_ITEMS.where(Product.id == product_id)).one_or_none()
    item = None if row is None else _item(row)
    if item is None or not _may_see(actor, item.business_id):
        raise NotFound("product_not_found")
    return item


def product_id_of(*, reference: str, actor: Actor) -> int:
    """Return the product meant by its number, or by its exact name among the actor's products.

    Raises NotFound when there is none, Malformed when several have the name.
    """
    in_use = select(Product.id).where(_visible(actor), Product.archived_at.is_(None))
    session = reading()
    if is_id(reference):
        found = session.scalar(in_use.where(Product.id == int(reference)))
        if found is not None:
            return found
    named = session.scalars(in_use.where(Product.name == reference).limit(2)).all()
    if len(named) > 1:
        raise Malformed("product_ambiguous", name=reference)
    if not named:
        raise NotFound("product_not_found")
    return named[0]


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Select what ``_may_see`` admits."""
    if may_serve_businesses(actor) or actor.role in AUDITORS:
        return true()
    if actor.role == Role.PRODUCER:
        return Product.business_id.in_(actor.business_ids)
    return false()


def _may_see(actor: Actor, business_id: int) -> bool:
    return may_act_for_business(actor, business_id) or may_audit(actor)


def _item(row: Row[*tuple[Any, ...]]) -> ProductItem:
    product, business_name = row
    return ProductItem(
        id=product.id,
        name=product.name,
        business_id=product.business_id,
        business_name=business_name,
        pack=product.pack,
        lane=product.lane,
        allergens=tuple(product.allergens),
        aroma=product.aroma,
        wet=product.wet,
        created_at=product.created_at,
        archived_at=product.archived_at,
    )
