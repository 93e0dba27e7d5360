"""What belongs to a business, and so goes over when two records turn out to be one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select
from sqlalchemy.orm import Session

from packhouse.db import Base
from packhouse.models.businesses.tables import (
    Business,
    CooperativeMember,
    DismissedPair,
    Membership,
    Merger,
)

# Table and column, in the order in which they are told. By name, for these tables know businesses
# and not the other way round. People and members go over too, each of them once.
MOVED: Mapping[str, str] = MappingProxyType(
    {
        "products": "business_id",
        "bookings": "business_id",
        "jobs": "business_id",
        "orders": "cooperative_id",
        "series": "business_id",
        "wishes": "business_id",
        "documents": "business_id",
        "verifications": "business_id",
        "invitations": "business_id",
    }
)
# Refused wishes are history that nobody rewrites: they stay with the record they came from.
STAYS = frozenset({"demands.business_id", "mergers.merged_id", "mergers.into_id"})


def owner_in(table: str) -> Column[Any]:
    """Return the column of a table that says to whom a row belongs."""
    return Base.metadata.tables[table].c[MOVED[table]]


def load_moves(session: Session, business_id: int) -> dict[str, int]:
    """Return how many rows of a business would go over, by table; one query for each."""
    found = {name: _count(session, owner_in(name) == business_id) for name in MOVED}
    found["people"] = _count(session, Membership.business_id == business_id)
    found["members"] = _count(session, CooperativeMember.cooperative_id == business_id)
    found["cooperatives"] = _count(session, CooperativeMember.member_id == business_id)
    return found


def _count(session: Session, where: ColumnElement[bool]) -> int:
    return int(session.scalar(select(func.count()).where(where)) or 0)


def is_going_on() -> ColumnElement[bool]:
    """Say of a business, in a query, that it was not merged into another."""
    return ~select(Merger.merged_id).where(Merger.merged_id == Business.id).exists()


def load_merger(session: Session, business_id: int) -> int | None:
    """Return the business that a merged one goes on as; None for one that goes on itself."""
    found: int | None = session.scalar(
        select(Merger.into_id).where(Merger.merged_id == business_id)
    )
    if found is None:
        return None
    return load_merger(session, found) or found


def is_dismissed_with(business_id: int) -> ColumnElement[bool]:
    """Say of a dismissed pair, in a query, that a business is one of its two."""
    return (DismissedPair.first_id == business_id) | (DismissedPair.second_id == business_id)


def are_linked(session: Session, first: int, second: int) -> bool:
    """Say whether one of two businesses is a member of the other."""
    pair = (first, second)
    row = select(CooperativeMember.member_id).where(
        CooperativeMember.cooperative_id.in_(pair), CooperativeMember.member_id.in_(pair)
    )
    return session.scalar(row.limit(1)) is not None
