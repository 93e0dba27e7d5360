"""The waitlist: wishes, the offers that hold a time for them, and their answers."""

from packhouse.services.waitlist.answers import (
    accept,
    accept_by_link,
    decline,
    decline_by_link,
    expire_offers,
    retract_offers,
)
from packhouse.services.waitlist.handing import hand_out
from packhouse.services.waitlist.looking import look_around
from packhouse.services.waitlist.offering import offer_freed, promote
from packhouse.services.waitlist.steps import describe_wish
from packhouse.services.waitlist.wishes import Wanted, change, enter, lapse, reorder, withdraw

__all__ = [
    "Wanted",
    "accept",
    "accept_by_link",
    "change",
    "decline",
    "decline_by_link",
    "describe_wish",
    "enter",
    "expire_offers",
    "hand_out",
    "lapse",
    "look_around",
    "offer_freed",
    "promote",
    "reorder",
    "retract_offers",
    "withdraw",
]
