from pathlib import Path

import pytest

from packhouse.db import db
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import arrivals, races


@pytest.mark.timeout(120)
def test_a_customer_who_is_missed_and_comes_at_once_is_one_or_the_other(
    make: Make, store: SqliteStore | PostgresStore, tmp_path: Path
) -> None:
    arena = arrivals.build_arena(make, rounds=16)
    db.session.remove()
    db.engine.dispose()
    settings = {"url": store.url, "instance": str(tmp_path)}
    contest = races.Contest(races.open_app, settings, arena, arrivals.act_somehow)

    found = races.race(contest, processes=4)

    states, broken = arrivals.outcome(arena)
    assert found.failed == 0
    assert sum(states.values()) == len(arena.starts)
    assert set(states) <= {"confirmed", "arrived", "no_show"}
    assert len(states) > 1
    assert broken == []
