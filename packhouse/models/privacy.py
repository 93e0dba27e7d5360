"""Consent by purpose, and the accounts that were closed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.privacy import Purpose

PURPOSES = f"({', '.join(repr(each.value) for each in Purpose)})"


class Consent(Base):
    """A person said yes or no to one purpose, in the words of a version. Append-only."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint("version > 0", name="version"),
        Index(None, "user_id", "purpose"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str]
    version: Mapped[int]
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClosedAccount(Base):
    """An account whose person has left for good: her name and addresses are gone."""

    __tablename__ = "closed_accounts"
    __table_args__ = (STRICT,)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
