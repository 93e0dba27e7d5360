"""Plans, what they would do with each booking, and what her people answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime
from packhouse.domain.replanning.answers import ANSWERABLE
from packhouse.models.bookings import Booking

OF_HOUSE = "state = 'proposed' AND maintenance_id IS NULL"
OF_WORK = "state = 'proposed' AND maintenance_id IS NOT NULL"
UNSETTLED = "state IN ('asked', 'to_call', 'call_wanted')"


class ReplanningPlan(Base):
    """A proposal for a house: its cause, how good it is, and who carried it out.

    ``cost``, ``bound`` and ``baseline`` are lists of whole numbers, as in domain Plan.
    ``version`` grows with every solution; ``seconds`` is how long the last one took.
    """

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("cause IN ('breakdown', 'maintenance', 'hours')", name="cause"),
        CheckConstraint("state IN ('proposed', 'applied', 'outdated', 'discarded')", name="state"),
        CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        CheckConstraint("(cause = 'maintenance') = (maintenance_id IS NOT NULL)", name="work"),
        Index("ix_plans_site_id", "site_id", "state"),
        # One question, one proposal: who asks again gets a newer one.
        Index(
            "uq_plans_site_id_proposed",
            "site_id",
            unique=True,
            sqlite_where=text(OF_HOUSE),
            postgresql_where=text(OF_HOUSE),
        ),
        Index(
            "uq_plans_maintenance_id_proposed",
            "maintenance_id",
            unique=True,
            sqlite_where=text(OF_WORK),
            postgresql_where=text(OF_WORK),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    cause: Mapped[str]
    maintenance_id: Mapped[int | None] = mapped_column(ForeignKey("maintenances.id"))
    state: Mapped[str] = mapped_column(default="proposed")
    version: Mapped[int] = mapped_column(default=1)
    cost: Mapped[Any] = mapped_column(Json)
    bound: Mapped[Any] = mapped_column(Json)
    baseline: Mapped[Any] = mapped_column(Json)
    seconds: Mapped[float]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    solved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PlanRow(Base):
    """What a plan does with one booking, as the booking was when the plan was made.

    ``excluded`` lists [machine, epoch seconds] and ``excluded_machines`` codes that the operator
    ruled out; ``to_call`` is her wish to call instead.
    """

    __tablename__ = "plan_rows"
    __table_args__ = (
        CheckConstraint("cause IN ('breakdown', 'maintenance', 'hours')", name="cause"),
        CheckConstraint("result IN ('move', 'call')", name="result"),
        CheckConstraint(
            "(result = 'move') = (machine_id IS NOT NULL)"
            " AND (result = 'move') = (starts_at IS NOT NULL)"
            " AND (result = 'move') = (ends_at IS NOT NULL)",
            name="placed",
        ),
        CheckConstraint("(pinned_machine_id IS NULL) = (pinned_starts_at IS NULL)", name="pinned"),
        Index(None, "booking_id"),
        STRICT,
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    position: Mapped[int]
    cause: Mapped[str]
    seen_version: Mapped[int]
    was_state: Mapped[str]
    was_machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    was_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    was_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[str]
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shift_minutes: Mapped[int] = mapped_column(default=0)
    changed_day: Mapped[bool] = mapped_column(default=False)
    cleaning_minutes: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[Any] = mapped_column(Json, default=list)
    pinned_machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    pinned_starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    excluded: Mapped[Any] = mapped_column(Json, default=list)
    excluded_machines: Mapped[Any] = mapped_column(Json, default=list)
    to_call: Mapped[bool] = mapped_column(default=False)


class PlanAnswer(Base):
    """Where a person stands whom an applied plan touches.

    ``booking_version`` is the booking's as the plan left it. ``calls`` counts the attempts to
    reach her, ``result`` is what came of the last.
    """

    __tablename__ = "plan_answers"
    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'informed', 'to_call', 'accepted', 'declined', 'call_wanted',"
            " 'called')",
            name="state",
        ),
        CheckConstraint(
            "result IS NULL OR result IN ('agreed', 'other_time', 'unreached')", name="result"
        ),
        CheckConstraint("(calls = 0) = (result IS NULL)", name="calls"),
        CheckConstraint("state <> 'asked' OR answer_by IS NOT NULL", name="deadline"),
        Index(None, "booking_id"),
        Index(
            "ix_plan_answers_unsettled",
            "site_id",
            sqlite_where=text(UNSETTLED),
            postgresql_where=text(UNSETTLED),
        ),
        STRICT,
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    state: Mapped[str]
    booking_version: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    calls: Mapped[int] = mapped_column(default=0)
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    result: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")


def is_asked(session: Session, booking: Booking) -> bool:
    """Say whether the house moved a booking and its people have not agreed to the new time."""
    asked = select(PlanAnswer.plan_id).where(
        PlanAnswer.booking_id == booking.id,
        PlanAnswer.booking_version == booking.version,
        PlanAnswer.state.in_(sorted(ANSWERABLE)),
    )
    return session.scalar(asked.limit(1)) is not None
