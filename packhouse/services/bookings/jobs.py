"""Book a job in several parts, on one machine or on many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import GIVEN_UP, is_in_steps
from packhouse.domain.machines import STAGES, MachineKind
from packhouse.domain.permissions import may_act_for
from packhouse.domain.slots import BREATHING_MINUTES
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, SlotTaken
from packhouse.models.bookings import Booking, Job
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings.booking import Wish, add_booking, alternatives_to, new_job
from packhouse.services.bookings.steps import Answer, answer_of, lock_by_code
from packhouse.services.slots import Place, lock_product

MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Some pieces of a job on one machine from an instant on."""

    machine: str
    starts_at: datetime
    quantity: int


@use_case
def book_job(
    *,
    product_id: int,
    quantity: int,
    parts: Sequence[Part],
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: str = "online",
    override: str = "",
) -> Answer:
    """Book every part of a job or none; return the job's code, its bookings and their price.

    The parts share the pieces, or each is a step that handles all of them: then the machines
    stand in the order of the work, and a step begins a breath after the one before. Raises what
    ``book`` raises: RuleBroken with the problems of all parts at once, each with the number of
    its ``part`` (from 1), SlotTaken with other times for the part that is taken. ``override`` is
    the staff's reason to go beyond the limits of fair use, kept for every part that does.
    """
    if not 1 <= len(parts) <= MOST_PARTS:
        raise Malformed("parts_out_of_range", most=MOST_PARTS)
    if sum(part.quantity for part in parts) != quantity and not is_in_steps(
        quantity, [part.quantity for part in parts]
    ):
        raise RuleBroken([Problem("parts_do_not_add_up", {"quantity": quantity})])
    try:
        return _job_booked(
            product_id=product_id, quantity=quantity, parts=parts,
            actor=actor, now=now, key=key, source=source, override=override,
        )  # fmt: skip
    except SlotTaken as taken:
        facts = taken.problems[0].facts
        part = parts[int(str(facts["part"])) - 1]
        wish = Wish(product_id, part.quantity, part.machine, part.starts_at)
        others = alternatives_to(reading(), wish=wish, actor=actor, now=now)
        raise SlotTaken(others, **facts) from None


def _job_booked(
    *,
    product_id: int,
    quantity: int,
    parts: Sequence[Part],
    actor: Actor,
    now: datetime,
    key: str | None,
    source: str,
    override: str,
) -> Answer:
    told = [asdict(part) | {"starts_at": int(part.starts_at.timestamp())} for part in parts]
    request = {"product_id": product_id, "quantity": quantity, "parts": told}
    once = Once(key, "book_job", request) if key else None
    with transaction() as session:

        def act() -> Answer:
            product = lock_product(session, product_id=product_id)
            places = lock_by_code(
                session, codes={part.machine for part in parts},
                pack=product.pack if product else None, now=now,
            )  # fmt: skip
            if product is None or not all(
                may_act_for(actor, product.business_id, place.site.id) for place in places.values()
            ):
                raise NotFound("product_not_found")
            job = new_job(session, product, quantity, actor=actor, now=now)
            made = _add_parts(
                session, job=job, product=product, parts=parts, places=places,
                actor=actor, now=now, source=source, override=override,
            )  # fmt: skip
            answers = [answer_of(session, booking) for booking in made]
            return {
                "code": job.code,
                "product": product.id,
                "quantity": quantity,
                "bookings": answers,
                "price": sum(booking.price for booking in made),
            }

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def _add_parts(
    session: Session,
    *,
    job: Job,
    product: Product,
    parts: Sequence[Part],
    places: dict[str, Place],
    actor: Actor,
    now: datetime,
    source: str,
    override: str = "",
) -> list[Booking]:
    made: list[Booking] = []
    problems: list[Problem] = []
    for number, part in enumerate(parts, start=1):
        try:
            booking = add_booking(
                session, job=job, product=product, quantity=part.quantity,
                spot=places[part.machine], starts_at=part.starts_at,
                actor=actor, now=now, source=source, override=override,
            )  # fmt: skip
            made.append(booking)
        except RuleBroken as refused:
            problems += [_of_part(problem, number) for problem in refused.problems]
            if not session.is_active:  # The database itself refused: nothing more can be tried.
                break
        except SlotTaken as taken:
            raise SlotTaken(**_of_part(taken.problems[0], number).facts) from taken
    if not problems and is_in_steps(job.quantity, [each.quantity for each in made]):
        problems = problems_with_steps(session, made)
    if problems:
        raise RuleBroken(problems)
    return made


def problems_with_steps(session: Session, steps: Sequence[Booking]) -> list[Problem]:
    """Return where the steps of a job are out of the work's order, or too close in time."""
    problems: list[Problem] = []
    for number, (before, after) in enumerate(pairwise(steps), start=2):
        earlier, later = (
            STAGES[MachineKind(session.get_one(Machine, each.machine_id).kind)]
            for each in (before, after)
        )
        if later <= earlier:
            problems.append(Problem("steps_out_of_order", {"part": number}))
        if after.starts_at < before.ends_at + timedelta(minutes=BREATHING_MINUTES):
            facts = {"part": number, "breathing_minutes": BREATHING_MINUTES}
            problems.append(Problem("steps_too_close", facts))
    return problems


def problems_with_moved_step(session: Session, booking: Booking) -> list[Problem]:
    """Return how a booking that moved alone breaks the order of its job's steps, if it has any."""
    job = session.get(Job, booking.job_id) if booking.job_id else None
    if job is None:
        return []
    parts = session.scalars(
        select(Booking)
        .where(Booking.job_id == job.id, Booking.state.not_in(GIVEN_UP))
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    return (
        problems_with_steps(session, parts)
        if is_in_steps(job.quantity, [each.quantity for each in parts])
        else []
    )


def _of_part(problem: Problem, number: int) -> Problem:
    return Problem(problem.code, {**problem.facts, "part": number})
