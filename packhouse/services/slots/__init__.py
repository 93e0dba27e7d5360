"""Machine time: quoting it, taking it, giving it back."""

from packhouse.services.slots.offers import Ask, Offer, Quote, Refusal
from packhouse.services.slots.quoting import find_offers, quote
from packhouse.services.slots.taking import (
    Place,
    fit,
    free,
    job_of,
    lock_place,
    lock_places,
    lock_product,
    occupy,
    refit_day,
    refusal,
    take,
)

__all__ = [
    "Ask",
    "Offer",
    "Place",
    "Quote",
    "Refusal",
    "find_offers",
    "fit",
    "free",
    "job_of",
    "lock_place",
    "lock_places",
    "lock_product",
    "occupy",
    "quote",
    "refit_day",
    "refusal",
    "take",
]
