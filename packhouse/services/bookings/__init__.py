"""Everything that changes a booking before its day: one module a group of verbs."""

from packhouse.services.bookings.booking import MOST_PIECES, Wish, add_booking, book
from packhouse.services.bookings.changes import Target, cancel, move
from packhouse.services.bookings.cooperative import (
    MOST_ROWS,
    OrderRow,
    book_order,
    look_at_order,
)
from packhouse.services.bookings.job_changes import Shift, cancel_job, look_at_move, move_job
from packhouse.services.bookings.jobs import MOST_PARTS, Part, book_job
from packhouse.services.bookings.requests import (
    answer,
    approve,
    ask,
    expire_requests,
    reject,
    release,
)
from packhouse.services.bookings.series import (
    ChosenDate,
    SeriesWish,
    book_series,
    cancel_series,
    move_series,
    restore_date,
)
from packhouse.services.bookings.steps import (
    Answer,
    answer_of,
    become,
    locked_booking,
    new_code,
    note,
)

__all__ = [
    "MOST_PARTS",
    "MOST_PIECES",
    "MOST_ROWS",
    "Answer",
    "ChosenDate",
    "OrderRow",
    "Part",
    "SeriesWish",
    "Shift",
    "Target",
    "Wish",
    "add_booking",
    "answer",
    "answer_of",
    "approve",
    "ask",
    "become",
    "book",
    "book_job",
    "book_order",
    "book_series",
    "cancel",
    "cancel_job",
    "cancel_series",
    "expire_requests",
    "locked_booking",
    "look_at_move",
    "look_at_order",
    "move",
    "move_job",
    "move_series",
    "new_code",
    "note",
    "reject",
    "release",
    "restore_date",
]
