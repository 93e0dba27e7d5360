"""How many visits an invented machine gets on a day: weekday, season, luck."""

from datetime import date, timedelta
from math import exp
from random import Random

from packhouse.cli.seeds.houses import fasting_months
from packhouse.domain.sites import indonesian_holidays

WEEKDAYS = (1.1, 1.2, 1.1, 1.0, 0.6, 0.4, 0.0)
FOUR_WEEKS = timedelta(days=28)


def season_of(day: date) -> float:
    """Return demand against an ordinary day: parcels before Lebaran, quiet after it."""
    for first, last in fasting_months(day.year):
        feast = last + timedelta(days=1)
        if feast - FOUR_WEEKS <= day < feast:
            return 1.8
        if feast <= day < feast + FOUR_WEEKS:
            return 0.6
        assert first <= last
    if day.month == 12 or _is_before_imlek(day):
        return 1.3
    return 1.0


def _is_before_imlek(day: date) -> bool:
    return any(
        each.name == "Tahun Baru Imlek" and timedelta(0) <= each.day - day < FOUR_WEEKS
        for each in indonesian_holidays(day.year)
    )


def poisson(mean: float, rng: Random) -> int:
    """Return a number of arrivals (Knuth's method; means here are small)."""
    limit, number, product = exp(-mean), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number
