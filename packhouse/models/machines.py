"""Machines and the packs they handle."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Machine(Base):
    """One machine of one site: what it can do, how it is cleaned, and the asset it is."""

    __tablename__ = "machines"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("lane IN ('halal', 'non_halal')", name="lane"),
        CheckConstraint("rate_per_minute > 0", name="rate"),
        CheckConstraint("setup_minutes >= 0", name="setup"),
        CheckConstraint(
            "0 <= cleaning_minutes_1 AND cleaning_minutes_1 <= cleaning_minutes_2"
            " AND cleaning_minutes_2 <= cleaning_minutes_3",
            name="cleaning",
        ),
        CheckConstraint("retired_at IS NULL OR retired_at > commissioned_at", name="life"),
        Index(None, "site_id", "kind"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    lane: Mapped[str]
    rate_per_minute: Mapped[float]
    setup_minutes: Mapped[int]
    cleaning_minutes_1: Mapped[int]
    cleaning_minutes_2: Mapped[int]
    cleaning_minutes_3: Mapped[int]
    attended: Mapped[bool]
    needs_approval: Mapped[bool] = mapped_column(default=False)
    commissioned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asset_code: Mapped[str] = mapped_column(default="")
    asset_number: Mapped[str] = mapped_column(default="")
    acquired_year: Mapped[int | None]
    acquisition_value: Mapped[int | None]
    fund_source: Mapped[str] = mapped_column(default="")
    condition: Mapped[str] = mapped_column(default="good")


class MachinePack(Base):
    """A pack the machine handles, with its own rate where that differs."""

    __tablename__ = "machine_packs"
    __table_args__ = (
        CheckConstraint("rate_per_minute IS NULL OR rate_per_minute > 0", name="rate"),
        STRICT,
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    pack: Mapped[str] = mapped_column(primary_key=True)
    rate_per_minute: Mapped[float | None]
