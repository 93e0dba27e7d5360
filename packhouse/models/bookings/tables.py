"""Jobs, the bookings that serve them, and the history of their moves."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime
from packhouse.domain.bookings import (
    Every,
    Rule,
)
from packhouse.domain.products import CleaningLevel
from packhouse.domain.slots import Phases
from packhouse.domain.time_range import local_iso

STATES = (
    "('requested', 'confirmed', 'rejected', 'expired', 'arrived', 'running', 'finished',"
    " 'cancelled', 'no_show', 'displaced')"
)


class Job(Base):
    """So many pieces of one product, served by one or more bookings."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(None, "business_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Order(Base):
    """What a cooperative books at once for its members: a job for each of them, in one house."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("code"), Index(None, "cooperative_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobLine(Base):
    """One member's job in an order. ``position`` is the order of packing when it was booked.

    The lot code stands on the member's packs, so it stays whatever happens to the time.
    """

    __tablename__ = "job_lines"
    __table_args__ = (
        UniqueConstraint("job_id"),
        UniqueConstraint("lot_code"),
        CheckConstraint("position > 0", name="position"),
        STRICT,
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    lot_code: Mapped[str]


class Booking(Base):
    """A producer's time on one machine. It keeps its code when it moves.

    ``starts_at`` is when she must be there, ``ends_at`` when her run ends; the occupation begins
    earlier by the cleaning the house does before her. Paper bookings come from old logs and
    name nobody.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("occupation_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("source IN ('online', 'desk', 'walk_in', 'paper')", name="source"),
        CheckConstraint("starts_at < ends_at", name="period"),
        CheckConstraint("quantity > 0 OR source = 'paper'", name="quantity"),
        CheckConstraint("price >= 0 AND tariff_per_hour >= 0", name="price"),
        CheckConstraint(
            "source = 'paper' OR (business_id IS NOT NULL AND product_id IS NOT NULL"
            " AND job_id IS NOT NULL)",
            name="owner",
        ),
        CheckConstraint("state <> 'requested' OR decide_by IS NOT NULL", name="deadline"),
        Index("ix_bookings_machine_id", "machine_id", "starts_at"),
        Index("ix_bookings_site_id", "site_id", "starts_at"),
        Index("ix_bookings_business_id", "business_id", "starts_at"),
        Index(None, "job_id"),
        Index(
            "ix_bookings_open",
            "state",
            "starts_at",
            sqlite_where=text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
            postgresql_where=text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    business_id: Mapped[int | None] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    occupation_id: Mapped[int] = mapped_column(ForeignKey("occupations.id"))
    state: Mapped[str]
    source: Mapped[str] = mapped_column(default="online")
    version: Mapped[int] = mapped_column(default=1)
    quantity: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cleaning_level: Mapped[int] = mapped_column(default=0)
    changeover_minutes: Mapped[int] = mapped_column(default=0)
    setup_minutes: Mapped[int] = mapped_column(default=0)
    run_minutes: Mapped[int] = mapped_column(default=0)
    break_minutes: Mapped[int] = mapped_column(default=0)
    closing_minutes: Mapped[int] = mapped_column(default=0)
    tariff_per_hour: Mapped[int] = mapped_column(default=0)
    price: Mapped[int] = mapped_column(default=0)
    decide_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_late: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Move(Base):
    """Where a booking was and where it went. Append-only."""

    __tablename__ = "moves"
    __table_args__ = (Index(None, "booking_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(default="")
    old_machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    old_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    new_machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    new_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    new_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Series(Base):
    """A wish that comes back: its rule in local days, and the time and machine it is meant for."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("every IN ('week', 'fortnight', 'month')", name="every"),
        CheckConstraint("minute_of_day BETWEEN 0 AND 1439", name="minute"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index(None, "business_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    minute_of_day: Mapped[int]
    every: Mapped[str]
    weekdays: Mapped[list[int]] = mapped_column(Json)
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def rule(self) -> Rule:
        """Its repetition."""
        return Rule(Every(self.every), self.first_day, self.last_day, tuple(self.weekdays))


class SeriesDate(Base):
    """The booking that stands for a date of a series; one that was put back, for the newer.

    A date of the rule without a row, or whose booking was called off, is skipped.
    """

    __tablename__ = "series_dates"
    __table_args__ = (UniqueConstraint("booking_id"), STRICT)

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))


class BookingTransition(Base):
    """The state changes that exist; a trigger refuses every other one."""

    __tablename__ = "booking_transitions"
    __table_args__ = (STRICT,)

    old_state: Mapped[str] = mapped_column(primary_key=True)
    new_state: Mapped[str] = mapped_column(primary_key=True)


def phases_of(booking: Booking) -> Phases:
    """Return what a booking consists of; its run already holds the rounding to the grid."""
    return Phases(
        changeover_minutes=booking.changeover_minutes,
        level=CleaningLevel(booking.cleaning_level),
        setup_minutes=booking.setup_minutes,
        run_minutes=booking.run_minutes,
        rounding_minutes=0,
        break_minutes=booking.break_minutes,
        closing_clean_minutes=booking.closing_minutes,
    )


def describe(
    booking: Booking, occupied_from: datetime, *, machine: str, zone: str
) -> dict[str, Any]:
    """Return what is told about a booking: ISO 8601 times in the site's zone, minutes, rupiah."""
    decide_by = booking.decide_by if booking.state == "requested" else None
    return {
        "code": booking.code,
        "state": booking.state,
        "machine": machine,
        "product": booking.product_id,
        "quantity": booking.quantity,
        "starts_at": local_iso(booking.starts_at, zone),
        "ends_at": local_iso(booking.ends_at, zone),
        "occupied_from": local_iso(occupied_from, zone),
        "decide_by": local_iso(decide_by, zone) if decide_by else None,
        "phases": phases_of(booking).describe(),
        "price": booking.price,
        "version": booking.version,
    }
