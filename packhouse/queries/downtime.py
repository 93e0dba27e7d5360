"""What is broken, for how long and whom it hits, and the work that is planned on machines."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, select, true
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.permissions import STAFF, may_operate
from packhouse.domain.sites import Calendar
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Breakdown, Maintenance
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.runs import Run
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Occupation
from packhouse.queries.runs import Contact, contacts_of

LOOK_AHEAD_DAYS = 14
SOONEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Displaced:
    """A booking that lost its time on a machine and has no new one yet."""

    code: str
    business_name: str
    product_name: str
    pack: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A machine that is broken now; ``displaced`` counts who still waits for a new time."""

    machine: str
    machine_name: str
    site_name: str
    zone: str
    reason: str
    note: str
    started_at: datetime
    expected_back_at: datetime
    displaced: int


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """Planned work on a machine that is not over yet."""

    id: int
    machine: str
    machine_name: str
    site_id: int
    zone: str
    reason: str
    note: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class MachineDowntime:
    """One machine: whether it is broken, whom that hits, and what is planned.

    ``back_today`` is the closing time of today if it lies ahead, ``back_next`` the next opening
    after today; None where the calendar has none soon.
    """

    machine: str
    machine_name: str
    site_id: int
    site: str
    site_name: str
    zone: str
    run_code: str
    fault: Fault | None
    displaced: tuple[Displaced, ...]
    planned: tuple[PlannedWork, ...]
    back_today: datetime | None
    back_next: datetime | None


def machine_downtime(*, code: str, actor: Actor, now: datetime) -> MachineDowntime:
    """Return a machine's breakdown, the bookings it displaced and the work planned on it.

    Raises NotFound for a machine that is unknown or of another house.
    """
    session = reading()
    row = session.execute(
        select(Machine.id, Machine.code, Machine.name, *_OF_SITE, Booking.code.label("run_code"))
        .join(Site, Site.id == Machine.site_id)
        .outerjoin(Run, and_(Run.machine_id == Machine.id, Run.ended_at.is_(None)))
        .outerjoin(Booking, Booking.id == Run.booking_id)
        .where(Machine.code == code)
    ).one_or_none()
    if row is None or not may_operate(actor, row.site_id):
        raise NotFound("machine_not_found", machine=code)
    displaced = _displaced(session, row.id)
    faults = _faults(session, Machine.id == row.id, {row.id: len(displaced)})
    today, following = _returns(load_calendar(session, row.site_id), now)
    return MachineDowntime(
        machine=row.code,
        machine_name=row.name,
        site_id=row.site_id,
        site=row.site,
        site_name=row.site_name,
        zone=row.zone,
        run_code=row.run_code or "",
        fault=faults[0] if faults else None,
        displaced=displaced,
        planned=_planned(session, Machine.id == row.id, now),
        back_today=today,
        back_next=following,
    )


def faults(*, actor: Actor) -> tuple[Fault, ...]:
    """Return every machine of the actor's sites that is broken now, the longest broken first."""
    session = reading()
    waiting = Counter(
        session.scalars(
            select(Booking.machine_id).where(Booking.state == State.DISPLACED, _is_open())
        )
    )
    return _faults(session, _in_hand(actor), waiting)


def planned_work(*, actor: Actor, now: datetime) -> tuple[PlannedWork, ...]:
    """Return the planned work of the actor's sites that is not over, by time."""
    return _planned(reading(), _in_hand(actor), now)


def maintenance_machine(*, maintenance_id: int, actor: Actor) -> str:
    """Return the code of the machine that planned work is on. Raises NotFound."""
    row = (
        reading()
        .execute(
            select(Machine.code, Machine.site_id)
            .join(Maintenance, Maintenance.machine_id == Machine.id)
            .where(Maintenance.id == maintenance_id)
        )
        .one_or_none()
    )
    if row is None or not may_operate(actor, row.site_id):
        raise NotFound("maintenance_not_found")
    return str(row.code)


# --- selecting ----------------------------------------------------------------------------------

_OF_SITE = (
    Site.id.label("site_id"),
    Site.code.label("site"),
    Site.name.label("site_name"),
    Site.zone,
)
_FAULTS: Select[*tuple[Any, ...]] = (
    select(Machine.id, Machine.code, Machine.name, *_OF_SITE, Breakdown.reason, Breakdown.note,
           Breakdown.started_at, Breakdown.expected_back_at)
    .join(Machine, Machine.id == Breakdown.machine_id)
    .join(Site, Site.id == Machine.site_id)
    .where(Breakdown.ended_at.is_(None))
    .order_by(Breakdown.started_at, Breakdown.id)
)  # fmt: skip


def _in_hand(actor: Actor) -> ColumnElement[bool]:
    """Select the machines that ``may_operate`` admits."""
    if actor.is_system or actor.role == Role.ADMIN:
        return true()
    return Machine.site_id.in_(actor.site_ids) if actor.role in STAFF else false()


def _is_open() -> ColumnElement[bool]:
    # Spelled as the partial index has it, so that it is used.
    return literal_column(
        "bookings.state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
    )


def _faults(
    session: Session, condition: ColumnElement[bool], displaced: dict[int, int]
) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            machine=row.code,
            machine_name=row.name,
            site_name=row.site_name,
            zone=row.zone,
            reason=row.reason,
            note=row.note,
            started_at=row.started_at,
            expected_back_at=row.expected_back_at,
            displaced=displaced.get(row.id, 0),
        )
        for row in session.execute(_FAULTS.where(condition))
    )


def _displaced(session: Session, machine_id: int) -> tuple[Displaced, ...]:
    rows = session.execute(
        select(
            Booking.code,
            Booking.business_id,
            Booking.quantity,
            Booking.starts_at,
            Booking.ends_at,
            Business.name.label("business_name"),
            Product.name.label("product_name"),
            Product.pack,
        )
        .outerjoin(Business, Business.id == Booking.business_id)
        .outerjoin(Product, Product.id == Booking.product_id)
        .where(Booking.machine_id == machine_id, Booking.state == State.DISPLACED, _is_open())
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    people = contacts_of(business_ids=sorted({row.business_id for row in rows if row.business_id}))
    return tuple(
        Displaced(
            code=row.code,
            business_name=row.business_name or "",
            product_name=row.product_name or "",
            pack=row.pack or "",
            quantity=row.quantity,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            contacts=people.get(row.business_id or 0, ()),
        )
        for row in rows
    )


def _planned(
    session: Session, condition: ColumnElement[bool], now: datetime
) -> tuple[PlannedWork, ...]:
    rows: Iterable[Any] = session.execute(
        select(
            Maintenance.id,
            Machine.code,
            Machine.name,
            Site.id,
            Site.zone,
            Maintenance.reason,
            Maintenance.note,
            Occupation.from_at,
            Occupation.to_at,
        )
        .join(Occupation, Occupation.id == Maintenance.occupation_id)
        .join(Machine, Machine.id == Maintenance.machine_id)
        .join(Site, Site.id == Machine.site_id)
        .where(
            condition,
            literal_column("occupations.kind <> 'booking' AND occupations.status = 'live'"),
            Occupation.to_at > now,
        )
        .order_by(Occupation.from_at, Maintenance.id)
    )
    return tuple(PlannedWork(*row) for row in rows)


def _returns(calendar: Calendar, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return today's closing time and the next opening behind today, as far as they lie ahead."""
    today = calendar.day_of(now)
    closing = calendar.closing_time(today)
    ahead = closing if closing is not None and closing >= now + SOONEST else None
    for number in range(1, LOOK_AHEAD_DAYS + 1):
        ranges = calendar.open_ranges_on(today + timedelta(days=number))
        if ranges:
            return ahead, ranges[0].start
    return ahead, None
