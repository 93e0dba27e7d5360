"""Answers to an offer: yes, no, or none by its deadline; and offers the house takes back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import STAFF, may_act_for_business
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor, Role
from packhouse.domain.waitlist import OfferState, WishState
from packhouse.errors import NotFound, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.products import Product
from packhouse.models.slots import Occupation
from packhouse.models.waitlist import Offer, Wish
from packhouse.services.bookings import add_booking, answer_of
from packhouse.services.bookings.booking import new_job
from packhouse.services.reminders import forget_told
from packhouse.services.slots import Place, free
from packhouse.services.waitlist.steps import (
    Answer,
    end_offer,
    locked_offer,
    note_wish,
    offer_key,
    tell_of_offer,
)

BATCH = 50


@use_case
def accept(*, offer_id: int, actor: Actor, now: datetime) -> Answer:
    """Turn the time held for a wish into its booking and return the booking's answer.

    One transaction: nobody else can have the time in between. A repeat returns the same answer.
    Raises NotFound, WrongState when the offer is over, RuleBroken.
    """
    with transaction() as session:
        return _accepted(session, offer_id, actor, now)


@use_case
def accept_by_link(*, offer_id: int, now: datetime) -> Answer:
    """Accept the offer that a link opens, for whoever holds the link."""
    with transaction() as session:
        return _accepted(session, offer_id, None, now)


@use_case
def decline(*, offer_id: int, actor: Actor, now: datetime) -> None:
    """Give an offered time to the next; the wish keeps its place. A repeat changes nothing."""
    with transaction() as session:
        _declined(session, offer_id, actor, now)


@use_case
def decline_by_link(*, offer_id: int, now: datetime) -> None:
    """Decline the offer that a link opens, for whoever holds the link."""
    with transaction() as session:
        _declined(session, offer_id, None, now)


def _opened(
    session: Session, offer_id: int, actor: Actor | None, now: datetime
) -> tuple[Offer, Wish, Place, Actor]:
    """Return an offer and who answers it; nobody (None) is who holds the link to it."""
    offer, wish, spot = locked_offer(session, offer_id=offer_id, now=now)
    if actor is None:
        businesses = frozenset({wish.business_id})
        return offer, wish, spot, Actor(id=None, role=Role.PRODUCER, business_ids=businesses)
    if not may_act_for_business(actor, wish.business_id):
        raise NotFound("offer_not_found")
    return offer, wish, spot, actor


def _refuse_over(offer: Offer, now: datetime) -> None:
    if offer.state != OfferState.OPEN or offer.answer_by <= now:
        over = OfferState.EXPIRED if offer.state == OfferState.OPEN else offer.state
        raise WrongState("offer_over", offer_state=over)


def _accepted(session: Session, offer_id: int, given: Actor | None, now: datetime) -> Answer:
    offer, wish, spot, actor = _opened(session, offer_id, given, now)
    if offer.state == OfferState.ACCEPTED:
        return answer_of(session, session.get_one(Booking, offer.booking_id))
    _refuse_over(offer, now)
    product = session.get_one(Product, offer.product_id)
    # The machine is locked: what is let go here is taken again before anybody else can look.
    free(session, spot=spot, occupation=session.get_one(Occupation, offer.occupation_id))
    job = new_job(session, product, offer.quantity, actor=actor, now=now)
    booking = add_booking(
        session, job=job, product=product, quantity=offer.quantity, spot=spot,
        starts_at=offer.starts_at, actor=actor, now=now,
        source="desk" if actor.role in STAFF else "online", promised=True,
    )  # fmt: skip
    offer.booking_id, offer.state = booking.id, OfferState.ACCEPTED
    offer.ended_at, offer.ended_by = now, actor.id
    wish.state, wish.closed_at, wish.silent = WishState.SERVED, now, 0
    wish.booking_id = booking.id
    wish.version += 1
    forget_told(
        session, kind=MessageKind.OFFER_MADE, business_id=wish.business_id,
        key=offer_key(offer.id), now=now,
    )  # fmt: skip
    note_wish(
        session, wish, action="offer:accepted", actor=actor, now=now,
        offer=offer.id, booking=booking.code, by_link=given is None,
    )  # fmt: skip
    return answer_of(session, booking)


def _declined(session: Session, offer_id: int, given: Actor | None, now: datetime) -> None:
    offer, wish, spot, actor = _opened(session, offer_id, given, now)
    if offer.state == OfferState.DECLINED:
        return
    _refuse_over(offer, now)
    end_offer(
        session, offer=offer, wish=wish, spot=spot, state=OfferState.DECLINED, actor=actor, now=now
    )


@use_case
def expire_offers(*, actor: Actor, now: datetime) -> int:
    """End the offers nobody answered in time, and tell; return how many.

    The wish keeps its place: nothing is lost by one silence.
    """
    with transaction() as session:
        due = session.execute(
            select(Offer.id)
            .where(Offer.state == OfferState.OPEN, Offer.answer_by <= now)
            .order_by(Offer.machine_id, Offer.id)
            .limit(BATCH)
        ).scalars()
        ended = 0
        for offer_id in list(due):
            offer, wish, spot = locked_offer(session, offer_id=offer_id, now=now)
            if offer.state == OfferState.OPEN:
                _end(session, offer, wish, spot, state=OfferState.EXPIRED, actor=actor, now=now)
                ended += 1
        return ended


def _end(
    session: Session,
    offer: Offer,
    wish: Wish,
    spot: Place,
    *,
    state: OfferState,
    actor: Actor,
    now: datetime,
) -> None:
    end_offer(session, offer=offer, wish=wish, spot=spot, state=state, actor=actor, now=now)
    expired = state == OfferState.EXPIRED
    kind = MessageKind.OFFER_EXPIRED if expired else MessageKind.OFFER_WITHDRAWN
    tell_of_offer(session, kind=kind, offer=offer, wish=wish, site=spot.site, now=now)


def retract_offers(
    session: Session, *, spot: Place, time: TimeRange, actor: Actor, now: datetime
) -> int:
    """Take back the offers of a locked machine that a breakdown hits, and tell; return how many."""
    hit = session.execute(
        select(Offer.id)
        .join(Occupation, Occupation.id == Offer.occupation_id)
        .where(
            Offer.machine_id == spot.machine.id,
            Offer.state == OfferState.OPEN,
            Occupation.from_at < time.end,
            Occupation.to_at > time.start,
        )
        .order_by(Offer.id)
    ).scalars()
    taken = list(hit)
    for offer_id in taken:
        offer, wish, _ = locked_offer(session, offer_id=offer_id, now=now)
        if offer.state == OfferState.OPEN:
            _end(session, offer, wish, spot, state=OfferState.WITHDRAWN, actor=actor, now=now)
    return len(taken)
