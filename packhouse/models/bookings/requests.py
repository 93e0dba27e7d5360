"""Questions about a request, and what was done against a rule: each with its reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime

UNANSWERED = "answered_at IS NULL"


class RequestQuestion(Base):
    """What the house asks before it decides, and what she says; one question at a time."""

    __tablename__ = "request_questions"
    __table_args__ = (
        CheckConstraint("question <> ''", name="question"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answer"),
        Index(
            "uq_request_questions_booking_id_open",
            "booking_id",
            unique=True,
            sqlite_where=text(UNANSWERED),
            postgresql_where=text(UNANSWERED),
        ),
        Index(None, "booking_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    question: Mapped[str]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RuleException(Base):
    """What somebody did although a rule spoke against it, and why. Append-only.

    ``beyond`` are the codes of the rules. A wish that names no house has no site.
    """

    __tablename__ = "exceptions"
    __table_args__ = (
        CheckConstraint("kind IN ('booked', 'approved', 'put_first', 'put_back')", name="kind"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(booking_id IS NULL) <> (wish_id IS NULL)", name="subject"),
        Index("ix_exceptions_site_id", "site_id", "at"),
        Index(None, "booking_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    beyond: Mapped[Any] = mapped_column(Json, default=list)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    wish_id: Mapped[int | None] = mapped_column(ForeignKey("wishes.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
