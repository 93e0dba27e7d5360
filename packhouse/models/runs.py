"""What really happened: runs, taps, cleans, and the reason-coded states of machines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.products import ProductTraits, traits_of
from packhouse.domain.runs import CleaningDue, Missing, Signed, due_between, missing
from packhouse.models.bookings import Booking
from packhouse.models.products import Product


class Run(Base):
    """One run on one machine; at most one per machine is open.

    The lot code stands on the packs it made. A start that was a slip of the thumb is undone: the
    run waits, without time and states of its own, and the next start of its booking takes it up.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="period"),
        CheckConstraint("good >= 0 AND rejected >= 0", name="counts"),
        Index("ix_runs_machine_id", "machine_id", "started_at"),
        Index(None, "booking_id"),
        Index("uq_runs_lot_code", "lot_code", unique=True),
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
    lot_code: Mapped[str | None]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Tap(Base):
    """A tap on a session that changed something: the device's time beside the server's.

    ``number`` counts the taps of a booking. ``at`` is the instant the record goes by; it is
    ``device_at`` where that could be believed, else the server's own time, an estimate.
    """

    __tablename__ = "taps"
    __table_args__ = (
        UniqueConstraint("booking_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(
            "action IN ('start', 'pause', 'resume', 'finish', 'undo', 'correct')", name="action"
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    number: Mapped[int]
    action: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    device: Mapped[str] = mapped_column(default="")
    device_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    estimated: Mapped[bool] = mapped_column(default=False)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Cleaning(Base):
    """A clean somebody signed for, or one that was left out, and why.

    ``before`` a booking, ``closing`` a day, or ``skipped``: a run began without it. A full clean
    before a run counts once a second person has looked.
    """

    __tablename__ = "cleanings"
    __table_args__ = (
        CheckConstraint("kind IN ('before', 'closing', 'skipped')", name="kind"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint("(kind = 'skipped') = (reason <> '')", name="reason"),
        CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL)", name="checked"),
        CheckConstraint("checked_by IS NULL OR checked_by <> done_by", name="second"),
        Index("ix_cleanings_machine_id", "machine_id", "done_at"),
        Index(None, "booking_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    kind: Mapped[str]
    level: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    device_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
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


# --- read by services and queries alike ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunBefore:
    """The last run of the day on a machine: what it packed, and when it ended."""

    code: str
    product: str
    traits: ProductTraits
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class CleaningState:
    """The clean due before a run, after which run, and what of it is missing.

    ``cleaning_id`` is the clean that waits for its second person.
    """

    due: CleaningDue
    after: RunBefore
    missing: Missing | None
    cleaning_id: int | None


def load_run_before(session: Session, *, machine_id: int, since: datetime) -> RunBefore | None:
    """Return the newest run that ended on a machine since an instant, of a known product."""
    row = session.execute(
        select(Run.ended_at, Booking.code, Product)
        .join(Booking, Booking.id == Run.booking_id)
        .join(Product, Product.id == Booking.product_id)
        .where(
            Run.machine_id == machine_id,
            Run.ended_at > since,
            Run.undone_at.is_(None),
        )
        .order_by(Run.started_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.ended_at is None:
        return None
    return RunBefore(row.code, row.Product.name, _traits(row.Product), row.ended_at)


def _traits(product: Product) -> ProductTraits:
    return traits_of(product.lane, frozenset(product.allergens), product.aroma, wet=product.wet)


def load_cleaning(
    session: Session, *, machine_id: int, product_id: int | None, since: datetime
) -> CleaningState | None:
    """Return the clean due before a product is packed now, None where the machine is clean.

    ``since`` is the start of the local day: each day starts clean.
    """
    product = session.get(Product, product_id) if product_id else None
    before = load_run_before(session, machine_id=machine_id, since=since)
    if product is None or before is None:
        return None
    due = due_between(before.traits, _traits(product))
    if due is None:
        return None
    rows = session.scalars(
        select(Cleaning)
        .where(
            Cleaning.machine_id == machine_id,
            Cleaning.done_at >= before.ended_at,
            Cleaning.kind != "skipped",
        )
        .order_by(Cleaning.done_at, Cleaning.id)
    ).all()
    signed = [Signed(row.level, row.done_at, row.checked_at is not None) for row in rows]
    lacking = missing(due, since=before.ended_at, signed=signed)
    open_rows = [row.id for row in rows if row.level >= due.level and row.checked_at is None]
    waits = open_rows[-1] if lacking == Missing.CHECK else None
    return CleaningState(due, before, lacking, waits)


def count_taps(session: Session, *, booking_id: int) -> int:
    """Return the number of a session's last tap; 0 before the first."""
    found = session.scalar(select(func.max(Tap.number)).where(Tap.booking_id == booking_id))
    return found or 0


@dataclass(frozen=True, slots=True)
class Sample:
    """How fast one finished run packed: good and rejected packs a minute of running."""

    run_id: int
    code: str
    started_at: datetime
    rate: Decimal


TAUGHT_BY = timedelta(days=365)
MOST_SAMPLES = 100


def load_samples(
    session: Session, *, machine_ids: Collection[int], now: datetime
) -> Mapping[tuple[int, str | None], Sequence[Sample]]:
    """Return the newest finished runs of the last year by machine and pack, in one query.

    Only the minutes in which the machine ran count, and only runs that counted what they made.
    A run whose product nobody knows, of a paper log, has no pack.
    """
    newest = (
        func.row_number()
        .over(partition_by=(Run.machine_id, Product.pack), order_by=Run.started_at.desc())
        .label("place")
    )
    made = (Run.good + Run.rejected).label("made")
    runs = (
        select(Run.id, Run.machine_id, Run.started_at, Booking.code, Product.pack, made, newest)
        .outerjoin(Booking, Booking.id == Run.booking_id)
        .outerjoin(Product, Product.id == Booking.product_id)
        .where(
            Run.machine_id.in_(machine_ids),
            Run.started_at > now - TAUGHT_BY,
            Run.ended_at.is_not(None),
            Run.estimated.is_(False),
            Run.undone_at.is_(None),
            Run.good + Run.rejected > 0,
        )
        .subquery()
    )
    ends, starts = StateInterval.ends_at, StateInterval.starts_at
    seconds = func.sum(type_coerce(ends, BigInteger) - type_coerce(starts, BigInteger))
    found: dict[tuple[int, str | None], list[Sample]] = defaultdict(list)
    for row in session.execute(
        select(*runs.c, seconds.label("seconds"))
        .join(StateInterval, StateInterval.run_id == runs.c.id)
        .where(
            runs.c.place <= MOST_SAMPLES,
            StateInterval.reason == "running",
            StateInterval.ends_at.is_not(None),
        )
        .group_by(*runs.c)
        .order_by(runs.c.started_at.desc(), runs.c.id)
    ):
        if row.seconds:
            rate = Decimal(row.made) * 60 / Decimal(int(row.seconds))
            sample = Sample(row.id, row.code or "", row.started_at, rate)
            found[row.machine_id, row.pack].append(sample)
    return found
