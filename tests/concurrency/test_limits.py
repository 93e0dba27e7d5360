from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models.bookings import Booking
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import quotas, races

PROCESSES = 6
ROUNDS = 20


@pytest.fixture
def settings(store: SqliteStore | PostgresStore, tmp_path: Path) -> dict[str, Any]:
    return {"url": store.url, "instance": str(tmp_path)}


def race(make: Make, settings: dict[str, Any], attempt: races.Try, hours: int | None) -> int:
    """Let the phones race; return how many bookings stand, as many as were acknowledged."""
    arena = quotas.build_arena(make, rounds=ROUNDS)
    quotas.limit(hours)
    db.session.remove()
    db.engine.dispose()
    contest = races.Contest(races.open_app, settings, arena, attempt)

    outcome = races.race(contest, processes=PROCESSES)

    stored = db.session.scalars(select(func.count()).select_from(Booking)).one()
    assert outcome.failed == 0
    assert stored == outcome.wins
    return stored


@pytest.mark.timeout(300)
def test_phones_of_one_business_on_many_machines_never_exceed_its_week(
    make: Make, settings: dict[str, Any]
) -> None:
    assert race(make, settings, quotas.book_somewhere, quotas.HOURS) == ROUNDS


@pytest.mark.timeout(300)
def test_who_counts_without_the_lock_exceeds_it(make: Make, settings: dict[str, Any]) -> None:
    """The control: if nobody got beyond the limit here, the test above would prove nothing."""
    assert race(make, settings, quotas.look_and_book, None) > ROUNDS
