"""What is kept of machines as property: where they stood, their condition, parts, their rates."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Placement(Base):
    """A machine stands at a site, in a room, from an instant to another; one is open.

    A machine whose placement nobody has changed has none: it stands where it was first put.
    """

    __tablename__ = "placements"
    __table_args__ = (
        CheckConstraint("kind IN ('own', 'loan')", name="kind"),
        CheckConstraint("to_at IS NULL OR to_at > from_at", name="period"),
        CheckConstraint("kind <> 'loan' OR due_on IS NOT NULL", name="due_on"),
        Index("ix_placements_machine_id", "machine_id", "from_at"),
        Index(
            "uq_placements_open",
            "machine_id",
            unique=True,
            sqlite_where=text("to_at IS NULL"),
            postgresql_where=text("to_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    room: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="own")
    reason: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ConditionNote(Base):
    """What shape a machine was found in, and when; the newest is the machine's own."""

    __tablename__ = "machine_conditions"
    __table_args__ = (
        CheckConstraint("condition IN ('good', 'fair', 'bad')", name="condition"),
        Index("ix_machine_conditions_machine_id", "machine_id", "found_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    condition: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class SparePart(Base):
    """A part a machine waits for, until it has arrived or nobody wants it any more."""

    __tablename__ = "spare_parts"
    __table_args__ = (
        CheckConstraint("arrived_on IS NULL OR dropped_at IS NULL", name="end"),
        CheckConstraint("eta IS NULL OR ordered_on IS NULL OR eta >= ordered_on", name="order"),
        Index(None, "machine_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    breakdown_id: Mapped[int | None] = mapped_column(ForeignKey("breakdowns.id"))
    part: Mapped[str]
    ordered_from: Mapped[str] = mapped_column(default="")
    ordered_on: Mapped[date | None]
    eta: Mapped[date | None]
    arrived_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RateDecision(Base):
    """What a manager made of a rate: took what the runs teach, left it, or set her own.

    Rates are packs a minute. ``runs`` is how many taught it, ``last_run_id`` the newest of them.
    A dismissal asks for ``wait_runs`` more.
    """

    __tablename__ = "rate_decisions"
    __table_args__ = (
        CheckConstraint("action IN ('accepted', 'dismissed', 'set')", name="action"),
        CheckConstraint("rate_before > 0 AND rate > 0", name="rate"),
        CheckConstraint("(action = 'dismissed') = (wait_runs IS NOT NULL)", name="wait"),
        Index("ix_rate_decisions_machine_id", "machine_id", "pack"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    pack: Mapped[str]
    action: Mapped[str]
    rate_before: Mapped[float]
    rate: Mapped[float]
    runs: Mapped[int] = mapped_column(default=0)
    last_run_id: Mapped[int] = mapped_column(default=0)
    wait_runs: Mapped[int | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)


def site_at(placements: Sequence[Placement], instant: datetime, *, otherwise: int) -> int:
    """Return at which site a machine stood, by its placements; one nobody moved is at its own."""
    for each in reversed(placements):
        if each.from_at <= instant:
            return each.site_id
    return placements[0].site_id if placements else otherwise


def load_placements(
    session: Session, *, machine_ids: Collection[int]
) -> Mapping[int, Sequence[Placement]]:
    """Return where machines stood, oldest first; a machine nobody moved is missing."""
    found: dict[int, list[Placement]] = defaultdict(list)
    for row in session.scalars(
        select(Placement)
        .where(Placement.machine_id.in_(machine_ids))
        .order_by(Placement.machine_id, Placement.from_at)
    ):
        found[row.machine_id].append(row)
    return found
