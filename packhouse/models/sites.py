"""Sites, their working hours, closures and operator shifts."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Executable,
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    cast,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime
from packhouse.domain.bookings import Limits
from packhouse.domain.sites import Calendar, Opening, WorkingHours
from packhouse.domain.sites import Closure as ClosedDays


class Site(Base):
    """One production house, with its zone, its policy and the people it has on shift."""

    __tablename__ = "sites"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("operators >= 0", name="operators"),
        CheckConstraint("inform_minutes >= 0", name="inform_minutes"),
        CheckConstraint("limit_open >= 0", name="limit_open"),
        CheckConstraint("limit_week_hours >= 0", name="limit_week_hours"),
        CheckConstraint("limit_month_hours >= 0", name="limit_month_hours"),
        CheckConstraint("absence_minutes >= 0", name="absence_minutes"),
        CheckConstraint("delay_minutes >= 0", name="delay_minutes"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    regency_code: Mapped[str]
    zone: Mapped[str]
    owner: Mapped[str] = mapped_column(default="province")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    directions: Mapped[str] = mapped_column(default="")
    operators: Mapped[int]
    horizon_days: Mapped[int] = mapped_column(default=60)
    notice_minutes: Mapped[int] = mapped_column(default=60)
    cancel_hours: Mapped[int] = mapped_column(default=24)
    request_hours: Mapped[int] = mapped_column(default=48)
    grace_minutes: Mapped[int] = mapped_column(default=20)
    overrun_minutes: Mapped[int] = mapped_column(default=30)
    absence_minutes: Mapped[int] = mapped_column(default=5)
    delay_minutes: Mapped[int] = mapped_column(default=30)
    inform_minutes: Mapped[int] = mapped_column(default=30)
    limit_open: Mapped[int | None]
    limit_week_hours: Mapped[int | None]
    limit_month_hours: Mapped[int | None]
    wall_key: Mapped[str] = mapped_column(default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def limits(self) -> Limits:
        """What a business may hold here at once, in a week and in a month."""
        week, month = (
            None if hours is None else hours * 60
            for hours in (self.limit_week_hours, self.limit_month_hours)
        )
        return Limits(self.limit_open, week, month)


class SiteHours(Base):
    """One opening of one weekday, in minutes after local midnight, within its dates."""

    __tablename__ = "site_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", name="minutes"),
        Index(None, "site_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    weekday: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class HoursChange(Base):
    """One change of a site's hours: all openings before and after it, so that it can be undone.

    Openings are lists of weekday, opens, closes, valid_from and valid_to (ISO dates or null).
    """

    __tablename__ = "hours_changes"
    __table_args__ = (
        CheckConstraint("(undone_at IS NULL) OR (undone_at >= at)", name="undone"),
        Index(None, "site_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    before: Mapped[Any] = mapped_column(Json)
    after: Mapped[Any] = mapped_column(Json)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Closure(Base):
    """Days on which a site, or one machine of it, is closed."""

    __tablename__ = "closures"
    __table_args__ = (
        CheckConstraint("day_from <= day_to", name="days"),
        CheckConstraint("source IN ('manual', 'holiday')", name="source"),
        CheckConstraint("state IN ('proposed', 'confirmed', 'rejected')", name="state"),
        UniqueConstraint("site_id", "day_from", "name"),
        Index(None, "site_id", "day_from"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    day_from: Mapped[date]
    day_to: Mapped[date]
    name: Mapped[str]
    source: Mapped[str]
    state: Mapped[str]
    estimated: Mapped[bool] = mapped_column(default=False)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Shift(Base):
    """A period with another number of operators than the site's usual one."""

    __tablename__ = "shifts"
    __table_args__ = (
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("operators >= 0", name="operators"),
        Index(None, "site_id", "from_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    operators: Mapped[int]


class ServiceStandard(Base):
    """What a house itself promises beside what its data say; the last version counts.

    Append-only. An empty text takes the promise back.
    """

    __tablename__ = "service_standards"
    __table_args__ = (Index(None, "site_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    text: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def load_calendar(session: Session, site_id: int) -> Calendar:
    """Return the days and hours of a site; proposed and confirmed closures both close it."""
    zone = session.get_one(Site, site_id).zone
    return _calendars(session, {site_id: zone})[site_id]


def load_calendars(session: Session, site_ids: Collection[int]) -> dict[int, Calendar]:
    """Return the days and hours of many sites, in two queries."""
    sites = session.execute(select(Site.id, Site.zone).where(Site.id.in_(site_ids)))
    return _calendars(session, {site.id: site.zone for site in sites})


def _calendars(session: Session, zones: Mapping[int, str]) -> dict[int, Calendar]:
    hours: dict[int, list[_Hours]] = defaultdict(list)
    closed: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for site_id, start, end, *times, _id in session.execute(_DAYS, {"site_ids": list(zones)}):
        if times[0] is None:
            closed[site_id].append((start, end))
        else:
            hours[site_id].append(_Hours(start, end, *times))
    return {
        site_id: _calendar(zone, tuple(hours[site_id]), tuple(closed[site_id]))
        for site_id, zone in zones.items()
    }


class _Hours(NamedTuple):
    valid_from: date
    valid_to: date | None
    weekday: int
    opens: int
    closes: int


@lru_cache(maxsize=1024)
def _calendar(
    zone: str, hours: tuple[_Hours, ...], closed: tuple[tuple[date, date], ...]
) -> Calendar:
    """Build a calendar once for what its rows say: it keeps the days it has worked out."""
    weeks: dict[tuple[date, date | None], list[Opening]] = {}
    for row in hours:
        openings = weeks.setdefault((row.valid_from, row.valid_to), [])
        openings.append(Opening(row.weekday, row.opens, row.closes))
    return Calendar(
        zone,
        tuple(WorkingHours(tuple(week), start, end) for (start, end), week in weeks.items()),
        tuple(ClosedDays(first, last) for first, last in closed),
    )


# Built once: it runs with every booking. A closure is a row without a weekday.
_DAYS: Executable = union_all(
    select(
        SiteHours.site_id,
        SiteHours.valid_from,
        SiteHours.valid_to,
        SiteHours.weekday,
        SiteHours.opens,
        SiteHours.closes,
        SiteHours.id,
    ).where(SiteHours.site_id.in_(bindparam("site_ids", expanding=True))),
    select(
        Closure.site_id,
        Closure.day_from,
        Closure.day_to,
        *(cast(null(), BigInteger) for _ in range(3)),
        Closure.id,
    ).where(
        Closure.site_id.in_(bindparam("site_ids", expanding=True)), Closure.state != "rejected"
    ),
).order_by("id")
