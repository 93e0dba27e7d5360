from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from packhouse.db import db
from packhouse.queries.audit import verify
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make
from tests.support import floor, naive_counter, races

SECONDS = 8
SPEED = 60


@pytest.fixture
def settings(store: SqliteStore | PostgresStore, tmp_path: Path) -> dict[str, Any]:
    return {"url": store.url, "instance": str(tmp_path)}


@pytest.mark.timeout(300)
def test_a_floor_where_everybody_acts_at_once_keeps_every_rule(
    app: Flask, make: Make, settings: dict[str, Any]
) -> None:
    stage = floor.build(make, seconds=SECONDS, speed=SPEED)
    db.session.remove()
    db.engine.dispose()

    records = floor.act_together(stage, races.open_app, settings)

    assert [each for record in records for each in record.failed] == []
    assert floor.lost_updates(records) == []
    then, failed = floor.catch_up(app, stage)
    assert failed == []
    assert verify(now=then) == ()
    assert sum(record.done["book"] for record in records) > 0
    assert sum(record.done["serve"] for record in records) > 0


@pytest.mark.timeout(300)
def test_who_writes_without_saying_what_she_saw_loses_updates(
    make: Make, settings: dict[str, Any]
) -> None:
    """The control: if nothing were lost here, the test above would prove nothing."""
    assert naive_counter.count_naively(races.open_app, settings) > 0
