"""Bookings as people and programs read them."""

from packhouse.queries.bookings.lists import (
    BookingDetail,
    BookingItem,
    BookingsPage,
    HistoryLine,
    MoveLine,
    Repeat,
    booking_detail,
    booking_item,
    bookings_page,
    repeats,
)

__all__ = [
    "BookingDetail",
    "BookingItem",
    "BookingsPage",
    "HistoryLine",
    "MoveLine",
    "Repeat",
    "booking_detail",
    "booking_item",
    "bookings_page",
    "repeats",
]
