"""Requests: approved, rejected, or expired by themselves."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_manage
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed
from packhouse.models.bookings import Booking
from packhouse.models.slots import Occupation
from packhouse.services.bookings.steps import Answer, answer_of, become, locked_booking
from packhouse.services.reminders import tell, tell_and_remind
from packhouse.services.slots import Place, free

BATCH = 100


@use_case
def approve(*, code: str, actor: Actor, now: datetime) -> Answer:
    """Confirm a request; a second approval returns the same answer."""
    with transaction() as session:
        booking, spot = _request(session, code, actor, now)
        if booking.state == State.CONFIRMED:
            return answer_of(session, booking)
        become(session, booking, State.CONFIRMED, actor=actor, now=now)
        kind = MessageKind.REQUEST_APPROVED
        tell_and_remind(session, kind=kind, booking=booking, site=spot.site, now=now)
        return answer_of(session, booking)


@use_case
def reject(*, code: str, reason: str, actor: Actor, now: datetime) -> Answer:
    """Refuse a request with a reason that its owner reads; its time is free at once."""
    if not reason.strip():
        raise Malformed("reason_missing")
    with transaction() as session:
        booking, spot = _request(session, code, actor, now)
        if booking.state == State.REJECTED:
            return answer_of(session, booking)
        become(session, booking, State.REJECTED, actor=actor, now=now, reason=reason.strip())
        release(session, booking, spot)
        tell(session, kind=MessageKind.REQUEST_REJECTED, booking=booking, site=spot.site, now=now)
        return answer_of(session, booking)


def _request(session: Session, code: str, actor: Actor, now: datetime) -> tuple[Booking, Place]:
    booking, spot = locked_booking(session, code=code, actor=actor, now=now)
    if not may_manage(actor, booking.site_id):
        raise NotAllowed
    return booking, spot


def release(session: Session, booking: Booking, spot: Place) -> None:
    """Give a booking's time back, with the cleaning of those around it."""
    occupation = session.get_one(Occupation, booking.occupation_id)
    if occupation.status == "live":
        free(session, spot=spot, occupation=occupation)


@use_case
def expire_requests(*, actor: Actor, now: datetime) -> int:
    """Let requests whose deadline has passed expire, and tell; return how many."""
    with transaction() as session:
        due = session.scalars(
            select(Booking.code)
            .where(Booking.state == State.REQUESTED, Booking.decide_by <= now)
            .order_by(Booking.decide_by)
            .limit(BATCH)
        ).all()
        for code in due:
            booking, spot = locked_booking(session, code=code, actor=actor, now=now)
            if booking.state != State.REQUESTED:
                continue
            become(session, booking, State.EXPIRED, actor=actor, now=now)
            release(session, booking, spot)
            tell(
                session, kind=MessageKind.REQUEST_EXPIRED, booking=booking, site=spot.site, now=now
            )
        return len(due)
