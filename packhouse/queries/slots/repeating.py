"""A wish that comes back, looked at date by date: what fits, what does not, and what is nearest.

Every date goes through the planner that books it. One reading of the house serves all dates.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import (
    CoolDown,
    Limits,
    Use,
    broken_limits,
    instant_on,
    month_of,
    of_pool,
    problems_with_cooling,
    problems_with_start,
    week_of,
)
from packhouse.domain.machines import MachineTime, work_minutes
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Job, traits_of
from packhouse.domain.slots import Placement, options, place
from packhouse.domain.tariffs import price_with
from packhouse.domain.time_range import TimeRange, ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem
from packhouse.models.bookings import Holder, load_cooling, load_holders, load_use
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Closure, Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.tariffs import Reductions, load_reductions
from packhouse.queries.slots.choices import ProductChoice

ONE_DAY = timedelta(days=1)
# How far from its date a wish may be moved when the date itself has no room.
NEAR = (0, 1, -1, 2, -2, 3, -3)


@dataclass(frozen=True, slots=True)
class DateChoice:
    """A time on a machine that would do for a date; instants in UTC, whole rupiah."""

    machine: str
    machine_name: str
    starts_at: datetime
    ends_at: datetime
    price: int
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class DateCheck:
    """One date of a wish: the time wanted if it fits, else why not and what is nearest.

    ``beyond`` is the time wanted where only limits of fair use refuse it, for the staff, who may
    book it with a reason.
    """

    day: date
    fits: DateChoice | None
    problems: tuple[Problem, ...]
    nearest: DateChoice | None
    beyond: DateChoice | None = None

    @property
    def choice(self) -> DateChoice | None:
        """The time that would be booked for the date."""
        return self.fits or self.nearest or self.beyond


@dataclass(frozen=True, slots=True)
class _Wanted:
    job: Job
    machine: Machine
    minute_of_day: int


@dataclass(frozen=True, slots=True)
class _House:
    site: Site
    times: dict[str, tuple[Machine, MachineTime]]
    reductions: Reductions
    closed: tuple[tuple[date, date, str], ...]
    by_staff: bool
    notice: int
    earliest: datetime
    latest: datetime

    def choice(self, placed: Placement) -> DateChoice:
        machine, time = self.times[placed.machine]
        tariff, reduction = time.spec.tariff_per_hour, self.reductions.at(self.site.id)
        return DateChoice(
            machine.code,
            machine.name,
            placed.starts_at,
            placed.ends_at,
            price_with(tariff, placed.phases.work_minutes, reduction).due,
            machine.needs_approval,
        )


@dataclass(slots=True)
class _Share:
    """What a holder has, growing with every date that fits."""

    holder: Holder
    limits: Limits
    use: Use


def check_dates(
    *,
    product: ProductChoice,
    quantity: int,
    machine: str,
    minute_of_day: int,
    days: Sequence[date],
    actor: Actor,
    now: datetime,
) -> tuple[DateCheck, ...]:
    """Return what becomes of a wish on each of these days, in their order.

    Limits of fair use count the dates before that fit. Raises NotFound for an unknown machine.
    """
    session = reading()
    found = session.execute(
        select(Machine, Site).join(Site, Site.id == Machine.site_id).where(Machine.code == machine)
    ).one_or_none()
    if found is None:
        raise NotFound("machine_not_found", machine=machine)
    if not days:
        return ()
    row, site = found
    house = _house(session, site, product, actor, now, days)
    made = session.get_one(Product, product.id)
    traits = traits_of(made.lane, frozenset(made.allergens), made.aroma, wet=made.wet)
    wanted = _Wanted(Job(traits, made.pack, quantity), row, minute_of_day)
    shares = _shares(session, house, product, now)
    cooling = load_cooling(session, business_id=product.business_id, now=now)
    return tuple(_check(house, wanted, day, shares, cooling, now) for day in days)


def _check(
    house: _House,
    wanted: _Wanted,
    day: date,
    shares: Iterable[_Share],
    cooling: CoolDown | None,
    now: datetime,
) -> DateCheck:
    site = house.site
    starts_at = instant_on(day, wanted.minute_of_day, site.zone)
    out = problems_with_start(
        starts_at=starts_at, now=now, notice_minutes=house.notice, horizon_days=site.horizon_days
    )
    if out:
        return DateCheck(day, None, tuple(out), None)
    problems = problems_with_cooling(cooling=cooling, starts_at=starts_at, now=now)
    problems += _beyond(house, wanted, day, shares, now)
    placed = place(house.times[wanted.machine.code][1], wanted.job, starts_at)
    if isinstance(placed, Placement) and not problems:
        minutes = placed.phases.work_minutes
        for share in shares:
            share.use = share.use.with_booking(day, minutes)
        return DateCheck(day, house.choice(placed), (), None)
    nearest = beyond = None
    if isinstance(placed, Placement):
        beyond = house.choice(placed) if house.by_staff else None
    else:
        nearest = None if problems else _nearest(house, wanted, starts_at, day)
        problems += _named(house, day, placed)
    told = tuple(each.told_in(site.zone) for each in problems)
    return DateCheck(day, None, told, nearest, beyond)


def _beyond(
    house: _House, wanted: _Wanted, day: date, shares: Iterable[_Share], now: datetime
) -> Iterator[Problem]:
    time = house.times[wanted.machine.code][1]
    minutes = work_minutes(time.spec, wanted.job).total
    today, last = time.calendar.day_of(now), time.calendar.day_of(house.latest)
    for share in shares:
        for each in broken_limits(
            share.limits, share.use, day=day, minutes=minutes, today=today, last_day=last
        ):
            yield of_pool(each, share.holder.name) if share.holder.is_pool else each


def _named(house: _House, day: date, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Say which holiday it is where a day is closed, instead of that it is."""
    name = next((name for first, last, name in house.closed if first <= day <= last), "")
    for problem in problems:
        if problem.code == "closed_day" and name:
            yield Problem("day_closed_named", {"name": name})
        else:
            yield problem


def _nearest(house: _House, wanted: _Wanted, starts_at: datetime, day: date) -> DateChoice | None:
    """Return the free time nearest to the one wanted: the same day first, then days around it."""
    for away in NEAR:
        around = day + away * ONE_DAY
        found = [
            option.placement
            for machine, time in house.times.values()
            if (window := _window(house, time, around)) is not None
            for option in options(time, wanted.job, window)
        ]
        if found:
            placed = min(
                found,
                key=lambda each: (
                    abs(each.starts_at - starts_at),
                    each.machine != wanted.machine.code,
                    each.starts_at,
                ),
            )
            return house.choice(placed)
    return None


def _window(house: _House, time: MachineTime, day: date) -> TimeRange | None:
    whole = time.calendar.local_day(day)
    start, end = max(whole.start, house.earliest), min(whole.end, house.latest)
    return TimeRange(start, end) if start < end else None


# --- reading ------------------------------------------------------------------------------------


def _house(
    session: Session,
    site: Site,
    product: ProductChoice,
    actor: Actor,
    now: datetime,
    days: Sequence[date],
) -> _House:
    calendar = load_calendar(session, site.id)
    staff = may_operate(actor, site.id)
    notice = 0 if staff else site.notice_minutes
    latest = now + timedelta(days=site.horizon_days)
    first = max(min(days) - 3 * ONE_DAY, calendar.day_of(now))
    last = max(min(max(days) + 3 * ONE_DAY, calendar.day_of(latest)), first)
    whole = TimeRange(calendar.local_day(first).start, calendar.local_day(last).end)
    machines = session.scalars(
        select(Machine).where(Machine.site_id == site.id).order_by(Machine.id)
    ).all()
    specs = load_specs(session, machines=machines, now=now, pack=product.pack)
    around = load_neighbours(session, machine_ids=[each.id for each in machines], window=whole)
    full = load_operators_full(session, site=site, window=whole)
    closed = session.execute(
        select(Closure.day_from, Closure.day_to, Closure.name).where(
            Closure.site_id == site.id,
            Closure.state != "rejected",
            Closure.day_to >= first,
            Closure.day_from <= last,
        )
    )
    return _House(
        site,
        {
            each.code: (
                each,
                MachineTime(specs[each.id], calendar.for_machine(each.code), around[each.id], full),
            )
            for each in machines
        },
        load_reductions(session, business_id=product.business_id, now=now),
        tuple((row.day_from, row.day_to, row.name) for row in closed),
        staff,
        notice,
        ceil_to_slot(now + timedelta(minutes=notice)),
        latest,
    )


def _shares(session: Session, house: _House, product: ProductChoice, now: datetime) -> list[_Share]:
    limits = house.site.limits
    if not limits.are_set:
        return []
    calendar = load_calendar(session, house.site.id)
    today = calendar.day_of(now)
    shares = []
    for holder in load_holders(session, business_id=product.business_id):
        use = load_use(
            session, holder=holder, site_id=house.site.id, calendar=calendar,
            from_day=min(week_of(today), month_of(today)),
        )  # fmt: skip
        shares.append(_Share(holder, holder.limits(limits), use))
    return shares
