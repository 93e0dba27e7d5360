from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.bookings import State
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown, Outage
from packhouse.queries.audit import verify
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import outages, races

PROCESSES = 4
ROUNDS = 8


@pytest.fixture
def settings(store: SqliteStore | PostgresStore, tmp_path: Path) -> dict[str, Any]:
    return {"url": store.url, "instance": str(tmp_path)}


def race(make: Make, settings: dict[str, Any], attempt: races.Try) -> races.Outcome:
    arena = races.build_arena(make, rounds=ROUNDS)
    db.session.remove()
    db.engine.dispose()
    contest = races.Contest(races.open_app, settings, arena, attempt)
    outcome = races.race(contest, processes=PROCESSES)
    assert outcome.failed == 0
    assert verify(now=make.now) == ()
    return outcome


@pytest.mark.timeout(300)
def test_nobody_keeps_a_booking_in_the_dark(make: Make, settings: dict[str, Any]) -> None:
    outcome = race(make, settings, outages.book_or_go_dark)

    booked = db.session.execute(
        select(Booking.starts_at, Booking.state).order_by(Booking.starts_at)
    ).all()
    dark = set(db.session.scalars(select(Outage.from_at)))
    assert len(booked) == outcome.wins
    assert len(dark) == db.session.scalar(select(func.count()).select_from(Outage))
    for starts_at, state in booked:
        assert state == (State.DISPLACED if starts_at in dark else State.CONFIRMED)


@pytest.mark.timeout(300)
def test_a_machine_breaks_once_however_many_report_it(make: Make, settings: dict[str, Any]) -> None:
    race(make, settings, outages.break_or_repair)

    rows = db.session.scalars(select(Breakdown).where(Breakdown.ended_at.is_(None))).all()
    assert len(rows) <= 1
