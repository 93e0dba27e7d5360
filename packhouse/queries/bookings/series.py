"""Wishes that come back as people read them: each date with what became of it; use and limits."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, false, func, select, true

from packhouse.db import reading
from packhouse.domain.bookings import (
    CoolDown,
    Every,
    Limits,
    Rule,
    State,
    Use,
    change_until,
    month_of,
    week_of,
)
from packhouse.domain.permissions import STAFF, may_see_booking
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import (
    Booking,
    Series,
    SeriesDate,
    load_cooling,
    load_holders,
    load_use,
    taken_by_others,
)
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar

MOST_SERIES = 50


@dataclass(frozen=True, slots=True)
class SeriesItem:
    """A wish that comes back, with the names around it."""

    code: str
    rule: Rule
    minute_of_day: int
    quantity: int
    product_id: int
    product_name: str
    pack: str
    business_id: int
    business_name: str
    site_id: int
    site_name: str
    zone: str
    cancel_hours: int
    machine: str
    machine_name: str


@dataclass(frozen=True, slots=True)
class SeriesVisit:
    """The booking that stands for a date of a series. Instants are UTC."""

    day: date
    code: str
    state: State
    machine: str
    machine_name: str
    starts_at: datetime
    ends_at: datetime
    change_until: datetime


@dataclass(frozen=True, slots=True)
class SeriesDetail:
    """A series with the bookings of its dates, in order; the other ``dates`` are skipped."""

    series: SeriesItem
    dates: tuple[date, ...]
    visits: tuple[SeriesVisit, ...]


_ITEMS = (
    select(
        Series, Product.name.label("product_name"), Product.pack,
        Business.name.label("business_name"), Site.name.label("site_name"), Site.zone,
        Site.cancel_hours, Machine.code.label("machine"), Machine.name.label("machine_name"),
    )
    .join(Product, Product.id == Series.product_id)
    .join(Business, Business.id == Series.business_id)
    .join(Site, Site.id == Series.site_id)
    .join(Machine, Machine.id == Series.machine_id)
)  # fmt: skip


def series_list(*, actor: Actor) -> tuple[SeriesItem, ...]:
    """Return the fifty newest series an actor may see, in one query."""
    rows = reading().execute(
        _ITEMS.where(_visible(actor)).order_by(Series.id.desc()).limit(MOST_SERIES)
    )
    return tuple(_item(*row) for row in rows)


def series_detail(*, code: str, actor: Actor) -> SeriesDetail:
    """Return a series with its dates, in two queries. Raises NotFound for a foreign one."""
    session = reading()
    row = session.execute(_ITEMS.where(Series.code == code)).one_or_none()
    if row is None or not may_see_booking(actor, row[0].business_id, row[0].site_id):
        raise NotFound("series_not_found")
    item = _item(*row)
    visits = session.execute(
        select(SeriesDate.day, Booking, Machine.code, Machine.name)
        .join(Booking, Booking.id == SeriesDate.booking_id)
        .join(Machine, Machine.id == Booking.machine_id)
        .where(SeriesDate.series_id == row[0].id)
        .order_by(SeriesDate.day)
    )
    return SeriesDetail(
        item,
        item.rule.dates,
        tuple(
            SeriesVisit(
                day, booking.code, State(booking.state), machine, machine_name,
                booking.starts_at, booking.ends_at,
                change_until(starts_at=booking.starts_at, cancel_hours=item.cancel_hours),
            )
            for day, booking, machine, machine_name in visits
        ),
    )  # fmt: skip


def series_of(*, booking_id: int) -> str | None:
    """Return the code of the series that a booking is a date of, if it is one."""
    return reading().scalar(
        select(Series.code)
        .join(SeriesDate, SeriesDate.series_id == Series.id)
        .where(SeriesDate.booking_id == booking_id)
    )


def was_forgiven(*, booking_id: int) -> bool:
    """Say whether somebody else took the time that a booking gave up late or did not use."""
    found = select(Booking.id).where(Booking.id == booking_id, taken_by_others())
    return reading().scalar(found) is not None


def _visible(actor: Actor) -> ColumnElement[bool]:
    if actor.is_system or actor.role in (Role.ADMIN, Role.AUDITOR):
        return true()
    if actor.role in STAFF:
        return Series.site_id.in_(actor.site_ids)
    if actor.role == Role.PRODUCER:
        return Series.business_id.in_(actor.business_ids)
    return false()


def _item(
    series: Series, product: str, pack: str, business: str, site: str, *rest: str | int
) -> SeriesItem:
    zone, cancel_hours, machine, machine_name = rest
    return SeriesItem(
        code=series.code,
        rule=Rule(Every(series.every), series.first_day, series.last_day, tuple(series.weekdays)),
        minute_of_day=series.minute_of_day,
        quantity=series.quantity,
        product_id=series.product_id,
        product_name=product,
        pack=pack,
        business_id=series.business_id,
        business_name=business,
        site_id=series.site_id,
        site_name=site,
        zone=str(zone),
        cancel_hours=int(cancel_hours),
        machine=str(machine),
        machine_name=str(machine_name),
    )


# --- fair use -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """What a business or a pool holds in one house now, against what it may. Minutes."""

    holder: str
    is_pool: bool
    site_name: str
    limits: Limits
    open_bookings: int
    week_minutes: int
    month_minutes: int


@dataclass(frozen=True, slots=True)
class FairUse:
    """A business's shares in the houses that set limits, and its cool-down if one runs."""

    shares: tuple[Share, ...]
    cooling: CoolDown | None


def fair_use(*, business_id: int, now: datetime) -> FairUse:
    """Return what a business holds against the limits of each house it used in 90 days."""
    session = reading()
    used = (
        select(Booking.site_id)
        .where(Booking.business_id == business_id, Booking.starts_at > now - timedelta(days=90))
        .distinct()
    )
    limited = func.coalesce(Site.limit_open, Site.limit_week_hours, Site.limit_month_hours)
    sites = session.scalars(
        select(Site).where(Site.id.in_(used), limited.is_not(None)).order_by(Site.id)
    ).all()
    holders = load_holders(session, business_id=business_id) if sites else []
    shares = []
    for site in sites:
        calendar = load_calendar(session, site.id)
        today = calendar.day_of(now)
        from_day = min(week_of(today), month_of(today))
        for holder in holders:
            use: Use = load_use(
                session, holder=holder, site_id=site.id, calendar=calendar, from_day=from_day
            )
            shares.append(
                Share(
                    holder.name,
                    holder.is_pool,
                    site.name,
                    holder.limits(site.limits),
                    len(use.open_days),
                    use.in_week(today),
                    use.in_month(today),
                )
            )
    return FairUse(tuple(shares), load_cooling(session, business_id=business_id, now=now))
