"""Taking and freeing machine time: the only code that writes the occupations of bookings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import hold, violated
from packhouse.domain.bookings import State
from packhouse.domain.machines import MachineSpec, MachineTime, cleanings_on
from packhouse.domain.products import Job, Neighbour, cleaning_level, traits_of
from packhouse.domain.sites import Calendar
from packhouse.domain.slots import Placement, place
from packhouse.errors import NotFound, Problem, RuleBroken, SlotTaken
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Occupation, load_neighbours, load_operators_full
from packhouse.models.waitlist import Offer


@dataclass(frozen=True, slots=True)
class Place:
    """A machine whose row is locked, with what planning needs to know of it and its house."""

    machine: Machine
    site: Site
    spec: MachineSpec
    calendar: Calendar

    def day_of(self, instant: datetime) -> date:
        """Return the local day of an instant at this house."""
        return self.calendar.day_of(instant)


_LOCKED = (
    select(Machine, Site)
    .join(Site, Site.id == Machine.site_id)
    .where(Machine.code == bindparam("code"))
    .with_for_update(of=Machine, key_share=True)
)


def lock_place(session: Session, *, code: str, now: datetime, pack: str | None = None) -> Place:
    """Lock a machine so that its neighbours stand still until the commit.

    With a pack, its spec has the rate for that pack. Raises NotFound.
    """
    found = session.execute(_LOCKED, {"code": code}).first()
    if found is None:
        # It was moved to another house while we waited for it: its old house is no match.
        found = session.execute(_LOCKED, {"code": code}).first()
    if found is None:
        raise NotFound("machine_not_found", machine=code)
    machine, site = found
    return _place_of(session, machine, site, now, pack)


def lock_places(
    session: Session, *, machine_ids: Iterable[int], now: datetime, pack: str | None = None
) -> list[Place]:
    """Lock several machines in the order of their ids, so that two commands never cross."""
    machines = session.scalars(
        select(Machine)
        .where(Machine.id.in_(set(machine_ids)))
        .order_by(Machine.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    return [
        _place_of(session, machine, session.get_one(Site, machine.site_id), now, pack)
        for machine in machines
    ]


def _place_of(
    session: Session, machine: Machine, site: Site, now: datetime, pack: str | None
) -> Place:
    spec = load_specs(session, machines=[machine], now=now, pack=pack)[machine.id]
    calendar = load_calendar(session, site.id).for_machine(machine.code)
    return Place(machine, site, spec, calendar)


_PRODUCT = (
    select(Product, Business)
    .join(Business, Business.id == Product.business_id)
    .where(Product.id == bindparam("product_id"))
    .with_for_update(of=Product, read=True, key_share=True)
    .execution_options(populate_existing=True)
)


def lock_product(session: Session, *, product_id: int) -> Product | None:
    """Return a product whose recipe stands still until the commit, if there is such a one."""
    found = session.execute(_PRODUCT, {"product_id": product_id}).first()
    if found is None:
        return None
    product, business = found
    hold(session, business)
    return product


def job_of(product: Product, quantity: int) -> Job:
    """Return what planning needs to know of so many pieces of a product."""
    traits = traits_of(product.lane, frozenset(product.allergens), product.aroma, wet=product.wet)
    return Job(traits, product.pack, quantity)


def fit(session: Session, *, spot: Place, job: Job, starts_at: datetime) -> Placement:
    """Place a job on a locked machine.

    Raises SlotTaken when the only trouble is that others hold the time, else RuleBroken with
    every rule that refuses.
    """
    window = spot.calendar.local_day(spot.day_of(starts_at))
    neighbours = _neighbours(session, spot, spot.day_of(starts_at))
    full = load_operators_full(session, site=spot.site, window=window) if spot.spec.attended else []
    placed = place(MachineTime(spot.spec, spot.calendar, neighbours, full), job, starts_at)
    if isinstance(placed, Placement):
        return placed
    if {problem.code for problem in placed} <= {"time_taken"}:
        raise SlotTaken(machine=spot.spec.code, starts_at=starts_at, zone=spot.site.zone)
    raise RuleBroken([problem.told_in(spot.site.zone) for problem in placed])


def _neighbours(session: Session, spot: Place, day: date) -> list[Neighbour]:
    found = load_neighbours(
        session, machine_ids=[spot.machine.id], window=spot.calendar.local_day(day)
    )
    return found[spot.machine.id]


def take(
    session: Session, *, spot: Place, job: Job, placed: Placement, kind: str = "booking"
) -> Occupation:
    """Claim the time of a placement, and give the booking behind it the cleaning it now needs.

    Raises SlotTaken or RuleBroken("operators_full") if the database knows better.
    """
    occupation = Occupation(site_id=spot.site.id, machine_id=spot.machine.id, kind=kind)
    occupy(session, spot=spot, job=job, placed=placed, occupation=occupation)
    hold(session, occupation)
    return occupation


def occupy(
    session: Session, *, spot: Place, job: Job, placed: Placement, occupation: Occupation
) -> None:
    """Claim the time of a placement for an occupation that holds nothing yet, as ``take`` does."""
    occupation.site_id, occupation.machine_id = spot.site.id, spot.machine.id
    occupation.from_at, occupation.to_at = placed.occupied_from, placed.ends_at
    occupation.attended_from = placed.starts_at if spot.spec.attended else None
    try:
        # The one behind first: its cleaning may shrink to make room.
        _refit_following(session, spot, job, placed)
        occupation.status = "live"
        session.add(occupation)
        session.flush()
    except IntegrityError as error:
        raise refusal(error, machine=spot.spec.code, starts_at=placed.starts_at) from error


def _refit_following(session: Session, spot: Place, job: Job, placed: Placement) -> None:
    following = placed.following
    if following is None or following.key is None or following.traits is None:
        return
    level = cleaning_level(job.traits, following.traits)
    if (level, placed.following_occupied_from) == (following.level, following.occupied_from):
        return
    assert placed.following_occupied_from is not None
    _set_cleaning(
        session,
        following.key,
        occupied_from=placed.following_occupied_from,
        level=level,
        minutes=spot.spec.cleaning_for(level),
    )
    session.flush()


def free(session: Session, *, spot: Place, occupation: Occupation) -> None:
    """Release what an occupation holds, and recompute the cleaning of what stays that day.

    It always fits: the direct way never needs more cleaning than the detour over what left.
    """
    day = spot.day_of(occupation.to_at)
    occupation.status = "released"
    session.flush()
    refit_day(session, spot=spot, day=day)


def refit_day(session: Session, *, spot: Place, day: date) -> None:
    """Store the cleaning that each booking of a machine's day needs as its neighbours stand."""
    around = MachineTime(spot.spec, spot.calendar, _neighbours(session, spot, day))
    for each in cleanings_on(around, day):
        key, claimed = each.neighbour.key, each.occupied_from
        if key is not None and claimed is not None:
            _set_cleaning(
                session, key, occupied_from=claimed, level=each.level, minutes=each.minutes
            )
    session.flush()


_HELD = (
    select(Booking, Occupation)
    .join(Occupation, Occupation.id == Booking.occupation_id)
    .where(Booking.id == bindparam("booking_id"))
)


def _set_cleaning(
    session: Session, key: int, *, occupied_from: datetime, level: int, minutes: int
) -> None:
    if key < 0:  # An offer: what it consists of is worked out again when it is accepted.
        offered = session.get_one(Offer, -key)
        session.get_one(Occupation, offered.occupation_id).from_at = occupied_from
        return
    booking, occupation = session.execute(_HELD, {"booking_id": key}).one()
    if occupation.status != "live" or booking.state == State.RUNNING:
        return
    occupation.from_at = occupied_from
    booking.cleaning_level, booking.changeover_minutes = int(level), minutes


def refusal(error: IntegrityError, *, machine: str, starts_at: datetime) -> Exception:
    """Say in the house's words why the database refused to hold a machine's time."""
    rule = violated(error)
    if "claims" in rule:
        return SlotTaken(machine=machine, starts_at=starts_at)
    if "ck_operator_load_capacity" in rule:
        return RuleBroken([Problem("operators_full", {"starts_at": starts_at})])
    return error
