"""Bookings as they are kept, and what is counted of them."""

from packhouse.models.bookings.holding import (
    Holder,
    House,
    house_at,
    is_ordered,
    load_broken_limits,
    load_cooling,
    load_holders,
    load_use,
    never_agreed,
    taken_by_others,
)
from packhouse.models.bookings.moving import Leeway, load_leeway
from packhouse.models.bookings.requests import RequestQuestion, RuleException
from packhouse.models.bookings.tables import (
    Booking,
    BookingTransition,
    Job,
    JobLine,
    Move,
    Order,
    Series,
    SeriesDate,
    describe,
    phases_of,
)

__all__ = [
    "Booking",
    "BookingTransition",
    "Holder",
    "House",
    "Job",
    "JobLine",
    "Leeway",
    "Move",
    "Order",
    "RequestQuestion",
    "RuleException",
    "Series",
    "SeriesDate",
    "describe",
    "house_at",
    "is_ordered",
    "load_broken_limits",
    "load_cooling",
    "load_holders",
    "load_leeway",
    "load_use",
    "never_agreed",
    "phases_of",
    "taken_by_others",
]
