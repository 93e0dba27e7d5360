"""Steps of moving several bookings at once: all leave before the first arrives."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from packhouse.domain.permissions import may_operate
from packhouse.domain.users import Actor
from packhouse.models.bookings import Booking, Move
from packhouse.models.machines import load_specs
from packhouse.models.products import Product
from packhouse.models.slots import Occupation
from packhouse.services.bookings.requests import release
from packhouse.services.bookings.steps import note, placed_for, write_moved
from packhouse.services.slots import Place, job_of, occupy


def leave(
    session: Session, *, booking: Booking, places: Mapping[int, Place], actor: Actor, now: datetime
) -> Move:
    """Give a booking's time back, and return where it was: ``keep_move`` keeps it.

    ``places`` are locked machines by id, its own among them.
    """
    note(session, booking, action="booking:leave", actor=actor, now=now)
    release(session, booking, places[booking.machine_id])
    return Move(
        booking_id=booking.id,
        at=now,
        actor_id=actor.id,
        old_machine_id=booking.machine_id,
        old_starts_at=booking.starts_at,
        old_ends_at=booking.ends_at,
    )


def arrive(
    session: Session,
    *,
    booking: Booking,
    place: Place,
    starts_at: datetime,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a booking that holds no time a start on a locked machine.

    Raises SlotTaken, or RuleBroken with every rule that refuses it.
    """
    product = session.get_one(Product, booking.product_id)
    spot = for_pack(session, place, product.pack, now)
    wanted = job_of(product, booking.quantity)
    placed = placed_for(
        session, spot=spot, job=wanted, starts_at=starts_at,
        staff=may_operate(actor, spot.site.id), now=now,
    )  # fmt: skip
    occupation = session.get_one(Occupation, booking.occupation_id)
    occupy(session, spot=spot, job=wanted, placed=placed, occupation=occupation)
    write_moved(session, booking, spot, placed, now=now)


def keep_move(session: Session, *, move: Move, booking: Booking) -> None:
    """Write that a booking which left has arrived where it is now."""
    move.new_machine_id = booking.machine_id
    move.new_starts_at, move.new_ends_at = booking.starts_at, booking.ends_at
    session.add(move)


def for_pack(session: Session, place: Place, pack: str, now: datetime) -> Place:
    """Return a locked machine with its rate for a pack."""
    spec = load_specs(session, machines=[place.machine], now=now, pack=pack)[place.machine.id]
    return replace(place, spec=spec)
