"""N processes against one slot: winners must equal races, and the control must double-book."""

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import text

from bench.booking import PATH, prepare
from bench.report import progress, tell
from bench.serving import post_together, server
from bench.stores import SECRET, Store, stores
from config import Production
from packhouse import clock, create_app
from packhouse.db import db
from packhouse.queries.audit import verify
from tests.factories import Make
from tests.support import races

PROCESSES = 8
ATTEMPTS = 100_000
CONTROL_ROUNDS = 200
HTTP_RACES = 400
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def run() -> None:
    """Race on both databases."""
    with stores() as both:
        for store in both:
            app = store.app()
            with app.app_context():
                _race(store, app)
    with stores() as both:
        for store in both:
            _race_over_http(store, store.app())


def _race(store: Store, app: Flask) -> None:
    rounds = ATTEMPTS // PROCESSES
    progress(f"race: {ATTEMPTS} attempts on {store.engine}")
    arena = races.build_arena(Make(now=NOW), rounds=rounds)
    races.make_naive_table()
    db.session.remove()
    db.engine.dispose()
    settings = {"url": store.url, "instance": str(store.folder)}
    guarded = races.Contest(open_app, settings, arena, races.book_once)
    outcome = races.race(guarded, processes=PROCESSES)
    broken = verify(now=NOW)
    db.session.remove()
    tell(
        "race",
        engine=store.engine,
        processes=PROCESSES,
        attempts=rounds * PROCESSES,
        races=rounds,
        winners=outcome.wins,
        failed=outcome.failed,
        overlaps=sum(len(finding.rows) for finding in broken),
        worst_wait_ms=round(outcome.worst_wait * 1000, 1),
        attempts_per_second=round(rounds * PROCESSES / outcome.seconds),
    )
    few = races.Arena(
        arena.machine, arena.product, arena.actor, arena.starts[:CONTROL_ROUNDS], arena.now
    )
    control = races.race(
        races.Contest(open_app, settings, few, races.book_without_guard), processes=PROCESSES
    )
    with app.app_context():
        stored = db.session.execute(text("SELECT count(*) FROM naive")).scalar_one()
    tell(
        "race control",
        engine=store.engine,
        races=len(few.starts),
        winners=control.wins,
        stored=stored,
        overlaps=stored - len(few.starts),
    )


def _race_over_http(store: Store, app: Flask) -> None:
    """Race clients of one server, several processes as a busy house runs them."""
    progress(f"race: {HTTP_RACES} slots over HTTP on {store.engine}")
    token, bodies = prepare(app, bookings=HTTP_RACES)
    with server(store, workers=3) as (port, _):
        statuses = post_together(port, PATH, bodies[:HTTP_RACES], token=token, clients=PROCESSES)
    with app.app_context():
        broken = verify(now=clock.now())
        db.session.remove()
    tell(
        "race http",
        engine=store.engine,
        clients=PROCESSES,
        processes=3,
        races=HTTP_RACES,
        winners=statuses.get(201, 0),
        statuses=statuses,
        overlaps=sum(len(finding.rows) for finding in broken),
    )


def open_app(*, url: str, instance: str) -> Flask:
    """Open the app in a process of its own."""
    from pathlib import Path

    return create_app(
        Production(SECRET_KEY=SECRET, DATABASE_URL=url, INSTANCE=Path(instance), LOG_LEVEL="ERROR")
    )
