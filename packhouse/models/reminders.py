"""Messages to people: the transactional outbox, which is also each person's inbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime

MESSAGE_STATES = (
    "('due', 'sending', 'sent', 'unknown', 'expired', 'cancelled', 'suppressed', 'dead')"
)


class Message(Base):
    """One message to one person over one channel, written in the transaction it tells about."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        CheckConstraint(f"state IN {MESSAGE_STATES}", name="state"),
        CheckConstraint("channel IN ('in_app', 'email')", name="channel"),
        Index(
            "ix_messages_open",
            "next_at",
            sqlite_where=text("state IN ('due', 'sending', 'unknown')"),
            postgresql_where=text("state IN ('due', 'sending', 'unknown')"),
        ),
        # What still has a text that will have served its time.
        Index(
            "ix_messages_told",
            "finished_at",
            sqlite_where=text("payload <> '{}'"),
            postgresql_where=text("payload <> '{}'"),
        ),
        Index("ix_messages_booking_id", "booking_id"),
        Index("ix_messages_user_id", "user_id", "channel", "due_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    booking_version: Mapped[int | None]
    kind: Mapped[str]
    channel: Mapped[str]
    payload: Mapped[Any] = mapped_column(Json, default=dict)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    priority: Mapped[int] = mapped_column(default=5)
    state: Mapped[str] = mapped_column(default="due")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Heartbeat(Base):
    """When the worker last did which duty, and how it went."""

    __tablename__ = "heartbeats"
    __table_args__ = (STRICT,)

    duty: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
