"""Requests for those who decide: by deadline, with what speaks for and against each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.db import reading, setting
from packhouse.domain.bookings import State, is_near
from packhouse.domain.businesses import problems_with_trial
from packhouse.domain.machines import MachineTime
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Job, traits_of
from packhouse.domain.slots import options
from packhouse.domain.time_range import TimeRange, subtract
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import Standing, best_fit, in_order
from packhouse.errors import NotFound, Problem
from packhouse.models.bookings import (
    Booking,
    RequestQuestion,
    house_at,
    is_ordered,
    load_broken_limits,
    load_holders,
)
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.replanning import load_misfits
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.users import User
from packhouse.models.waitlist import Asking, OpenWish, Wish, load_open_wishes, load_standings
from packhouse.queries.bookings.lists import ITEMS, BookingItem, item_of

MOST_LOOKED_AT = 200
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What the house asked and she answered; instants in UTC, no answer is empty."""

    question: str
    asked_by: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in the queue: whose it is, how that business stands, and the last question."""

    booking: BookingItem
    level: str
    standing: Standing
    is_near: bool
    question: Question | None


@dataclass(frozen=True, slots=True)
class Competitor:
    """Somebody for whom the time of a request would do as well, if it were refused.

    ``wish_id`` for one on the waitlist, ``code`` for one who lost her own time. ``pieces`` is how
    many of hers fit there.
    """

    business_name: str
    product_name: str
    pack: str
    pieces: int
    why: tuple[str, ...] = ()
    wish_id: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a manager must know of one request; ``broken`` needs a reason, ``unfit`` a new time."""

    broken: tuple[Problem, ...]
    unfit: tuple[Problem, ...]
    waiting: tuple[Competitor, ...]
    displaced: tuple[Competitor, ...]
    questions: tuple[Question, ...]


def requests_waiting(*, site: str, actor: Actor, now: datetime) -> tuple[RequestLine, ...]:
    """Return the open requests of a house, the nearest deadline first, in eight queries.

    Raises NotFound for a house that is not the actor's to run.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None or not may_operate(actor, house.id):
        raise NotFound("site_not_found", site=site)
    rows = session.execute(
        ITEMS.where(
            Booking.site_id == house.id,
            Booking.state == State.REQUESTED,
            Booking.decide_by > now,
        ).order_by(Booking.decide_by, Booking.id)
    ).all()
    items = [item_of(row) for row in rows]
    owners = {
        each.id: each
        for each in session.scalars(
            select(Business).where(Business.id.in_({item.business_id for item in items}))
        )
    }
    asking = [
        Asking(item.id, owner.id, owner.size, owner.regency_code, item.created_at)
        for item in items
        if (owner := owners.get(item.business_id or 0))
    ]
    standings = load_standings(session, site_id=house.id, zone=house.zone, wishes=asking, now=now)
    asked = _questions(session, [item.id for item in items])
    return tuple(
        RequestLine(
            item,
            owners[item.business_id].level,
            standings[item.id],
            item.decide_by is not None and is_near(item.decide_by, now),
            next(reversed(asked.get(item.id, ())), None),
        )
        for item in items
        if item.business_id in owners
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests of a house wait, and until when the nearest can be decided (UTC)."""

    count: int
    decide_by: datetime
    is_near: bool


def requests_to_decide(*, site_id: int, now: datetime) -> Waiting | None:
    """Return how many requests of a house wait for a decision, in one query; None for none."""
    count, nearest = (
        reading()
        .execute(
            select(func.count(), func.min(Booking.decide_by)).where(
                Booking.site_id == site_id,
                Booking.state == State.REQUESTED,
                Booking.decide_by > now,
            )
        )
        .one()
    )
    return Waiting(count, nearest, is_near(nearest, now)) if nearest else None


def questions_about(*, booking_id: int) -> tuple[Question, ...]:
    """Return what was asked about a request and answered, oldest first."""
    return tuple(_questions(reading(), [booking_id]).get(booking_id, ()))


def decision_about(*, booking: BookingItem, now: datetime) -> Decision:
    """Return what speaks for and against a request; for those who run its house alone."""
    session = reading()
    site = session.get_one(Site, booking.site_id)
    machine = session.scalars(select(Machine).where(Machine.code == booking.machine)).one()
    freed = _Freed(session, site, machine, booking, now)
    unfit = load_misfits(session, site_id=site.id, now=now)
    return Decision(
        broken=_broken(session, site, booking, now),
        unfit=next(
            (
                tuple(problem.told_in(site.zone) for problem in each.problems)
                for each in unfit
                if each.code == booking.code
            ),
            (),
        ),
        waiting=freed.waiting(),
        displaced=freed.displaced(),
        questions=questions_about(booking_id=booking.id),
    )


def _broken(
    session: Session, site: Site, booking: BookingItem, now: datetime
) -> tuple[Problem, ...]:
    """Return the limits a request breaks by now, as its approval finds them."""
    if booking.business_id is None:
        return ()
    job_id = session.scalar(select(Booking.job_id).where(Booking.id == booking.id))
    level = session.get_one(Business, booking.business_id).level
    tier = problems_with_trial(level=level, quantity=booking.quantity, most=setting("TRIAL_PIECES"))
    if not site.limits.are_set:
        return tuple(tier)
    calendar = load_calendar(session, site.id)
    limits = load_broken_limits(
        session, house=house_at(site, calendar, starts_at=booking.starts_at, now=now),
        holders=load_holders(session, business_id=booking.business_id),
        minutes=booking.phases.work_minutes, ordered=is_ordered(session, job_id),
        leaving=booking.id,
    )  # fmt: skip
    return (*limits, *tier)


def _questions(session: Session, booking_ids: Sequence[int]) -> dict[int, list[Question]]:
    found: dict[int, list[Question]] = {}
    rows = session.execute(
        select(RequestQuestion, User.name)
        .outerjoin(User, User.id == RequestQuestion.asked_by)
        .where(RequestQuestion.booking_id.in_(booking_ids))
        .order_by(RequestQuestion.id)
    )
    for row, name in rows:
        told = Question(row.question, name or "", row.asked_at, row.answer, row.answered_at)
        found.setdefault(row.booking_id, []).append(told)
    return found


class _Freed:
    """The time of a request as if it were refused, and for whom it would do."""

    def __init__(
        self, session: Session, site: Site, machine: Machine, booking: BookingItem, now: datetime
    ) -> None:
        self.session, self.site, self.machine, self.now = session, site, machine, now
        self.booking = booking
        self.calendar = load_calendar(session, site.id).for_machine(machine.code)
        self.window = TimeRange(booking.occupied_from, booking.ends_at)
        day = self.calendar.local_day(self.calendar.day_of(booking.starts_at))
        around = load_neighbours(session, machine_ids=[machine.id], window=day)[machine.id]
        self.around = [each for each in around if each.key != booking.id]
        full = load_operators_full(session, site=site, window=day) if machine.attended else []
        self.full = subtract(full, [TimeRange(booking.starts_at, booking.ends_at)])
        self.times: dict[str, MachineTime] = {}

    def time_for(self, pack: str) -> MachineTime:
        if pack not in self.times:
            specs = load_specs(self.session, machines=[self.machine], now=self.now, pack=pack)
            self.times[pack] = MachineTime(
                specs[self.machine.id], self.calendar, self.around, list(self.full)
            )
        return self.times[pack]

    def waiting(self) -> tuple[Competitor, ...]:
        """Return those on the waitlist whom it would fit, in the published order."""
        found = load_open_wishes(
            self.session,
            site_id=self.site.id,
            among=(
                Wish.from_at < self.window.end,
                Wish.to_at > self.window.start,
                Product.lane == self.machine.lane,
            ),
            most=MOST_LOOKED_AT,
        )
        fitting = {
            wish.id: (wish, pieces) for wish in found.values() if (pieces := self._pieces(wish))
        }
        standings = load_standings(
            self.session, site_id=self.site.id, zone=self.site.zone,
            wishes=[wish for wish, _ in fitting.values()], now=self.now,
        )  # fmt: skip
        ordered = in_order(standings.values())[:MOST_SHOWN]
        return tuple(
            Competitor(
                wish.business_name, wish.product_name, wish.pack, pieces, place.why,
                wish_id=wish.id,
            )
            for place in ordered
            for wish, pieces in [fitting[place.wish_id]]
        )  # fmt: skip

    def _pieces(self, wish: OpenWish) -> int:
        if not wish.takes(self.machine.kind):
            return 0
        time = self.time_for(wish.pack)
        if wish.pack not in time.spec.packs:
            return 0
        fit = best_fit(time, wish.need(), self.window)
        return fit.quantity if fit else 0

    def displaced(self) -> tuple[Competitor, ...]:
        """Return those who lost their own time and would find one here."""
        rows = self.session.execute(
            select(Booking.code, Booking.quantity, Product, Business.name)
            .join(Product, Product.id == Booking.product_id)
            .join(Business, Business.id == Booking.business_id)
            .where(
                Booking.site_id == self.site.id,
                Booking.state == State.DISPLACED,
                Product.lane == self.machine.lane,
            )
            .order_by(Booking.starts_at, Booking.id)
            .limit(MOST_LOOKED_AT)
        )
        return tuple(
            Competitor(name, product.name, product.pack, quantity, code=code)
            for code, quantity, product, name in rows
            if product.pack in self.time_for(product.pack).spec.packs
            and self._takes(product, quantity)
        )[:MOST_SHOWN]

    def _takes(self, product: Product, quantity: int) -> bool:
        traits = traits_of(
            product.lane, frozenset(product.allergens), product.aroma, wet=product.wet
        )
        job = Job(traits, product.pack, quantity)
        return bool(options(self.time_for(product.pack), job, self.window))
