"""Everything that changes a booking before its day: one module a group of verbs."""

from packhouse.services.bookings.booking import Wish, add_booking, book
from packhouse.services.bookings.changes import Target, cancel, move
from packhouse.services.bookings.requests import approve, expire_requests, reject, release
from packhouse.services.bookings.steps import (
    Answer,
    answer_of,
    become,
    locked_booking,
    new_code,
    note,
)

__all__ = [
    "Answer",
    "Target",
    "Wish",
    "add_booking",
    "answer_of",
    "approve",
    "become",
    "book",
    "cancel",
    "expire_requests",
    "locked_booking",
    "move",
    "new_code",
    "note",
    "reject",
    "release",
]
