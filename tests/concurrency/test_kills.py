import sys
import time
from datetime import UTC, datetime

import pytest
from flask import Flask

from bench.booking import PATH, prepare
from bench.serving import server
from bench.stores import Store
from packhouse import clock
from packhouse.db import db
from packhouse.queries.audit import verify
from tests.conftest import PostgresStore, SqliteStore
from tests.support.kills import Storm


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.timeout(240)
def test_kills_of_the_web_process_lose_nothing_that_was_acknowledged(
    app: Flask, store: SqliteStore | PostgresStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The benchmark of the same name does it 500 times."""
    engine = "sqlite" if isinstance(store, SqliteStore) else "postgresql"
    # The served process lives by the real clock.
    with clock.frozen(datetime.fromtimestamp(time.time(), UTC)):
        token, bodies = prepare(app, bookings=2000)
    served = Store(engine, store.url, tmp_path_factory.mktemp("served"))

    with server(served, preload=True) as (port, pid):
        storm = Storm(port, PATH, token, bodies)
        outcome = storm.rage(pid, kills=12, clients=4)

    with app.app_context():
        found = storm.check(outcome)
        assert (found.lost, found.doubled, found.unasked) == (0, 0, 0)
        assert len(outcome.codes) >= 12
        assert outcome.retries > 0
        assert verify(now=clock.now()) == ()
        db.session.remove()
