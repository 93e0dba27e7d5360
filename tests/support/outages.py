"""Phones that book while the house says that there will be no power, or that a machine broke."""

import random
from datetime import datetime, timedelta

from packhouse.domain.users import SYSTEM
from packhouse.errors import PackhouseError
from packhouse.services import downtime
from tests.support.races import Arena, book_once

OUT = timedelta(minutes=25)


def book_or_go_dark(arena: Arena, starts_at: datetime) -> bool:
    """Book a start, or announce an outage for it; say whether a booking was made."""
    if random.random() < 0.5:
        return book_once(arena, starts_at)
    downtime.report_outage(
        site="PTK", utility="electricity", from_at=starts_at, until=starts_at + OUT,
        actor=SYSTEM, now=arena.now,
    )  # fmt: skip
    return False


def break_or_repair(arena: Arena, starts_at: datetime) -> bool:
    """Report the machine broken until after a start, or repair it; say whether that counted."""
    try:
        if random.random() < 0.3:
            downtime.repair(machine=arena.machine, actor=SYSTEM, now=arena.now)
        else:
            downtime.report_breakdown(
                machine=arena.machine, reason="breakdown", expected_back_at=starts_at + OUT,
                actor=SYSTEM, now=arena.now,
            )  # fmt: skip
    except PackhouseError:
        return False
    return True
