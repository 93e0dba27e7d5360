"""Businesses as the front desk finds them, and as their own people see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from packhouse.db import reading
from packhouse.domain.businesses import REGENCIES, normal_nib
from packhouse.domain.permissions import may_act_for_business, may_audit, may_serve_businesses
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.businesses import Business, CooperativeMember, Membership
from packhouse.models.businesses.merging import is_going_on, load_merger
from packhouse.models.users import User
from packhouse.queries import id_after, is_id

MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class BusinessItem:
    """A business; ``nib`` is empty while it has none."""

    id: int
    name: str
    kind: str
    regency_code: str
    size: str
    size_rule: str
    level: str
    nib: str
    village: str
    phone: str
    size_basis: str
    seen_level: str
    is_demo: bool
    created_at: datetime

    @property
    def bps_code(self) -> str:
        """The code of the statistics office for its regency; empty for another province."""
        known = REGENCIES.get(self.regency_code)
        return known.bps_code if known else ""


@dataclass(frozen=True, slots=True)
class BusinessesPage:
    """One page of businesses; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[BusinessItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PersonItem:
    """Somebody who may act for a business, as owner or member."""

    user_id: int
    name: str
    email: str
    phone: str
    role: str


@dataclass(frozen=True, slots=True)
class BusinessDetail:
    """A business with its people, its members and the cooperatives it is a member of."""

    business: BusinessItem
    people: tuple[PersonItem, ...]
    members: tuple[BusinessItem, ...]
    cooperatives: tuple[BusinessItem, ...]


_BUSINESSES: Select[*tuple[Any, ...]] = select(
    Business.id, Business.name, Business.kind, Business.regency_code, Business.size,
    Business.size_rule, Business.level, func.coalesce(Business.nib, ""), Business.village,
    Business.phone, Business.size_basis, Business.seen_level, Business.is_demo, Business.created_at,
)  # fmt: skip


def businesses_page(
    *,
    actor: Actor,
    search: str = "",
    regency: str | None = None,
    level: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> BusinessesPage:
    """Return a page of businesses, newest first, by a part of the name or the whole NIB.

    Only for the front desk. Raises NotAllowed, Malformed for a cursor that is none.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    query = _BUSINESSES.where(is_going_on(), *_filters(search, regency, level))
    if cursor is not None:
        query = query.where(Business.id < id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.order_by(Business.id.desc()).limit(limit + 1)).all()
    items = tuple(BusinessItem(*row) for row in rows[:limit])
    return BusinessesPage(items, str(items[-1].id) if len(rows) > limit else None)


def items_by_id(session: Session, ids: Collection[int]) -> dict[int, BusinessItem]:
    """Return businesses by their ids; those that there are not are left out."""
    rows = session.execute(_BUSINESSES.where(Business.id.in_(ids)))
    return {row[0]: BusinessItem(*row) for row in rows}


def my_businesses(*, actor: Actor) -> tuple[BusinessItem, ...]:
    """Return the businesses a producer acts for, by name; nobody else has any."""
    if actor.role != Role.PRODUCER:
        return ()
    rows = reading().execute(
        _BUSINESSES.where(Business.id.in_(actor.business_ids)).order_by(Business.name, Business.id)
    )
    return tuple(BusinessItem(*row) for row in rows)


def business_id_of(*, reference: str) -> int | None:
    """Return the business meant by its NIB or its number; None when there is none.

    A merged one is known by its old number too.
    """
    nib = normal_nib(reference)
    if nib is None and not is_id(reference):
        return None
    meant = Business.id == int(reference) if nib is None else Business.nib == nib
    session = reading()
    found = session.scalar(select(Business.id).where(meant))
    return None if found is None else load_merger(session, found) or found


def business_detail(*, business_id: int, actor: Actor) -> BusinessDetail:
    """Return a business with everybody around it, in four queries.

    Raises NotFound when it is unknown or not the actor's to see.
    """
    if not (may_act_for_business(actor, business_id) or may_audit(actor)):
        raise NotFound("business_not_found")
    session = reading()
    row = session.execute(_BUSINESSES.where(Business.id == business_id)).one_or_none()
    if row is None:
        raise NotFound("business_not_found")
    people = session.execute(
        select(User.id, User.name, func.coalesce(User.email, ""), User.phone, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.business_id == business_id)
        .order_by(Membership.role.desc(), User.name, User.id)
    )
    return BusinessDetail(
        BusinessItem(*row),
        tuple(PersonItem(*each) for each in people),
        _linked(
            session, CooperativeMember.member_id, CooperativeMember.cooperative_id, business_id
        ),
        _linked(
            session, CooperativeMember.cooperative_id, CooperativeMember.member_id, business_id
        ),
    )


def _linked(
    session: Session,
    wanted: InstrumentedAttribute[int],
    given: InstrumentedAttribute[int],
    business_id: int,
) -> tuple[BusinessItem, ...]:
    rows = session.execute(
        _BUSINESSES.join(CooperativeMember, wanted == Business.id)
        .where(given == business_id)
        .order_by(Business.name, Business.id)
    )
    return tuple(BusinessItem(*row) for row in rows)


def _filters(search: str, regency: str | None, level: str | None) -> list[ColumnElement[bool]]:
    words = search.strip()
    filters: list[ColumnElement[bool]] = []
    if words:
        named = func.lower(Business.name).contains(words.lower(), autoescape=True)
        filters.append(or_(named, Business.nib == words))
    if regency:
        filters.append(Business.regency_code == regency)
    if level:
        filters.append(Business.level == level)
    return filters
