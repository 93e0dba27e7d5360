"""A whole floor at once: producers, operators and the worker act on the same bookings.

Every process has its own application and chance. Time runs faster than outside, the same for all
of them. Whoever changes a booking says which version of it she saw, as a page does.
"""

import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db, reading
from packhouse.domain.bookings import MOVABLE, WAITING, State
from packhouse.domain.users import Actor, Role
from packhouse.errors import PackhouseError
from packhouse.models.bookings import Booking
from packhouse.models.replanning import PlanAnswer
from packhouse.models.waitlist import Offer
from packhouse.models.waitlist import Wish as WaitingWish
from packhouse.services import bookings, downtime, replanning, runs, slots, waitlist
from packhouse.services.bookings import Target, Wish
from packhouse.services.runs import Counts
from packhouse.services.slots import Ask
from packhouse.services.waitlist import Wanted
from tests.factories import Make
from tests.support.duties import duties_of
from tests.support.processes import CONTEXT
from tests.support.races import TIMEOUT, MakeApp

# Bookings of the morning, so that there is somebody to serve from the first minute on.
FIRST = 18
TRAITS: tuple[dict[str, Any], ...] = (
    {},
    {"allergens": ["fish"]},
    {"allergens": ["milk", "egg"], "aroma": "durian"},
)


@dataclass(frozen=True, slots=True)
class Floor:
    """A house with its people, and how long and how fast they act.

    ``seconds`` pass outside; inside, ``speed`` times as many from ``opens_at`` on.
    """

    site: str
    machines: tuple[str, ...]
    products: tuple[int, ...]
    producers: tuple[Actor, ...]
    operator: Actor
    opens_at: datetime
    seconds: float
    speed: int


@dataclass(slots=True)
class Record:
    """What one person did: how often each act succeeded or was refused, and what failed.

    ``changes`` are the versions of bookings that she changed, by what she saw before.
    """

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    changes: list[tuple[str, int, str]] = field(default_factory=list)


def build(make: Make, *, seconds: float, speed: int) -> Floor:
    """Make a house of six machines, one attended, one that asks, and three businesses."""
    site = make.site(code="PTK", operators=1)
    codes = tuple(f"M{number}" for number in range(1, 7))
    for code in codes:
        make.machine(
            site, code=code, rate_per_minute=30.0,
            attended=code == "M2", needs_approval=code == "M3",
        )  # fmt: skip
    businesses = [make.business() for _ in TRAITS]
    products = tuple(
        make.product(business, **traits)
        for business, traits in zip(businesses, TRAITS, strict=True)
    )
    manager = make.user(Role.MANAGER, sites=(site,))
    for number in range(FIRST):
        bookings.book(
            wish=Wish(
                products[number % 3], 200, codes[number % 6],
                make.now + timedelta(minutes=5 + 40 * (number // 6)),
            ),
            actor=manager, now=make.now,
        )  # fmt: skip
    return Floor(
        site="PTK",
        machines=codes,
        products=products,
        producers=tuple(make.producer(business) for business in businesses),
        operator=manager,
        opens_at=make.now,
        seconds=seconds,
        speed=speed,
    )


class Person:
    """Somebody on the floor: acts by chance, at the floor's own time."""

    def __init__(self, app: Flask, floor: Floor, number: int, begun: float) -> None:
        self.app, self.floor, self.begun = app, floor, begun
        self.chance = random.Random(number)
        self.record = Record()

    @property
    def now(self) -> datetime:
        """The floor's time."""
        passed = int((time.time() - self.begun) * self.floor.speed)
        return self.floor.opens_at + timedelta(seconds=passed)

    def live(self) -> None:
        """Do something of what this person does."""
        raise NotImplementedError

    def act(self, what: Callable[[], str | None]) -> None:
        """Do one thing; a refusal is an answer, anything else a failure."""
        name = what.__name__
        try:
            outcome = what()
        except PackhouseError as refused:
            self.record.refused[f"{name}: {type(refused).__name__}"] += 1
        except Exception:
            self.record.failed.append(f"{name}: {traceback.format_exc(limit=-3)}")
        else:
            self.record.done[name] += outcome is not None
        db.session.remove()

    def pick(self, *states: State, within: timedelta | None = None) -> Any:
        """Return a booking as this person's page shows it, and let some time pass reading."""
        wanted = select(Booking.code, Booking.version, Booking.state, Booking.business_id).where(
            Booking.state.in_(states)
        )
        if within is not None:
            now = self.now
            wanted = wanted.where(Booking.starts_at.between(now - within, now + within))
        rows = reading().execute(wanted.order_by(Booking.id.desc()).limit(12)).all()
        db.session.remove()
        time.sleep(self.chance.random() * 0.01)
        return self.chance.choice(rows) if rows else None

    def offers(self, product: int, actor: Actor) -> Sequence[slots.Offer]:
        """Return the times that a quote shows."""
        ask = Ask(product, self.chance.choice((120, 400, 900)), site=self.floor.site)
        return slots.quote(ask=ask, actor=actor, now=self.now).offers

    def move(self, actor: Actor) -> str | None:
        """Move a booking of which a version was seen."""
        seen = self.pick(*MOVABLE)
        if seen is None:
            return None
        there = self.offers(self.chance.choice(self.floor.products), self.floor.operator)
        if not there:
            return None
        chosen = self.chance.choice(there)
        target = Target(chosen.starts_at, chosen.machine, seen.version)
        bookings.move(code=seen.code, target=target, actor=actor, now=self.now)
        self.record.changes.append((seen.code, seen.version, "move"))
        return str(seen.code)


class Producer(Person):
    """Books, moves, cancels, waits and answers."""

    def live(self) -> None:
        acts = (
            self.book,
            self.book,
            self.book,
            self.moves,
            self.cancel,
            self.wait,
            self.answer,
            self.reply,
        )
        self.act(self.chance.choice(acts))

    def me(self) -> tuple[Actor, int]:
        number = self.chance.randrange(len(self.floor.producers))
        return self.floor.producers[number], self.floor.products[number]

    def book(self) -> str | None:
        actor, product = self.me()
        found = self.offers(product, actor)
        if not found:
            return None
        offer = self.chance.choice(found)
        wish = Wish(product, 200, offer.machine, offer.starts_at)
        key, now = f"k{self.chance.getrandbits(60)}", self.now
        first = bookings.book(wish=wish, actor=actor, now=now, key=key)
        if self.chance.random() < 0.3:
            again = bookings.book(wish=wish, actor=actor, now=now, key=key)
            assert again == first, "a repeat was answered otherwise"
        return str(first["code"])

    def moves(self) -> str | None:
        return self.move(self.me()[0])

    def cancel(self) -> str | None:
        seen = self.pick(*MOVABLE)
        if seen is None:
            return None
        bookings.cancel(code=seen.code, actor=self.me()[0], now=self.now, version=seen.version)
        self.record.changes.append((seen.code, seen.version, "cancel"))
        return str(seen.code)

    def wait(self) -> str:
        actor, product = self.me()
        wanted = Wanted(product, 300, self.now, self.now + timedelta(days=9), site=self.floor.site)
        return str(waitlist.enter(wanted=wanted, actor=actor, now=self.now))

    def reply(self) -> str | None:
        """Say yes or no to a new time."""
        actor, _ = self.me()
        code = reading().scalar(
            select(Booking.code)
            .join(PlanAnswer, PlanAnswer.booking_id == Booking.id)
            .where(PlanAnswer.state == "asked", Booking.business_id.in_(actor.business_ids))
        )
        if code is None:
            return None
        says = self.chance.choice(("accept", "accept", "decline", "call"))
        return replanning.answer(code=code, answer=says, actor=actor, now=self.now)

    def answer(self) -> str | None:
        actor, _ = self.me()
        offer = reading().scalar(
            select(Offer.id)
            .join(WaitingWish, WaitingWish.id == Offer.wish_id)
            .where(Offer.state == "open", WaitingWish.business_id.in_(actor.business_ids))
        )
        if offer is None:
            return None
        say = waitlist.accept if self.chance.random() < 0.7 else waitlist.decline
        say(offer_id=offer, actor=actor, now=self.now)
        return str(offer)


class Operator(Person):
    """Checks in, starts, ends, decides, repairs, plans anew and moves."""

    def live(self) -> None:
        acts = (
            self.serve, self.serve, self.serve, self.decide, self.breaks,
            self.plans, self.replans, self.moves,
        )  # fmt: skip
        self.act(self.chance.choice(acts))

    def moves(self) -> str | None:
        return self.move(self.floor.operator)

    def serve(self) -> str | None:
        seen = self.pick(*WAITING, State.RUNNING, within=timedelta(hours=2))
        if seen is None:
            return None
        given: dict[str, Any] = {"code": seen.code, "actor": self.floor.operator, "now": self.now}
        if seen.state == State.RUNNING:
            match self.chance.randrange(4):
                case 0:
                    runs.pause(**given, reason="no_material")
                case 1:
                    runs.resume(**given)
                case _:
                    runs.finish(**given, counts=Counts(180, 5))
        elif seen.state == State.ARRIVED or self.chance.random() < 0.3:
            runs.start(**given, unclean="Dicatat di kertas.")
        elif self.chance.random() < 0.2:
            runs.no_show(**given)
        else:
            runs.check_in(**given)
        return str(seen.code)

    def replans(self) -> str:
        """Propose new times for whoever has none, look at them, and apply them."""
        actor = self.floor.operator
        plan = replanning.propose(site=self.floor.site, actor=actor, now=self.now)
        db.session.remove()
        time.sleep(self.chance.random() * 0.02)
        return str(replanning.apply_plan(plan_id=plan, actor=actor, now=self.now))

    def decide(self) -> str | None:
        seen = self.pick(State.REQUESTED)
        if seen is None:
            return None
        given: dict[str, Any] = {"actor": self.floor.operator, "now": self.now}
        if self.chance.random() < 0.7:
            bookings.approve(code=seen.code, **given)
        else:
            bookings.reject(code=seen.code, reason="penuh", **given)
        return str(seen.code)

    def breaks(self) -> str:
        machine = self.chance.choice(self.floor.machines)
        given: dict[str, Any] = {"machine": machine, "actor": self.floor.operator, "now": self.now}
        if self.chance.random() < 0.6:
            downtime.repair(**given)
        else:
            back = self.now + timedelta(hours=self.chance.choice((1, 5, 30)))
            downtime.report_breakdown(**given, reason="breakdown", expected_back_at=back)
        return machine

    def plans(self) -> str:
        machine = self.chance.choice(self.floor.machines)
        start = self.now + timedelta(hours=self.chance.randrange(20, 200))
        planned = downtime.plan_maintenance(
            machine=machine, from_at=start, to_at=start + timedelta(hours=1),
            reason="maintenance", actor=self.floor.operator, now=self.now,
        )  # fmt: skip
        if self.chance.random() < 0.6:
            given: dict[str, Any] = {"actor": self.floor.operator, "now": self.now}
            downtime.cancel_maintenance(maintenance_id=planned.id, **given)
        return machine


class Worker(Person):
    """Does the house's duties, as its process does."""

    def live(self) -> None:
        self.act(self.round)

    def round(self) -> str:
        with clock.frozen(self.now):
            self.record.failed += duties_of(self.app)
        return "round"


def catch_up(app: Flask, floor: Floor) -> tuple[datetime, list[str]]:
    """Let the worker finish what was cut off, after every lease has ended; return when that is."""
    then = floor.opens_at + timedelta(seconds=floor.seconds * floor.speed, hours=1)
    with clock.frozen(then):
        return then, duties_of(app)


PEOPLE: tuple[type[Person], ...] = (Producer, Producer, Operator, Operator, Worker, Worker)


def _live(
    make_app: MakeApp, settings: dict[str, Any], floor: Floor, person: int, begun: float, out: Any
) -> None:
    app = make_app(**settings)
    with app.app_context():
        who = PEOPLE[person](app, floor, person, begun)
        while time.time() < begun + floor.seconds:
            who.live()
        db.session.remove()
    out.put(who.record)


def act_together(floor: Floor, make_app: MakeApp, settings: dict[str, Any]) -> list[Record]:
    """Let everybody act at once for the floor's seconds; return what each of them did."""
    out = CONTEXT.Queue()
    begun = time.time() + 2  # Until then all of them have opened their application.
    everybody = [
        CONTEXT.Process(
            target=_live, args=(make_app, settings, floor, person, begun, out), daemon=True
        )
        for person in range(len(PEOPLE))
    ]
    for each in everybody:
        each.start()
    records = [out.get(timeout=TIMEOUT + floor.seconds) for _ in everybody]
    for each in everybody:
        each.join(TIMEOUT)
    return records


def lost_updates(records: Sequence[Record]) -> list[tuple[str, int]]:
    """Return the versions of a booking that two people changed, each unaware of the other.

    A second cancellation is answered like the first and changes nothing.
    """
    seen: dict[tuple[str, int], list[str]] = {}
    for record in records:
        for code, version, verb in record.changes:
            seen.setdefault((code, version), []).append(verb)
    return [key for key, verbs in seen.items() if len(verbs) > 1 and set(verbs) != {"cancel"}]
