"""A cooperative books for its members: a job for each row, all of them or none."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import BusinessKind
from packhouse.domain.permissions import may_act_for
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, SlotTaken
from packhouse.models.bookings import Booking, JobLine, Order
from packhouse.models.businesses import Business, CooperativeMember
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.services.audit import Once, Subject, answer_once, record
from packhouse.services.bookings.booking import add_booking, new_job
from packhouse.services.bookings.moving import for_pack
from packhouse.services.bookings.steps import Answer, Looked, answer_of, lock_by_code, new_code
from packhouse.services.products import Recipe, add_product, problems_with_recipe
from packhouse.services.reminders import tell_together
from packhouse.services.slots import Place, lock_product

MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What one member packs, where and when: a product of hers, or the recipe of a new one."""

    member_id: int
    quantity: int
    machine: str
    starts_at: datetime
    product_id: int | None = None
    recipe: Recipe | None = None


@use_case
def book_order(
    *,
    cooperative_id: int,
    site: str,
    rows: Sequence[OrderRow],
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: str = "online",
    override: str = "",
) -> Answer:
    """Book all rows of a cooperative or none; return the order's code, its bookings and price.

    Each row becomes a job of the member, who is counted as served, with a lot code of its own.
    A cooperative acts for its members and itself only. ``override`` is the staff's reason to go
    beyond the limits of fair use, kept for every row that does. Raises NotFound, RuleBroken with
    the problems of all rows, each with the number of its ``row`` (from 1, by time), SlotTaken.
    """
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Malformed("rows_out_of_range", most=MOST_ROWS)
    rows = sorted(rows, key=lambda row: (row.starts_at, row.machine))
    told = [asdict(row) | {"starts_at": int(row.starts_at.timestamp())} for row in rows]
    request = {"cooperative_id": cooperative_id, "site": site, "rows": told}
    once = Once(key, "book_order", request) if key else None
    with transaction() as session:

        def act() -> Answer:
            return _booked(
                session, cooperative_id=cooperative_id, site=site, rows=rows, actor=actor,
                now=now, source=source, override=override,
            )  # fmt: skip

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


@use_case
def look_at_order(
    *, cooperative_id: int, site: str, rows: Sequence[OrderRow], actor: Actor, now: datetime
) -> Answer:
    """Return what ``book_order`` would, and keep nothing of it. Raises what it raises.

    The rows are really booked and taken back, so that no rule is told by one and not the other.
    """
    rows = sorted(rows, key=lambda row: (row.starts_at, row.machine))
    try:
        with transaction() as session:
            made = _booked(
                session, cooperative_id=cooperative_id, site=site, rows=rows, actor=actor, now=now
            )
            raise Looked(made)
    except Looked as looked:
        answer = looked.answer
    return answer


def _booked(
    session: Session,
    *,
    cooperative_id: int,
    site: str,
    rows: Sequence[OrderRow],
    actor: Actor,
    now: datetime,
    source: str = "online",
    override: str = "",
) -> Answer:
    house = _checked(session, cooperative_id, site, rows, actor)
    products = _products(session, rows, actor, now)
    codes = {row.machine for row in rows}
    places = lock_by_code(session, codes=codes, pack=None, now=now)
    for place in places.values():
        if place.site.id != house.id:
            raise NotFound("machine_not_found", machine=place.machine.code)
    order = _new_order(session, cooperative_id, house, actor, now)
    made = _add_rows(
        session, order=order, rows=rows, products=products, places=places,
        actor=actor, now=now, source=source, override=override,
    )  # fmt: skip
    _note(session, order, made, actor, now)
    tell_together(session, kind=MessageKind.BOOKING_CONFIRMED, bookings=made, now=now)
    return {
        "code": order.code,
        "bookings": [answer_of(session, booking) for booking in made],
        "price": sum(booking.price for booking in made),
    }


def _checked(
    session: Session, cooperative_id: int, site: str, rows: Sequence[OrderRow], actor: Actor
) -> Site:
    """Return the house, once the cooperative may book there for every member of the rows."""
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None:
        raise NotFound("site_not_found", site=site)
    cooperative = session.get(Business, cooperative_id)
    if (
        cooperative is None
        or cooperative.kind != BusinessKind.COOPERATIVE
        or not may_act_for(actor, cooperative_id, house.id)
    ):
        raise NotFound("business_not_found")
    members = set(
        session.scalars(
            select(CooperativeMember.member_id).where(
                CooperativeMember.cooperative_id == cooperative_id
            )
        )
    )
    if {row.member_id for row in rows} - members - {cooperative_id}:
        raise NotFound("business_not_found")
    return house


def _products(
    session: Session, rows: Sequence[OrderRow], actor: Actor, now: datetime
) -> list[Product]:
    """Return the product of each row; a new one that stands in two rows is made once."""
    fresh: dict[tuple[int, str], int] = {}
    found = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        product_id = row.product_id
        if row.recipe is not None:
            name = (row.member_id, row.recipe.name.strip().casefold())
            wrong = problems_with_recipe(row.recipe)
            problems += [Problem(each.code, {**each.facts, "row": number}) for each in wrong]
            if not wrong and name not in fresh:
                fresh[name] = add_product(
                    session, business_id=row.member_id, recipe=row.recipe, actor=actor, now=now
                )
            product_id = fresh.get(name)
        product = lock_product(session, product_id=product_id) if product_id else None
        if product is not None and product.business_id == row.member_id:
            found.append(product)
        elif row.recipe is None:
            raise NotFound("product_not_found", row=number)
    if problems:
        raise RuleBroken(problems)
    return found


def _new_order(
    session: Session, cooperative_id: int, house: Site, actor: Actor, now: datetime
) -> Order:
    order = Order(
        code=new_code("K"),
        cooperative_id=cooperative_id,
        site_id=house.id,
        created_by=actor.id,
        created_at=now,
    )
    session.add(order)
    session.flush()
    return order


def _add_rows(
    session: Session,
    *,
    order: Order,
    rows: Sequence[OrderRow],
    products: Sequence[Product],
    places: dict[str, Place],
    actor: Actor,
    now: datetime,
    source: str,
    override: str,
) -> list[Booking]:
    made: list[Booking] = []
    problems: list[Problem] = []
    for number, (row, product) in enumerate(zip(rows, products, strict=True), start=1):
        job = new_job(session, product, row.quantity, actor=actor, now=now)
        lot = f"{order.code}-{number:02}"
        session.add(JobLine(order_id=order.id, position=number, job_id=job.id, lot_code=lot))
        try:
            booking = add_booking(
                session, job=job, product=product, quantity=row.quantity,
                spot=for_pack(session, places[row.machine], product.pack, now),
                starts_at=row.starts_at, actor=actor, now=now, source=source, override=override,
            )  # fmt: skip
            made.append(booking)
        except RuleBroken as refused:
            problems += [Problem(e.code, {**e.facts, "row": number}) for e in refused.problems]
            if not session.is_active:
                break
        except SlotTaken as taken:
            raise SlotTaken(**{**taken.problems[0].facts, "row": number}) from taken
    if problems:
        raise RuleBroken(problems)
    return made


def _note(
    session: Session, order: Order, made: Sequence[Booking], actor: Actor, now: datetime
) -> None:
    subject = Subject("order", order.id, order.site_id)
    facts = {"code": order.code, "bookings": [booking.id for booking in made]}
    record(session, actor=actor, now=now, action="order:create", subject=subject, **facts)
