"""Houses as everybody may see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.sites import Opening, WorkingHours
from packhouse.errors import NotFound
from packhouse.models.machines import Machine
from packhouse.models.sites import (
    Closure,
    HoursChange,
    ServiceStandard,
    Shift,
    Site,
    SiteHours,
)
from packhouse.models.users import User
from packhouse.queries import id_after

MOST_PER_PAGE = 200
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class SiteItem:
    """A house and the policy under which it is booked."""

    id: int
    code: str
    name: str
    regency_code: str
    zone: str
    owner: str
    address: str
    operators: int
    horizon_days: int
    notice_minutes: int
    cancel_hours: int
    request_hours: int
    grace_minutes: int
    is_demo: bool
    created_at: datetime
    overrun_minutes: int
    limit_open: int | None
    limit_week_hours: int | None
    limit_month_hours: int | None
    phone: str
    directions: str
    absence_minutes: int
    delay_minutes: int
    inform_minutes: int


@dataclass(frozen=True, slots=True)
class SitesPage:
    """One page of houses; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[SiteItem, ...]
    next: str | None


_COLUMNS = (
    Site.id, Site.code, Site.name, Site.regency_code, Site.zone, Site.owner, Site.address,
    Site.operators, Site.horizon_days, Site.notice_minutes, Site.cancel_hours,
    Site.request_hours, Site.grace_minutes, Site.is_demo, Site.created_at,
    Site.overrun_minutes, Site.limit_open, Site.limit_week_hours, Site.limit_month_hours,
    Site.phone, Site.directions, Site.absence_minutes, Site.delay_minutes,
    Site.inform_minutes,
)  # fmt: skip


def sites_page(*, cursor: str | None = None, limit: int = 50) -> SitesPage:
    """Return a page of houses in one query. Raises Malformed for a cursor that is none."""
    query: Select[*tuple[Any, ...]] = select(*_COLUMNS).order_by(Site.id)
    if cursor is not None:
        query = query.where(Site.id > id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.limit(limit + 1)).all()
    items = tuple(SiteItem(*row) for row in rows[:limit])
    return SitesPage(items, str(items[-1].id) if len(rows) > limit else None)


# --- one house ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoursPeriod:
    """A week of openings and the local days it is for; ``valid_to`` None means until further.

    ``is_current`` marks the one that decides today.
    """

    valid_from: date
    valid_to: date | None
    hours: WorkingHours
    is_current: bool

    @property
    def days(self) -> Mapping[int, tuple[Opening, ...]]:
        """Return the openings of every weekday (0 = Monday), in order; empty where closed."""
        return {
            day: tuple(each for each in self.hours.openings if each.weekday == day)
            for day in range(7)
        }


@dataclass(frozen=True, slots=True)
class ClosureItem:
    """Days on which a house is, may be or was to be closed (``state``), both ends included."""

    id: int
    day_from: date
    day_to: date
    name: str
    source: str
    state: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class ShiftItem:
    """A period (UTC) with another number of operators."""

    id: int
    from_at: datetime
    to_at: datetime
    operators: int


@dataclass(frozen=True, slots=True)
class SiteDetail:
    """A house with its hours, coming closures and shifts, and how many machines it has."""

    site: SiteItem
    today: date
    periods: tuple[HoursPeriod, ...]
    closures: tuple[ClosureItem, ...]
    shifts: tuple[ShiftItem, ...]

    @property
    def current(self) -> HoursPeriod | None:
        """Return the hours that decide today."""
        return next((each for each in self.periods if each.is_current), None)


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A house in a list: what it is, when it works today, how many machines it has in use."""

    site: SiteItem
    today: tuple[Opening, ...]
    machines: int


@dataclass(frozen=True, slots=True)
class SiteCards:
    """One page of houses in a list; ``next`` as in SitesPage."""

    items: tuple[SiteCard, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class HoursChangeItem:
    """The last change of a house's hours that stands: when, and by whom."""

    id: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class StandardVersion:
    """What a house promised in its own words, from when on, and who wrote it."""

    text: str
    author: str
    at: datetime


def standards_of(*, site_id: int) -> tuple[StandardVersion, ...]:
    """Return the versions of a house's own words, the one that counts first, in one query."""
    rows = reading().execute(
        select(ServiceStandard.text, func.coalesce(User.name, ""), ServiceStandard.at)
        .outerjoin(User, User.id == ServiceStandard.author_id)
        .where(ServiceStandard.site_id == site_id)
        .order_by(ServiceStandard.id.desc())
        .limit(MOST_VERSIONS)
    )
    return tuple(StandardVersion(*row) for row in rows)


def site_detail(*, code: str, now: datetime) -> SiteDetail:
    """Return a house with its calendar from today on, in four queries. Raises NotFound."""
    session = reading()
    query: Select[*tuple[Any, ...]] = select(*_COLUMNS).where(Site.code == code)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("site_unknown", site=code)
    site = SiteItem(*row)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    closures = session.execute(
        select(
            Closure.id, Closure.day_from, Closure.day_to, Closure.name, Closure.source,
            Closure.state, Closure.estimated,
        )
        .where(Closure.site_id == site.id, Closure.day_to >= today)
        .order_by(Closure.day_from, Closure.id)
    )  # fmt: skip
    shifts = session.execute(
        select(Shift.id, Shift.from_at, Shift.to_at, Shift.operators)
        .where(Shift.site_id == site.id, Shift.to_at > now)
        .order_by(Shift.from_at)
    )
    return SiteDetail(
        site=site,
        today=today,
        periods=_periods(session, [site.id], {site.id: today})[site.id],
        closures=tuple(ClosureItem(*each) for each in closures),
        shifts=tuple(ShiftItem(*each) for each in shifts),
    )


def site_cards(*, now: datetime, cursor: str | None = None, limit: int = 50) -> SiteCards:
    """Return a page of houses for a list, in four queries. Raises Malformed for a bad cursor."""
    page = sites_page(cursor=cursor, limit=limit)
    session = reading()
    today = {each.id: now.astimezone(ZoneInfo(each.zone)).date() for each in page.items}
    closed = _closed(session, today)
    periods = _periods(session, list(today), today)
    machines = {
        row.site_id: row.machines
        for row in session.execute(
            select(Machine.site_id, func.count().label("machines"))
            .where(
                Machine.site_id.in_(today), or_(Machine.retired_at.is_(None),
                Machine.retired_at > now),
            )
            .group_by(Machine.site_id)
        )
    }  # fmt: skip
    return SiteCards(
        tuple(
            SiteCard(
                site,
                () if site.id in closed else _openings(periods[site.id], today[site.id]),
                machines.get(site.id, 0),
            )
            for site in page.items
        ),
        page.next,
    )


def last_hours_change(*, site_id: int) -> HoursChangeItem | None:
    """Return the last change of hours that was not undone, None where there is none."""
    row = (
        reading()
        .execute(
            select(HoursChange.id, HoursChange.at, User.name)
            .outerjoin(User, User.id == HoursChange.actor_id)
            .where(HoursChange.site_id == site_id, HoursChange.undone_at.is_(None))
            .order_by(HoursChange.id.desc())
            .limit(1)
        )
        .first()
    )
    return HoursChangeItem(row.id, row.at, row.name or "") if row else None


def _periods(
    session: Session, site_ids: Sequence[int], today: Mapping[int, date]
) -> dict[int, tuple[HoursPeriod, ...]]:
    weeks: dict[tuple[int, date, date | None], list[Opening]] = defaultdict(list)
    rows = session.scalars(
        select(SiteHours)
        .where(SiteHours.site_id.in_(site_ids))
        .order_by(SiteHours.site_id, SiteHours.valid_from, SiteHours.id)
    )
    for row in rows:
        opening = Opening(row.weekday, row.opens, row.closes)
        weeks[row.site_id, row.valid_from, row.valid_to].append(opening)
    hours: dict[int, list[WorkingHours]] = {site_id: [] for site_id in site_ids}
    for (site_id, start, end), openings in weeks.items():
        hours[site_id].append(WorkingHours(tuple(openings), start, end))
    return {site_id: _marked(hours[site_id], today[site_id]) for site_id in site_ids}


def _marked(weeks: Iterable[WorkingHours], today: date) -> tuple[HoursPeriod, ...]:
    kept = list(weeks)
    valid = [each for each in reversed(kept) if each.is_valid_on(today)]
    current = max(valid, key=lambda each: each.specificity, default=None)
    return tuple(
        HoursPeriod(each.valid_from or date.min, each.valid_to, each, each is current)
        for each in kept
    )


def _openings(periods: Iterable[HoursPeriod], day: date) -> tuple[Opening, ...]:
    return next((each.days[day.weekday()] for each in periods if each.is_current), ())


def _closed(session: Session, today: Mapping[int, date]) -> set[int]:
    """Return the sites that are closed today; houses lie in three zones, so two days matter."""
    if not today:
        return set()
    first, last = min(today.values()), max(today.values()) + timedelta(days=1)
    rows = session.execute(
        select(Closure.site_id, Closure.day_from, Closure.day_to).where(
            Closure.site_id.in_(today),
            Closure.state != "rejected",
            Closure.day_from < last,
            Closure.day_to >= first,
        )
    )
    return {row.site_id for row in rows if row.day_from <= today[row.site_id] <= row.day_to}
