"""The addresses under which calendar programs read a person's bookings."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime


class CalendarFeed(Base):
    """A person's feed: one at most. The address carries a secret; only its hash is kept."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (UniqueConstraint("secret_hash"), STRICT)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
