"""The waitlist: one promotion with 10,000 wishes, and freed time that several workers fight for.

``BENCH_RELEASES=100000`` asks for as many contested releases as the goal names; the default is
sized for minutes. The control picks the first in order as a program without locks would.
"""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select, text

from bench.histories import NOW, Past, all_pasts, compare
from bench.race import open_app
from bench.report import progress, tell
from bench.stores import Store, stores
from packhouse import clock
from packhouse.db import db, transaction
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM
from packhouse.models.businesses import Business
from packhouse.models.products import Product
from packhouse.models.slots import Occupation
from packhouse.models.waitlist import FreedTime, Offer, Wish
from packhouse.queries.audit import verify
from packhouse.services import waitlist
from packhouse.services.slots import lock_place
from packhouse.services.waitlist import retract_offers
from tests.factories import Make
from tests.support import answers, races

WISHES = 10_000
BUSINESSES = 2_000
TIMES = 60
RELEASES = 2_000
ANSWERS = 400
PROCESSES = 4
MACHINES = 8
WAITING = 24
CONTROL = 200
START = datetime(2026, 11, 24, 1, tzinfo=UTC)
# The Monday for which all of them wait: two offers a machine, fewer than there are wishes.
DAY = datetime(2026, 11, 29, 17, tzinfo=UTC)
CONTEXT = multiprocessing.get_context("spawn")
# Workers are born fast, so that many can be killed.
FORKED = multiprocessing.get_context("fork")
KILLED = 0.1


def run() -> None:
    """Measure promotion, then race it, on both databases."""
    for _, pasts in all_pasts():
        for past in pasts:
            fill(past.app, past.site, NOW)
        acts = [(past, lambda past=past: promote(past)) for past in pasts]
        compare("waitlist", "promote", acts, times=TIMES, wishes=WISHES)
        for past in pasts:
            empty(past.app)
    with stores() as both:
        for store in both:
            contest(store, releases=int(os.environ.get("BENCH_RELEASES", RELEASES)))
    with stores() as both:
        for store in both:
            answer(store, rounds=int(os.environ.get("BENCH_ANSWERS", ANSWERS)))


# --- one promotion ------------------------------------------------------------------------------


def fill(app: Flask, site: int, now: datetime) -> None:
    """Enter ten thousand wishes of two thousand businesses for a house."""
    with app.app_context(), transaction() as session:
        businesses = list(
            session.scalars(
                insert(Business).returning(Business.id),
                [
                    {
                        "name": f"Usaha {number}", "regency_code": f"61.{number % 12 + 1:02}",
                        "size": "mikro" if number % 3 else "kecil", "level": "nib",
                        "seen_level": "nib",
                        "created_at": now - timedelta(days=100),
                    }
                    for number in range(BUSINESSES)
                ],
            )
        )  # fmt: skip
        products = list(
            session.scalars(
                insert(Product).returning(Product.id),
                [
                    {"business_id": each, "name": "Keripik", "pack": "pouch_100",
                     "lane": "halal", "allergens": [], "created_at": now}
                    for each in businesses
                ],
            )
        )  # fmt: skip
        session.execute(
            insert(Wish),
            [
                {
                    "business_id": businesses[number % BUSINESSES],
                    "product_id": products[number % BUSINESSES],
                    "site_id": site, "quantity": 400 + number % 7, "least": 300,
                    "from_at": now - timedelta(days=1), "to_at": now + timedelta(days=60),
                    "size": "mikro" if number % 3 else "kecil",
                    "regency_code": f"61.{number % 12 + 1:02}",
                    "arrived_at": now - timedelta(seconds=number + 10),
                    "changed_at": now - timedelta(seconds=number + 10),
                    "look_at": now + timedelta(days=1),
                }
                for number in range(WISHES)
            ],
        )  # fmt: skip
        session.execute(text("DELETE FROM freed_times"))
        db.session.flush()


def empty(app: Flask) -> None:
    """Take the wishes off again: other benchmarks use the same house."""
    with app.app_context():
        with transaction() as session:
            for offer in session.scalars(select(Offer)):
                session.get_one(Occupation, offer.occupation_id).status = "released"
            session.flush()
            for table in ("offers", "wishes", "freed_times"):
                session.execute(text(f"DELETE FROM {table}"))
        db.session.remove()


def promote(past: Past) -> None:
    """Free the time of an offer, or look at a machine's day, and promote once."""
    chance = random.Random(time.perf_counter_ns())
    with transaction() as session:
        machine = chance.choice(past.machines)
        day = NOW + timedelta(days=chance.randrange(32, 55), hours=3)
        session.execute(
            text(
                "INSERT INTO freed_times (machine_id, from_at, to_at)"
                " SELECT id, :a, :b FROM machines WHERE code = :code"
            ),
            {"a": int(day.timestamp()), "b": int(day.timestamp()) + 3600, "code": machine},
        )
    waitlist.promote(actor=SYSTEM, now=NOW)


# --- the race -----------------------------------------------------------------------------------


def contest(store: Store, *, releases: int, processes: int = PROCESSES) -> dict[str, Any]:
    """Let workers fight for every freed time while they are killed; tell what came of it."""
    progress(f"waitlist: {releases} contested releases on {store.engine}")
    app = store.app()
    with app.app_context(), clock.frozen(START):
        furnish(Make(now=START))
        db.session.remove()
        db.engine.dispose()
    settings = {"url": store.url, "instance": str(store.folder)}
    twice = control(settings)
    tell("waitlist control", engine=store.engine, rounds=CONTROL, double_promotions=twice)
    return race(app, store.engine, releases=releases, processes=processes)


def furnish(make: Make) -> None:
    """Eight machines of one house, and businesses of every standing that wait for them."""
    site = make.site(code="PTK", operators=MACHINES)
    for number in range(MACHINES):
        make.machine(site, code=f"W{number}", rate_per_minute=10.0)
    businesses = [
        make.business(
            size="mikro" if number % 2 else "kecil", regency_code=f"61.{number % 12 + 1:02}",
            created_at=START - timedelta(days=99),
        )
        for number in range(WAITING)
    ]  # fmt: skip
    products = [make.product(each) for each in businesses]
    with transaction() as session:
        session.add_all(
            Wish(
                business_id=business, product_id=product, site_id=site, quantity=2400, least=2000,
                from_at=START, to_at=START + timedelta(days=365), look_at=START + timedelta(days=2),
                size="mikro" if number % 2 else "kecil",
                regency_code=f"61.{number % 12 + 1:02}",
                arrived_at=START - timedelta(seconds=100 - number),
                changed_at=START - timedelta(seconds=100 - number),
            )
            for number, (business, product) in enumerate(zip(businesses, products, strict=True))
        )  # fmt: skip


def race(app: Flask, engine: str, *, releases: int, processes: int) -> dict[str, Any]:
    """Free time again and again; several workers promote it, and are killed now and then."""
    chance = random.Random(7)
    # Without locks: who is killed while she holds one would stop everybody.
    stop = FORKED.RawValue("b", 0)
    at = FORKED.RawValue("q", int(START.timestamp()))
    began = [FORKED.RawValue("b", 0) for _ in range(processes)]
    workers = [_worker(app, at, stop, each) for each in began]
    begun = time.perf_counter()
    freed = kills = 0
    with app.app_context():
        while freed < releases:
            at.value += 1
            now = datetime.fromtimestamp(at.value, UTC)
            freed += _release(now, chance)
            index = chance.randrange(processes)
            if began[index].value and chance.random() < KILLED:
                os.kill(workers[index].pid or 0, signal.SIGKILL)
                workers[index].join()
                began[index].value = 0
                db.engine.dispose()
                workers[index] = _worker(app, at, stop, began[index])
                kills += 1
            time.sleep(chance.random() * 0.004)
        stop.value = 1
        for worker in workers:
            worker.join(60)
        seconds = time.perf_counter() - begun
        figures = _checked(datetime.fromtimestamp(at.value + 1, UTC))
        db.session.remove()
    told = {"engine": engine, "processes": processes, "releases": freed, "kills": kills}
    told |= figures | {"releases_per_second": round(freed / seconds)}
    tell("waitlist race", **told)
    return told


def _checked(now: datetime) -> dict[str, Any]:
    """Let the worker of the house finish, and ask the auditor."""
    with clock.frozen(now):
        while waitlist.promote(actor=SYSTEM, now=now):
            pass
        broken = {each.rule: len(each.rows) for each in verify(now=now)}
    left = db.session.scalar(select(func.count()).select_from(FreedTime)) or 0
    return {
        "offers": db.session.scalar(select(func.count()).select_from(Offer)),
        "double_promotions": broken.pop("a wish has one offer at a time and is served once", 0),
        "order_violations": broken.pop("offers follow the published order", 0),
        "forgotten": broken.pop("nobody on the waitlist is forgotten", 0) + left,
        "broken_rules": broken,
    }


def _worker(app: Flask, at: Any, stop: Any, began: Any) -> Any:
    worker = FORKED.Process(target=work, args=(app, at, stop, began), daemon=True)
    worker.start()
    return worker


def work(app: Flask, at: Any, stop: Any, began: Any) -> None:
    """Promote whatever is freed, as a worker of the house does, until told to stop."""
    with app.app_context():
        db.engine.dispose(close=False)
        while not stop.value:
            now = datetime.fromtimestamp(at.value, UTC)
            if waitlist.promote(actor=SYSTEM, now=now):
                began.value = 1
            else:
                time.sleep(0.002)
            db.session.remove()


def _release(now: datetime, chance: random.Random) -> int:
    """Take back what is offered on some machine, as a breakdown does; return how much that was.

    Its people wait on in their old place, and the time is free again: whoever is first gets it.
    """
    with transaction() as session:
        held = session.scalars(select(Offer.machine_id).where(Offer.state == "open")).all()
        number = chance.choice(held) if held else chance.randrange(1, MACHINES + 1)
        code = f"W{number - 1}"
        spot = lock_place(session, code=code, now=now)
        day = TimeRange(DAY, DAY + timedelta(days=1))
        freed = retract_offers(session, spot=spot, time=day, actor=SYSTEM, now=now)
        if not freed and session.scalar(select(FreedTime.id).limit(1)) is None:
            session.add(FreedTime(machine_id=spot.machine.id, from_at=DAY, to_at=day.end))
    db.session.remove()
    return freed


def answer(store: Store, *, rounds: int, processes: int = PROCESSES) -> None:
    """Let every end of an offer meet every other at the same moment; tell what came of it."""
    progress(f"waitlist: {rounds} offers answered in {processes} ways at once on {store.engine}")
    app = store.app()
    with app.app_context(), clock.frozen(START):
        arena = answers.build_arena(Make(now=START), rounds=rounds)
        db.session.remove()
        db.engine.dispose()
    settings = {"url": store.url, "instance": str(store.folder)}
    contest = races.Contest(open_app, settings, arena, answers.answer_somehow)
    found = races.race(contest, processes=processes)
    with app.app_context():
        states, wrong, broken = answers.outcome(arena.starts[-1] + timedelta(days=1))
        db.session.remove()
    tell(
        "waitlist answers",
        engine=store.engine,
        processes=processes,
        offers=rounds,
        ended=dict(states),
        ended_twice_or_never=len(wrong),
        broken_rules=broken,
        failed=found.failed,
        worst_wait_ms=round(found.worst_wait * 1000, 1),
    )


def control(settings: dict[str, Any], *, rounds: int = CONTROL) -> int:
    """Return how often two workers without locks offer to the same one: the control."""
    queue = CONTEXT.Queue()
    barrier = CONTEXT.Barrier(2)
    runners = [
        CONTEXT.Process(target=_naive, args=(settings, barrier, queue, rounds), daemon=True)
        for _ in range(2)
    ]
    for each in runners:
        each.start()
    taken = Counter(pair for _ in runners for pair in queue.get(timeout=120))
    for each in runners:
        each.join(60)
    return sum(1 for count in taken.values() if count > 1)


def _naive(settings: dict[str, Any], barrier: Any, queue: Any, rounds: int) -> None:
    app = open_app(**settings)
    chosen = []
    with app.app_context():
        for number in range(rounds):
            barrier.wait(60)
            first = db.session.scalar(
                select(Wish.id).where(Wish.state == "open").order_by(Wish.arrived_at).limit(1)
            )
            db.session.rollback()
            chosen.append((number, first))
    queue.put(chosen)
