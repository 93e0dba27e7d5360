"""Products: what a business packs, with all that decides machine, lane and cleaning."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.db import setting, transaction, use_case
from packhouse.domain.permissions import may_act_for_business
from packhouse.domain.products import Allergen, Aroma, Lane, is_pack
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, load_level
from packhouse.models.products import Product
from packhouse.services.audit import Once, Subject, answer_once, record

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Recipe:
    """What somebody says of a product; codes as in the domain, packs as in ``queries.packs``."""

    name: str
    pack: str
    lane: str = Lane.HALAL
    allergens: Sequence[str] = ()
    aroma: str = Aroma.NONE
    wet: bool = False


@use_case
def create_product(
    *,
    business_id: int,
    recipe: Recipe,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> int:
    """Add a product to a business and return its id; a repeat under the key returns the first id.

    Raises RuleBroken with all problems at once, NotFound for a business that is not the actor's.
    """
    once = Once(key, "create_product", {"business": business_id, **_told(recipe)}) if key else None
    with transaction() as session:

        def act() -> int:
            business = session.get(Business, business_id)
            if business is None or not may_act_for_business(actor, business_id):
                raise NotFound("business_not_found")
            _check(problems_with_recipe(recipe))
            return add_product(
                session, business_id=business_id, recipe=recipe, actor=actor, now=now
            )

        product_id: int = answer_once(session, actor=actor, now=now, once=once, act=act)
        return product_id


@use_case
def edit_product(*, product_id: int, recipe: Recipe, actor: Actor, now: datetime) -> None:
    """Change a product. Once it was booked, only its name: its bookings were planned for the rest.

    Raises RuleBroken with all problems at once ("product_has_bookings": make a new product and
    archive this one), NotFound.
    """
    with transaction() as session:
        product = _product(session, product_id, actor)
        problems = problems_with_recipe(recipe)
        if product.archived_at is not None:
            problems.append(Problem("product_archived"))
        changed = {
            field: [getattr(product, field), value]
            for field, value in _columns(recipe).items()
            if getattr(product, field) != value
        }
        if changed.keys() - {"name"}:
            bookings = _count(session, product)
            if bookings:
                problems.append(Problem("product_has_bookings", {"bookings": bookings}))
        _check(problems)
        for field, (_, value) in changed.items():
            setattr(product, field, value)
        if changed:
            _note(session, "product:edited", product, actor=actor, now=now, changed=changed)


@use_case
def archive_product(*, product_id: int, actor: Actor, now: datetime) -> None:
    """Take a product off the list of what can be booked; its bookings, also open ones, stay.

    Raises NotFound.
    """
    with transaction() as session:
        product = _product(session, product_id, actor)
        if product.archived_at is None:
            product.archived_at = now
            _note(session, "product:archived", product, actor=actor, now=now)
            _relevel(session, product.business_id, actor=actor, now=now)


def problems_with_recipe(recipe: Recipe) -> list[Problem]:
    """Return everything that is wrong with a product by itself."""
    strange = sorted(set(recipe.allergens) - set(Allergen))
    name = recipe.name.strip()
    checks = (
        (bool(name), Problem("name_missing")),
        (len(name) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (is_pack(recipe.pack), Problem("pack_malformed", {"value": recipe.pack})),
        (recipe.lane in set(Lane), Problem("lane_unknown", {"value": recipe.lane})),
        (not strange, Problem("allergen_unknown", {"value": ", ".join(strange)})),
        (recipe.aroma in set(Aroma), Problem("aroma_unknown", {"value": recipe.aroma})),
    )
    return [problem for fine, problem in checks if not fine]


# --- steps --------------------------------------------------------------------------------------


def add_product(
    session: Session, *, business_id: int, recipe: Recipe, actor: Actor, now: datetime
) -> int:
    """Insert a product that nothing is wrong with; return its id."""
    product = Product(business_id=business_id, created_at=now, **_columns(recipe))
    session.add(product)
    session.flush()
    facts = _told(recipe)
    _note(session, "product:created", product, actor=actor, now=now, **facts)
    return product.id


def _check(problems: list[Problem]) -> None:
    if problems:
        raise RuleBroken(problems)


def _told(recipe: Recipe) -> dict[str, Any]:
    return asdict(recipe) | {"allergens": sorted(set(recipe.allergens))}


def _columns(recipe: Recipe) -> dict[str, Any]:
    return _told(recipe) | {"name": recipe.name.strip()}


def _product(session: Session, product_id: int, actor: Actor) -> Product:
    """Return a product under a full lock: a booking in the making holds a weaker one on it."""
    product = session.get(Product, product_id, with_for_update=True)
    if product is None or not may_act_for_business(actor, product.business_id):
        raise NotFound("product_not_found")
    return product


def _relevel(session: Session, business_id: int, *, actor: Actor, now: datetime) -> None:
    """Write the tier of a business anew: it may have stood on the licences of this product."""
    session.flush()
    business = session.get_one(Business, business_id, with_for_update={"key_share": True})
    today = now.astimezone(ZoneInfo(setting("ZONE"))).date()
    before, after = business.level, load_level(session, business, today)
    if before != after:
        business.level = after
        facts = {"before": before, "level": after}
        subject = Subject("business", business_id)
        record(session, actor=actor, now=now, action="business:level", subject=subject, **facts)


def _count(session: Session, product: Product) -> int:
    return session.execute(
        select(func.count()).where(Booking.product_id == product.id)
    ).scalar_one()


def _note(
    session: Session, action: str, product: Product, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    subject = Subject("product", product.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
