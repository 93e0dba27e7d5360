"""What keeps a machine busy, and the claims that make double booking impossible.

The rows of ``claims`` and ``operator_load`` are written by database triggers alone
(models/triggers.py): no code path can forget them.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime

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
    """How many attended machines run in a slot of a site; never more than people on shift."""

    __tablename__ = "operator_load"
    __table_args__ = (
        CheckConstraint("0 <= used AND used <= capacity", name="capacity"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used: Mapped[int]
    capacity: Mapped[int]


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
