"""Complaints of anyone about a house, and what was answered."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime

TOPICS = "('schedule', 'machine', 'cleanness', 'privacy', 'fees', 'other', 'staff', 'integrity')"


class Complaint(Base):
    """What somebody complains about, and until when the house must answer.

    ``was_late`` keeps that an answer came too late.

    ``user_id`` is None for somebody who was not signed in, name and phone are empty for somebody
    who did not give them. Of the secret part of the ticket only a hash is kept.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(f"topic IN {TOPICS}", name="topic"),
        CheckConstraint("state IN ('received', 'answered', 'reopened', 'closed')", name="state"),
        CheckConstraint("due_at > asked_at AND asked_at >= filed_at", name="clock"),
        CheckConstraint("(state = 'received') = (answered_at IS NULL)", name="answered"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index(None, "site_id", "state", "due_at"),
        Index(None, "user_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[str]
    secret_hash: Mapped[str]
    topic: Mapped[str]
    text: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    booking_code: Mapped[str] = mapped_column(default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(default="received")
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    was_late: Mapped[bool] = mapped_column(default=False)


class ComplaintEntry(Base):
    """An answer of the house, or why the complainer opened the complaint again."""

    __tablename__ = "complaint_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('answer', 'reopening')", name="kind"),
        CheckConstraint("(kind = 'answer') = (author_id IS NOT NULL)", name="author"),
        Index(None, "complaint_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"))
    kind: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
