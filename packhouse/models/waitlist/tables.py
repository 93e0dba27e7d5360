"""Wishes, the offers that hold a time for them, and the time that frees up.

Rows of ``freed_times`` are written by triggers on ``occupations`` (models/triggers.py): whatever
gives machine time back, the waitlist hears of it in the same transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime

OPEN = "state = 'open'"
ALIVE = "state IN ('open', 'offered')"


class Wish(Base):
    """Who would pack what, how many at least, where and when, if time frees up.

    ``size`` and ``regency_code`` are those of the business when the wish came: what decides its
    place does not change under it. ``look_at`` is when free time is next looked for.
    """

    __tablename__ = "wishes"
    __table_args__ = (
        CheckConstraint("kind IN ('offer', 'notify')", name="kind"),
        CheckConstraint(
            "state IN ('open', 'offered', 'served', 'withdrawn', 'lapsed')", name="state"
        ),
        CheckConstraint("source IN ('online', 'desk')", name="source"),
        CheckConstraint("part_of_day IN ('any', 'morning', 'afternoon')", name="part_of_day"),
        CheckConstraint("1 <= least AND least <= quantity", name="quantity"),
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("(state IN ('open', 'offered')) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("kind = 'offer' OR state <> 'offered'", name="told"),
        Index("ix_wishes_business_id", "business_id"),
        Index(
            "ix_wishes_alive",
            "product_id",
            sqlite_where=text(ALIVE),
            postgresql_where=text(ALIVE),
        ),
        Index("ix_wishes_look_at", "look_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_wishes_to_at", "to_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="offer")
    state: Mapped[str] = mapped_column(default="open")
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    quantity: Mapped[int]
    least: Mapped[int]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    part_of_day: Mapped[str] = mapped_column(default="any")
    kinds: Mapped[Any] = mapped_column(Json, default=list)
    same_day: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(default="online")
    size: Mapped[str]
    regency_code: Mapped[str]
    silent: Mapped[int] = mapped_column(default=0)
    preferred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Offer(Base):
    """One time that is held for one wish until it is answered or its deadline comes.

    ``facts`` keep the decision: the standing of who got it, and who was passed over and why.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("occupation_id"),
        CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')", name="state"
        ),
        CheckConstraint("starts_at < ends_at", name="period"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("answer_by <= starts_at", name="answer_by"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'accepted') = (booking_id IS NOT NULL)", name="booking"),
        # No wish has two live offers, whatever two workers do.
        Index(
            "uq_offers_wish_id_open",
            "wish_id",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        Index("ix_offers_wish_id", "wish_id"),
        Index("ix_offers_open", "answer_by", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_offers_made_at", "made_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wish_id: Mapped[int] = mapped_column(ForeignKey("wishes.id"))
    state: Mapped[str] = mapped_column(default="open")
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    occupation_id: Mapped[int] = mapped_column(ForeignKey("occupations.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    quantity: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    price: Mapped[int]
    answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[Any] = mapped_column(Json, default=dict)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class FreedTime(Base):
    """Time of a machine that came free and that the waitlist has not looked at yet."""

    __tablename__ = "freed_times"
    __table_args__ = (Index(None, "machine_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reorder(Base):
    """The staff put a wish first, or back into the order, and why. Append-only."""

    __tablename__ = "wish_reorders"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        Index(None, "wish_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wish_id: Mapped[int] = mapped_column(ForeignKey("wishes.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    to_front: Mapped[bool]
    reason: Mapped[str]
