"""Wishes: entered, changed, withdrawn, put first for a reason, and over when their time is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import ExceptionKind
from packhouse.domain.machines import MachineKind
from packhouse.domain.permissions import (
    STAFF,
    may_act_for_business,
    may_operate,
    may_serve_businesses,
)
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import TimeRange, to_epoch
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import (
    ALIVE,
    MOST_OPEN,
    OfferState,
    PartOfDay,
    WishKind,
    WishState,
    problems_with_wish,
)
from packhouse.errors import (
    Malformed,
    NotAllowed,
    NotFound,
    Problem,
    RuleBroken,
    Stale,
    WrongState,
)
from packhouse.models.businesses import Business
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.slots import Demand
from packhouse.models.waitlist import Offer, Reorder, Wish
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings import MOST_PIECES
from packhouse.services.bookings.exceptions import keep_exception
from packhouse.services.reminders import tell_business
from packhouse.services.waitlist.steps import (
    NEWS_KEEPS,
    Answer,
    end_offer,
    lock_wish,
    locked_wish,
    note_wish,
    wish_answer,
)

BATCH = 100
LONGEST_REASON = 500
# A wish may reach beyond what can be booked today: the horizon comes to it.
FARTHEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody would take if time freed up, and when.

    ``least`` None means all or nothing; no ``site`` any house; no ``kinds`` any machine.
    ``same_day``: she can also come at short notice.
    """

    product_id: int
    quantity: int
    from_at: datetime
    to_at: datetime
    least: int | None = None
    site: str | None = None
    part_of_day: PartOfDay = PartOfDay.ANY
    kinds: tuple[str, ...] = ()
    same_day: bool = True
    kind: WishKind = WishKind.OFFER

    def request(self) -> dict[str, object]:
        """Return what was told, as JSON, for a command that may be sent again."""
        return {
            "product": self.product_id, "quantity": self.quantity, "least": self.least,
            "from": to_epoch(self.from_at), "to": to_epoch(self.to_at), "site": self.site,
            "part": self.part_of_day.value, "kinds": list(self.kinds),
            "same_day": self.same_day, "kind": self.kind.value,
        }  # fmt: skip


@use_case
def enter(*, wanted: Wanted, actor: Actor, now: datetime, key: str | None = None) -> Answer:
    """Put a wish on the waitlist and return it (see ``describe_wish``).

    The same wish entered twice while it still waits is one wish. Raises NotFound, RuleBroken
    with everything that is wrong, KeyReused.
    """
    once = Once(key, "wish", wanted.request()) if key else None
    with transaction() as session:

        def act() -> Answer:
            product, site = _asked(session, wanted, actor, now)
            same = _same(session, wanted, product, site)
            if same is not None:
                return wish_answer(session, same)
            business = session.get_one(Business, product.business_id, with_for_update=True)
            _refuse_too_many(session, business.id)
            wish = Wish(
                kind=wanted.kind,
                business_id=business.id,
                product_id=product.id,
                source="desk" if actor.role in STAFF else "online",
                size=business.size,
                regency_code=business.regency_code,
                created_by=actor.id,
                arrived_at=now,
            )
            _write(wish, wanted, site, now)
            session.add(wish)
            note_wish(session, wish, action="wish:entered", actor=actor, now=now)
            return wish_answer(session, wish)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def _asked(
    session: Session, wanted: Wanted, actor: Actor, now: datetime
) -> tuple[Product, Site | None]:
    """Return product and house of what is wanted. Raises NotFound, RuleBroken."""
    product = session.get(Product, wanted.product_id)
    if product is None or not may_act_for_business(actor, product.business_id):
        raise NotFound("product_not_found")
    site = None
    if wanted.site is not None:
        site = session.scalar(select(Site).where(Site.code == wanted.site))
        if site is None:
            raise NotFound("site_not_found", site=wanted.site)
    if wanted.from_at >= wanted.to_at:
        raise RuleBroken([Problem("period_reversed", {"field": "to"})])
    problems = problems_with_wish(
        quantity=wanted.quantity,
        least=wanted.quantity if wanted.least is None else wanted.least,
        most=MOST_PIECES,
        window=TimeRange(wanted.from_at, wanted.to_at),
        now=now,
        horizon_days=FARTHEST_DAYS,
    )
    if product.archived_at is not None:
        problems.append(Problem("product_archived"))
    if not set(wanted.kinds) <= set(MachineKind):
        problems.append(Problem("code_unknown", {"field": "kinds", "value": wanted.kinds}))
    if problems:
        raise RuleBroken(problems)
    return product, site


def _same(session: Session, wanted: Wanted, product: Product, site: Site | None) -> Wish | None:
    """Return the wish that waits already and differs in nothing that matters."""
    alike = session.scalars(
        select(Wish).where(
            Wish.product_id == product.id,
            Wish.state.in_(ALIVE),
            Wish.kind == wanted.kind,
            Wish.quantity == wanted.quantity,
            Wish.site_id.is_(None) if site is None else Wish.site_id == site.id,
            Wish.part_of_day == wanted.part_of_day,
            Wish.to_at == wanted.to_at,
        )
    )
    return alike.first()


def _refuse_too_many(session: Session, business_id: int) -> None:
    waiting = session.scalar(
        select(func.count())
        .select_from(Wish)
        .where(Wish.business_id == business_id, Wish.state.in_(ALIVE))
    )
    if (waiting or 0) >= MOST_OPEN:
        raise RuleBroken([Problem("too_many_wishes", {"most": MOST_OPEN})])


def _write(wish: Wish, wanted: Wanted, site: Site | None, now: datetime) -> None:
    wish.kind = wanted.kind
    wish.site_id = site.id if site else None
    wish.quantity = wanted.quantity
    wish.least = wanted.quantity if wanted.least is None else wanted.least
    wish.from_at, wish.to_at = wanted.from_at, wanted.to_at
    wish.part_of_day = wanted.part_of_day
    wish.kinds = sorted(set(wanted.kinds))
    wish.same_day = wanted.same_day
    wish.look_at = wish.changed_at = now


@use_case
def change(
    *, wish_id: int, wanted: Wanted, actor: Actor, now: datetime, version: int | None = None
) -> Answer:
    """Change a waiting wish; it keeps its time of arrival. Its product stays.

    Raises NotFound, WrongState while an offer is open or when it is over, Stale, RuleBroken.
    """
    with transaction() as session:
        wish, _, _ = locked_wish(session, wish_id=wish_id, actor=actor, now=now)
        _refuse_state(wish, "change")
        if version is not None and version != wish.version:
            raise Stale("wish_changed")
        if wanted.product_id != wish.product_id:
            raise Malformed("product_not_found")
        _, site = _asked(session, wanted, actor, now)
        _write(wish, wanted, site, now)
        wish.silent = 0
        wish.version += 1
        note_wish(session, wish, action="wish:changed", actor=actor, now=now)
        return wish_answer(session, wish)


def _refuse_state(wish: Wish, wanted: str) -> None:
    if wish.state != WishState.OPEN:
        raise WrongState("wish_wrong_state", wish_state=wish.state, wanted=wanted)


@use_case
def withdraw(*, wish_id: int, actor: Actor, now: datetime) -> Answer:
    """Take a wish off the waitlist; an offer it has goes to the next. A repeat changes nothing.

    Raises NotFound, WrongState when it was served or has lapsed.
    """
    with transaction() as session:
        wish, offer, spot = locked_wish(session, wish_id=wish_id, actor=actor, now=now)
        if wish.state == WishState.WITHDRAWN:
            return wish_answer(session, wish)
        if wish.state not in ALIVE:
            raise WrongState("wish_wrong_state", wish_state=wish.state, wanted="withdraw")
        if offer is not None and spot is not None:
            end_offer(
                session, offer=offer, wish=wish, spot=spot, state=OfferState.WITHDRAWN,
                actor=actor, now=now,
            )  # fmt: skip
        wish.state, wish.closed_at = WishState.WITHDRAWN, now
        wish.version += 1
        note_wish(session, wish, action="wish:withdrawn", actor=actor, now=now)
        return wish_answer(session, wish)


@use_case
def reorder(*, wish_id: int, to_front: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Put a wish first, or back into the published order, for a reason that everybody sees.

    Raises NotFound, NotAllowed, Malformed without a reason, WrongState when it is over.
    """
    if not reason.strip():
        raise Malformed("reason_missing")
    if len(reason.strip()) > LONGEST_REASON:
        raise Malformed("text_long", field="reason", maximum=LONGEST_REASON)
    with transaction() as session:
        wish = session.get(Wish, wish_id)
        if wish is None or not may_serve_businesses(actor):
            raise NotFound("wish_not_found")
        if wish.site_id is not None and not may_operate(actor, wish.site_id):
            raise NotAllowed
        lock_wish(session, wish)
        if wish.state not in ALIVE:
            raise WrongState("wish_wrong_state", wish_state=wish.state, wanted="reorder")
        if to_front == (wish.preferred_at is not None):
            return
        wish.preferred_at = now if to_front else None
        wish.version += 1
        session.add(
            Reorder(
                wish_id=wish.id, at=now, actor_id=actor.id, to_front=to_front,
                reason=reason.strip(),
            )
        )  # fmt: skip
        keep_exception(
            session, kind=ExceptionKind.PUT_FIRST if to_front else ExceptionKind.PUT_BACK,
            # A wish for any house is put first by somebody of one.
            site_id=wish.site_id or min(actor.site_ids, default=None), reason=reason,
            actor=actor, now=now, wish_id=wish.id,
        )  # fmt: skip
        action = "wish:preferred" if to_front else "wish:unpreferred"
        note_wish(session, wish, action=action, actor=actor, now=now, reason=reason.strip())


@use_case
def lapse(*, actor: Actor, now: datetime) -> int:
    """End the wishes whose last day is over, tell, and keep them as unmet demand; return how many.

    Nothing is kept twice: a demand that the quote noted already is the same wish.
    """
    with transaction() as session:
        over = session.scalars(
            select(Wish)
            .where(Wish.state == WishState.OPEN, Wish.to_at <= now)
            .order_by(Wish.to_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        for wish in over:
            wish.state, wish.closed_at = WishState.LAPSED, now
            _keep_demand(session, wish, now)
            _tell_lapsed(session, wish, now)
            note_wish(session, wish, action="wish:lapsed", actor=actor, now=now)
        return len(over)


def _keep_demand(session: Session, wish: Wish, now: datetime) -> None:
    if wish.kind != WishKind.OFFER:
        return
    noted = session.scalar(
        select(Demand.id)
        .where(
            Demand.product_id == wish.product_id,
            Demand.quantity == wish.quantity,
            Demand.at > wish.arrived_at - timedelta(days=1),
        )
        .limit(1)
    )
    if noted is not None:
        return
    product = session.get_one(Product, wish.product_id)
    session.add(
        Demand(
            at=now, reason="wish_lapsed", user_id=wish.created_by, business_id=wish.business_id,
            product_id=wish.product_id, site_id=wish.site_id, pack=product.pack,
            quantity=wish.quantity, wanted_from=wish.from_at, wanted_to=wish.to_at,
        )
    )  # fmt: skip


def _tell_lapsed(session: Session, wish: Wish, now: datetime) -> None:
    site = _house_of(session, wish)
    if site is None:
        return
    product = session.get_one(Product, wish.product_id)
    facts = {
        "code": f"#{wish.id}", "wish": wish.id, "machine": product.name,
        "starts_at": to_epoch(wish.to_at) - 300, "ends_at": to_epoch(wish.to_at),
    }  # fmt: skip
    tell_business(
        session, kind=MessageKind.WISH_LAPSED, business_id=wish.business_id, site=site,
        key=f"wish:{wish.id}", facts=facts, now=now, not_after=now + NEWS_KEEPS,
    )  # fmt: skip


def _house_of(session: Session, wish: Wish) -> Site | None:
    if wish.site_id is not None:
        return session.get(Site, wish.site_id)
    last = session.scalar(
        select(Offer.site_id).where(Offer.wish_id == wish.id).order_by(Offer.id.desc()).limit(1)
    )
    near: Collection[int] = (last,) if last else ()
    query = select(Site).where(Site.id.in_(near)) if near else select(Site)
    return session.scalar(query.order_by(Site.regency_code != wish.regency_code, Site.id).limit(1))
