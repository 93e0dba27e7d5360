"""Machines and the packs they handle."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime
from packhouse.domain.machines import MachineSpec, RateRange
from packhouse.domain.products import Lane
from packhouse.models.tariffs import Tariff


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
        CheckConstraint("fund_kind IN ('', 'apbd', 'tp', 'hibah', 'csr')", name="fund_kind"),
        CheckConstraint("condition IN ('good', 'fair', 'bad')", name="condition"),
        CheckConstraint("(converted_at IS NULL) = (lane_document = '')", name="converted"),
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
    fund_kind: Mapped[str] = mapped_column(default="")
    fund_source: Mapped[str] = mapped_column(default="")
    holder: Mapped[str] = mapped_column(default="")
    condition: Mapped[str] = mapped_column(default="good")
    converted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lane_document: Mapped[str] = mapped_column(default="")

    def lane_at(self, instant: datetime) -> str:
        """Return the lane it was in at an instant: a machine changes it once at most."""
        if self.converted_at is None or instant >= self.converted_at:
            return self.lane
        return str(Lane.NON_HALAL if self.lane == Lane.HALAL else Lane.HALAL)


class MachinePack(Base):
    """A pack the machine handles, with its own rate where that differs.

    ``seen_…`` is what its finished runs teach: the quartiles of their rates, and how many.
    """

    __tablename__ = "machine_packs"
    __table_args__ = (
        CheckConstraint("rate_per_minute IS NULL OR rate_per_minute > 0", name="rate"),
        CheckConstraint(
            "(seen_runs IS NULL) = (seen_low IS NULL) AND (seen_runs IS NULL) = (seen_high IS NULL)"
            " AND (seen_low IS NULL OR 0 < seen_low AND seen_low <= seen_high)",
            name="seen",
        ),
        STRICT,
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    pack: Mapped[str] = mapped_column(primary_key=True)
    rate_per_minute: Mapped[float | None]
    seen_low: Mapped[float | None]
    seen_high: Mapped[float | None]
    seen_runs: Mapped[int | None]


def load_specs(
    session: Session, *, machines: Collection[Machine], now: datetime, pack: str | None = None
) -> dict[int, MachineSpec]:
    """Return machines as planning sees them, with the tariff in force now, in one query.

    With a pack, the rate is the machine's own for that pack where it has one, and the range of
    its finished runs comes with it.
    """
    ids = [machine.id for machine in machines]
    packs: dict[int, set[str | None]] = defaultdict(set)
    rates: dict[int, float] = {}
    seen: dict[int, tuple[float, float, int]] = {}
    tariffs: dict[int, int] = {}
    for row in session.execute(_SPECS, {"machine_ids": ids, "now": now}):
        tariffs[row.id] = row.per_hour or 0
        packs[row.id].add(row.pack)
        if row.pack == pack and row.rate_per_minute:
            rates[row.id] = row.rate_per_minute
        if row.pack == pack and row.seen_runs:
            seen[row.id] = row.seen_low, row.seen_high, row.seen_runs
    return {
        machine.id: _spec(
            machine.code,
            machine.lane,
            frozenset(packs[machine.id] - {None}),
            rates.get(machine.id, machine.rate_per_minute),
            machine.setup_minutes,
            (machine.cleaning_minutes_1, machine.cleaning_minutes_2, machine.cleaning_minutes_3),
            machine.attended,
            tariffs[machine.id],
            machine.commissioned_at,
            machine.retired_at,
            seen.get(machine.id),
        )
        for machine in machines
    }


@lru_cache(maxsize=16_384)
def _spec(  # noqa: PLR0913, PLR0917
    code: str,
    lane: str,
    packs: frozenset[str],
    rate: float,
    setup: int,
    cleaning: tuple[int, int, int],
    attended: bool,
    tariff: int,
    commissioned_at: datetime,
    retired_at: datetime | None,
    seen: tuple[float, float, int] | None,
) -> MachineSpec:
    """Build, and check, a machine's specification once for what its rows say."""
    return MachineSpec(
        code=code,
        lane=Lane(lane),
        packs=packs,
        rate_per_minute=Decimal(str(rate)),
        setup_minutes=setup,
        cleaning_minutes=cleaning,
        attended=attended,
        tariff_per_hour=tariff,
        commissioned_at=commissioned_at,
        retired_at=retired_at,
        usual=seen and RateRange(Decimal(str(seen[0])), Decimal(str(seen[1])), seen[2]),
    )


def load_tariffs(
    session: Session, *, machine_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """Return rupiah per hour by machine as in force now; a machine without a tariff is missing."""
    rows = session.execute(_TARIFFS, {"machine_ids": list(machine_ids), "now": now})
    return {row.id: row.per_hour for row in rows if row.per_hour is not None}


# Built once: they run with every booking.
_IN_FORCE = (
    select(Tariff.per_hour)
    .where(
        Tariff.machine_id == Machine.id, Tariff.valid_from <= bindparam("now", type_=UtcDateTime)
    )
    .order_by(Tariff.valid_from.desc())
    .limit(1)
    .scalar_subquery()
)
_OF_MACHINES = Machine.id.in_(bindparam("machine_ids", expanding=True))
_SPECS = (
    select(
        Machine.id,
        MachinePack.pack,
        MachinePack.rate_per_minute,
        MachinePack.seen_low,
        MachinePack.seen_high,
        MachinePack.seen_runs,
        _IN_FORCE.label("per_hour"),
    )
    .outerjoin(MachinePack, MachinePack.machine_id == Machine.id)
    .where(_OF_MACHINES)
)
_TARIFFS = select(Machine.id, _IN_FORCE.label("per_hour")).where(_OF_MACHINES)
