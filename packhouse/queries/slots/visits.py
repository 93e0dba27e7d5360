"""Free machine time as people look at it: one visit, a day, other times, and who else asks.

What a job costs and where it fits is decided by the same functions of the domain that booking
uses; nothing here is held for anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import State, change_until, problems_with_start
from packhouse.domain.machines import MachineTime, takes_over, usual_minutes
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Job, traits_of
from packhouse.domain.slots import Phases, Placement, best_options, options, place, refusals
from packhouse.domain.tariffs import price_of, price_with
from packhouse.domain.time_range import TimeRange, ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem
from packhouse.models.bookings import Booking, load_leeway
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Demand, load_neighbours, load_operators_full
from packhouse.models.tariffs import Reductions, load_reductions
from packhouse.queries.bookings import BookingItem
from packhouse.queries.slots.choices import MachineChoice, ProductChoice, product_choice

LOOK_AHEAD = timedelta(days=14)
RIVAL_DAYS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Visit:
    """One time on one machine for a job: instants in UTC, minutes by phase, whole rupiah.

    ``why`` is empty, or tells why it is worth showing (see domain Choice). ``reduction`` is the
    kind of rule that makes ``price`` less than ``full_price``, or empty. ``usual_minutes`` is
    between what setup and run usually take, None while too few runs tell.
    """

    machine: str
    machine_name: str
    site: str
    site_name: str
    site_address: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    phases: Phases
    tariff_per_hour: int
    price: int
    full_price: int
    reduction: str
    percent_off: int
    needs_approval: bool
    change_until: datetime
    why: tuple[str, ...] = ()
    usual_minutes: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FreeDay:
    """Every start worth showing on a machine's local day, or why there is none."""

    machine: MachineChoice
    day: date
    visits: tuple[Visit, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody else's wish for a machine; ``code`` is None for one that was not served."""

    code: str | None
    business_name: str
    product_name: str
    pack: str
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Spot:
    """A machine of a house, with what stands on it around a window."""

    machine: Machine
    site: Site
    time: MachineTime
    reductions: Reductions


def free_day(
    *,
    product: ProductChoice,
    quantity: int,
    machine: str,
    day: date | None,
    actor: Actor,
    now: datetime,
) -> FreeDay:
    """Return the free starts for a job on a machine's local day (None: today).

    Raises NotFound for an unknown machine.
    """
    session = reading()
    row, site = _machine(session, machine)
    calendar = load_calendar(session, site.id)
    today = calendar.day_of(now)
    day = day or today
    chosen = MachineChoice(row.code, row.name, site.code, site.name, site.zone)
    window, problem = None, _day_problem(day, today, site)
    if problem is None:
        window = bookable(calendar.local_day(day), site, actor, now)
        problem = Problem("too_soon", {"notice_minutes": site.notice_minutes})
    if window is None:
        return FreeDay(chosen, day, (), (problem,))
    job = job_for(session, product, quantity)
    (spot,) = spots_of(session, site, [row], window, product, now)
    visits = tuple(visit_of(spot, each.placement) for each in options(spot.time, job, window))
    refused = () if visits else refusals(spot.time, job, window)
    problems = tuple(problem.told_in(site.zone) for problem in refused)
    return FreeDay(chosen, day, visits, problems)


def visit_at(
    *,
    product: ProductChoice,
    quantity: int,
    machine: str,
    starts_at: datetime,
    actor: Actor,
    now: datetime,
) -> tuple[Visit | None, tuple[Problem, ...]]:
    """Return what a job at exactly this start would be, or every rule that refuses it.

    Raises NotFound for an unknown machine.
    """
    session = reading()
    row, site = _machine(session, machine)
    problems = problems_with_start(
        starts_at=starts_at,
        now=now,
        notice_minutes=0 if may_operate(actor, site.id) else site.notice_minutes,
        horizon_days=site.horizon_days,
    )
    if problems:
        return None, tuple(problems)
    window = TimeRange(starts_at, starts_at + timedelta(seconds=1))
    (spot,) = spots_of(session, site, [row], window, product, now)
    placed = place(spot.time, job_for(session, product, quantity), starts_at)
    if isinstance(placed, Placement):
        return visit_of(spot, placed, quantity=quantity), ()
    return None, tuple(problem.told_in(site.zone) for problem in placed)


def other_times(
    *, booking: BookingItem, actor: Actor, now: datetime, from_at: datetime | None = None
) -> tuple[Visit, ...]:
    """Return up to three times for the job of a booking on any machine of its house.

    The look ahead is two weeks from ``from_at`` (None: now). Its own time counts as free; its
    present start is not among them, nor what a move would be refused for: another step of its
    job, or a limit of fair use. On its own machine it costs what it was booked for. Raises
    NotFound as ``product_choice`` does.
    """
    session = reading()
    if booking.product_id is None:
        return ()
    product = product_choice(product_id=booking.product_id, actor=actor)
    site = session.get_one(Site, booking.site_id)
    staff = may_operate(actor, site.id)
    leeway = load_leeway(session, booking_id=booking.id, by_staff=staff, now=now)
    start = max(from_at or now, now, leeway.from_at or now)
    window = bookable(TimeRange(start, start + LOOK_AHEAD), site, actor, now)
    if window is None:
        return ()
    here = session.scalars(select(Machine.kind).where(Machine.code == booking.machine)).one()
    machines = [
        each
        for each in session.scalars(
            select(Machine).where(Machine.site_id == site.id).order_by(Machine.id)
        )
        if takes_over(here, each.kind)
    ]
    found = spots_of(session, site, machines, window, product, now, leaving=booking.id)
    spots = {spot.machine.code: spot for spot in found}
    job = job_for(session, product, booking.quantity)
    choices = best_options((spot.time for spot in found), job, window)
    visits = (
        visit_of(
            spots[each.option.placement.machine],
            each.option.placement,
            each.why,
            quantity=job.quantity,
        )
        for each in choices
    )
    now_at = (booking.machine, booking.starts_at)
    return tuple(
        _as_booked(each, booking)
        for each in visits
        if (each.machine, each.starts_at) != now_at
        and leeway.allows(each.starts_at, each.ends_at, minutes=each.phases.work_minutes)
    )


def _as_booked(visit: Visit, booking: BookingItem) -> Visit:
    """Return a visit at the price of a booking that moves there."""
    if visit.machine != booking.machine:
        return visit
    tariff, minutes = booking.tariff_per_hour, visit.phases.work_minutes
    return replace(
        visit,
        tariff_per_hour=tariff,
        full_price=price_of(tariff, minutes),
        price=price_of(tariff, minutes, booking.percent_off),
        reduction=booking.reduction,
        percent_off=booking.percent_off,
    )


def rivals(*, booking: BookingItem, now: datetime) -> tuple[Rival, ...]:
    """Return who else wanted the machine of a request: for the one who decides it.

    Those are the other open requests on the machine for the same local day, and the wishes of
    the last two weeks for its pack that the house could not serve; ten of them at most.
    """
    session = reading()
    day = load_calendar(session, booking.site_id)
    same_day = day.local_day(day.day_of(booking.starts_at))
    requests = (
        select(Booking.code, Business.name, Product.name, Product.pack, Booking.quantity,
               Booking.created_at)
        .join(Machine, Machine.id == Booking.machine_id)
        .join(Business, Business.id == Booking.business_id)
        .join(Product, Product.id == Booking.product_id)
        .where(
            Machine.code == booking.machine,
            Booking.starts_at >= same_day.start,
            Booking.starts_at < same_day.end,
            Booking.state == State.REQUESTED,
            Booking.id != booking.id,
        )
    )  # fmt: skip
    wishes = (
        select(literal(None), Business.name, Product.name, Product.pack, Demand.quantity,
               Demand.at)
        .join(Business, Business.id == Demand.business_id)
        .join(Product, Product.id == Demand.product_id)
        .where(
            Demand.at > now - RIVAL_DAYS,
            Demand.pack == booking.pack,
            Demand.business_id != booking.business_id,
            or_(Demand.site_id == booking.site_id, Demand.site_id.is_(None)),
        )
        .order_by(Demand.at.desc())
    )  # fmt: skip
    found = [*session.execute(requests.limit(10)), *session.execute(wishes.limit(10))]
    return tuple(Rival(*row) for row in found[:10])


# --- looking ------------------------------------------------------------------------------------


def job_for(session: Session, product: ProductChoice, quantity: int) -> Job:
    """Return so many pieces of a product as planning sees them."""
    row = session.get_one(Product, product.id)
    traits = traits_of(row.lane, frozenset(row.allergens), row.aroma, wet=row.wet)
    return Job(traits, row.pack, quantity)


def _machine(session: Session, code: str) -> tuple[Machine, Site]:
    row = session.execute(
        select(Machine, Site).join(Site, Site.id == Machine.site_id).where(Machine.code == code)
    ).one_or_none()
    if row is None:
        raise NotFound("machine_not_found", machine=code)
    machine, site = row
    return machine, site


def spots_of(
    session: Session,
    site: Site,
    machines: Sequence[Machine],
    window: TimeRange,
    product: ProductChoice,
    now: datetime,
    *,
    leaving: int | None = None,
) -> list[Spot]:
    """Load machines of one house with what stands around the window, in whole local days."""
    calendar = load_calendar(session, site.id)
    days = TimeRange(
        calendar.local_day(calendar.day_of(window.start)).start,
        calendar.local_day(calendar.day_of(window.end)).end,
    )
    ids = [machine.id for machine in machines]
    specs = load_specs(session, machines=machines, now=now, pack=product.pack)
    around = load_neighbours(session, machine_ids=ids, window=days)
    full = load_operators_full(session, site=site, window=days)
    reductions = load_reductions(session, business_id=product.business_id, now=now)
    return [
        Spot(
            machine,
            site,
            MachineTime(
                specs[machine.id],
                calendar.for_machine(machine.code),
                [each for each in around[machine.id] if leaving is None or each.key != leaving],
                full,
            ),
            reductions,
        )
        for machine in machines
    ]


def visit_of(spot: Spot, placed: Placement, why: Iterable[str] = (), *, quantity: int = 0) -> Visit:
    """Return a placement with its names, its price and why it is shown.

    With the quantity, also how long such a job usually takes.
    """
    spec = spot.time.spec
    tariff = spec.tariff_per_hour
    cost = price_with(tariff, placed.phases.work_minutes, spot.reductions.at(spot.site.id))
    return Visit(
        machine=spot.machine.code,
        machine_name=spot.machine.name,
        site=spot.site.code,
        site_name=spot.site.name,
        site_address=spot.site.address,
        zone=spot.site.zone,
        starts_at=placed.starts_at,
        ends_at=placed.ends_at,
        occupied_from=placed.occupied_from,
        phases=placed.phases,
        tariff_per_hour=tariff,
        price=cost.due,
        full_price=cost.full,
        reduction=cost.kind,
        percent_off=cost.percent,
        needs_approval=spot.machine.needs_approval,
        change_until=change_until(starts_at=placed.starts_at, cancel_hours=spot.site.cancel_hours),
        why=tuple(why),
        usual_minutes=usual_minutes(
            spec.usual, setup_minutes=spec.setup_minutes, quantity=quantity
        ),
    )


def bookable(window: TimeRange, site: Site, actor: Actor, now: datetime) -> TimeRange | None:
    """Return the part of a window that lies within the house's notice and horizon."""
    notice = 0 if may_operate(actor, site.id) else site.notice_minutes
    earliest = ceil_to_slot(now + timedelta(minutes=notice))
    latest = now + timedelta(days=site.horizon_days)
    start, end = max(window.start, earliest), min(window.end, latest)
    return TimeRange(start, end) if start < end else None


def _day_problem(day: date, today: date, site: Site) -> Problem | None:
    if day < today:
        return Problem("in_the_past")
    if day > today + timedelta(days=site.horizon_days):
        return Problem("too_far", {"horizon_days": site.horizon_days})
    return None
