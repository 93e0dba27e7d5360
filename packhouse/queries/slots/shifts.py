"""Other times for bookings that move together: all of them as far on the clock, all or none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job, Neighbour, traits_of
from packhouse.domain.slots import place
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.queries.bookings import BookingItem
from packhouse.queries.slots.visits import LOOK_AHEAD, bookable

MOST_TIMES = 3
STEP = timedelta(minutes=30)
# So far from the time of day she has already; an order of many rows is looked for less closely.
STEPS, FEW_STEPS = 16, 4
MANY = 12


@dataclass(frozen=True, slots=True)
class _Part:
    machine: MachineTime
    job: Job
    starts_at: datetime


def shifted(starts_at: datetime, *, by: timedelta, zone: str) -> datetime:
    """Return an instant moved on the wall clock of a place, in UTC."""
    here = ZoneInfo(zone)
    wall = starts_at.astimezone(here).replace(tzinfo=None) + by
    return wall.replace(tzinfo=here).astimezone(UTC)


def times_together(
    *, bookings: Sequence[BookingItem], actor: Actor, now: datetime
) -> tuple[datetime, ...]:
    """Return up to three starts for the first of bookings that move as one, each on another day.

    The look ahead is two weeks; the time of day is the nearest to the one they have. Every
    booking stays on its machine, and their own present times count as free. Nothing is held:
    moving decides anew.
    """
    session = reading()
    site = session.get_one(Site, bookings[0].site_id)
    first, last = bookings[0].starts_at, bookings[-1].starts_at
    window = bookable(TimeRange(now, now + LOOK_AHEAD), site, actor, now)
    if window is None or any(each.product_id is None for each in bookings):
        return ()
    whole = TimeRange(window.start, window.end + (last - first) + timedelta(days=1))
    parts = _parts(session, site, bookings, whole, now)
    if len(parts) < len(bookings):
        return ()
    found = []
    horizon = now + timedelta(days=site.horizon_days)
    for options in _by_day(first, window, site.zone, len(parts)):
        for by in options:
            if by and _fits(parts, by, site.zone, horizon):
                found.append(shifted(first, by=by, zone=site.zone))
                break
        if len(found) == MOST_TIMES:
            break
    return tuple(found)


def _by_day(first: datetime, window: TimeRange, zone: str, parts: int) -> Iterator[list[timedelta]]:
    """Yield for each local day how far the first may move, what is nearest on the clock first."""
    here = ZoneInfo(zone)
    today = first.astimezone(here).date()
    steps = STEPS if parts <= MANY else FEW_STEPS
    day, end = window.start.astimezone(here).date(), window.end.astimezone(here).date()
    while day <= end:
        days = timedelta(days=(day - today).days)
        near = sorted(range(-steps, steps + 1), key=lambda step: (abs(step), step))
        options = [days + step * STEP for step in near]
        yield [
            by
            for by in options
            if shifted(first, by=by, zone=zone).astimezone(here).date() == day
            and window.contains(shifted(first, by=by, zone=zone))
        ]
        day += timedelta(days=1)


def _fits(parts: Sequence[_Part], by: timedelta, zone: str, horizon: datetime) -> bool:
    """Say whether all parts fit when they move so far, each beside those placed before it."""
    added: dict[str, list[Neighbour]] = defaultdict(list)
    for part in parts:
        code = part.machine.spec.code
        starts_at = shifted(part.starts_at, by=by, zone=zone)
        if starts_at > horizon:
            return False
        beside = replace(part.machine, neighbours=[*part.machine.neighbours, *added[code]])
        placed = place(beside, part.job, starts_at)
        if isinstance(placed, tuple):
            return False
        added[code].append(
            Neighbour(
                placed.starts_at, placed.ends_at, placed.occupied_from, part.job.traits, "booking"
            )
        )
    return True


def _parts(
    session: Session, site: Site, bookings: Sequence[BookingItem], window: TimeRange, now: datetime
) -> list[_Part]:
    codes = {each.machine for each in bookings}
    machines = session.scalars(select(Machine).where(Machine.code.in_(codes))).all()
    ids = [each.id for each in machines]
    calendar = load_calendar(session, site.id)
    own = {each.id for each in bookings}
    around = {
        machine_id: [each for each in found if each.key not in own]
        for machine_id, found in load_neighbours(session, machine_ids=ids, window=window).items()
    }
    full = load_operators_full(session, site=site, window=window)
    wanted = {each.product_id for each in bookings}
    products: Mapping[int, Product] = {
        each.id: each for each in session.scalars(select(Product).where(Product.id.in_(wanted)))
    }
    times: dict[tuple[str, str], MachineTime] = {}
    for pack in {each.pack for each in products.values()}:
        specs = load_specs(session, machines=machines, now=now, pack=pack)
        for machine in machines:
            times[machine.code, pack] = MachineTime(
                specs[machine.id], calendar.for_machine(machine.code), around[machine.id], full
            )
    return [
        _Part(times[each.machine, product.pack], _job(product, each.quantity), each.starts_at)
        for each in bookings
        if (product := products.get(each.product_id or 0)) and (each.machine, product.pack) in times
    ]


def _job(product: Product, quantity: int) -> Job:
    traits = traits_of(product.lane, frozenset(product.allergens), product.aroma, wet=product.wet)
    return Job(traits, product.pack, quantity)
