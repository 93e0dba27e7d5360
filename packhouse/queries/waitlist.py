"""The waitlist as people see it: their wishes, their place in the order and why, their offers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, or_, select, true
from sqlalchemy.orm import Session

from packhouse.db import reading, setting
from packhouse.domain.permissions import AUDITORS, may_act_for_business, may_serve_businesses
from packhouse.domain.time_range import local_iso
from packhouse.domain.users import Actor, Role
from packhouse.domain.waitlist import ALIVE, OfferState, Standing, WishKind, in_order
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.waitlist import Asking, Offer, Reorder, Wish, load_standings
from packhouse.queries import id_after

MOST_PER_PAGE = 200
LINES = 100


@dataclass(frozen=True, slots=True)
class OfferItem:
    """One offer: a time (UTC) that is or was held for a wish, and until when she may answer."""

    id: int
    wish_id: int
    state: str
    business_id: int
    product_id: int
    product_name: str
    pack: str
    machine: str
    machine_name: str
    site: str
    site_name: str
    zone: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    price: int
    answer_by: datetime
    made_at: datetime
    booking: str | None

    def is_open(self, now: datetime) -> bool:
        """Say whether it can still be answered."""
        return self.state == OfferState.OPEN and now < self.answer_by

    @property
    def answer(self) -> dict[str, Any]:
        """Return the offer as programs are told it."""
        return {
            "id": self.id,
            "wish": self.wish_id,
            "state": self.state,
            "product": self.product_id,
            "quantity": self.quantity,
            "machine": self.machine,
            "site": self.site,
            "starts_at": local_iso(self.starts_at, self.zone),
            "ends_at": local_iso(self.ends_at, self.zone),
            "answer_by": local_iso(self.answer_by, self.zone),
            "price": self.price,
            "booking": self.booking,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wish stands among the waiting of a house, and why."""

    position: int
    total: int
    site_name: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class WishItem:
    """One wish with whose it is; instants in UTC. ``reason`` is why the staff put it first."""

    id: int
    kind: str
    state: str
    business_id: int
    business_name: str
    product_id: int
    product_name: str
    pack: str
    quantity: int
    least: int
    site_id: int | None
    site: str | None
    site_name: str
    zone: str
    from_at: datetime
    to_at: datetime
    part_of_day: str
    kinds: tuple[str, ...]
    same_day: bool
    arrived_at: datetime
    preferred_at: datetime | None
    reason: str
    version: int
    booking: str | None
    place: Place | None = None
    offer: OfferItem | None = None

    @property
    def is_alive(self) -> bool:
        """Say whether it still waits."""
        return self.state in ALIVE

    @property
    def answer(self) -> dict[str, Any]:
        """Return the wish as programs are told it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "product": self.product_id,
            "quantity": self.quantity,
            "least": self.least,
            "site": self.site,
            "from": local_iso(self.from_at, self.zone),
            "to": local_iso(self.to_at, self.zone),
            "part_of_day": self.part_of_day,
            "kinds": list(self.kinds),
            "same_day": self.same_day,
            "arrived_at": local_iso(self.arrived_at, self.zone),
            "version": self.version,
            "place": self.place.position if self.place else None,
            "why": list(self.place.standing.why) if self.place else [],
            "booking": self.booking,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a house's order. Names are only for who may know them."""

    position: int
    wish_id: int
    state: str
    standing: Standing
    is_mine: bool
    reason: str
    business_name: str
    product_name: str
    pack: str
    quantity: int


@dataclass(frozen=True, slots=True)
class WishesPage:
    """One page of wishes; ``next`` is the cursor of the page behind it."""

    items: tuple[WishItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class OffersPage:
    """One page of offers; ``next`` is the cursor of the page behind it."""

    items: tuple[OfferItem, ...]
    next: str | None


_REASON = (
    select(Reorder.reason)
    .where(Reorder.wish_id == Wish.id, Reorder.to_front)
    .order_by(Reorder.id.desc())
    .limit(1)
    .scalar_subquery()
)
_WISHES: Select[*tuple[Any, ...]] = (
    select(Wish, Business.name, Product.name, Product.pack, Site.code, Site.name, Site.zone,
           Booking.code, _REASON)
    .join(Business, Business.id == Wish.business_id)
    .join(Product, Product.id == Wish.product_id)
    .outerjoin(Site, Site.id == Wish.site_id)
    .outerjoin(Booking, Booking.id == Wish.booking_id)
)  # fmt: skip
_OFFERS: Select[*tuple[Any, ...]] = (
    select(Offer, Wish.business_id, Product.name, Product.pack, Machine.code, Machine.name,
           Site.code, Site.name, Site.zone, Booking.code)
    .join(Wish, Wish.id == Offer.wish_id)
    .join(Product, Product.id == Offer.product_id)
    .join(Machine, Machine.id == Offer.machine_id)
    .join(Site, Site.id == Offer.site_id)
    .outerjoin(Booking, Booking.id == Offer.booking_id)
)  # fmt: skip


def wishes_page(
    *,
    actor: Actor,
    now: datetime,
    alive: bool | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> WishesPage:
    """Return a page of the wishes an actor may see, newest first, with place and open offer."""
    query = _WISHES.where(_visible(actor))
    if alive is not None:
        query = query.where(Wish.state.in_(ALIVE) if alive else Wish.state.not_in(ALIVE))
    if cursor is not None:
        query = query.where(Wish.id < id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    session = reading()
    rows = session.execute(query.order_by(Wish.id.desc()).limit(limit + 1)).all()
    items = _placed(session, [_wish(row) for row in rows[:limit]], now)
    return WishesPage(tuple(items), str(items[-1].id) if len(rows) > limit else None)


def wish_item(*, wish_id: int, actor: Actor, now: datetime) -> WishItem:
    """Return one wish. Raises NotFound when it is unknown or not the actor's to see."""
    session = reading()
    row = session.execute(_WISHES.where(Wish.id == wish_id, _visible(actor))).one_or_none()
    if row is None:
        raise NotFound("wish_not_found")
    return _placed(session, [_wish(row)], now)[0]


def offers_page(
    *, actor: Actor, cursor: str | None = None, limit: int = 50, wish_id: int | None = None
) -> OffersPage:
    """Return a page of the offers an actor may see, newest first."""
    query = _OFFERS.where(_visible(actor))
    if wish_id is not None:
        query = query.where(Offer.wish_id == wish_id)
    if cursor is not None:
        query = query.where(Offer.id < id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.order_by(Offer.id.desc()).limit(limit + 1)).all()
    items = tuple(_offer(row) for row in rows[:limit])
    return OffersPage(items, str(items[-1].id) if len(rows) > limit else None)


def kinds_of_machines() -> set[str]:
    """Return the kinds of machines that stand anywhere."""
    return set(reading().scalars(select(Machine.kind).distinct()))


def offer_item(*, offer_id: int, actor: Actor | None) -> OfferItem:
    """Return one offer; for nobody (None) it is who holds the link to it. Raises NotFound."""
    row = reading().execute(_OFFERS.where(Offer.id == offer_id)).one_or_none()
    item = None if row is None else _offer(row)
    if item is None or (actor is not None and not may_act_for_business(actor, item.business_id)):
        raise NotFound("offer_not_found")
    return item


def offer_made_on(*, machine: str, now: datetime) -> OfferItem | None:
    """Return the offer of a machine's time that was made at this very instant, if one was."""
    row = (
        reading()
        .execute(
            _OFFERS.where(
                Machine.code == machine, Offer.made_at == now, Offer.state == OfferState.OPEN
            ).limit(1)
        )
        .first()
    )
    return None if row is None else _offer(row)


def order_at(*, site: str, actor: Actor | None, now: datetime) -> tuple[Line, ...]:
    """Return the first hundred of the order at a house, as everybody may read it.

    Who it is, only the front desk and she herself learn. Raises NotFound.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None:
        raise NotFound("site_not_found", site=site)
    standings = _order(session, house, now)[:LINES]
    ids = [each.wish_id for each in standings]
    wishes = {
        item.id: item for item in map(_wish, session.execute(_WISHES.where(Wish.id.in_(ids))))
    }
    return tuple(
        _line(position, each, wishes[each.wish_id], actor)
        for position, each in enumerate(standings, 1)
    )


def _line(position: int, standing: Standing, wish: WishItem, actor: Actor | None) -> Line:
    knows = actor is not None and may_act_for_business(actor, wish.business_id)
    return Line(
        position=position,
        wish_id=wish.id if knows else 0,
        state=wish.state,
        standing=standing,
        is_mine=knows and actor is not None and actor.role == Role.PRODUCER,
        reason=wish.reason if wish.preferred_at else "",
        business_name=wish.business_name if knows else "",
        product_name=wish.product_name if knows else "",
        pack=wish.pack,
        quantity=wish.quantity,
    )


def _order(session: Session, site: Site, now: datetime) -> list[Standing]:
    """Return the waiting of a house in the one order there is."""
    rows = session.execute(
        select(Wish.id, Wish.business_id, Wish.size, Wish.regency_code, Wish.arrived_at,
               Wish.silent, Wish.preferred_at)
        .where(
            Wish.state.in_(ALIVE),
            Wish.kind == WishKind.OFFER,
            or_(Wish.site_id.is_(None), Wish.site_id == site.id),
        )
    )  # fmt: skip
    waiting = map(Asking._make, rows)
    standings = load_standings(session, site_id=site.id, zone=site.zone, wishes=waiting, now=now)
    return in_order(standings.values())


def _placed(session: Session, items: Collection[WishItem], now: datetime) -> list[WishItem]:
    """Add to wishes their place, at their own or their nearest house, and their open offer."""
    offers = {
        offer.wish_id: offer
        for offer in map(
            _offer,
            session.execute(
                _OFFERS.where(
                    Offer.wish_id.in_([each.id for each in items]), Offer.state == OfferState.OPEN
                )
            ),
        )
    }
    places: dict[int, Place] = {}
    for site in _houses(session, items):
        order = _order(session, site, now)
        for position, each in enumerate(order, 1):
            place = Place(position, len(order), site.name, each)
            places.setdefault(each.wish_id, place)
    return [
        replace(each, place=places.get(each.id) if each.is_alive else None,
                offer=offers.get(each.id))
        for each in items
    ]  # fmt: skip


def _houses(session: Session, items: Iterable[WishItem]) -> list[Site]:
    waiting = [each for each in items if each.is_alive and each.kind == WishKind.OFFER]
    named = {each.site_id for each in waiting if each.site_id is not None}
    anywhere = [each.business_id for each in waiting if each.site_id is None]
    found = list(session.scalars(select(Site).where(Site.id.in_(named))))
    if anywhere:
        near = select(Business.regency_code).where(Business.id == anywhere[0]).scalar_subquery()
        nearest = session.scalar(select(Site).order_by(Site.regency_code != near, Site.id).limit(1))
        found += [nearest] if nearest is not None else []
    return found


def _visible(actor: Actor) -> ColumnElement[bool]:
    if may_serve_businesses(actor) or actor.role in AUDITORS:
        return true()
    if actor.role == Role.PRODUCER:
        return Wish.business_id.in_(actor.business_ids)
    return false()


def _wish(row: Row[*tuple[Any, ...]]) -> WishItem:
    wish, business, product, pack, site, site_name, zone, booking, reason = row
    return WishItem(
        id=wish.id, kind=wish.kind, state=wish.state, business_id=wish.business_id,
        business_name=business, product_id=wish.product_id, product_name=product, pack=pack,
        quantity=wish.quantity, least=wish.least, site_id=wish.site_id, site=site,
        site_name=site_name or "", zone=zone or str(setting("ZONE")), from_at=wish.from_at,
        to_at=wish.to_at, part_of_day=wish.part_of_day, kinds=tuple(wish.kinds),
        same_day=wish.same_day, arrived_at=wish.arrived_at, preferred_at=wish.preferred_at,
        reason=(reason or "") if wish.preferred_at else "", version=wish.version, booking=booking,
    )  # fmt: skip


def _offer(row: Row[*tuple[Any, ...]]) -> OfferItem:
    offer, business_id, product, pack, machine, machine_name, site, site_name, zone, booking = row
    return OfferItem(
        id=offer.id, wish_id=offer.wish_id, state=offer.state, business_id=business_id,
        product_id=offer.product_id, product_name=product, pack=pack, machine=machine,
        machine_name=machine_name, site=site, site_name=site_name, zone=zone,
        quantity=offer.quantity, starts_at=offer.starts_at, ends_at=offer.ends_at,
        price=offer.price, answer_by=offer.answer_by, made_at=offer.made_at, booking=booking,
    )  # fmt: skip
