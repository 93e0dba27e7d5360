"""Producers, operators and two workers on one floor for minutes: every rule must hold afterwards.

``BENCH_SECONDS`` says how long they act on each database. A lost update is a version of a booking
that two people changed, each unaware of the other; the control shows that they happen where
nobody says what she saw.
"""

import os
from collections import Counter
from datetime import UTC, datetime

from flask import Flask

from bench.race import open_app
from bench.report import progress, tell
from bench.stores import Store, stores
from packhouse.db import db
from packhouse.queries.audit import verify
from tests.factories import Make
from tests.support import floor, naive_counter

SECONDS = 180
SPEED = 120
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def run() -> None:
    """Let them act on both databases."""
    with stores() as both:
        for store in both:
            app = store.app()
            with app.app_context():
                _act(store, app)


def _act(store: Store, app: Flask) -> None:
    seconds = float(os.environ.get("BENCH_SECONDS", SECONDS))
    progress(f"floor: {seconds:.0f} s on {store.engine}")
    stage = floor.build(Make(now=NOW), seconds=seconds, speed=SPEED)
    db.session.remove()
    db.engine.dispose()
    settings = {"url": store.url, "instance": str(store.folder)}
    records = floor.act_together(stage, open_app, settings)
    then, late = floor.catch_up(app, stage)
    broken = verify(now=then)
    done: Counter[str] = sum((record.done for record in records), Counter())
    refused: Counter[str] = sum((record.refused for record in records), Counter())
    failed = [each for record in records for each in record.failed] + late
    lost = naive_counter.count_naively(open_app, settings)
    tell(
        "floor",
        engine=store.engine,
        people=len(floor.PEOPLE),
        seconds=seconds,
        done=dict(done),
        refused=dict(refused),
        failed=len(failed),
        first_failure=failed[0] if failed else None,
        lost_updates=len(floor.lost_updates(records)),
        lost_without_versions=lost,
        broken_rules=[finding.rule for finding in broken],
    )
