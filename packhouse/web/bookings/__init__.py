"""Bookings: mine, one, a new one, moved, cancelled, and decided by the manager."""

from packhouse.web.bookings import (
    changing,
    combined,
    jobs,
    lists,
    making,
    order_moves,
    orders,
    record,
    requests,
    series,
    showing,
)
from packhouse.web.bookings.frame import bp

__all__ = [
    "bp",
    "changing",
    "combined",
    "jobs",
    "lists",
    "making",
    "order_moves",
    "orders",
    "record",
    "requests",
    "series",
    "showing",
]
