"""Workers that fight for freed time while they are killed: nobody jumps, nobody is forgotten."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from bench.waitlist import control, furnish, race
from packhouse import clock
from packhouse.db import db
from tests.conftest import NOW, PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import answers, races


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.timeout(60)
def test_contested_releases_under_kills_promote_once_and_in_order(
    app: Flask, make: Make, store: SqliteStore | PostgresStore, tmp_path: Path
) -> None:
    """The benchmark of the same name does it as often as one has time for."""
    with clock.frozen(NOW):
        furnish(make)
        db.session.remove()
        db.engine.dispose()
    settings = {"url": store.url, "instance": str(tmp_path)}
    assert control(settings, rounds=20) > 0

    found = race(app, "test", releases=20, processes=3)

    assert found["releases"] >= 20
    assert found["offers"] > found["releases"]
    assert found["broken_rules"] == {}
    assert (found["double_promotions"], found["order_violations"], found["forgotten"]) == (0, 0, 0)


@pytest.mark.timeout(120)
def test_yes_no_silence_and_withdrawal_at_once_end_an_offer_exactly_once(
    make: Make, store: SqliteStore | PostgresStore, tmp_path: Path
) -> None:
    arena = answers.build_arena(make, rounds=16)
    db.session.remove()
    db.engine.dispose()
    settings = {"url": store.url, "instance": str(tmp_path)}
    contest = races.Contest(races.open_app, settings, arena, answers.answer_somehow)

    found = races.race(contest, processes=4)

    states, wrong, broken = answers.outcome(arena.starts[-1] + timedelta(days=1))
    assert found.failed == 0
    assert found.wins >= len(arena.starts) == sum(states.values())
    assert states.keys() <= set(answers.ENDED)
    assert len(states) > 1
    assert (wrong, broken) == ([], [])
