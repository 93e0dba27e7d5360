"""What a business packs."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime


class Product(Base):
    """A product with everything that decides machine, lane and cleaning."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("lane IN ('halal', 'non_halal')", name="lane"),
        Index(None, "business_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    name: Mapped[str]
    pack: Mapped[str]
    lane: Mapped[str]
    allergens: Mapped[Any] = mapped_column(Json, default=list)
    aroma: Mapped[str] = mapped_column(default="none")
    wet: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
