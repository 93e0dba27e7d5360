"""Who comes to a house again and again, for a desk with a queue in front of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from packhouse.db import reading
from packhouse.domain.bookings import MEMORY as NO_SHOW_MEMORY
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_operate
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking, never_agreed, taken_by_others
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.products import Product
from packhouse.models.sites import Site

MEMORY = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Regular:
    """What somebody packed here last: a product of hers, and how many."""

    product_id: int
    product_name: str
    pack: str
    business_name: str
    quantity: int


def regulars(*, site_id: int, actor: Actor, now: datetime, most: int = 6) -> tuple[Regular, ...]:
    """Return the products packed here in the last two months, the latest first.

    Raises NotFound for a site that is not in the actor's hands.
    """
    if not may_operate(actor, site_id):
        raise NotFound("site_not_found")
    latest = (
        select(func.max(Booking.id).label("id"))
        .where(
            Booking.site_id == site_id,
            Booking.starts_at > now - MEMORY,
            Booking.starts_at < now,
            Booking.product_id.is_not(None),
            Booking.state.in_(("finished", "running", "arrived")),
        )
        .group_by(Booking.product_id)
        .subquery()
    )
    rows = reading().execute(
        select(Product.id, Product.name, Product.pack, Business.name, Booking.quantity)
        .join(Booking, Booking.product_id == Product.id)
        .join(latest, latest.c.id == Booking.id)
        .join(Business, Business.id == Product.business_id)
        .where(Product.archived_at.is_(None))
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(most)
    )
    return tuple(Regular(*row) for row in rows)


def missed_before(*, business_id: int | None, now: datetime) -> int:
    """Return how often a business did not come in the last 90 days, as its cool-down counts it."""
    if business_id is None:
        return 0
    found = reading().scalar(
        select(func.count()).where(
            Booking.business_id == business_id,
            Booking.starts_at >= now - NO_SHOW_MEMORY,
            Booking.starts_at <= now,
            Booking.state == State.NO_SHOW,
            ~taken_by_others(),
            ~never_agreed(),
        )
    )
    return found or 0


@dataclass(frozen=True, slots=True)
class Reception:
    """What a house can fill, and the regency it stands in."""

    regency: str
    packs: tuple[str, ...]


def reception(*, site_id: int) -> Reception:
    """Return what somebody new at a desk may be asked for."""
    session = reading()
    packs = session.scalars(
        select(MachinePack.pack)
        .join(Machine, Machine.id == MachinePack.machine_id)
        .where(Machine.site_id == site_id, Machine.retired_at.is_(None))
        .distinct()
        .order_by(MachinePack.pack)
    ).all()
    return Reception(session.get_one(Site, site_id).regency_code, tuple(packs))
