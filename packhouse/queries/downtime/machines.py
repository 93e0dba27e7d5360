"""What is broken, for how long and whom it hits."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_operate
from packhouse.domain.runs import BROKEN
from packhouse.domain.sites import Calendar
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Breakdown, Photo, utilities_of
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.runs import Run
from packhouse.models.sites import Site, load_calendar
from packhouse.queries.bookings.named import TO_CALL
from packhouse.queries.downtime.work import (
    PlannedWork,
    Recurring,
    in_hand,
    planned_on,
    recurring_on,
)
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
class Snapshot:
    """A picture of a breakdown, and when it was taken."""

    id: int
    width: int
    height: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MachineDowntime:
    """One machine: whether it is broken, whom that hits, what is planned and what it needs.

    ``back_today`` is the closing time of today if it lies ahead, ``back_next`` and ``back_after``
    the openings of the next two days; None where the calendar has none soon.
    """

    machine: str
    machine_name: str
    site_id: int
    site: str
    site_name: str
    zone: str
    run_code: str
    fault: Fault | None
    photos: tuple[Snapshot, ...]
    displaced: tuple[Displaced, ...]
    planned: tuple[PlannedWork, ...]
    recurring: tuple[Recurring, ...]
    utilities: tuple[str, ...]
    back_today: datetime | None
    back_next: datetime | None
    back_after: datetime | None


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
    today, following, after = _returns(load_calendar(session, row.site_id), now)
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
        photos=_photos(session, row.id),
        planned=planned_on(session, Machine.id == row.id, now),
        recurring=recurring_on(session, Machine.id == row.id, now),
        utilities=tuple(sorted(utilities_of(session, machine_id=row.id))),
        back_today=today,
        back_next=following,
        back_after=after,
    )


def faults(*, actor: Actor) -> tuple[Fault, ...]:
    """Return every machine of the actor's sites that failed and is not repaired, oldest first."""
    session = reading()
    waiting = Counter(
        session.scalars(
            select(Booking.machine_id).where(Booking.state == State.DISPLACED, _is_open())
        )
    )
    return _faults(session, in_hand(actor) & Breakdown.reason.in_(sorted(BROKEN)), waiting)


def photo_file(*, photo_id: int, actor: Actor) -> tuple[str, str]:
    """Return a picture's file and its machine, for whoever may see that. Raises NotFound."""
    row = (
        reading()
        .execute(
            select(Photo.name, Machine.code, Machine.site_id)
            .join(Breakdown, Breakdown.id == Photo.breakdown_id)
            .join(Machine, Machine.id == Breakdown.machine_id)
            .where(Photo.id == photo_id)
        )
        .one_or_none()
    )
    if row is None or not may_operate(actor, row.site_id):
        raise NotFound("photo_not_found")
    return str(row.name), str(row.code)


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


def _photos(session: Session, machine_id: int) -> tuple[Snapshot, ...]:
    rows = session.execute(
        select(Photo.id, Photo.width, Photo.height, Photo.created_at)
        .join(Breakdown, Breakdown.id == Photo.breakdown_id)
        .where(Breakdown.machine_id == machine_id, Breakdown.ended_at.is_(None))
        .order_by(Photo.id)
    )
    return tuple(Snapshot(*row) for row in rows)


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
        select(*TO_CALL)
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


def _returns(
    calendar: Calendar, now: datetime
) -> tuple[datetime | None, datetime | None, datetime | None]:
    """Return today's closing time and the next two days' openings, as far as they lie ahead."""
    today = calendar.day_of(now)
    closing = calendar.closing_time(today)
    ahead = closing if closing is not None and closing >= now + SOONEST else None
    openings = [
        ranges[0].start
        for number in range(1, LOOK_AHEAD_DAYS + 1)
        if (ranges := calendar.open_ranges_on(today + timedelta(days=number)))
    ]
    first, second, *_ = [*openings, None, None]
    return ahead, first, second
