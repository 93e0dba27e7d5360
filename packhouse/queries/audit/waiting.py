"""Checks of the waitlist: offers and what they hold, the order at every decision, nobody lost."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from packhouse.domain.time_range import TimeRange
from packhouse.domain.waitlist import OfferState, Standing, WishKind, earliest_start
from packhouse.models.businesses import Merger
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.waitlist import Offer, Reorder, Wish, load_standings, start_of_day

Rows = Iterator[dict[str, Any]]
# Decisions of so long are gone through again every night.
RECENT = timedelta(days=31)
# So long after its time nobody's worker is merely late.
PATIENCE = timedelta(minutes=30)
# A wish is looked at four times a day.
UNSEEN = timedelta(days=1)

_HOLDINGS = """
    SELECT o.id AS offer, o.state, c.kind, c.status FROM offers o
    JOIN occupations c ON c.id = o.occupation_id
    WHERE c.kind <> 'offer' OR (c.status = 'live') <> (o.state = 'open')
        OR c.machine_id <> o.machine_id OR c.to_at <> o.ends_at OR c.from_at > o.starts_at"""
_ORPHANS = """
    SELECT c.id AS occupation, c.machine_id FROM occupations c WHERE c.kind = 'offer'
        AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.occupation_id = c.id)"""
_TWICE = """
    SELECT wish_id AS wish, COUNT(*) AS offers FROM offers WHERE state IN ('open', 'accepted')
    GROUP BY wish_id HAVING COUNT(*) > 1"""
_STATES = """
    SELECT w.id AS wish, w.state, w.booking_id FROM wishes w
    WHERE (w.state = 'offered') <> EXISTS (
            SELECT 1 FROM offers o WHERE o.wish_id = w.id AND o.state = 'open')
        OR (w.state = 'served') <> EXISTS (
            SELECT 1 FROM offers o WHERE o.wish_id = w.id AND o.state = 'accepted'
                AND o.booking_id = w.booking_id)"""


def _sql(session: Session, query: str, **given: Any) -> Rows:
    for row in session.execute(text(query), given).mappings():
        yield dict(row)


def wrong_offers(session: Session, now: datetime) -> Rows:
    """Find an offer that does not hold its time, or holds what is over; and time nobody holds."""
    yield from _sql(session, _HOLDINGS)
    yield from _sql(session, _ORPHANS)


def wrong_promotions(session: Session, now: datetime) -> Rows:
    """Find a wish with two offers that count, or whose state its offers do not tell."""
    yield from _sql(session, _TWICE)
    yield from _sql(session, _STATES)


def forgotten_wishes(session: Session, now: datetime) -> Rows:
    """Find a wish or an offer without a next step: over, or not looked at, and nobody noticed."""
    late = int((now - PATIENCE).timestamp())
    yield from _sql(
        session,
        "SELECT id AS wish, to_at, look_at FROM wishes"
        " WHERE state = 'open' AND (to_at < :late OR look_at < :unseen)",
        late=late,
        unseen=int((now - UNSEEN).timestamp()),
    )
    yield from _sql(
        session,
        "SELECT id AS offer, answer_by FROM offers WHERE state = 'open' AND answer_by < :late",
        late=late,
    )
    yield from _sql(
        session,
        "SELECT id AS freed FROM freed_times WHERE to_at < :late"
        " AND EXISTS (SELECT 1 FROM wishes WHERE state = 'open')",
        late=late,
    )


# --- the order ----------------------------------------------------------------------------------

# A change bears the instant at which it was sent. For so long it may wait for its turn to be
# written, unseen by an offer that is made meanwhile.
UNDERWAY = timedelta(minutes=1)


@dataclass(slots=True)
class _Record:
    """What is on record of the waitlist of one house, in the order of time."""

    site: Site
    wishes: Mapping[int, tuple[Wish, Product]]
    offers: Mapping[int, Sequence[Offer]]
    reorders: Mapping[int, Sequence[Reorder]]
    machines: Mapping[int, Machine]
    packs: Mapping[int, set[str]]
    standings: dict[datetime, dict[int, Standing]] = field(default_factory=dict)


def wrong_order(session: Session, now: datetime) -> Rows:
    """Find an offer that went past a wish which stood before it, could have it, and is not told.

    Every decision of the last month is made again from the record as it was at that moment: who
    waited then, what the machine could serve, and the one published order. What was decided
    before two businesses were merged rests on a record that nobody has any more.
    """
    since = max(now - RECENT, session.scalar(select(func.max(Merger.at))) or now - RECENT)
    recent = list(session.scalars(select(Offer).where(Offer.made_at > since).order_by(Offer.id)))
    by_site: dict[int, list[Offer]] = defaultdict(list)
    for offer in recent:
        by_site[offer.site_id].append(offer)
    for site_id, offers in by_site.items():
        record = _record(session, session.get_one(Site, site_id), offers[0].made_at)
        waiting = sorted(record.wishes.values(), key=lambda row: row[0].arrived_at)
        active: dict[int, tuple[Wish, Product]] = {}
        came = 0
        for offer in offers:
            while came < len(waiting) and waiting[came][0].arrived_at <= offer.made_at:
                active[waiting[came][0].id] = waiting[came]
                came += 1
            over = [
                key
                for key, (wish, _) in active.items()
                if wish.closed_at is not None and wish.closed_at < offer.made_at
            ]
            for key in over:
                del active[key]
            yield from _decided_again(session, record, offer, active)


def _record(session: Session, site: Site, since: datetime) -> _Record:
    rows = session.execute(
        select(Wish, Product)
        .join(Product, Product.id == Wish.product_id)
        .where(
            (Wish.site_id.is_(None)) | (Wish.site_id == site.id),
            (Wish.closed_at.is_(None)) | (Wish.closed_at >= since),
            Wish.kind == WishKind.OFFER,
        )
    )
    wishes = {wish.id: (wish, product) for wish, product in rows}
    offers: dict[int, list[Offer]] = defaultdict(list)
    for offer in session.scalars(select(Offer).order_by(Offer.id)):
        offers[offer.wish_id].append(offer)
    reorders: dict[int, list[Reorder]] = defaultdict(list)
    for each in session.scalars(select(Reorder).order_by(Reorder.id)):
        reorders[each.wish_id].append(each)
    stood_here = Machine.id.in_(select(Offer.machine_id).where(Offer.site_id == site.id))
    machines = {
        each.id: each
        for each in session.scalars(
            select(Machine).where(or_(Machine.site_id == site.id, stood_here))
        )
    }
    packs: dict[int, set[str]] = defaultdict(set)
    for machine_id, pack in session.execute(
        select(MachinePack.machine_id, MachinePack.pack).where(MachinePack.machine_id.in_(machines))
    ):
        packs[machine_id].add(pack)
    return _Record(site, wishes, offers, reorders, machines, packs)


def _decided_again(
    session: Session, record: _Record, offer: Offer, active: Mapping[int, tuple[Wish, Product]]
) -> Rows:
    won = tuple(offer.facts["key"])
    winner = record.wishes.get(offer.wish_id)
    if winner is not None and winner[0].changed_at < offer.made_at:
        known = _standing_at(session, record, winner[0], offer)
        if known.key != won:
            yield {"offer": offer.id, "wish": offer.wish_id, "key": won, "should_be": known.key}
    passed = {each for ids in offer.facts["passed"].values() for each in ids}
    for wish, product in active.values():
        if wish.id == offer.wish_id or wish.id in passed:
            continue
        if not _competes(record, wish, product, offer):
            continue
        if _standing_at(session, record, wish, offer).key < won:
            yield {"offer": offer.id, "wish": offer.wish_id, "passed_over": wish.id}


def _competes(record: _Record, wish: Wish, product: Product, offer: Offer) -> bool:
    """Say whether a wish surely waited when an offer was made, and the machine could serve it."""
    if max(wish.arrived_at, wish.changed_at) >= offer.made_at - UNDERWAY:
        return False
    if product.archived_at is not None or product.pack not in record.packs[offer.machine_id]:
        return False
    machine = record.machines[offer.machine_id]
    if product.lane != machine.lane_at(offer.made_at) or (
        wish.kinds and machine.kind not in wish.kinds
    ):
        return False
    day = start_of_day(offer.starts_at, record.site.zone)
    today = day == start_of_day(offer.made_at, record.site.zone)
    window = TimeRange(max(day, earliest_start(offer.made_at)), day + timedelta(days=1))
    if wish.from_at >= window.end or wish.to_at <= window.start or (today and not wish.same_day):
        return False
    return not any(
        each.id < offer.id and (each.ended_at is None or each.ended_at >= offer.made_at - UNDERWAY)
        for each in record.offers.get(wish.id, ())
    )


def _standing_at(session: Session, record: _Record, wish: Wish, offer: Offer) -> Standing:
    """Return what decided the place of a wish at the moment of an offer."""
    site, at = record.site, offer.made_at
    midnight = start_of_day(at, site.zone)
    known = record.standings.setdefault(midnight, {})
    if wish.id not in known:
        missing = [each for each, _ in record.wishes.values() if each.id not in known]
        known |= load_standings(session, site_id=site.id, zone=site.zone, wishes=missing, now=at)
    silent = 0
    for each in record.offers.get(wish.id, ()):
        if each.id >= offer.id or each.ended_at is None or each.ended_at > at:
            break
        if each.ended_at <= wish.changed_at or each.state == OfferState.WITHDRAWN:
            continue
        silent = silent + 1 if each.state == OfferState.EXPIRED else 0
    moved = [each for each in record.reorders.get(wish.id, ()) if each.at <= at]
    preferred_at = moved[-1].at if moved and moved[-1].to_front else None
    return replace(known[wish.id], silent=silent, preferred_at=preferred_at)
