"""Dated tariffs with their legal basis."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class Tariff(Base):
    """Rupiah per hour of a machine from an instant on; zero is a normal tariff."""

    __tablename__ = "tariffs"
    __table_args__ = (
        CheckConstraint("per_hour >= 0", name="amount"),
        UniqueConstraint("machine_id", "valid_from"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    per_hour: Mapped[int]
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    legal_basis: Mapped[str] = mapped_column(default="")
