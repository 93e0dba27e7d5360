"""Times in which machines cannot work: broken, without power or water, or kept for work."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    UniqueConstraint,
    case,
    func,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.downtime import Basis, Utility
from packhouse.domain.runs import PRODUCTIVE, Reason
from packhouse.domain.time_range import SLOT_SECONDS
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Occupation

UTILITIES = "('electricity', 'water', 'gas', 'compressed_air', 'steam')"
STATES = "('proposed', 'taken', 'done', 'cancelled')"
BASES = "('days', 'running_hours', 'pieces')"


class Breakdown(Base):
    """A machine is down from an instant until it works again; at most one is open.

    It failed itself, or (by its reason) an outage took it.
    """

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


class Photo(Base):
    """A picture of a breakdown; its file has a random name under the instance folder."""

    __tablename__ = "photos"
    __table_args__ = (
        CheckConstraint("bytes > 0 AND width > 0 AND height > 0", name="size"),
        UniqueConstraint("name"),
        Index(None, "breakdown_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    breakdown_id: Mapped[int] = mapped_column(ForeignKey("breakdowns.id"))
    name: Mapped[str]
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Schedule(Base):
    """Work that a machine needs again and again: every so many days, running hours or pieces.

    ``counts_from`` is when the count last began: with the work that was done last. Nothing is
    proposed for a time before ``not_before``: a manager has called that off.
    """

    __tablename__ = "maintenance_schedules"
    __table_args__ = (
        CheckConstraint(f"basis IN {BASES}", name="basis"),
        CheckConstraint("every > 0", name="every"),
        CheckConstraint("minutes > 0 AND minutes % 5 = 0", name="minutes"),
        CheckConstraint("lead_days >= 0", name="lead_days"),
        CheckConstraint("ended_at IS NULL OR ended_at >= created_at", name="life"),
        Index(None, "machine_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    basis: Mapped[str]
    every: Mapped[int]
    minutes: Mapped[int]
    lead_days: Mapped[int]
    counts_from: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Maintenance(Base):
    """Planned work on a machine.

    ``proposed`` holds no time yet, since bookings are in its way; ``taken`` holds it by an
    occupation, ``done`` held it; ``cancelled`` gave it back, or never had it.
    """

    __tablename__ = "maintenances"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("from_at % 300 = 0 AND to_at % 300 = 0", name="grid"),
        CheckConstraint(
            "CASE WHEN state IN ('taken', 'done') THEN occupation_id IS NOT NULL"
            " WHEN state = 'proposed' THEN occupation_id IS NULL ELSE TRUE END",
            name="held",
        ),
        Index(None, "machine_id"),
        Index(
            "uq_maintenances_next",
            "schedule_id",
            unique=True,
            sqlite_where=text("state IN ('proposed', 'taken')"),
            postgresql_where=text("state IN ('proposed', 'taken')"),
        ),
        Index(
            "ix_maintenances_proposed",
            "from_at",
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    occupation_id: Mapped[int | None] = mapped_column(ForeignKey("occupations.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    planned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_schedules.id"))


class MachineUtility(Base):
    """What a machine cannot work without."""

    __tablename__ = "machine_utilities"
    __table_args__ = (CheckConstraint(f"utility IN {UTILITIES}", name="utility"), STRICT)

    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    utility: Mapped[str] = mapped_column(primary_key=True)


class Outage(Base):
    """A site is without power, water, gas, air or steam, or was told that it will be.

    One that was announced (``told_at`` before ``from_at``) begins then and is over at ``to_at`` by
    itself; one that was told while it was on lasts until somebody says it is over.
    """

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint(f"utility IN {UTILITIES}", name="utility"),
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("told_at <= from_at", name="told"),
        CheckConstraint("begun_at IS NULL OR begun_at >= from_at", name="begun"),
        Index("ix_outages_site_id", "site_id", "from_at"),
        Index(
            "uq_outages_on",
            "site_id",
            "utility",
            unique=True,
            sqlite_where=text("begun_at IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=text("begun_at IS NOT NULL AND ended_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    utility: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Counted(NamedTuple):
    """What a machine did since a count began, and what it does in a day of late."""

    seconds: float
    pieces: float
    seconds_per_day: float
    pieces_per_day: float

    def of(self, basis: str) -> tuple[float, float]:
        """Return the count and its pace in the unit of a schedule: seconds, or pieces."""
        if basis == Basis.PIECES:
            return self.pieces, self.pieces_per_day
        return self.seconds, self.seconds_per_day


LATELY = timedelta(days=28)
# No machine runs longer in one go: it bounds what the index is asked for.
LONGEST_RUN = timedelta(days=2)


def load_counts(
    session: Session, *, schedules: Collection[Schedule], now: datetime
) -> dict[int, Counted]:
    """Return what the machines of schedules did since each count began, in four queries."""
    ids = [each.id for each in schedules]
    if not ids:
        return {}
    since = type_coerce(Schedule.counts_from, BigInteger)
    lately = literal(int((now - LATELY).timestamp()), BigInteger)
    days = LATELY.days
    seconds, pieces, late_seconds, late_pieces = (
        {row[0]: float(row[1] or 0) for row in session.execute(query.where(Schedule.id.in_(ids)))}
        for start in (since, lately)
        for query in (_running(start, now), _pieces(start))
    )
    return {
        each: Counted(
            seconds.get(each, 0),
            pieces.get(each, 0),
            late_seconds.get(each, 0) / days,
            late_pieces.get(each, 0) / days,
        )
        for each in ids
    }


def _running(start: Any, now: datetime) -> Select[int, int]:
    begins = type_coerce(StateInterval.starts_at, BigInteger)
    ends = func.coalesce(type_coerce(StateInterval.ends_at, BigInteger), int(now.timestamp()))
    from_at = case((begins > start, begins), else_=start)
    return (
        select(Schedule.id, func.sum(ends - from_at))
        .join(StateInterval, StateInterval.machine_id == Schedule.machine_id)
        .where(
            StateInterval.reason.in_(sorted(PRODUCTIVE)),
            begins > start - int(LONGEST_RUN.total_seconds()),
            begins < int(now.timestamp()),
            ends > start,
        )
        .group_by(Schedule.id)
    )


def _pieces(start: Any) -> Select[int, int]:
    return (
        select(Schedule.id, func.sum(Run.good + Run.rejected))
        .join(Run, Run.machine_id == Schedule.machine_id)
        .where(type_coerce(Run.ended_at, BigInteger) > start)
        .group_by(Schedule.id)
    )


def open_breakdown(session: Session, *, machine_id: int) -> Breakdown | None:
    """Return why a machine is down, if it is: broken, or without power or water."""
    return session.scalar(
        select(Breakdown).where(Breakdown.machine_id == machine_id, Breakdown.ended_at.is_(None))
    )


def open_outages(session: Session, *, machine_id: int, site_id: int) -> list[Outage]:
    """Return the outages, on or announced, of what a machine needs, by their begin."""
    return list(
        session.scalars(
            select(Outage)
            .join(
                MachineUtility,
                (MachineUtility.utility == Outage.utility)
                & (MachineUtility.machine_id == machine_id),
            )
            .where(Outage.site_id == site_id, Outage.ended_at.is_(None))
            .order_by(Outage.from_at, Outage.id)
        )
    )


def outage_behind(block: type[Occupation]) -> ScalarSelect[str]:
    """Select why a block holds a machine, if it is an outage: one that was on when it began."""
    return (
        select(
            case(
                (Outage.utility == Utility.ELECTRICITY, Reason.POWER_OUTAGE.value),
                else_=Reason.UTILITY_OUTAGE.value,
            )
        )
        .join(MachineUtility, MachineUtility.utility == Outage.utility)
        .where(
            block.kind == "breakdown",
            MachineUtility.machine_id == block.machine_id,
            Outage.site_id == block.site_id,
            Outage.from_at < block.to_at,
            type_coerce(Outage.from_at, BigInteger)
            < type_coerce(block.from_at, BigInteger) + SLOT_SECONDS,
            Outage.to_at > block.from_at,
            func.coalesce(type_coerce(Outage.ended_at, BigInteger), FAR)
            > type_coerce(block.from_at, BigInteger),
        )
        .order_by(Outage.id)
        .limit(1)
        .scalar_subquery()
    )


FAR = 1 << 60


def utilities_of(session: Session, *, machine_id: int) -> frozenset[Utility]:
    """Return what a machine cannot work without."""
    rows = session.scalars(
        select(MachineUtility.utility).where(MachineUtility.machine_id == machine_id)
    )
    return frozenset(Utility(each) for each in rows)
