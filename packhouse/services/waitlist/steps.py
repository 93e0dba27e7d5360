"""Steps that everything on the waitlist is made of."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import setting
from packhouse.domain.permissions import may_act_for_business
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import local_iso, to_epoch
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import OfferState, WishState
from packhouse.errors import NotFound
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.models.waitlist import Offer, Wish
from packhouse.services.audit import Subject, record
from packhouse.services.reminders import forget_told, tell_business
from packhouse.services.slots import Place, free, lock_places

NEWS_KEEPS = timedelta(days=3)

Answer = dict[str, Any]


def locked_wish(
    session: Session, *, wish_id: int, actor: Actor, now: datetime
) -> tuple[Wish, Offer | None, Place | None]:
    """Return a wish of the actor's, its open offer, and the offer's machine, all locked.

    Machines are locked before wishes, everywhere. Raises NotFound.
    """
    wish = session.get(Wish, wish_id)
    if wish is None or not may_act_for_business(actor, wish.business_id):
        raise NotFound("wish_not_found")
    offer = session.scalar(_open_offer(wish_id))
    spot = lock_places(session, machine_ids=[offer.machine_id], now=now)[0] if offer else None
    lock_wish(session, wish)
    if offer is None:
        return wish, None, None
    session.refresh(offer)
    return wish, offer if offer.state == OfferState.OPEN else None, spot


def _open_offer(wish_id: int) -> Any:
    return select(Offer).where(Offer.wish_id == wish_id, Offer.state == OfferState.OPEN)


def lock_wish(session: Session, wish: Wish) -> None:
    """Lock a wish and read it as it is now."""
    session.refresh(wish, with_for_update={"key_share": True})


def locked_offer(session: Session, *, offer_id: int, now: datetime) -> tuple[Offer, Wish, Place]:
    """Return an offer with its wish and machine, all locked. Raises NotFound."""
    offer = session.get(Offer, offer_id)
    if offer is None:
        raise NotFound("offer_not_found")
    wish = session.get_one(Wish, offer.wish_id)
    pack = session.scalar(select(Product.pack).where(Product.id == offer.product_id))
    spot = lock_places(session, machine_ids=[offer.machine_id], now=now, pack=pack)[0]
    lock_wish(session, wish)
    session.refresh(offer)
    return offer, wish, spot


def end_offer(
    session: Session,
    *,
    offer: Offer,
    wish: Wish,
    spot: Place,
    state: OfferState,
    actor: Actor,
    now: datetime,
) -> None:
    """End an open offer of a locked wish: its time is free, the wish waits in its old place."""
    offer.state, offer.ended_at, offer.ended_by = state, now, actor.id
    wish.state = WishState.OPEN
    # Time she has just refused is not looked for again at once.
    wish.look_at = max(wish.look_at, now)
    if state == OfferState.EXPIRED:
        wish.silent += 1
    elif state != OfferState.WITHDRAWN:
        wish.silent = 0
    session.flush()
    occupation = session.get_one(Occupation, offer.occupation_id)
    if occupation.status == "live":
        free(session, spot=spot, occupation=occupation)
    forget_told(
        session, kind=MessageKind.OFFER_MADE, business_id=wish.business_id,
        key=offer_key(offer.id), now=now,
    )  # fmt: skip
    note_wish(session, wish, action=f"offer:{state}", actor=actor, now=now, offer=offer.id)


def offer_key(offer_id: int) -> str:
    """Return what the messages of an offer are known by."""
    return f"offer:{offer_id}"


def tell_of_offer(
    session: Session, *, kind: MessageKind, offer: Offer, wish: Wish, site: Site, now: datetime
) -> None:
    """Tell the people of a wish about an offer made, expired or withdrawn."""
    made = kind == MessageKind.OFFER_MADE
    tell_business(
        session, kind=kind, business_id=wish.business_id, site=site, key=offer_key(offer.id),
        facts=facts_of(session, wish, offer.machine_id, offer.starts_at, offer.ends_at)
        | {"offer": offer.id, "answer_by": to_epoch(offer.answer_by)},
        now=now, not_after=offer.answer_by if made else now + NEWS_KEEPS,
    )  # fmt: skip


def facts_of(
    session: Session, wish: Wish, machine_id: int, starts_at: datetime, ends_at: datetime
) -> dict[str, Any]:
    """Return what a message about a wish and a time says, and no more."""
    machine = session.get_one(Machine, machine_id)
    return {
        "code": f"#{wish.id}",
        "wish": wish.id,
        "machine": machine.name,
        "starts_at": to_epoch(starts_at),
        "ends_at": to_epoch(ends_at),
    }


def note_wish(
    session: Session, wish: Wish, *, action: str, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a wish as it is now."""
    session.flush()
    subject = Subject("wish", wish.id, wish.site_id or 0)
    record(session, actor=actor, now=now, action=action, subject=subject, state=wish.state, **facts)


def wish_answer(session: Session, wish: Wish) -> Answer:
    """Return what programs are told of a wish: codes, ISO 8601 times of its house."""
    site = session.get(Site, wish.site_id) if wish.site_id else None
    return describe_wish(
        wish, site.code if site else None, site.zone if site else str(setting("ZONE"))
    )


def describe_wish(wish: Wish, site: str | None, zone: str) -> Answer:
    """Return a wish as programs are told it."""
    return {
        "id": wish.id,
        "kind": wish.kind,
        "state": wish.state,
        "product": wish.product_id,
        "quantity": wish.quantity,
        "least": wish.least,
        "site": site,
        "from": local_iso(wish.from_at, zone),
        "to": local_iso(wish.to_at, zone),
        "part_of_day": wish.part_of_day,
        "kinds": list(wish.kinds),
        "same_day": wish.same_day,
        "arrived_at": local_iso(wish.arrived_at, zone),
        "version": wish.version,
    }
