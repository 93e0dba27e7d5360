"""A run that begins before its booked time holds what it uses: nobody books it meanwhile."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.domain.time_range import ceil_to_slot, slot_of
from packhouse.errors import Problem, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.slots import Claim, Occupation
from packhouse.services.slots import Place, refit_day, refusal


def refuse_too_early(session: Session, booking: Booking, now: datetime) -> None:
    """Refuse a start while somebody else's time lies before the booking's own."""
    own = session.get_one(Occupation, booking.occupation_id)
    between = session.scalar(
        select(Claim.occupation_id)
        .where(
            Claim.machine_id == booking.machine_id,
            Claim.slot >= slot_of(now),
            Claim.slot < slot_of(own.from_at),
        )
        .limit(1)
    )
    if between is not None:
        raise RuleBroken([Problem("too_early", {"starts_at": booking.starts_at})])


def hold_from(session: Session, *, booking: Booking, spot: Place, begun_at: datetime) -> None:
    """Claim the time before the booking's own in which it begins, and its operator's.

    The slot in which it begins is not claimed: it is as good as over. Raises RuleBroken when
    every operator is taken then.
    """
    own = session.get_one(Occupation, booking.occupation_id)
    first = ceil_to_slot(begun_at)
    own.from_at = min(own.from_at, first)
    if own.attended_from is not None:
        own.attended_from = min(max(first, own.from_at), own.attended_from)
    try:
        session.flush()
    except IntegrityError as error:
        raise refusal(error, machine=spot.spec.code, starts_at=first) from error


def give_back_early(session: Session, *, booking: Booking, spot: Place) -> None:
    """Hold only the booked time again: the run did not begin after all, the booking waits."""
    own = session.get_one(Occupation, booking.occupation_id)
    if own.attended_from is not None:
        own.attended_from = booking.starts_at
    own.from_at = booking.starts_at  # The clean before it is found anew.
    session.flush()
    refit_day(session, spot=spot, day=spot.day_of(booking.starts_at))
