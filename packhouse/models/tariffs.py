"""Dated tariffs and reductions with their legal basis."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.tariffs import Client, Reduction, ReductionKind, best_reduction
from packhouse.models.businesses import Business, CooperativeMember


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


class TariffReduction(Base):
    """So many percent less for a kind of business, in one house or in all, while it is valid.

    A row is never changed except that its end is set: bookings refer to the rule they had.
    """

    __tablename__ = "reductions"
    __table_args__ = (
        CheckConstraint("kind IN ('trial', 'cooperative', 'micro', 'everyone')", name="kind"),
        CheckConstraint("percent BETWEEN 1 AND 100", name="percent"),
        CheckConstraint("legal_basis <> ''", name="basis"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str]
    percent: Mapped[int]
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    legal_basis: Mapped[str]


class BookingReduction(Base):
    """The reduction that a booking's price was made with; a booking at the full tariff has none."""

    __tablename__ = "booking_reductions"
    __table_args__ = (CheckConstraint("percent BETWEEN 1 AND 100", name="percent"), STRICT)

    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    reduction_id: Mapped[int] = mapped_column(ForeignKey("reductions.id"))
    percent: Mapped[int]


@dataclass(frozen=True, slots=True)
class Reductions:
    """The reductions in force for one business; ``at`` tells the one that counts in a house."""

    rules: tuple[Reduction, ...]
    client: Client

    def at(self, site_id: int) -> Reduction | None:
        """Return the reduction that counts in a house, if there is one."""
        return best_reduction(self.rules, self.client, site_id=site_id)


NO_REDUCTIONS = Reductions((), Client(size="", level=""))


def load_reductions(session: Session, *, business_id: int, now: datetime) -> Reductions:
    """Return the reductions in force now, with what their rules ask about a business."""
    rows = session.execute(_IN_FORCE, {"business_id": business_id, "now": now}).all()
    if not rows:
        return NO_REDUCTIONS
    _, _, _, _, size, level, kind, is_member = rows[0]
    client = Client(size, level, in_cooperative=kind == "cooperative" or bool(is_member))
    rules = (Reduction(row.id, ReductionKind(row.kind), row.percent, row.site_id) for row in rows)
    return Reductions(tuple(rules), client)


# Built once: it runs with every quote and every booking.
_NOW = bindparam("now", type_=UtcDateTime)
_IN_FORCE = (
    select(
        TariffReduction.id,
        TariffReduction.kind,
        TariffReduction.percent,
        TariffReduction.site_id,
        Business.size,
        Business.level,
        Business.kind.label("business_kind"),
        select(CooperativeMember.member_id)
        .where(CooperativeMember.member_id == Business.id)
        .exists()
        .label("is_member"),
    )
    .join_from(TariffReduction, Business, Business.id == bindparam("business_id"))
    .where(
        TariffReduction.valid_from <= _NOW,
        or_(TariffReduction.valid_to.is_(None), TariffReduction.valid_to > _NOW),
    )
)
