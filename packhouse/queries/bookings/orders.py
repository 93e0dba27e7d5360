"""Orders of cooperatives as people read them: who may make one, for whom, and what became of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true

from packhouse.db import reading
from packhouse.domain.bookings import GIVEN_UP
from packhouse.domain.businesses import BusinessKind
from packhouse.domain.permissions import (
    may_act_for_business,
    may_see_booking,
    may_serve_businesses,
    works_at,
)
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking, JobLine, Order
from packhouse.models.businesses import Business, CooperativeMember
from packhouse.models.businesses.merging import is_going_on
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.queries.bookings.lists import ITEMS, BookingItem, item_of

MOST_ORDERS = 50


@dataclass(frozen=True, slots=True)
class Cooperative:
    """A cooperative as somebody chooses it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class MemberProduct:
    """What a member has packed or may have packed."""

    id: int
    name: str
    pack: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom a cooperative may book for: a member, or itself; with the products in use."""

    id: int
    name: str
    nib: str
    products: tuple[MemberProduct, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderItem:
    """An order in a list: how many rows, and when the first of them is packed."""

    code: str
    cooperative_name: str
    site_name: str
    zone: str
    rows: int
    starts_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One row: the lot code on its packs, and its booking."""

    position: int
    lot_code: str
    booking: BookingItem


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order with the rows its reader may see; ``is_whole`` when those are all."""

    code: str
    cooperative_name: str
    site_name: str
    zone: str
    created_at: datetime
    is_whole: bool
    lines: tuple[OrderLine, ...]

    @property
    def price(self) -> int:
        """What the rows that are not given up cost together, whole rupiah."""
        return sum(each.booking.price for each in self.lines if each.booking.state not in GIVEN_UP)


def order_houses(*, actor: Actor) -> tuple[tuple[str, str, str], ...]:
    """Return code, name and zone of the houses a person may book an order in, by name."""
    rows = reading().execute(
        select(Site.id, Site.code, Site.name, Site.zone).order_by(Site.name, Site.id)
    )
    anywhere = actor.role == Role.PRODUCER
    return tuple(
        (row.code, row.name, row.zone) for row in rows if anywhere or works_at(actor, row.id)
    )


def cooperatives(*, actor: Actor) -> tuple[Cooperative, ...]:
    """Return the cooperatives a person may order for, by name; all of them for the front desk."""
    query = select(Business.id, Business.name).where(
        Business.kind == BusinessKind.COOPERATIVE, is_going_on()
    )
    if not may_serve_businesses(actor):
        own = actor.business_ids if actor.role == Role.PRODUCER else frozenset()
        query = query.where(Business.id.in_(own))
    return tuple(
        Cooperative(*row) for row in reading().execute(query.order_by(Business.name, Business.id))
    )


def members_of(*, cooperative_id: int, actor: Actor) -> tuple[Member, ...]:
    """Return a cooperative and its members with the products in use, by name, in three queries.

    Raises NotFound for what is no cooperative, or not the actor's to act for.
    """
    session = reading()
    found = session.scalar(
        select(Business.id).where(
            Business.id == cooperative_id, Business.kind == BusinessKind.COOPERATIVE
        )
    )
    if found is None or not may_act_for_business(actor, cooperative_id):
        raise NotFound("business_not_found")
    linked = select(CooperativeMember.member_id).where(
        CooperativeMember.cooperative_id == cooperative_id
    )
    members = {
        row.id: Member(row.id, row.name, row.nib or "")
        for row in session.execute(
            select(Business.id, Business.name, Business.nib)
            .where(or_(Business.id == cooperative_id, Business.id.in_(linked)))
            .order_by(func.lower(Business.name), Business.id)
        )
    }
    for row in session.execute(
        select(Product.business_id, Product.id, Product.name, Product.pack)
        .where(Product.business_id.in_(members), Product.archived_at.is_(None))
        .order_by(Product.name, Product.id)
    ):
        member = members[row.business_id]
        made = MemberProduct(row.id, row.name, row.pack)
        members[row.business_id] = replace(member, products=(*member.products, made))
    return tuple(members.values())


def orders_list(*, actor: Actor) -> tuple[OrderItem, ...]:
    """Return the newest fifty orders that concern a person: her cooperative's, or her houses'."""
    counted = (
        select(
            JobLine.order_id,
            func.count(func.distinct(JobLine.position)).label("rows"),
            func.min(Booking.starts_at).label("starts_at"),
        )
        .join(Booking, Booking.job_id == JobLine.job_id)
        .group_by(JobLine.order_id)
        .subquery()
    )
    rows = reading().execute(
        select(
            Order.code, Business.name, Site.name, Site.zone, counted.c.rows, counted.c.starts_at,
            Order.created_at,
        )
        .join(counted, counted.c.order_id == Order.id)
        .join(Business, Business.id == Order.cooperative_id)
        .join(Site, Site.id == Order.site_id)
        .where(_mine(actor))
        .order_by(Order.id.desc())
        .limit(MOST_ORDERS)
    )  # fmt: skip
    return tuple(OrderItem(*row) for row in rows)


def order_detail(*, code: str, actor: Actor) -> OrderDetail:
    """Return an order with its rows, in three queries; a member sees only her own rows.

    Raises NotFound for an unknown order and for one that has nothing of the actor's.
    """
    session = reading()
    found = session.execute(
        select(Order, Business.name, Site)
        .join(Business, Business.id == Order.cooperative_id)
        .join(Site, Site.id == Order.site_id)
        .where(Order.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound("order_not_found", code=code)
    order, cooperative, site = found
    lots = {
        row.job_id: (row.position, row.lot_code)
        for row in session.execute(
            select(JobLine.job_id, JobLine.position, JobLine.lot_code).where(
                JobLine.order_id == order.id
            )
        )
    }
    rows = session.execute(
        ITEMS.where(Booking.job_id.in_(lots)).order_by(Booking.starts_at, Booking.id)
    ).all()
    lines = tuple(OrderLine(*lots[row.Booking.job_id], item_of(row)) for row in rows)
    whole = may_see_booking(actor, order.cooperative_id, site.id)
    if not whole:
        own = actor.business_ids if actor.role == Role.PRODUCER else frozenset()
        lines = tuple(each for each in lines if each.booking.business_id in own)
    if not lines:
        raise NotFound("order_not_found", code=code)
    return OrderDetail(
        order.code, cooperative, site.name, site.zone, order.created_at, whole, lines
    )


def lot_codes(*, codes: Collection[str]) -> dict[str, str]:
    """Return by booking code the lot code of its row, for those of an order, in one query."""
    rows = reading().execute(
        select(Booking.code, JobLine.lot_code)
        .join(JobLine, JobLine.job_id == Booking.job_id)
        .where(Booking.code.in_(codes))
    )
    return {row.code: row.lot_code for row in rows}


def _mine(actor: Actor) -> ColumnElement[bool]:
    if actor.is_system or actor.role == Role.ADMIN:
        return true()
    if actor.role == Role.PRODUCER:
        return Order.cooperative_id.in_(actor.business_ids)
    return Order.site_id.in_(actor.site_ids)
