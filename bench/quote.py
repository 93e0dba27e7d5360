"""A quote for a job over fifty machines and two weeks, with a short and a long past."""

from bench.histories import MACHINES, NOW, Past, all_pasts, compare
from packhouse.services import slots
from packhouse.services.slots import Ask, Quote

TIMES = 100


def run() -> None:
    """Measure both databases and both pasts."""
    for _, pasts in all_pasts():
        acts = [(past, lambda past=past: quote(past)) for past in pasts]
        compare("quote", "service", acts, times=TIMES, machines=MACHINES, days=14)


def quote(past: Past) -> Quote:
    """Ask for a job of three quarters of an hour in the house."""
    ask = Ask(past.product, 600, site="PTK")
    found = slots.quote(ask=ask, actor=past.producer, now=NOW)
    assert found.offers, "the month ahead has no room: nothing worth measuring"
    return found
