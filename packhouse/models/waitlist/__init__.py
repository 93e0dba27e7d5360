"""The waitlist as it is kept, and what decides the places on it."""

from packhouse.models.waitlist.standings import (
    Asking,
    OpenWish,
    load_open_wishes,
    load_standings,
    start_of_day,
)
from packhouse.models.waitlist.tables import FreedTime, Offer, Reorder, Wish

__all__ = [
    "Asking",
    "FreedTime",
    "Offer",
    "OpenWish",
    "Reorder",
    "Wish",
    "load_open_wishes",
    "load_standings",
    "start_of_day",
]
