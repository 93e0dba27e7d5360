"""Bookings as people and programs read them: lists by page, one with its history, orders again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    false,
    func,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from packhouse.db import reading
from packhouse.domain.bookings import CANCELLABLE, MOVABLE, State, change_until
from packhouse.domain.permissions import STAFF, may_see_booking
from packhouse.domain.slots import Phases
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import from_epoch, to_epoch
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotFound
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking, Move, describe, phases_of
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.models.tariffs import BookingReduction, TariffReduction
from packhouse.models.users import User

MOST_PER_PAGE = 200
CURSOR = re.compile(r"(\d{1,11})-(\d{1,18})", re.ASCII)
# What still lies ahead of its owner; the other states are history.
OPEN = (State.REQUESTED, State.CONFIRMED, State.ARRIVED, State.RUNNING, State.DISPLACED)
When = Literal["any", "upcoming", "past"]


@dataclass(frozen=True, slots=True)
class BookingItem:
    """One booking with the names around it. Instants are UTC, money whole rupiah.

    ``answer`` is the same thing as programs are told it: the shape that booking returns. Paper
    bookings have no business and no product; their names are empty. ``reduction`` is the kind of
    rule that made ``price`` less than ``full_price``, or empty.
    """

    id: int
    code: str
    state: State
    version: int
    source: str
    site_id: int
    site: str
    site_name: str
    site_address: str
    zone: str
    cancel_hours: int
    machine: str
    machine_name: str
    business_id: int | None
    business_name: str
    product_id: int | None
    product_name: str
    pack: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    decide_by: datetime | None
    phases: Phases
    tariff_per_hour: int
    price: int
    full_price: int
    reduction: str
    percent_off: int
    cancelled_late: bool
    reason: str
    created_at: datetime
    answer: Mapping[str, Any]

    @property
    def change_until(self) -> datetime:
        """Until when its owner may move it, and cancel it without it counting as late."""
        return change_until(starts_at=self.starts_at, cancel_hours=self.cancel_hours)

    @property
    def is_movable(self) -> bool:
        """Say whether its state lets it go to another time."""
        return self.state in MOVABLE

    @property
    def is_cancellable(self) -> bool:
        """Say whether its state lets it be called off."""
        return self.state in CANCELLABLE


@dataclass(frozen=True, slots=True)
class BookingsPage:
    """One page of bookings; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[BookingItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class MoveLine:
    """Where a booking was and where it went; ``reason`` in the mover's own words."""

    at: datetime
    reason: str
    old_machine: str
    old_starts_at: datetime
    old_ends_at: datetime
    new_machine: str
    new_starts_at: datetime
    new_ends_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One audit entry of a booking: ``action`` is a code such as ``booking:cancelled``.

    ``role`` is None when the house's own worker did it; ``is_mine`` when the reader did.
    """

    at: datetime
    action: str
    name: str
    role: Role | None
    is_mine: bool
    reason: str


@dataclass(frozen=True, slots=True)
class BookingDetail:
    """A booking with everything that happened to it, oldest first."""

    booking: BookingItem
    moves: tuple[MoveLine, ...]
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A product that was booked before, with the quantity and the house of the last time."""

    product_id: int
    product_name: str
    pack: str
    business_name: str
    quantity: int
    site: str
    last_at: datetime


def bookings_page(
    *,
    actor: Actor,
    state: State | None = None,
    machine: str | None = None,
    site: str | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    search: str = "",
    when: When = "any",
    now: datetime | None = None,
    newest_first: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> BookingsPage:
    """Return a page of the bookings an actor may see, by start, in one query.

    Her own businesses' for a producer, those of her sites for the staff, all for admin and
    auditor; none for anybody else. ``machine`` and ``site`` are codes; the start lies in
    [from_at, to_at); ``search`` is part of a code or of the business's name. ``when`` needs
    ``now``. Raises Malformed for a cursor that is none.
    """
    query = ITEMS.where(_visible(actor), *_conditions(state, machine, site, from_at, to_at))
    if search.strip():
        query = query.where(_matches(search.strip()))
    if when != "any":
        assert now is not None
        query = query.where(_ahead(now) if when == "upcoming" else not_(_ahead(now)))
    key = tuple_(Booking.starts_at, Booking.id)
    if cursor:
        after = _read_cursor(cursor)
        query = query.where(key < after if newest_first else key > after)
    order = (Booking.starts_at.desc(), Booking.id.desc())
    query = query.order_by(*(order if newest_first else (Booking.starts_at, Booking.id)))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.limit(limit + 1)).all()
    items = tuple(item_of(row) for row in rows[:limit])
    return BookingsPage(items, _cursor(items[-1]) if len(rows) > limit else None)


def booking_detail(*, code: str, actor: Actor) -> BookingDetail:
    """Return a booking with its moves and its audit lines, in three queries.

    Raises NotFound for a code that is unknown or not the actor's to see.
    """
    item = booking_item(code=code, actor=actor)
    return BookingDetail(item, _moves(item.id), _history(item.id, actor))


def booking_item(*, code: str, actor: Actor) -> BookingItem:
    """Return one booking in one query. Raises NotFound as ``booking_detail`` does."""
    row = reading().execute(ITEMS.where(Booking.code == code)).one_or_none()
    item = None if row is None else item_of(row)
    if item is None or not may_see_booking(actor, item.business_id, item.site_id):
        raise NotFound("booking_not_found", code=code)
    return item


def repeats(*, actor: Actor, limit: int = 3) -> tuple[Repeat, ...]:
    """Return the products a producer booked last, each with its last quantity, newest first."""
    if actor.role != Role.PRODUCER or not actor.business_ids:
        return ()
    last = (
        select(func.max(Booking.id).label("id"))
        .where(Booking.business_id.in_(actor.business_ids), Booking.product_id.is_not(None))
        .group_by(Booking.product_id)
        .subquery()
    )
    named = (Product.id, Product.name, Product.pack, Business.name)
    rows = reading().execute(
        select(*named, Booking.quantity, Site.code, Booking.starts_at)
        .join(last, last.c.id == Booking.id)
        .join(Site, Site.id == Booking.site_id)
        .join(Product, Product.id == Booking.product_id)
        .join(Business, Business.id == Product.business_id)
        .where(Product.archived_at.is_(None))
        .order_by(Booking.id.desc())
        .limit(limit)
    )
    return tuple(Repeat(*row) for row in rows)


# --- selecting ----------------------------------------------------------------------------------

_OF_SITE = (Site.code, Site.name, Site.address, Site.zone, Site.cancel_hours)
_NAMES = (Machine.code, Machine.name, Business.name, Product.name, Product.pack)
_REDUCED = (TariffReduction.kind, BookingReduction.percent)
ITEMS: Select[*tuple[Any, ...]] = (
    select(Booking, Occupation.from_at, *_OF_SITE, *_NAMES, *_REDUCED)
    .join(Occupation, Occupation.id == Booking.occupation_id)
    .join(Site, Site.id == Booking.site_id)
    .join(Machine, Machine.id == Booking.machine_id)
    .outerjoin(Business, Business.id == Booking.business_id)
    .outerjoin(Product, Product.id == Booking.product_id)
    .outerjoin(BookingReduction, BookingReduction.booking_id == Booking.id)
    .outerjoin(TariffReduction, TariffReduction.id == BookingReduction.reduction_id)
)


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Select what ``may_see_booking`` admits, as the indexes have it."""
    if actor.is_system or actor.role in (Role.ADMIN, Role.AUDITOR):
        return true()
    if actor.role in STAFF:
        return Booking.site_id.in_(actor.site_ids)
    if actor.role == Role.PRODUCER:
        return Booking.business_id.in_(actor.business_ids)
    return false()


def _conditions(
    state: State | None,
    machine: str | None,
    site: str | None,
    from_at: datetime | None,
    to_at: datetime | None,
) -> list[ColumnElement[bool]]:
    equal = ((Booking.state, state), (Machine.code, machine), (Site.code, site))
    found = [column == value for column, value in equal if value is not None]
    if from_at is not None:
        found.append(Booking.starts_at >= from_at)
    if to_at is not None:
        found.append(Booking.starts_at < to_at)
    return found


def _matches(text: str) -> ColumnElement[bool]:
    return or_(
        Booking.code.contains(text.upper(), autoescape=True),
        func.lower(Business.name).contains(text.lower(), autoescape=True),
    )


def _ahead(now: datetime) -> ColumnElement[bool]:
    lasting = or_(Booking.ends_at > now, Booking.state.in_((State.RUNNING, State.DISPLACED)))
    return and_(Booking.state.in_(OPEN), lasting)


def _cursor(item: BookingItem) -> str:
    return f"{to_epoch(item.starts_at)}-{item.id}"


def _read_cursor(text: str) -> tuple[datetime, int]:
    found = CURSOR.fullmatch(text)
    if found is None:
        raise Malformed("cursor_unreadable")
    return from_epoch(int(found[1])), int(found[2])


def item_of(row: Row[*tuple[Any, ...]]) -> BookingItem:
    """Return one row of ``ITEMS`` as an item."""
    booking: Booking = row[0]
    occupied_from, site, site_name, address, zone, cancel_hours = row[1:7]
    machine, machine_name, business_name, product_name, pack, reduction, percent = row[7:]
    phases = phases_of(booking)
    return BookingItem(
        id=booking.id,
        code=booking.code,
        state=State(booking.state),
        version=booking.version,
        source=booking.source,
        site_id=booking.site_id,
        site=site,
        site_name=site_name,
        site_address=address,
        zone=zone,
        cancel_hours=cancel_hours,
        machine=machine,
        machine_name=machine_name,
        business_id=booking.business_id,
        business_name=business_name or "",
        product_id=booking.product_id,
        product_name=product_name or "",
        pack=pack or "",
        quantity=booking.quantity,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        occupied_from=occupied_from,
        decide_by=booking.decide_by if booking.state == State.REQUESTED else None,
        phases=phases,
        tariff_per_hour=booking.tariff_per_hour,
        price=booking.price,
        full_price=price_of(booking.tariff_per_hour, phases.work_minutes),
        reduction=reduction or "",
        percent_off=percent or 0,
        cancelled_late=booking.cancelled_late,
        reason=booking.reason,
        created_at=booking.created_at,
        answer=describe(booking, occupied_from, machine=machine, zone=zone),
    )


def _moves(booking_id: int) -> tuple[MoveLine, ...]:
    old, new = aliased(Machine), aliased(Machine)
    rows = reading().execute(
        select(Move, old.code, new.code)
        .join(old, old.id == Move.old_machine_id)
        .join(new, new.id == Move.new_machine_id)
        .where(Move.booking_id == booking_id)
        .order_by(Move.id)
    )
    return tuple(
        MoveLine(
            at=move.at,
            reason=move.reason,
            old_machine=old_machine,
            old_starts_at=move.old_starts_at,
            old_ends_at=move.old_ends_at,
            new_machine=new_machine,
            new_starts_at=move.new_starts_at,
            new_ends_at=move.new_ends_at,
        )
        for move, old_machine, new_machine in rows
    )


def _history(booking_id: int, actor: Actor) -> tuple[HistoryLine, ...]:
    rows = reading().execute(
        select(AuditEntry, User.name, User.role)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == "booking", AuditEntry.subject_id == booking_id)
        .order_by(AuditEntry.id)
    )
    return tuple(
        HistoryLine(
            at=entry.at,
            action=entry.action,
            name=name or "",
            role=Role(role) if role else None,
            is_mine=entry.actor_id is not None and entry.actor_id == actor.id,
            reason=str(entry.facts.get("reason", "")),
        )
        for entry, name, role in rows
    )
