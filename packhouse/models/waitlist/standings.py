"""Who waits, and what decides her place in the order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import State
from packhouse.domain.businesses import Size
from packhouse.domain.machines import packs_alone
from packhouse.domain.products import traits_of
from packhouse.domain.time_range import TimeRange
from packhouse.domain.waitlist import (
    USED_DAYS,
    Need,
    PartOfDay,
    Standing,
    WishKind,
    WishState,
    little_served,
)
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.products import Product
from packhouse.models.waitlist.tables import Wish

CHUNK = 900


class Waiting(Protocol):
    """What of a wish decides its place."""

    @property
    def id(self) -> int: ...
    @property
    def business_id(self) -> int: ...
    @property
    def size(self) -> str: ...
    @property
    def regency_code(self) -> str: ...
    @property
    def silent(self) -> int: ...
    @property
    def preferred_at(self) -> datetime | None: ...
    @property
    def arrived_at(self) -> datetime: ...


class Asking(NamedTuple):
    """A wish, or a request for a booking, as the order looks at it, and nothing more."""

    id: int
    business_id: int
    size: str
    regency_code: str
    arrived_at: datetime
    silent: int = 0
    preferred_at: datetime | None = None


class OpenWish(NamedTuple):
    """A wish as the order and the fit need it."""

    id: int
    business_id: int
    business_name: str
    product_name: str
    quantity: int
    least: int
    from_at: datetime
    to_at: datetime
    part_of_day: str
    kinds: Any
    same_day: bool
    size: str
    regency_code: str
    silent: int
    preferred_at: datetime | None
    arrived_at: datetime
    pack: str
    lane: str
    allergens: Any
    aroma: str
    wet: bool

    def takes(self, kind: str) -> bool:
        """Say whether it may be this kind of machine; none named: whichever packs alone."""
        return kind in self.kinds if self.kinds else packs_alone(kind)

    def need(self) -> Need:
        """Return what it asks of a machine."""
        traits = traits_of(self.lane, frozenset(self.allergens), self.aroma, wet=self.wet)
        window = TimeRange(self.from_at, self.to_at)
        return Need(
            traits, self.pack, self.quantity, self.least, window, PartOfDay(self.part_of_day)
        )


def load_open_wishes(
    session: Session,
    *,
    site_id: int,
    among: Iterable[ColumnElement[bool]] = (),
    most: int | None = None,
) -> dict[int, OpenWish]:
    """Return the wishes that wait for an offer of a house, the oldest first, in one query.

    ``among`` are further conditions on the wish and its product.
    """
    rows = session.execute(
        select(
            Wish.id, Wish.business_id, Business.name, Product.name, Wish.quantity, Wish.least,
            Wish.from_at, Wish.to_at, Wish.part_of_day, Wish.kinds, Wish.same_day, Wish.size,
            Wish.regency_code, Wish.silent, Wish.preferred_at, Wish.arrived_at, Product.pack,
            Product.lane, Product.allergens, Product.aroma, Product.wet,
        )
        .join(Product, Product.id == Wish.product_id)
        .join(Business, Business.id == Wish.business_id)
        .where(
            Wish.state == WishState.OPEN,
            Wish.kind == WishKind.OFFER,
            or_(Wish.site_id.is_(None), Wish.site_id == site_id),
            Product.archived_at.is_(None),
            *among,
        )
        .order_by(Wish.id)
        .limit(most)
    )  # fmt: skip
    return {row[0]: OpenWish._make(row) for row in rows}


def start_of_day(at: datetime, zone: str) -> datetime:
    """Return the local midnight before an instant: until then the record counts for places."""
    here = ZoneInfo(zone)
    return datetime.combine(at.astimezone(here).date(), time(), tzinfo=here).astimezone(UTC)


def load_standings(
    session: Session, *, site_id: int, zone: str, wishes: Iterable[Waiting], now: datetime
) -> dict[int, Standing]:
    """Return what decides the places of wishes at a house now; four queries for any number.

    Only the record up to the last local midnight counts, and no paper.
    """
    listed = list(wishes)
    until = start_of_day(now, zone)
    businesses = {each.business_id for each in listed}
    used = _used_by(session, businesses, until)
    known = _served(session, businesses, until)
    behind = _behind(session, site_id, until)
    return {
        each.id: Standing(
            wish_id=each.id,
            arrived_at=each.arrived_at,
            first_timer=each.business_id not in known,
            micro=each.size == Size.MICRO,
            little_served=each.regency_code in behind,
            used_minutes=used.get(each.business_id, 0),
            silent=each.silent,
            preferred_at=each.preferred_at,
        )
        for each in listed
    }


_MINUTES = func.sum(Booking.setup_minutes + Booking.run_minutes, type_=BigInteger)


def _counted(until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Booking.state == State.FINISHED,
        Booking.source != "paper",
        Booking.starts_at >= until - timedelta(days=USED_DAYS),
        Booking.starts_at < until,
    )


def _used_by(session: Session, businesses: Collection[int], until: datetime) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in _chunks(businesses):
        rows = session.execute(
            select(Booking.business_id, _MINUTES)
            .where(Booking.business_id.in_(some), *_counted(until))
            .group_by(Booking.business_id)
        )
        found |= {int(row[0] or 0): int(row[1]) for row in rows}
    return found


def _served(session: Session, businesses: Collection[int], until: datetime) -> set[int]:
    found: set[int] = set()
    for some in _chunks(businesses):
        before = (
            select(Booking.id)
            .where(
                Booking.business_id == Business.id,
                Booking.state == State.FINISHED,
                Booking.source != "paper",
                Booking.starts_at < until,
            )
            .exists()
        )
        found |= set(session.scalars(select(Business.id).where(Business.id.in_(some), before)))
    return found


def _behind(session: Session, site_id: int, until: datetime) -> set[str]:
    minutes: Mapping[str, int] = defaultdict(
        int,
        {
            row[0]: int(row[1])
            for row in session.execute(
                select(Business.regency_code, _MINUTES)
                .join(Business, Business.id == Booking.business_id)
                .where(Booking.site_id == site_id, *_counted(until))
                .group_by(Business.regency_code)
            )
        },
    )
    regencies = set(
        session.scalars(select(Business.regency_code).where(Business.created_at < until).distinct())
    )
    return little_served(minutes, regencies)


def _chunks(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[first : first + CHUNK] for first in range(0, len(ordered), CHUNK))
