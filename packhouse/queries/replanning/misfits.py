"""Bookings that no longer fit their house, as people read them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from packhouse.db import reading
from packhouse.errors import Problem
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.replanning import load_misfits
from packhouse.models.sites import Site


@dataclass(frozen=True, slots=True)
class MisfitItem:
    """A booking to come that its house can no longer keep; ``problems`` say every reason."""

    code: str
    machine: str
    machine_name: str
    business_name: str
    product_name: str
    pack: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    problems: tuple[Problem, ...]


def misfits(site_id: int, now: datetime) -> tuple[MisfitItem, ...]:
    """Return the bookings to come that closures, hours or shifts no longer allow, by start.

    For pages of the staff: the caller has checked that the site is theirs.
    """
    session = reading()
    found = {each.booking_id: each for each in load_misfits(session, site_id=site_id, now=now)}
    if not found:
        return ()
    zone = session.get_one(Site, site_id).zone
    rows = session.execute(
        select(
            Booking.id,
            Booking.code,
            Booking.quantity,
            Machine.code.label("machine"),
            Machine.name.label("machine_name"),
            Business.name.label("business_name"),
            Product.name.label("product_name"),
            Product.pack,
        )
        .join(Machine, Machine.id == Booking.machine_id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .outerjoin(Product, Product.id == Booking.product_id)
        .where(Booking.id.in_(found))
        .order_by(Booking.starts_at, Booking.id)
    )
    return tuple(
        MisfitItem(
            code=row.code,
            machine=row.machine,
            machine_name=row.machine_name,
            business_name=row.business_name or "",
            product_name=row.product_name or "",
            pack=row.pack or "",
            quantity=row.quantity,
            starts_at=found[row.id].starts_at,
            ends_at=found[row.id].ends_at,
            zone=zone,
            problems=tuple(each.told_in(zone) for each in found[row.id].problems),
        )
        for row in rows
    )
