"""Plays visits on a house through the services, each step at its own instant, up to now."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from sqlalchemy import func, select

from packhouse import clock
from packhouse.channels import in_app
from packhouse.db import reading
from packhouse.domain.reminders import Channel
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import floor_to_slot
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import PackhouseError, RuleBroken
from packhouse.jobs.reminders import deliver_messages
from packhouse.models.reminders import Message
from packhouse.models.sites import load_calendar
from packhouse.services import bookings, downtime, runs, slots
from packhouse.services.bookings import Wish
from packhouse.services.runs import Counts
from packhouse.services.slots import Ask

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# Invented people get their messages in the inbox only; their mail goes nowhere.
SENDERS = dict.fromkeys(Channel, in_app.send)


@dataclass(frozen=True, slots=True)
class Visit:
    """A producer's visit as it was meant and as it turns out.

    ``day`` counts open days from the one that is on or comes next (0), ``lead`` the hours between
    booking and the start asked for. ``fate``: come, late, pause, no_show, cancel, cancel_late,
    approve, reject, ask (something first), wait (for a decision).
    """

    machine: str
    owner: Actor
    product: int
    quantity: int
    day: int
    at: time
    lead: float
    fate: str = "come"


@dataclass(slots=True)
class Play:
    """The events of a house in the order of time; what lies behind ``now`` has not happened."""

    site_id: int
    now: datetime
    operator: Actor
    manager: Actor
    rng: Random
    refused: int = 0
    events: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def at(self, instant: datetime, act: Callable[[], object]) -> None:
        """Have something happen at an instant."""
        heappush(self.events, (instant, next(self.numbers), act))

    def run(self) -> None:
        """Let everything happen that has happened by now, and the worker's duties between."""
        while self.events and self.events[0][0] <= self.now:
            instant, _, act = heappop(self.events)
            self.catch_up(instant)
            with clock.frozen(instant):
                act()
        self.catch_up(self.now)

    def catch_up(self, instant: datetime) -> None:
        """Do the worker's duties whenever a message was due before an instant, and then."""
        while (due := self.next_message(instant)) is not None:
            with clock.frozen(due):
                deliver_messages(senders=SENDERS)
        self.housekeep(instant)

    def next_message(self, before: datetime) -> datetime | None:
        """Return when the next message wants to go out, if that is before an instant."""
        waiting = select(func.min(Message.next_at)).where(
            Message.state == "due", Message.next_at < before
        )
        return reading().scalar(waiting)

    def housekeep(self, instant: datetime) -> None:
        """Do what the worker would have done by an instant."""
        for duty in (
            bookings.expire_requests,
            runs.mark_no_shows,
            runs.close_forgotten,
            downtime.release_past,
        ):
            duty(actor=SYSTEM, now=instant)
        with clock.frozen(instant):
            deliver_messages(senders=SENDERS)

    def calendar(self) -> Calendar:
        """Return the house's days and hours."""
        return load_calendar(reading(), self.site_id)

    def plan(self, visits: list[Visit]) -> None:
        """Have each visit booked in time before it."""
        calendar = self.calendar()
        for visit in visits:
            day = open_day(calendar, self.now, visit.day)
            wanted = instant_of(calendar, day, visit.at)
            booked_at = min(wanted - HOUR * visit.lead, self.latest(wanted))
            self.at(booked_at, lambda v=visit, w=wanted: self.book(v, w))  # type: ignore[misc]

    def latest(self, wanted: datetime) -> datetime:
        """Return until when a visit to come must be booked: before now, if it lies ahead."""
        return self.now - MINUTE * 20 if wanted > self.now else wanted - HOUR * 2

    def book(self, visit: Visit, wanted: datetime) -> None:
        """Book the first free time from the one wanted on, if there is one that day."""
        now = clock.now()
        ask = Ask(
            visit.product, visit.quantity, machine=visit.machine, from_at=wanted,
            to_at=self.calendar().local_day(self.calendar().day_of(wanted)).end,
        )  # fmt: skip
        try:
            offers = slots.quote(ask=ask, actor=visit.owner, now=now).offers
            starts_at = min(offer.starts_at for offer in offers) if offers else None
            if starts_at is None:
                self.refused += 1
                return
            wish = Wish(visit.product, visit.quantity, visit.machine, starts_at)
            code = bookings.book(wish=wish, actor=visit.owner, now=now)["code"]
        except PackhouseError:
            self.refused += 1
            return
        ends_at = next(offer.ends_at for offer in offers if offer.starts_at == starts_at)
        self.follow(visit, code, starts_at, ends_at)

    def follow(self, visit: Visit, code: str, starts_at: datetime, ends_at: datetime) -> None:
        """Plan what becomes of a booking."""
        now = clock.now()
        owner, manager = visit.owner, self.manager
        if visit.fate == "cancel":
            self.at(
                now + (starts_at - HOUR * 26 - now) / 2,
                lambda: bookings.cancel(
                    code=code, reason="bahan belum siap", actor=owner, now=clock.now()
                ),
            )
        elif visit.fate == "cancel_late":
            self.at(
                starts_at - HOUR * 3,
                lambda: bookings.cancel(
                    code=code, reason="anak sakit", actor=owner, now=clock.now()
                ),
            )
        elif visit.fate == "reject":
            self.at(
                now + HOUR * 3,
                lambda: bookings.reject(
                    code=code, reason="Film kemasan belum sesuai ukuran mesin.",
                    actor=manager, now=clock.now(),
                ),
            )  # fmt: skip
        elif visit.fate == "ask":
            self.at(
                now + HOUR,
                lambda: bookings.ask(
                    code=code, question="Gulungan film yang Anda bawa lebarnya berapa?",
                    actor=manager, now=clock.now(),
                ),
            )  # fmt: skip
        elif visit.fate == "approve":
            self.at(
                now + HOUR * 2,
                lambda: bookings.approve(code=code, actor=manager, now=clock.now()),
            )
        if visit.fate in ("come", "late", "pause", "approve"):
            self.work(visit, code, starts_at, ends_at)

    def work(self, visit: Visit, code: str, starts_at: datetime, ends_at: datetime) -> None:
        """Plan check-in, start and finish of a visit that takes place."""
        late = MINUTE * (16 if visit.fate == "late" else 0)
        arrives = starts_at - MINUTE * self.rng.randint(2, 12) + late
        operator = self.operator

        def tap(at: datetime, act: Callable[..., object], **told: object) -> None:
            self.at(at, lambda: act(code=code, actor=operator, now=clock.now(), **told))

        tap(arrives, runs.check_in)
        begins = max(starts_at, arrives) + MINUTE * self.rng.randint(0, 3)
        self.at(begins - MINUTE, lambda: self.clean(code))
        tap(begins, runs.start)
        ends = ends_at - MINUTE * self.rng.randint(0, 4)
        if visit.fate == "pause":
            middle = begins + (ends - begins) / 2
            tap(floor_to_slot(middle), runs.pause, reason="no_material")
            tap(floor_to_slot(middle) + MINUTE * 7, runs.resume)
        done = int(visit.quantity * self.rng.uniform(0.9, 1.0))
        rejected = int(done * self.rng.uniform(0.01, 0.05))
        tap(ends, runs.finish, counts=Counts(done - rejected, rejected))

    def clean(self, code: str) -> None:
        """Sign for the clean that is due before a visit; the manager is the second person."""
        operator, manager, now = self.operator, self.manager.id or 0, clock.now()
        with suppress(RuleBroken):  # The machine is clean.
            if runs.sign_clean(code=code, actor=operator, now=now)["check"]:
                runs.check_clean(code=code, checker=manager, actor=operator, now=now)


def open_day(calendar: Calendar, now: datetime, number: int) -> date:
    """Return an open day: 0 is today while the house has not closed, else the next one."""
    day = calendar.day_of(now)
    step = timedelta(days=1)
    while not _is_still_open(calendar, day, now):
        day += step
    for _ in range(abs(number)):
        day += step if number > 0 else -step
        while not calendar.is_open_day(day):
            day += step if number > 0 else -step
    return day


def _is_still_open(calendar: Calendar, day: date, now: datetime) -> bool:
    closes_at = calendar.closing_time(day)
    return closes_at is not None and closes_at > now


def instant_of(calendar: Calendar, day: date, at: time) -> datetime:
    """Return the instant of a local time of day, not before the house opens."""
    midnight = calendar.local_day(day).start
    wanted = midnight + timedelta(hours=at.hour, minutes=at.minute)
    return max(wanted, calendar.open_ranges_on(day)[0].start)
