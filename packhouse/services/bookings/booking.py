"""Book machine time for a product."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import ExceptionKind, State, decision_deadline
from packhouse.domain.permissions import may_act_for, may_operate
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, SlotTaken
from packhouse.models.bookings import Booking, Job
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings.exceptions import keep_exception
from packhouse.services.bookings.limits import problems_with_use
from packhouse.services.bookings.steps import (
    Answer,
    answer_of,
    new_code,
    note,
    placed_for,
    reduce_price,
    write_times,
)
from packhouse.services.businesses import problems_with_tier
from packhouse.services.reminders import tell, tell_and_remind
from packhouse.services.slots import (
    Ask,
    Offer,
    Place,
    find_offers,
    job_of,
    lock_place,
    lock_product,
    take,
)

MOST_PIECES = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: so many pieces of a product, on a machine, from an instant on."""

    product_id: int
    quantity: int
    machine: str
    starts_at: datetime


@use_case
def book(
    *,
    wish: Wish,
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: str = "online",
    override: str = "",
) -> Answer:
    """Book a machine for a product and return the booking's answer (see ``answer_of``).

    On a machine that needs approval a producer's booking becomes a request, which holds its time
    until its deadline. A repeat under the same key returns the first answer. ``override`` is the
    staff's reason to go beyond the limits of fair use. Raises NotFound, SlotTaken, RuleBroken
    with every broken rule, KeyReused.
    """
    try:
        return _booked(wish, actor, now, key, source, override)
    except SlotTaken as taken:
        others = alternatives_to(reading(), wish=wish, actor=actor, now=now)
        raise SlotTaken(others, **taken.problems[0].facts) from None


def alternatives_to(
    session: Session, *, wish: Wish, actor: Actor, now: datetime
) -> tuple[Offer, ...]:
    """Return other times near the one that was wanted, on any machine of the same house."""
    site = session.scalar(
        select(Site.code)
        .join(Machine, Machine.site_id == Site.id)
        .where(Machine.code == wish.machine)
    )
    near = wish.starts_at - timedelta(days=1)
    ask = Ask(wish.product_id, wish.quantity, site=site, from_at=near)
    try:
        return find_offers(session, ask=ask, actor=actor, now=now)
    except Malformed:  # So far ahead or so near that the house takes no bookings around it.
        return ()


def _booked(
    wish: Wish, actor: Actor, now: datetime, key: str | None, source: str, override: str
) -> Answer:
    request = asdict(wish) | {"starts_at": int(wish.starts_at.timestamp())}
    once = Once(key, "book", request) if key else None
    with transaction() as session:

        def act() -> Answer:
            product = lock_product(session, product_id=wish.product_id)
            pack = product.pack if product else None
            spot = lock_place(session, code=wish.machine, now=now, pack=pack)
            if product is None or not may_act_for(actor, product.business_id, spot.site.id):
                raise NotFound("product_not_found")
            job = new_job(session, product, wish.quantity, actor=actor, now=now)
            booking = add_booking(
                session, job=job, product=product, quantity=wish.quantity, spot=spot,
                starts_at=wish.starts_at, actor=actor, now=now, source=source, override=override,
            )  # fmt: skip
            return answer_of(session, booking)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def new_job(
    session: Session, product: Product, quantity: int, *, actor: Actor, now: datetime
) -> Job:
    """Write the job that one or more bookings will serve. Raises Malformed."""
    if not 1 <= quantity <= MOST_PIECES:
        raise Malformed("quantity_out_of_range", quantity=quantity, most=MOST_PIECES)
    job = Job(
        code=new_code("J"),
        business_id=product.business_id,
        product_id=product.id,
        quantity=quantity,
        created_by=actor.id,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def add_booking(
    session: Session,
    *,
    job: Job,
    product: Product,
    quantity: int,
    spot: Place,
    starts_at: datetime,
    actor: Actor,
    now: datetime,
    source: str,
    override: str = "",
    promised: bool = False,
) -> Booking:
    """Place, claim and write one booking of a job on a locked machine, and tell about it.

    ``promised``: the house offered her this time itself, so its notice does not refuse it.

    ``override`` is the reason for which the staff lets somebody book beyond the limits of fair
    use; it is kept. A walk-in takes time that would stand empty: no limit refuses it.
    """
    staff = may_operate(actor, spot.site.id)
    wanted = job_of(product, quantity)
    broken = problems_with_use(
        session, spot=spot, job=wanted, business_id=product.business_id, starts_at=starts_at,
        now=now, job_id=job.id,
    )  # fmt: skip
    tier = problems_with_tier(session, business_id=job.business_id, quantity=job.quantity)
    lifted = staff and bool(override.strip())
    excused = lifted or (staff and source == "walk_in")
    placed = placed_for(
        session, spot=spot, job=wanted, starts_at=starts_at, staff=staff or promised, now=now,
        broken=[*(() if excused else broken), *(() if lifted else tier)],
    )  # fmt: skip
    asks = spot.machine.needs_approval and not staff
    occupation = take(session, spot=spot, job=wanted, placed=placed)
    booking = Booking(
        code=new_code(spot.site.code),
        job_id=job.id,
        site_id=spot.site.id,
        machine_id=spot.machine.id,
        business_id=product.business_id,
        product_id=product.id,
        occupation_id=occupation.id,
        state=State.REQUESTED if asks else State.CONFIRMED,
        source=source,
        quantity=quantity,
        decide_by=decision_deadline(
            now=now, starts_at=starts_at, request_hours=spot.site.request_hours
        )
        if asks
        else None,
        created_by=actor.id,
        created_at=now,
    )
    write_times(booking, spot, placed)
    session.add(booking)
    session.flush()
    reduce_price(session, booking, now=now, is_new=True)
    if lifted and (broken or tier):
        keep_exception(
            session, kind=ExceptionKind.BOOKED, site_id=booking.site_id, reason=override,
            actor=actor, now=now, booking_id=booking.id,
            beyond=[each.code for each in (*broken, *tier)],
        )  # fmt: skip
    beyond = {"reason": override.strip(), "beyond": [each.code for each in broken]}
    note(
        session, booking, action="booking:create", actor=actor, now=now,
        **(beyond if broken else {}),
    )  # fmt: skip
    kind = MessageKind.BOOKING_REQUESTED if asks else MessageKind.BOOKING_CONFIRMED
    announce = tell if asks else tell_and_remind
    announce(session, kind=kind, booking=booking, site=spot.site, now=now)
    return booking
