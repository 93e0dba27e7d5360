"""Whoever stands at the desk: found by code or by name, and what she is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.bookings.arrivals import Welcome, code_patterns, welcome
from packhouse.domain.permissions import may_operate
from packhouse.domain.sites import Calendar
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, Membership
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendars
from packhouse.models.users import User

# Whoever comes so much earlier is told that she has time.
EARLY = timedelta(minutes=45)
# Codes are looked for within so long around today, names only ahead.
BACK, AHEAD = timedelta(days=31), timedelta(days=120)
MOST = 12
SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a booking, as the desk of a house needs to know her. Instants are UTC.

    ``told`` is what she is told now. A booking of a house that is not this person's shows where
    and when it is, and neither whose nor what: ``is_ours`` is False then.
    """

    code: str
    state: State
    told: Welcome
    is_ours: bool
    business_name: str
    product_name: str
    pack: str
    quantity: int
    machine: str
    machine_name: str
    site: str
    site_name: str
    site_phone: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    grace_minutes: int


_COLUMNS: Select[*tuple[Any, ...]] = (
    select(
        Booking.code, Booking.state, Booking.site_id, Booking.quantity, Booking.starts_at,
        Booking.ends_at, Business.name.label("business_name"),
        Product.name.label("product_name"), Product.pack, Machine.code.label("machine"),
        Machine.name.label("machine_name"), Site.code.label("site"),
        Site.name.label("site_name"), Site.phone, Site.zone, Site.grace_minutes,
    )
    .join(Machine, Machine.id == Booking.machine_id)
    .join(Site, Site.id == Booking.site_id)
    .outerjoin(Business, Business.id == Booking.business_id)
    .outerjoin(Product, Product.id == Booking.product_id)
    .where(Booking.source != "paper")
)  # fmt: skip


def guest(*, code: str, actor: Actor, now: datetime) -> Guest:
    """Return who holds a code, for the desk. Raises NotFound for a code that is none."""
    session = reading()
    row = session.execute(_COLUMNS.where(Booking.code == code)).first()
    if row is None:
        raise NotFound("booking_not_found", code=code)
    return _guests(session, [row], actor, now)[0]


def guests(*, typed: str, actor: Actor, now: datetime) -> tuple[Guest, ...]:
    """Return whom a code or a name may mean in the houses of this person, today's first.

    A whole code that is another house's is found too: its holder stands at the wrong desk.
    """
    session = reading()
    found: dict[str, Row[*tuple[Any, ...]]] = {}
    for pattern in code_patterns(typed):
        query = _near(actor, now, BACK).where(Booking.code.like(f"%{pattern}"))
        found |= {row.code: row for row in session.execute(query)}
        if not found and "-" in pattern and "_" not in pattern:
            elsewhere = session.execute(_COLUMNS.where(Booking.code == pattern))
            found |= {row.code: row for row in elsewhere}
        if found:
            break
    name = typed.strip()
    if len(name) >= SHORTEST_NAME and typed.strip().upper() not in found:
        query = _near(actor, now, timedelta(days=1)).where(_is_called(name))
        found |= {row.code: row for row in session.execute(query)}
    return _guests(session, list(found.values())[:MOST], actor, now)


def _near(actor: Actor, now: datetime, back: timedelta) -> Select[*tuple[Any, ...]]:
    """Bookings of the actor's houses around now, the nearest in time first."""
    query = _COLUMNS.where(Booking.starts_at > now - back, Booking.starts_at < now + AHEAD)
    if not (actor.is_system or actor.role == Role.ADMIN):
        query = query.where(Booking.site_id.in_(actor.site_ids))
    far = func.abs(_epoch(Booking.starts_at) - int(now.timestamp()))
    gone = case((Booking.state.in_(("cancelled", "rejected", "expired")), 1), else_=0)
    return query.order_by(gone, far, Booking.id).limit(MOST)


def _epoch(instant: Any) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


def _is_called(name: str) -> ColumnElement[bool]:
    """Say whether a booking is of a business, or of a person of one, that is called so."""
    person = (
        select(Membership.business_id)
        .join(User, User.id == Membership.user_id)
        .where(User.name.icontains(name, autoescape=True), User.is_active)
    )
    called = Business.name.icontains(name, autoescape=True)
    return or_(called, Booking.business_id.in_(person))


def _guests(
    session: Session, rows: Sequence[Any], actor: Actor, now: datetime
) -> tuple[Guest, ...]:
    calendars = load_calendars(session, {row.site_id for row in rows})
    return tuple(_guest(row, calendars[row.site_id], actor, now) for row in rows)


def _guest(row: Any, calendar: Calendar, actor: Actor, now: datetime) -> Guest:
    day, today = calendar.day_of(row.starts_at), calendar.day_of(now)
    state, ours = State(row.state), may_operate(actor, row.site_id)
    told = welcome(state, day=day, today=today, by_the_clock=_by_the_clock(row, now))
    return Guest(
        code=row.code, state=state, told=told, is_ours=ours,
        business_name=(row.business_name or "") if ours else "",
        product_name=(row.product_name or "") if ours else "",
        pack=(row.pack or "") if ours else "",
        quantity=row.quantity if ours else 0,
        machine=row.machine, machine_name=row.machine_name,
        site=row.site, site_name=row.site_name, site_phone=row.phone, zone=row.zone,
        starts_at=row.starts_at, ends_at=row.ends_at, grace_minutes=row.grace_minutes,
    )  # fmt: skip


def _by_the_clock(row: Any, now: datetime) -> Welcome:
    if now < row.starts_at - EARLY:
        return Welcome.EARLY
    if now <= row.starts_at:
        return Welcome.COME_IN
    grace = timedelta(minutes=row.grace_minutes)
    return Welcome.LATE if now < row.starts_at + grace else Welcome.MISSED
