"""What keeps a machine busy, and the claims that make double booking impossible.

The rows of ``claims`` and ``operator_load`` are written by database triggers alone
(models/triggers.py): no code path can forget them.
"""

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.products import Neighbour, ProductTraits, traits_of
from packhouse.domain.time_range import TimeRange, merge, slot_of, slot_starts_at, subtract
from packhouse.models.bookings import Booking
from packhouse.models.products import Product
from packhouse.models.sites import Shift, Site
from packhouse.models.waitlist import Offer

LONGEST_DAYS = 56
KINDS = "('booking', 'hold', 'offer', 'maintenance', 'breakdown')"


class Occupation(Base):
    """Time of one machine: live (it holds claims), done (it was used) or released.

    From ``attended_from`` on it also keeps an operator; None where it needs none.
    """

    __tablename__ = "occupations"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("status IN ('live', 'done', 'released')", name="status"),
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("from_at % 300 = 0 AND to_at % 300 = 0", name="grid"),
        CheckConstraint(
            "attended_from IS NULL OR (from_at <= attended_from AND attended_from < to_at"
            " AND attended_from % 300 = 0)",
            name="attended",
        ),
        CheckConstraint(f"to_at - from_at <= {LONGEST_DAYS * 86400}", name="length"),
        Index("ix_occupations_machine_id", "machine_id", "from_at"),
        Index("ix_occupations_site_id", "site_id", "from_at"),
        Index(
            "ix_occupations_blocks",
            "machine_id",
            "to_at",
            sqlite_where=text("kind <> 'booking' AND status = 'live'"),
            postgresql_where=text("kind <> 'booking' AND status = 'live'"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="live")
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attended_from: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Claim(Base):
    """One machine, one slot of five minutes, one occupation: the law."""

    __tablename__ = "claims"
    __table_args__ = (
        Index(None, "occupation_id"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    machine_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    occupation_id: Mapped[int] = mapped_column(ForeignKey("occupations.id"))


class OperatorLoad(Base):
    """How many attended machines run in a slot of a site; never more than people on shift.

    ``promised`` are those that were booked before there were fewer people. They keep their
    place, nobody follows them into it, and it is gone with them.
    """

    __tablename__ = "operator_load"
    __table_args__ = (
        CheckConstraint("0 <= used AND used <= capacity + promised", name="capacity"),
        CheckConstraint("0 <= promised", name="promised"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used: Mapped[int]
    capacity: Mapped[int]
    promised: Mapped[int] = mapped_column(default=0, server_default="0")


class Number(Base):
    """The natural numbers, for triggers that must count (SQLite has no generate_series there)."""

    __tablename__ = "numbers"
    __table_args__ = (STRICT,)

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Demand(Base):
    """A wish the house could not serve, and why: the other half of the utilization record."""

    __tablename__ = "demands"
    __table_args__ = (Index(None, "at"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    business_id: Mapped[int | None] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    kind: Mapped[str | None]
    pack: Mapped[str | None]
    quantity: Mapped[int]
    minutes: Mapped[int | None]
    wanted_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wanted_to: Mapped[datetime | None] = mapped_column(UtcDateTime)


_MACHINES: BindParameter[int] = bindparam("machine_ids", expanding=True)
_START, _END = (bindparam(name, type_=UtcDateTime) for name in ("start", "end"))


def _neighbours(bookings: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the question for occupations with what stands behind them.

    ``bookings`` repeats of the bookings what the occupations are asked for: PostgreSQL then reads
    those of the window, and not the whole past.
    """
    return (
        select(
            Occupation.machine_id,
            Occupation.kind,
            Occupation.from_at,
            Occupation.to_at,
            func.coalesce(Booking.id, -Offer.id).label("key"),
            func.coalesce(Booking.starts_at, Offer.starts_at, type_=UtcDateTime).label("starts_at"),
            Booking.cleaning_level,
            Product.lane,
            type_coerce(Product.allergens, Text).label("allergens"),
            Product.aroma,
            Product.wet,
        )
        .outerjoin(Booking, and_(Booking.occupation_id == Occupation.id, bookings))
        .outerjoin(Offer, Offer.occupation_id == Occupation.id)
        .outerjoin(Product, Product.id == func.coalesce(Booking.product_id, Offer.product_id))
        .where(Occupation.machine_id.in_(_MACHINES))
    )


# Built once: it runs with every booking. Each half finds its rows by an index of its own.
_AROUND = union_all(
    _neighbours(
        and_(
            Booking.machine_id.in_(_MACHINES),
            Booking.starts_at >= _START,
            Booking.starts_at < _END,
        )
    ).where(
        Occupation.from_at >= _START,
        Occupation.from_at < _END,
        Occupation.status.in_(("live", "done")),
    ),
    _neighbours(true()).where(
        literal_column("occupations.kind <> 'booking' AND occupations.status = 'live'"),
        Occupation.to_at > _START,
        Occupation.from_at < _START,
    ),
)


@lru_cache(maxsize=4096)
def _traits(lane: str, allergens: str, aroma: str, wet: bool) -> ProductTraits:
    return traits_of(lane, frozenset(json.loads(allergens)), aroma, wet=wet)


def load_neighbours(
    session: Session, *, machine_ids: Collection[int], window: TimeRange
) -> dict[int, list[Neighbour]]:
    """Return what keeps each machine busy in the window, in one query for any number of them.

    The window must begin and end at local midnights: bookings never cross one, so only those
    that begin inside are read; blocks may be longer and are looked for by their end. The key of
    a neighbour is its booking's id, or its offer's id with a minus.
    """
    found: dict[int, list[Neighbour]] = {machine_id: [] for machine_id in machine_ids}
    given = {"machine_ids": list(machine_ids), "start": window.start, "end": window.end}
    rows = session.execute(_AROUND, given)
    for machine_id, kind, from_at, to_at, key, starts_at, level, lane, *others in rows:
        traits = _traits(lane, *others) if lane else None
        # What ended before its booked time began never reached it.
        hers = min(max(starts_at or from_at, from_at), to_at)
        found[machine_id].append(Neighbour(hers, to_at, from_at, traits, kind, key, level))
    return found


def load_operators_full(session: Session, *, site: Site, window: TimeRange) -> list[TimeRange]:
    """Return when every operator of the site is taken already, or none is on shift."""
    first, last = slot_of(window.start), slot_of(window.end)
    full = session.scalars(
        select(OperatorLoad.slot).where(
            OperatorLoad.site_id == site.id,
            OperatorLoad.slot >= first,
            OperatorLoad.slot < last,
            OperatorLoad.used >= OperatorLoad.capacity,
        )
    )
    ranges = [TimeRange(slot_starts_at(slot), slot_starts_at(slot + 1)) for slot in full]
    shifts = session.execute(
        select(Shift.from_at, Shift.to_at, Shift.operators).where(
            Shift.site_id == site.id, Shift.from_at < window.end, Shift.to_at > window.start
        )
    ).all()
    staffed = [TimeRange(row.from_at, row.to_at) for row in shifts if row.operators]
    empty = [TimeRange(row.from_at, row.to_at) for row in shifts if not row.operators]
    if not site.operators:
        empty.append(window)
    return merge([*ranges, *subtract(empty, staffed)])
