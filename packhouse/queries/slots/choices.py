"""What can be asked for, and where: products, houses, the machines that could."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from packhouse.db import reading
from packhouse.domain.machines import takes_over
from packhouse.domain.permissions import STAFF, may_act_for_business
from packhouse.domain.slots import Journey, journey_to
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, MachinePack, load_tariffs
from packhouse.models.products import Product
from packhouse.models.sites import Site

MOST_CHOICES = 50


@dataclass(frozen=True, slots=True)
class ProductChoice:
    """A product that can be asked for, with whose it is."""

    id: int
    name: str
    pack: str
    lane: str
    business_id: int
    business_name: str


@dataclass(frozen=True, slots=True)
class House:
    """A site as somebody chooses it."""

    code: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class MachineChoice:
    """A machine that handles a product's pack in its lane."""

    code: str
    name: str
    site: str
    site_name: str
    zone: str


_PRODUCTS = select(
    Product.id, Product.name, Product.pack, Product.lane, Product.business_id, Business.name
).join(Business, Business.id == Product.business_id)


def product_choices(*, actor: Actor, search: str = "") -> tuple[ProductChoice, ...]:
    """Return up to fifty products the actor may ask for, by name.

    A producer's are those of her businesses. The staff find anybody's by a part of the product's
    or the business's name, and none without it.
    """
    query = _PRODUCTS.where(Product.archived_at.is_(None))
    if actor.role == Role.PRODUCER:
        query = query.where(Product.business_id.in_(actor.business_ids))
    elif actor.role not in STAFF or not search.strip():
        return ()
    if search.strip():
        words = search.strip().lower()
        query = query.where(
            or_(
                func.lower(Product.name).contains(words, autoescape=True),
                func.lower(Business.name).contains(words, autoescape=True),
            )
        )
    rows = reading().execute(query.order_by(Product.name, Product.id).limit(MOST_CHOICES))
    return tuple(ProductChoice(*row) for row in rows)


def product_choice(*, product_id: int, actor: Actor) -> ProductChoice:
    """Return one product. Raises NotFound when it is unknown or not the actor's to ask for."""
    row = reading().execute(_PRODUCTS.where(Product.id == product_id)).one_or_none()
    if row is None or not may_act_for_business(actor, row.business_id):
        raise NotFound("product_not_found")
    return ProductChoice(*row)


def houses() -> tuple[House, ...]:
    """Return every site, by name."""
    rows = reading().execute(select(Site.code, Site.name, Site.zone).order_by(Site.name, Site.id))
    return tuple(House(*row) for row in rows)


def machines_for(*, product: ProductChoice, now: datetime) -> tuple[MachineChoice, ...]:
    """Return the machines in service that handle a product's pack in its lane, by house."""
    rows = reading().execute(
        select(Machine.code, Machine.name, Site.code, Site.name, Site.zone)
        .join(Site, Site.id == Machine.site_id)
        .join(MachinePack, MachinePack.machine_id == Machine.id)
        .where(
            MachinePack.pack == product.pack,
            Machine.lane == product.lane,
            or_(Machine.retired_at.is_(None), Machine.retired_at > now),
        )
        .order_by(Site.name, Machine.name, Machine.id)
    )
    return tuple(MachineChoice(*row) for row in rows)


def machines_to_move_to(
    *, machine: str, site: str, product: ProductChoice, now: datetime
) -> tuple[tuple[MachineChoice, int], ...]:
    """Return the machines of a house that can take over a job from one of them, with tariffs.

    Rupiah an hour as asked today; the machine itself is among them. A date coder closes no pack,
    so it takes over from another one only.
    """
    session = reading()
    rows = session.execute(select(Machine.code, Machine.id, Machine.kind))
    known = {row.code: row for row in rows}
    found = [
        each
        for each in machines_for(product=product, now=now)
        if each.site == site and takes_over(known[machine].kind, known[each.code].kind)
    ]
    ids = [known[each.code].id for each in found]
    tariffs = load_tariffs(session, machine_ids=ids, now=now)
    return tuple((each, tariffs.get(known[each.code].id, 0)) for each in found)


def usual_house(*, actor: Actor) -> str | None:
    """Return the code of the house a person most likely means; None where nobody could say.

    For a producer it is where she booked last, else one in the regency of her business; for the
    staff the first of their own.
    """
    session = reading()
    if actor.role != Role.PRODUCER:
        own = select(Site.code).where(Site.id.in_(actor.site_ids)).order_by(Site.name)
        return session.scalars(own.limit(1)).first()
    last = (
        select(Site.code)
        .join(Booking, Booking.site_id == Site.id)
        .where(Booking.business_id.in_(actor.business_ids))
        .order_by(Booking.id.desc())
    )
    near = (
        select(Site.code)
        .join(Business, Business.regency_code == Site.regency_code)
        .where(Business.id.in_(actor.business_ids))
        .order_by(Site.id)
    )
    return session.scalars(last.limit(1)).first() or session.scalars(near.limit(1)).first()


def journey_of(*, business_id: int | None, machine: str, starts_at: datetime) -> Journey | None:
    """Return the journey of a business's people to a machine's house; None where it is near."""
    row = (
        reading()
        .execute(
            select(Business.regency_code, Site.regency_code, Site.zone)
            .join_from(Business, Machine, Machine.code == machine)
            .join(Site, Site.id == Machine.site_id)
            .where(Business.id == business_id)
        )
        .first()
    )
    if row is None:
        return None
    home, house, zone = row
    return journey_to(home=home, house=house, starts_at=starts_at.astimezone(ZoneInfo(zone)))
