"""A machine that is carried to another house while people book it."""

import random
from datetime import datetime

from packhouse.domain.machines import Move
from packhouse.domain.users import SYSTEM
from packhouse.errors import PackhouseError
from packhouse.services import bookings, machines
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.support.races import Arena


def build_arena(make: Make, *, rounds: int) -> Arena:
    """Make two houses, and a machine and a start in the first for every round."""
    here = make.site(code="PTK", horizon_days=20_000)
    make.site(code="SKW", horizon_days=20_000)
    starts = tuple(make.at(8, days=2 + 7 * week) for week in range(rounds))
    for start in starts:
        make.machine(here, code=code_for(start))
    business = make.business()
    return Arena("", make.product(business), make.producer(business), starts, make.now)


def code_for(start: datetime) -> str:
    """Return the machine of a round."""
    return f"R{start:%m%d}"


def move_or_book(arena: Arena, starts_at: datetime) -> bool:
    """Carry the machine away, or book it: whoever comes second must notice."""
    code = code_for(starts_at)
    try:
        if random.random() < 0.4:
            move = Move("SKW", reason="Pameran", document="BA-1")
            machines.move_machine(code=code, move=move, actor=SYSTEM, now=arena.now)
        else:
            wish = Wish(arena.product, 100, code, starts_at)
            bookings.book(wish=wish, actor=arena.actor, now=arena.now)
    except PackhouseError:
        return False
    return True
