"""A number that everybody reads and writes one higher: the control of the race for versions."""

import time
from typing import Any

from sqlalchemy import text

from packhouse.db import db, reading, transaction
from tests.support.processes import CONTEXT
from tests.support.races import TIMEOUT, MakeApp


def _count(make_app: MakeApp, settings: dict[str, Any], times: int, barrier: Any, out: Any) -> None:
    """Read a number and write it one higher, as a program without versions would."""
    app = make_app(**settings)
    with app.app_context():
        barrier.wait(TIMEOUT)
        for _ in range(times):
            seen = reading().scalar(text("SELECT version FROM naive"))
            db.session.remove()
            time.sleep(0.002)
            with transaction() as session:
                session.execute(text("UPDATE naive SET version = :new"), {"new": seen + 1})
        db.session.remove()
    out.put(times)


def count_naively(
    make_app: MakeApp, settings: dict[str, Any], *, processes: int = 6, times: int = 40
) -> int:
    """Return how many of the updates of as many processes without versions were lost."""
    with transaction() as session:
        session.execute(text("CREATE TABLE naive (version BIGINT)"))
        session.execute(text("INSERT INTO naive VALUES (0)"))
    db.session.remove()
    db.engine.dispose()
    out, barrier = CONTEXT.Queue(), CONTEXT.Barrier(processes)
    everybody = [
        CONTEXT.Process(target=_count, args=(make_app, settings, times, barrier, out), daemon=True)
        for _ in range(processes)
    ]
    for each in everybody:
        each.start()
    written: int = sum(out.get(timeout=TIMEOUT) for _ in everybody)
    for each in everybody:
        each.join(TIMEOUT)
    stands: int = reading().scalars(text("SELECT version FROM naive")).one()
    return written - stands
