from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, Placement
from packhouse.queries.audit import verify
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import moving, races

ROUNDS = 12


@pytest.fixture
def settings(store: SqliteStore | PostgresStore, tmp_path: Path) -> dict[str, Any]:
    return {"url": store.url, "instance": str(tmp_path)}


@pytest.mark.timeout(300)
def test_nobody_is_booked_in_a_house_that_the_machine_has_left(
    make: Make, settings: dict[str, Any]
) -> None:
    arena = moving.build_arena(make, rounds=ROUNDS)
    db.session.remove()
    db.engine.dispose()

    outcome = races.race(
        races.Contest(races.open_app, settings, arena, moving.move_or_book), processes=4
    )

    astray = (
        select(func.count())
        .select_from(Booking)
        .join(Machine, Machine.id == Booking.machine_id)
        .where(Booking.site_id != Machine.site_id)
    )
    assert outcome.failed == 0
    assert db.session.scalar(astray) == 0
    assert db.session.scalars(select(Placement.id)).first() is not None
    assert verify(now=make.now) == ()
