"""Everything that can end an offer, at the same moment: yes, no, withdrawn, silence, a wall."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM
from packhouse.errors import PackhouseError
from packhouse.models.audit import AuditEntry
from packhouse.models.waitlist import FreedTime, Offer, Wish
from packhouse.queries.audit import verify
from packhouse.services import waitlist
from packhouse.services.slots import lock_place
from packhouse.services.waitlist import retract_offers
from tests.factories import Make
from tests.support.races import Arena

MACHINE = "M3"
ENDED = ("accepted", "declined", "expired", "withdrawn")
_chance = random.Random(os.getpid())


def build_arena(make: Make, *, rounds: int) -> Arena:
    """Make one machine and an open offer a round, each made a day after the one before."""
    site = make.site(code="PTK", horizon_days=20_000)
    machine = make.machine(site, code=MACHINE, rate_per_minute=10.0)
    business = make.business(created_at=make.now - timedelta(days=99))
    product = make.product(business)
    owner = make.producer(business)
    days = [day for day in range(2, 2 + 2 * rounds) if make.at(8, days=day).weekday() < 4]
    for day in days[:rounds]:
        now = make.at(8, days=day - 1)
        with transaction() as session:
            session.add(
                Wish(
                    business_id=business, product_id=product, site_id=site, quantity=500,
                    least=500, from_at=make.at(0, days=day), to_at=make.at(0, days=day + 1),
                    size="mikro", regency_code="61.71", arrived_at=now - timedelta(hours=1),
                    changed_at=now - timedelta(hours=1), look_at=make.at(0, days=9999),
                )
            )  # fmt: skip
            begins = make.at(8, days=day)
            session.add(FreedTime(machine_id=machine, from_at=begins, to_at=begins))
        while waitlist.promote(actor=SYSTEM, now=now):
            pass
    starts = tuple(db.session.scalars(select(Offer.starts_at).order_by(Offer.id)))
    return Arena(MACHINE, product, owner, starts, make.now)


def answer_somehow(arena: Arena, starts_at: datetime) -> bool:
    """End the offer of a round in one of five ways; say whether that was not refused."""
    offer = db.session.scalars(select(Offer).where(Offer.starts_at == starts_at)).one()
    now, late = offer.made_at + timedelta(seconds=1), offer.answer_by
    offer_id, wish_id = offer.id, offer.wish_id
    db.session.rollback()
    ways = (
        lambda: waitlist.accept(offer_id=offer_id, actor=arena.actor, now=now),
        lambda: waitlist.accept_by_link(offer_id=offer_id, now=now),
        lambda: waitlist.decline_by_link(offer_id=offer_id, now=now),
        lambda: waitlist.withdraw(wish_id=wish_id, actor=arena.actor, now=now),
        lambda: waitlist.expire_offers(actor=SYSTEM, now=late),
        lambda: _break(starts_at, now),
    )
    try:
        _chance.choice(ways)()
    except PackhouseError:
        return False
    return True


def _break(starts_at: datetime, now: datetime) -> None:
    with transaction() as session:
        spot = lock_place(session, code=MACHINE, now=now)
        day = TimeRange(starts_at, starts_at + timedelta(hours=1))
        retract_offers(session, spot=spot, time=day, actor=SYSTEM, now=now)


def outcome(now: datetime) -> tuple[Counter[str], Sequence[int], list[str]]:
    """Return how the offers ended, those that ended more than once or never, and broken rules.

    What the worker of the house does by itself is done before: wishes lapse, freed time is seen.
    ``now`` comes after the last day waited for, or a wish whose offer a wall ended gets another.
    """
    while waitlist.lapse(actor=SYSTEM, now=now) or waitlist.promote(actor=SYSTEM, now=now):
        pass
    ends: dict[int, list[str]] = {each: [] for each in db.session.scalars(select(Offer.id))}
    entries = db.session.execute(
        select(AuditEntry.action, AuditEntry.facts).where(AuditEntry.action.startswith("offer:"))
    )
    for action, facts in entries:
        if action.removeprefix("offer:") in ENDED:
            ends[facts["offer"]].append(action)
    states = Counter(db.session.scalars(select(Offer.state)))
    wrong = [offer for offer, said in ends.items() if len(said) != 1]
    return states, wrong, [each.rule for each in verify(now=now)]
