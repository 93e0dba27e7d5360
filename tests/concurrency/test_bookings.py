from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from packhouse.db import db
from packhouse.models.bookings import Booking
from packhouse.queries.audit import verify
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import races

PROCESSES = 6
ROUNDS = 40


@pytest.fixture
def settings(store: SqliteStore | PostgresStore, tmp_path: Path) -> dict[str, Any]:
    return {"url": store.url, "instance": str(tmp_path)}


@pytest.mark.timeout(300)
def test_of_many_processes_exactly_one_gets_each_time(make: Make, settings: dict[str, Any]) -> None:
    arena = races.build_arena(make, rounds=ROUNDS)
    db.session.remove()
    db.engine.dispose()

    contest = races.Contest(races.open_app, settings, arena, races.book_once)
    outcome = races.race(contest, processes=PROCESSES)

    assert (outcome.wins, outcome.failed) == (ROUNDS, 0)
    assert db.session.scalars(select(func.count()).select_from(Booking)).one() == ROUNDS
    assert verify(now=make.now) == ()


@pytest.mark.timeout(300)
def test_without_the_guard_the_same_race_books_twice(
    app: Flask, make: Make, settings: dict[str, Any]
) -> None:
    """The control: if this did not double-book, the test above would prove nothing."""
    arena = races.build_arena(make, rounds=ROUNDS)
    races.make_naive_table()
    db.session.remove()
    db.engine.dispose()
    try:
        contest = races.Contest(races.open_app, settings, arena, races.book_without_guard)
        outcome = races.race(contest, processes=PROCESSES)
        stored = db.session.execute(text("SELECT count(*) FROM naive")).scalar_one()
    finally:
        db.session.remove()
        with db.engine.connect().execution_options(immediate=True) as connection:
            connection.execute(text("DROP TABLE naive"))
            connection.commit()

    assert outcome.wins == stored > ROUNDS
