"""A mark of absence taken back: she is there, and has her time again if nobody else has it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import State
from packhouse.domain.users import Actor
from packhouse.errors import Problem, RuleBroken, SlotTaken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.products import Product
from packhouse.models.slots import Occupation
from packhouse.services.bookings import become
from packhouse.services.slots import Place, fit, job_of, lock_places, occupy

# So long after the mark it can be taken back; later she is a customer who comes without a booking.
BACK_WITHIN = timedelta(minutes=30)


def take_back(
    session: Session, *, booking: Booking, spot: Place, actor: Actor, now: datetime
) -> None:
    """Let a customer who was missed be there after all, on a locked machine.

    Raises WrongState unless she was missed, RuleBroken when it is too late or her time is
    somebody else's by now.
    """
    if booking.state != State.NO_SHOW or booking.product_id is None:
        raise WrongState(
            "wrong_state", code=booking.code, state=booking.state, wanted=State.ARRIVED
        )
    marked_at = _marked_at(session, booking)
    if marked_at is None or not marked_at <= now < marked_at + BACK_WITHIN:
        minutes = BACK_WITHIN // timedelta(minutes=1)
        raise RuleBroken([Problem("back_too_late", {"minutes": minutes})])
    _take_again(session, booking, spot, now)
    become(session, booking, State.ARRIVED, actor=actor, now=now)


def _marked_at(session: Session, booking: Booking) -> datetime | None:
    return session.scalar(
        select(AuditEntry.at)
        .where(
            AuditEntry.subject_kind == "booking",
            AuditEntry.subject_id == booking.id,
            AuditEntry.action == f"booking:{State.NO_SHOW}",
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )


def _take_again(session: Session, booking: Booking, spot: Place, now: datetime) -> None:
    """Claim the whole of her time anew, with the cleaning it needs as its neighbours are now."""
    product = session.get_one(Product, booking.product_id)
    [spot] = lock_places(session, machine_ids=[spot.machine.id], now=now, pack=product.pack)
    occupation = session.get_one(Occupation, booking.occupation_id)
    job = job_of(product, booking.quantity)
    try:
        placed = fit(session, spot=spot, job=job, starts_at=booking.starts_at)
        occupy(session, spot=spot, job=job, placed=placed, occupation=occupation)
    except (SlotTaken, RuleBroken):
        facts = {"machine": spot.machine.code}
        raise RuleBroken([Problem("time_given_away", facts)]) from None
