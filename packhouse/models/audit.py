"""The chained audit trail, and the answers already given to retried commands."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime


class AuditEntry(Base):
    """Who did what to which thing, when and why. Append-only; each entry seals the one before.

    There is a chain for every site and chain 0 for what belongs to none.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index("ix_audit_entries_subject", "subject_kind", "subject_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[int]
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    facts: Mapped[Any] = mapped_column(Json, default=dict)
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditHead(Base):
    """The end of a chain; its row lock gives the chain one writer at a time."""

    __tablename__ = "audit_heads"
    __table_args__ = (STRICT,)

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str]


class IdempotencyKey(Base):
    """A command that was carried out under a key, and the answer that was given."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"), STRICT)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    command: Mapped[str]
    request_hash: Mapped[str]
    answer: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
