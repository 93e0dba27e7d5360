"""Breakdowns and planned maintenance."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Breakdown(Base):
    """A machine is broken from an instant until it is repaired; at most one is open."""

    __tablename__ = "breakdowns"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="period"),
        Index("ix_breakdowns_machine_id", "machine_id", "started_at"),
        Index(
            "uq_breakdowns_open",
            "machine_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expected_back_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    occupation_id: Mapped[int | None] = mapped_column(ForeignKey("occupations.id"))


class Maintenance(Base):
    """Planned work on a machine; its occupation blocks the time."""

    __tablename__ = "maintenances"
    __table_args__ = (Index(None, "machine_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    occupation_id: Mapped[int] = mapped_column(ForeignKey("occupations.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    planned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def open_breakdown(session: Session, *, machine_id: int) -> Breakdown | None:
    """Return the breakdown a machine has not been repaired from, if any."""
    return session.scalar(
        select(Breakdown).where(Breakdown.machine_id == machine_id, Breakdown.ended_at.is_(None))
    )
