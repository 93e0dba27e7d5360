"""Many processes against one slot: the law, and the control that shows the race is real."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from config import Testing
from packhouse import create_app
from packhouse.db import db, transaction
from packhouse.domain.users import Actor
from packhouse.errors import PackhouseError
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.support.processes import CONTEXT

TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Arena:
    """A machine to fight for, and somebody who books for a business."""

    machine: str
    product: int
    actor: Actor
    starts: tuple[datetime, ...]
    now: datetime


def build_arena(make: Make, *, rounds: int, machine: str = "M3") -> Arena:
    """Make a machine and as many free starts as there are rounds, far from each other."""
    site = make.site(code="PTK", horizon_days=20_000)
    make.machine(site, code=machine, rate_per_minute=1000.0)
    business = make.business()
    starts: list[datetime] = []
    day = make.now.replace(hour=0, minute=0, second=0) + timedelta(days=2)
    while len(starts) < rounds:
        if day.weekday() < 4:
            # 07.30 to 15.30 WIB, every half hour outside the break.
            starts += [
                day + timedelta(minutes=30 + 30 * half)
                for half in (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14)
            ]
        day += timedelta(days=1)
    product = make.product(business)
    return Arena(machine, product, make.producer(business), tuple(starts[:rounds]), make.now)


def book_once(arena: Arena, starts_at: datetime) -> bool:
    """Try to book through the service."""
    wish = Wish(arena.product, 100, arena.machine, starts_at)
    try:
        bookings.book(wish=wish, actor=arena.actor, now=arena.now)
    except PackhouseError:
        return False
    return True


def book_without_guard(arena: Arena, starts_at: datetime) -> bool:
    """Look, then insert, as a program without this guard would: the control."""
    begun = int(starts_at.timestamp())
    connection = db.engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        mark = "?" if db.engine.dialect.name == "sqlite" else "%s"
        if db.engine.dialect.name == "sqlite":
            driver.execute("PRAGMA query_only=0")
        cursor = driver.cursor()
        cursor.execute(
            f"SELECT count(*) FROM naive WHERE starts < {mark} AND ends > {mark}",
            (begun + 900, begun),
        )
        taken = cursor.fetchone()[0]
        time.sleep(0.002)  # What a rule takes to think.
        if not taken:
            cursor.execute(f"INSERT INTO naive VALUES ({mark}, {mark})", (begun, begun + 900))
        if db.engine.dialect.name != "sqlite":
            driver.commit()
        return not taken
    finally:
        connection.close()


def make_naive_table() -> None:
    """Create the control's table, which knows no rule."""
    with transaction() as session:
        session.execute(text("CREATE TABLE naive (starts BIGINT, ends BIGINT)"))


Try = Callable[[Arena, datetime], bool]
MakeApp = Callable[..., Flask]


@dataclass(frozen=True, slots=True)
class Contest:
    """What every process does: open its own app, and try each start in its way."""

    make_app: MakeApp
    settings: dict[str, Any]
    arena: Arena
    attempt: Try


def _compete(contest: Contest, barrier: Barrier, results: Any, seed: int) -> None:
    app = contest.make_app(**contest.settings)
    chance = random.Random(seed)
    won, waits, failed = 0, [], 0
    with app.app_context():
        for starts_at in contest.arena.starts:
            barrier.wait(TIMEOUT)
            time.sleep(chance.random() * 0.0005)
            begun = time.perf_counter()
            try:
                won += contest.attempt(contest.arena, starts_at)
            except Exception:
                failed += 1
            waits.append(time.perf_counter() - begun)
            db.session.remove()
    results.put((won, max(waits), failed))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a race went; ``failed`` are attempts that ended in anything but yes or no."""

    wins: int
    failed: int
    worst_wait: float
    seconds: float


def race(contest: Contest, *, processes: int) -> Outcome:
    """Let so many processes try every start of the arena at the same moment."""
    barrier = CONTEXT.Barrier(processes)
    results = CONTEXT.Queue()
    runners = [
        CONTEXT.Process(
            target=_compete,
            args=(contest, barrier, results, number),
            daemon=True,
        )
        for number in range(processes)
    ]
    begun = time.perf_counter()
    for runner in runners:
        runner.start()
    outcomes = [results.get(timeout=TIMEOUT * 4) for _ in runners]
    for runner in runners:
        runner.join(TIMEOUT)
    return Outcome(
        wins=sum(each[0] for each in outcomes),
        failed=sum(each[2] for each in outcomes),
        worst_wait=max(each[1] for each in outcomes),
        seconds=time.perf_counter() - begun,
    )


def open_app(*, url: str, instance: str) -> Flask:
    """Open the app in a process of its own, on a database that is there already."""
    return create_app(Testing(DATABASE_URL=url, INSTANCE=Path(instance)))
