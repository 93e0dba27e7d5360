"""Bookings called by their codes, and what whoever calls their people must know of one."""

from collections.abc import Collection

from packhouse.db import reading
from packhouse.domain.permissions import may_see_booking
from packhouse.domain.users import Actor
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.products import Product
from packhouse.queries.bookings.lists import ITEMS, BookingItem, item_of

# Whose a booking is, what of and for when: the columns; its business and product are joined by
# whoever selects them.
TO_CALL = (
    Booking.code,
    Booking.business_id,
    Booking.quantity,
    Booking.starts_at,
    Booking.ends_at,
    Business.name.label("business_name"),
    Product.name.label("product_name"),
    Product.pack,
)


def bookings_called(*, codes: Collection[str], actor: Actor) -> tuple[BookingItem, ...]:
    """Return these bookings by start, as far as they are the actor's to see, in one query."""
    rows = reading().execute(
        ITEMS.where(Booking.code.in_(codes)).order_by(Booking.starts_at, Booking.id)
    )
    items = (item_of(row) for row in rows)
    return tuple(each for each in items if may_see_booking(actor, each.business_id, each.site_id))
