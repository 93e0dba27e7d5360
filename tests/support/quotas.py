"""Many phones of one business against one weekly limit, each on a machine of its own."""

import random
import time
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.errors import PackhouseError
from packhouse.models.bookings import Booking
from packhouse.models.sites import Site
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.support.races import Arena

MACHINES = ("M1", "M2", "M3", "M4", "M5", "M6")
PIECES = 450
MINUTES = 40
HOURS = 1


def build_arena(make: Make, *, rounds: int) -> Arena:
    """Make six machines, and a start in each of as many weeks as there are rounds.

    One job takes forty minutes: the weekly hour has room for one, whatever machine it is on.
    """
    site = make.site(code="PTK", horizon_days=20_000)
    for code in MACHINES:
        make.machine(site, code=code, rate_per_minute=15.0)
    business = make.business()
    starts = tuple(make.at(8, days=2 + 7 * week) for week in range(rounds))
    return Arena(MACHINES[0], make.product(business), make.producer(business), starts, make.now)


def limit(hours: int | None) -> None:
    """Set the weekly limit of the house."""
    with transaction() as session:
        session.scalars(select(Site)).one().limit_week_hours = hours


_mine = count(random.randrange(len(MACHINES)))


def book_somewhere(arena: Arena, starts_at: datetime) -> bool:
    """Try to book on one of the machines: its lock says nothing about the others."""
    machine = MACHINES[next(_mine) % len(MACHINES)]
    wish = Wish(arena.product, PIECES, machine, starts_at)
    try:
        bookings.book(wish=wish, actor=arena.actor, now=arena.now)
    except PackhouseError:
        return False
    return True


def look_and_book(arena: Arena, starts_at: datetime) -> bool:
    """Count first and book then, as a program without the lock would: the control."""
    used = db.session.scalars(
        select(func.sum(Booking.setup_minutes + Booking.run_minutes)).where(
            Booking.starts_at >= starts_at - timedelta(days=3),
            Booking.starts_at < starts_at + timedelta(days=3),
        )
    ).one()
    db.session.rollback()
    time.sleep(0.002)  # What a rule takes to think.
    return (used or 0) + MINUTES <= HOURS * 60 and book_somewhere(arena, starts_at)
