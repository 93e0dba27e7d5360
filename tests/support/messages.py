"""A confirmed booking with people to tell, and the rows of the outbox, for tests of messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.domain.reminders import REMINDERS, Channel, MessageKind
from packhouse.domain.users import Actor
from packhouse.models.bookings import Booking, Job
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.services.reminders import forget_reminders, tell
from tests.factories import Make

codes = count(1)


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking and its owner."""

    id: int
    site_id: int
    owner: Actor


def book(
    make: Make, starts_at: datetime, *, state: State = State.CONFIRMED, site_id: int | None = None
) -> Booked:
    """Put a booking of an hour on a machine of its own; nobody is told."""
    site_id = site_id or make.site()
    machine_id = make.machine(site_id)
    business_id = make.business()
    owner = make.producer(business_id)
    product_id = make.product(business_id)
    number = next(codes)
    ends_at = starts_at + timedelta(hours=1)
    with transaction() as session:
        job = Job(
            code=f"J{number}",
            business_id=business_id,
            product_id=product_id,
            quantity=400,
            created_at=make.now,
        )
        occupation = Occupation(
            site_id=site_id, machine_id=machine_id, kind="booking", from_at=starts_at, to_at=ends_at
        )
        session.add_all([job, occupation])
        session.flush()
        booking = Booking(
            code=f"B{number}",
            job_id=job.id,
            site_id=site_id,
            machine_id=machine_id,
            business_id=business_id,
            product_id=product_id,
            occupation_id=occupation.id,
            state=state,
            quantity=400,
            starts_at=starts_at,
            ends_at=ends_at,
            decide_by=starts_at if state == State.REQUESTED else None,
            created_at=make.now,
        )
        session.add(booking)
        session.flush()
        return Booked(booking.id, site_id, owner)


def write(booked: Booked, *kinds: MessageKind, now: datetime) -> None:
    """Tell the owner of a booking these things."""
    with transaction() as session:
        booking = session.get_one(Booking, booked.id)
        site = session.get_one(Site, booked.site_id)
        for kind in kinds:
            tell(session, kind=kind, booking=booking, site=site, now=now)


def plan(booked: Booked, *, now: datetime) -> None:
    """Write the reminders of a booking."""
    with transaction() as session:
        booking = session.get_one(Booking, booked.id)
        site = session.get_one(Site, booked.site_id)
        for kind in sorted(REMINDERS):
            tell(session, kind=kind, booking=booking, site=site, now=now)


def change(
    booked: Booked,
    *,
    now: datetime,
    state: State | None = None,
    starts_at: datetime | None = None,
    forget: bool = True,
) -> None:
    """Move a booking or change its state, and forget what is no longer true."""
    with transaction() as session:
        booking = session.get_one(Booking, booked.id)
        booking.state = state or booking.state
        if starts_at is not None:
            booking.starts_at, booking.ends_at = starts_at, starts_at + timedelta(hours=1)
            booking.version += 1
        if forget:
            forget_reminders(session, booking=booking, now=now)


def outbox(channel: Channel | None = None) -> dict[str, str]:
    """Return the state of every message by ``v<version>:<kind>:<channel>`` (one booking only)."""
    with transaction() as session:
        rows = session.scalars(select(Message).order_by(Message.due_at, Message.id))
        return {
            f"v{row.booking_version}:{row.kind}:{row.channel}": row.state
            for row in rows
            if channel is None or row.channel == channel
        }


def counts() -> dict[str, int]:
    """Return how many messages stand in which state."""
    with transaction() as session:
        states = list(session.scalars(select(Message.state)))
    return {state: states.count(state) for state in sorted(set(states))}
