"""Bookings called by their codes."""

from collections.abc import Collection

from packhouse.db import reading
from packhouse.domain.permissions import may_see_booking
from packhouse.domain.users import Actor
from packhouse.models.bookings import Booking
from packhouse.queries.bookings.lists import ITEMS, BookingItem, item_of


def bookings_called(*, codes: Collection[str], actor: Actor) -> tuple[BookingItem, ...]:
    """Return these bookings by start, as far as they are the actor's to see, in one query."""
    rows = reading().execute(
        ITEMS.where(Booking.code.in_(codes)).order_by(Booking.starts_at, Booking.id)
    )
    items = (item_of(row) for row in rows)
    return tuple(each for each in items if may_see_booking(actor, each.business_id, each.site_id))
