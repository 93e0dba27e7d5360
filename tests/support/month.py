"""A house that lives for days on end, with breakdowns, through the same services as its people.

Everything that happens is drawn from one seed. Every ten minutes of the house's time somebody may
book, the operator serves who is there, machines break and are repaired, plans are made and
applied, and whoever got a new time answers, or does not.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from flask import Flask
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db, reading
from packhouse.domain.bookings import WAITING, State
from packhouse.domain.replanning.answers import Answer, AnswerState, CallResult
from packhouse.domain.users import Actor, Role
from packhouse.errors import PackhouseError, WrongState
from packhouse.jobs.reminders import deliver_messages
from packhouse.models.bookings import Booking
from packhouse.models.replanning import PlanAnswer
from packhouse.models.sites import load_calendar
from packhouse.queries.replanning import calls
from packhouse.services import bookings, downtime, replanning, runs, slots
from packhouse.services.bookings import Target, Wish
from packhouse.services.runs import Counts
from packhouse.services.slots import Ask
from tests.factories import Make
from tests.support.duties import SENDERS, duties_of
from tests.support.floor import TRAITS

STEP = timedelta(minutes=10)
MACHINES = 6
# How many hours a repair is said to take, and by how much that is wrong.
LASTS = (1, 3, 8, 26, 50)
WRONG_BY = (0.4, 0.8, 1.0, 1.0, 1.7)


@dataclass(slots=True)
class Month:
    """The house, its people and what is to come."""

    app: Flask
    site_id: int
    machines: tuple[str, ...]
    producers: tuple[tuple[Actor, int], ...]
    operator: Actor
    chance: Random
    mean_between_failures: timedelta = timedelta(hours=25)
    fates: dict[str, str] = field(default_factory=dict)
    repairs: dict[str, datetime] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def tries(self, what: str, act: Callable[..., object], **told: object) -> bool:
        """Do something that the house may refuse; say whether it did it."""
        try:
            act(**told)
        except PackhouseError as refused:
            db.session.rollback()
            self.done[f"{what}: {type(refused).__name__}"] += 1
            return False
        self.done[what] += 1
        return True

    # --- producers ----------------------------------------------------------------------------

    def book(self, now: datetime) -> None:
        """Book one of the times of a quote for the days to come."""
        actor, product = self.chance.choice(self.producers)
        ask = Ask(
            product, self.chance.choice((300, 600, 900, 1500)), site="PTK",
            from_at=now + timedelta(days=self.chance.choice((0, 1, 1, 2, 3, 5))),
        )  # fmt: skip
        offers = slots.quote(ask=ask, actor=actor, now=now).offers
        if not offers:
            return
        offer = self.chance.choice(offers)
        wish = Wish(product, ask.quantity, offer.machine, offer.starts_at)

        def act() -> None:
            code = bookings.book(wish=wish, actor=actor, now=now)["code"]
            self.fates[code] = self.chance.choice(("come",) * 6 + ("late", "absent", "cancel"))

        self.tries("book", act)

    def answer(self, now: datetime) -> None:
        """Let whoever is asked about a new time say something, or keep silent."""
        asked = reading().execute(
            select(Booking.code, Booking.business_id)
            .join(PlanAnswer, PlanAnswer.booking_id == Booking.id)
            .where(
                PlanAnswer.state == AnswerState.ASKED,
                PlanAnswer.booking_version == Booking.version,
                Booking.state.in_(WAITING),
                Booking.starts_at > now,
            )
        )
        for code, business_id in asked.all():
            says = self.chance.choice([*[Answer.ACCEPT] * 5, Answer.DECLINE, Answer.CALL, None])
            actor = self.owner(business_id)
            if says is None or not self.tries(
                f"answer {says}",
                lambda c=code, a=actor, s=says: replanning.answer(
                    code=c, answer=s, actor=a, now=now
                ),
            ):
                continue
            if says is Answer.DECLINE:
                self.choose_again(code, actor, now)

    def choose_again(self, code: str, actor: Actor, now: datetime) -> None:
        """Take another time, or give it up."""
        if self.chance.random() < 0.5 and self.move(code, actor, now):
            return
        self.tries("cancel", bookings.cancel, code=code, actor=actor, now=now)

    def move(self, code: str, actor: Actor, now: datetime) -> bool:
        """Move a booking to the first time that a quote offers."""
        booking = reading().scalars(select(Booking).where(Booking.code == code)).one()
        ask = Ask(booking.product_id or 0, booking.quantity, site="PTK")
        offers = slots.quote(ask=ask, actor=actor, now=now).offers
        if not offers:
            return False
        target = Target(offers[0].starts_at, offers[0].machine)
        return self.tries("move", bookings.move, code=code, target=target, actor=actor, now=now)

    def owner(self, business_id: int | None) -> Actor:
        """Return who acts for a business."""
        return next(actor for actor, _ in self.producers if business_id in actor.business_ids)

    # --- the operator -------------------------------------------------------------------------

    def serve(self, now: datetime) -> None:
        """Check in, start, end and miss whom the day brings."""
        rows = reading().execute(
            select(
                Booking.code, Booking.state, Booking.starts_at, Booking.ends_at,
                Booking.quantity, Booking.business_id,
            )
            .where(
                Booking.state.in_((*WAITING, State.RUNNING)),
                Booking.starts_at.between(now - timedelta(hours=14), now + timedelta(hours=5)),
            )
            .order_by(Booking.starts_at)
        )  # fmt: skip
        for code, state, starts_at, ends_at, quantity, business_id in rows.all():
            fate = self.fates.get(code, "come")
            if state == State.RUNNING:
                if now >= ends_at + STEP * self.chance.choice((-1, 0, 0, 1, 3)):
                    counts = Counts(quantity - quantity // 50, quantity // 50)
                    self.tries(
                        "finish", runs.finish, code=code, counts=counts,
                        actor=self.operator, now=now,
                    )  # fmt: skip
            elif fate == "cancel" and starts_at - now > timedelta(hours=3):
                actor = self.owner(business_id)
                self.tries("cancel", bookings.cancel, code=code, actor=actor, now=now)
            elif fate == "absent":
                if now >= starts_at + timedelta(minutes=30):
                    self.tries("no_show", runs.no_show, code=code, actor=self.operator, now=now)
            elif now >= starts_at + STEP * (fate == "late"):
                self.receive(code, now)

    def receive(self, code: str, now: datetime) -> None:
        """Check a customer in and start her run."""
        given = {"code": code, "actor": self.operator, "now": now}
        if self.tries("check_in", runs.check_in, **given):
            self.tries("start", runs.start, **given, unclean="Dicatat di kertas.")

    # --- what breaks --------------------------------------------------------------------------

    def wear(self, now: datetime) -> None:
        """Let machines break, and repair those whose time has come."""
        for machine in self.machines:
            if machine in self.repairs:
                if now >= self.repairs[machine]:
                    del self.repairs[machine]
                    self.tries(
                        "repair", downtime.repair, machine=machine, actor=self.operator, now=now
                    )
                    self.plan(now)
            elif self.chance.random() < STEP / self.mean_between_failures:
                hours = timedelta(hours=self.chance.choice(LASTS))
                self.repairs[machine] = now + hours * self.chance.choice(WRONG_BY)
                self.tries(
                    "breakdown", downtime.report_breakdown, machine=machine, reason="breakdown",
                    expected_back_at=now + hours, actor=self.operator, now=now,
                )  # fmt: skip
                self.plan(now)

    def plan(self, now: datetime) -> None:
        """Propose new times for everybody who has none, and accept the proposal."""
        try:
            plan = replanning.propose(site="PTK", actor=self.operator, now=now)
        except WrongState:  # Nobody needs one.
            db.session.rollback()
            return
        self.tries("plan", replanning.apply_plan, plan_id=plan, actor=self.operator, now=now)

    def displaced(self) -> set[str]:
        """Return who has no time at present."""
        state = Booking.state == State.DISPLACED
        return set(reading().scalars(select(Booking.code).where(state)))

    def call(self, now: datetime) -> None:
        """Go through the list of who must be called: agree, find another time, or not reach her."""
        for item in calls(site="PTK", actor=self.operator, now=now):
            code, has_time = item.code, item.has_time
            result = self.chance.choice((CallResult.AGREED, CallResult.OTHER_TIME))
            if self.chance.random() < 0.2:
                result = CallResult.UNREACHED
            elif not has_time:
                result = CallResult.OTHER_TIME
            said = self.tries(
                f"call {result}",
                replanning.note_call,
                code=code,
                result=result,
                actor=self.operator,
                now=now,
            )
            if said and result is CallResult.OTHER_TIME:
                self.choose_again(code, self.operator, now)

    # --- time ---------------------------------------------------------------------------------

    def live(self, first: datetime, *, days: int) -> datetime:
        """Live for so many calendar days from an instant on; return when they are over."""
        calendar = load_calendar(reading(), self.site_id)
        start = calendar.day_of(first)
        for number in range(days):
            self.day(start + timedelta(days=number), first)
        over = calendar.local_day(start + timedelta(days=days)).start + timedelta(minutes=30)
        self.work(over)
        return over

    def day(self, day: date, first: datetime) -> None:
        """Live one day: its opening hours in steps, and the worker's duties around the clock."""
        calendar = load_calendar(reading(), self.site_id)
        night = calendar.local_day(day).start + timedelta(hours=1)
        if night > first:
            self.work(night)
        for opens in calendar.open_ranges_on(day):
            now = max(opens.start, first)
            while now <= opens.end:
                with clock.frozen(now):
                    self.step(now)
                if now.minute < 10:
                    self.work(now)
                db.session.remove()
                now += STEP

    def step(self, now: datetime) -> None:
        """Let ten minutes happen."""
        if self.chance.random() < 0.5:
            self.book(now)
        self.wear(now)
        deliver_messages(senders=SENDERS)
        self.serve(now)
        self.answer(now)
        if now.minute >= 50:
            self.call(now)

    def work(self, now: datetime) -> None:
        """Do the worker's duties, and plan for whom they took time from."""
        with clock.frozen(now):
            self.failed += duties_of(self.app)
            if self.displaced() - self.known:
                self.plan(now)
            self.known = self.displaced()


def build(app: Flask, make: Make, *, seed: int) -> Month:
    """Make a house of six machines, one of them attended, and five businesses."""
    site = make.site(code="PTK", operators=1)
    codes = tuple(f"M{number}" for number in range(1, MACHINES + 1))
    for code in codes:
        make.machine(site, code=code, rate_per_minute=12.0, attended=code == "M6")
    people: list[tuple[Actor, int]] = []
    for number in range(5):
        business = make.business()
        product = make.product(business, **TRAITS[number % len(TRAITS)])
        people.append((make.producer(business), product))
    operator = make.user(Role.OPERATOR, sites=(site,))
    return Month(app, site, codes, tuple(people), operator, Random(seed))
