"""Unmet demand: what was asked for and refused, and why, beside what was served."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import BOOKED, State
from packhouse.domain.permissions import may_review
from packhouse.domain.reports import minutes, ratio
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Merger
from packhouse.models.sites import Site
from packhouse.models.slots import Demand
from packhouse.queries.reports.periods import Period

SERVED = sorted(BOOKED - {State.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Unmet:
    """Refused wishes of one kind of machine, pack and reason, or of all.

    ``kind`` is None where no machine could have done it. ``minutes`` is the machine time they
    would have taken, as far as it could be told (``untimed`` of them had none); ``businesses``
    counts each once.
    """

    kind: str | None
    pack: str | None
    reason: str | None
    wishes: int
    pieces: int
    minutes: float
    untimed: int
    businesses: int


@dataclass(frozen=True, slots=True)
class UnmetDemand:
    """All that was refused in a period, beside what was served; the total has each business once.

    ``unmet_ratio`` is refused time in all time asked for, None where nobody asked.
    """

    period: Period
    rows: tuple[Unmet, ...]
    total: Unmet
    served_minutes: float
    unmet_ratio: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as the API tells it."""
        total = asdict(self.total)
        return {
            "from": self.period.from_day.isoformat(),
            "to": self.period.to_day.isoformat(),
            "site": self.period.site,
            "rows": [asdict(row) for row in self.rows],
            "total": {name: total[name] for name in total if name not in GROUPS},
            "served_minutes": self.served_minutes,
            "unmet_ratio": self.unmet_ratio,
        }


def unmet_demand(*, period: Period, actor: Actor, zone: str) -> UnmetDemand:
    """Return the refused wishes of a period by machine kind, pack and reason, most time first.

    The days are those of ``zone``: a wish that no house could serve belongs to no house, and has
    no other. With a site only wishes count that named it or a machine of it. Served is the setup
    and run time of bookings that begin in the period and were kept, or still stand. Raises
    NotAllowed, NotFound.
    """
    if not may_review(actor):
        raise NotAllowed
    session = reading()
    begins, ends = bounds(period, ZoneInfo(zone))
    asked: list[ColumnElement[bool]] = [Demand.at >= begins, Demand.at < ends]
    served: list[ColumnElement[bool]] = [
        Booking.starts_at >= begins,
        Booking.starts_at < ends,
        Booking.state.in_(SERVED),
    ]
    if period.site:
        site_id = _site_id(session, period.site)
        asked.append(Demand.site_id == site_id)
        served.append(Booking.site_id == site_id)
    rows = [
        _unmet(*row[:3], row[3:])
        for row in session.execute(
            select(*GROUPS.values(), *_COUNTS).where(*asked).group_by(*GROUPS.values())
        )
    ]
    rows.sort(key=lambda row: (-row.minutes, -row.wishes, row.kind or "", row.pack or ""))
    total = _unmet(None, None, None, session.execute(select(*_COUNTS).where(*asked)).one())
    done = minutes(int(session.scalars(select(_SECONDS).where(*served)).one()))
    return UnmetDemand(period, tuple(rows), total, done, ratio(total.minutes, total.minutes + done))


GROUPS = {"kind": Demand.kind, "pack": Demand.pack, "reason": Demand.reason}
# Refused wishes stay with the record of their time, but who was merged is counted once.
_GOES_ON_AS = select(Merger.into_id).where(Merger.merged_id == Demand.business_id).scalar_subquery()
_COUNTS = (
    func.count(),
    func.coalesce(func.sum(Demand.quantity), 0),
    func.coalesce(func.sum(Demand.minutes), 0),
    func.count() - func.count(Demand.minutes),
    func.count(func.coalesce(_GOES_ON_AS, Demand.business_id).distinct()),
)
# A paper booking has no planned phases, only its times.
_SECONDS = func.coalesce(
    func.sum(
        case(
            (
                Booking.source == "paper",
                type_coerce(Booking.ends_at, BigInteger)
                - type_coerce(Booking.starts_at, BigInteger),
            ),
            else_=(Booking.setup_minutes + Booking.run_minutes) * 60,
        )
    ),
    0,
)


def _unmet(kind: str | None, pack: str | None, reason: str | None, counts: Any) -> Unmet:
    wishes, pieces, taken, untimed, businesses = map(int, counts)
    return Unmet(kind, pack, reason, wishes, pieces, minutes(taken * 60), untimed, businesses)


def _site_id(session: Session, code: str) -> int:
    found = session.scalars(select(Site.id).where(Site.code == code)).one_or_none()
    if found is None:
        raise NotFound("site_not_found", site=code)
    return found


def bounds(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants between which a period lies, its first included."""
    after = period.to_day + timedelta(days=1)
    return (
        datetime.combine(period.from_day, time(), zone).astimezone(UTC),
        datetime.combine(after, time(), zone).astimezone(UTC),
    )
