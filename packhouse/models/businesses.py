"""Businesses, the people who act for them, and the members of cooperatives."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Business(Base):
    """A small producer or a cooperative."""

    __tablename__ = "businesses"
    __table_args__ = (
        UniqueConstraint("nib"),
        CheckConstraint("kind IN ('umkm', 'cooperative')", name="kind"),
        CheckConstraint("size IN ('mikro', 'kecil', 'menengah')", name="size"),
        CheckConstraint("level IN ('trial', 'nib', 'market_ready')", name="level"),
        Index(None, "regency_code"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="umkm")
    regency_code: Mapped[str]
    size: Mapped[str]
    size_rule: Mapped[str] = mapped_column(default="PP 7/2021")
    level: Mapped[str] = mapped_column(default="trial")
    nib: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """A person who may act for a business."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'member')", name="role"),
        Index(None, "business_id"),
        STRICT,
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    role: Mapped[str] = mapped_column(default="member")


class CooperativeMember(Base):
    """A business that a cooperative books for."""

    __tablename__ = "cooperative_members"
    __table_args__ = (CheckConstraint("cooperative_id <> member_id", name="self"), STRICT)

    cooperative_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
