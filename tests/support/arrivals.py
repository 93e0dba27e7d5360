"""What can become of a late customer, all at once: missed, here, back, replaced."""

import os
import random
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import PackhouseError
from packhouse.models.bookings import Booking
from packhouse.queries.audit import verify
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.support import races
from tests.support.races import Arena

LATE = timedelta(minutes=25)
_chance = random.Random(os.getpid())


def build_arena(make: Make, *, rounds: int) -> Arena:
    """Make a machine with a booking a round, each on its own stretch of a day."""
    arena = races.build_arena(make, rounds=rounds)
    admin = make.user(Role.ADMIN)
    for starts_at in arena.starts:
        assert races.book_once(arena, starts_at)
    return Arena(arena.machine, arena.product, admin, arena.starts, arena.now)


def act_somehow(arena: Arena, starts_at: datetime) -> bool:
    """Do one of five things about the booking of a round; say whether that was not refused."""
    code = db.session.scalars(
        select(Booking.code).where(Booking.starts_at == starts_at).order_by(Booking.id)
    ).first()
    db.session.rollback()
    now, actor = starts_at + LATE, arena.actor
    ways = (
        lambda: runs.no_show(code=str(code), actor=actor, now=now),
        lambda: runs.check_in(code=str(code), actor=actor, now=now),
        lambda: runs.came_after_all(code=str(code), actor=actor, now=now + timedelta(seconds=1)),
        lambda: runs.mark_no_shows(actor=SYSTEM, now=now),
        lambda: bookings.book(
            wish=Wish(arena.product, 100, arena.machine, now), actor=actor, now=now,
            source="walk_in",
        ),
    )  # fmt: skip
    try:
        _chance.choice(ways)()
    except PackhouseError:
        return False
    return True


def outcome(arena: Arena) -> tuple[Counter[str], list[str]]:
    """Return how the bookings of the rounds stand, and which rules are broken."""
    db.session.rollback()
    states = Counter(
        db.session.scalars(select(Booking.state).where(Booking.starts_at.in_(arena.starts)))
    )
    broken = [each.rule for each in verify(now=arena.starts[-1] + timedelta(hours=1))]
    return states, broken
