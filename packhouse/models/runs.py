"""What really happened: runs, and the reason-coded states of machines."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Run(Base):
    """One run on one machine; at most one per machine is open."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="period"),
        CheckConstraint("good >= 0 AND rejected >= 0", name="counts"),
        Index("ix_runs_machine_id", "machine_id", "started_at"),
        Index(None, "booking_id"),
        Index(
            "uq_runs_open",
            "machine_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    good: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    planned_rate: Mapped[float]
    estimated: Mapped[bool] = mapped_column(default=False)


class StateInterval(Base):
    """The machine was in one state, for one reason, from one instant to another.

    Intervals of a machine never overlap: a trigger on SQLite, an exclusion constraint on
    PostgreSQL. An open interval has no end yet.
    """

    __tablename__ = "state_intervals"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
        Index("ix_state_intervals_machine_id", "machine_id", "starts_at"),
        Index(None, "run_id"),
        Index(
            "uq_state_intervals_open",
            "machine_id",
            unique=True,
            sqlite_where=text("ends_at IS NULL"),
            postgresql_where=text("ends_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    reason: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    estimated: Mapped[bool] = mapped_column(default=False)
