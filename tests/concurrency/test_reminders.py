"""Several worker processes on one outbox, and workers that are killed: what arrives, and how often.

A file that is appended to with one short write a message stands for the world outside: it shows
every effect, also those a rolled-back transaction or a dead process cannot take back.
"""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from flask import Flask

from config import Testing
from packhouse import clock, create_app
from packhouse.domain.reminders import LEASE, Channel, MessageKind
from packhouse.jobs.reminders import Breaker, deliver_messages
from packhouse.services.outbox import Claimed
from tests.factories import Make
from tests.support.messages import book, counts, write
from tests.support.processes import CONTEXT

WORKERS = 4
PATIENCE = 90


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to do, and whether it dies "before" or "after" its nth effect."""

    url: str
    sink: Path
    at: datetime
    death: str
    nth: int


def deliver(order: Order, ready: Barrier) -> None:
    """Be a worker: deliver all that is due into the file, and die when told to."""
    app = create_app(Testing(DATABASE_URL=order.url, INSTANCE=order.sink.parent))
    sent = 0

    def send(message: Claimed) -> None:
        nonlocal sent
        sent += 1
        if (order.death, order.nth) == ("before", sent):
            os._exit(9)
        handle = os.open(order.sink, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{message.key}\n".encode())
        os.close(handle)
        if (order.death, order.nth) == ("after", sent):
            os._exit(9)

    ready.wait(PATIENCE)
    with app.app_context(), clock.frozen(order.at):
        deliver_messages(senders=dict.fromkeys(Channel, send), breaker=Breaker())


class Workers:
    """Starts worker processes on the app's database, and reads what they sent."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.url = app.config["SQLALCHEMY_DATABASE_URI"]
        self.sink = folder / "sink"

    def run(self, number: int, at: datetime, death: str = "never", nth: int = 0) -> list[int]:
        """Let so many workers begin at the same moment; return how they ended."""
        order = Order(self.url, self.sink, at, death, nth)
        ready = CONTEXT.Barrier(number)
        processes = [
            CONTEXT.Process(target=deliver, args=(order, ready), daemon=True) for _ in range(number)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE)
        return [-1 if process.exitcode is None else process.exitcode for process in processes]

    def effects(self) -> Counter[str]:
        """Return how often each message has reached the world."""
        return Counter(self.sink.read_text().splitlines() if self.sink.exists() else [])


@pytest.fixture
def workers(context: Flask, tmp_path: Path) -> Workers:
    return Workers(context, tmp_path)


def fill(make: Make, number: int, now: datetime) -> int:
    """Write one confirmation to each of so many people; return how many messages that is."""
    site_id = make.site()
    for _ in range(number):
        write(
            book(make, make.at(9, days=8), site_id=site_id),
            MessageKind.BOOKING_CONFIRMED,
            now=now,
        )
    return number * len(Channel)


@pytest.mark.slow
def test_four_workers_at_once_send_each_message_exactly_once(
    workers: Workers, make: Make, now: datetime
) -> None:
    written = fill(make, 60, now)

    assert workers.run(WORKERS, now) == [0] * WORKERS

    effects = workers.effects()
    assert len(effects) == written
    assert set(effects.values()) == {1}
    assert counts() == {"sent": written}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("death", "nth", "twice"),
    [("before", 1, 0), ("before", 7, 0), ("after", 1, 1), ("after", 7, 1)],
)
def test_after_a_killed_worker_nothing_is_lost_and_one_message_may_come_twice(
    workers: Workers, make: Make, now: datetime, death: str, nth: int, twice: int
) -> None:
    written = fill(make, 15, now)

    assert workers.run(1, now, death, nth) == [9]
    assert workers.run(1, now + timedelta(seconds=1)) == [0]
    assert sum(workers.effects().values()) < written
    assert workers.run(2, now + LEASE) == [0, 0]

    effects = workers.effects()
    assert len(effects) == written
    assert sorted(effects.values())[-1] == 1 + twice
    assert sum(effects.values()) == written + twice
    assert counts() == {"sent": written}


@pytest.mark.slow
def test_workers_that_die_one_after_the_other_get_the_work_done_in_the_end(
    workers: Workers, make: Make, now: datetime
) -> None:
    written = fill(make, 10, now)
    at = now

    for nth in (1, 2, 3):
        assert workers.run(2, at, "after", nth) != []
        at += LEASE
    workers.run(1, at)

    effects = workers.effects()
    assert len(effects) == written
    assert sum(effects.values()) <= written + 6
    assert counts() == {"sent": written}


@pytest.mark.slow
def test_a_worker_that_was_stopped_past_its_lease_marks_nothing_that_is_no_longer_its_own(
    workers: Workers, make: Make, now: datetime
) -> None:
    written = fill(make, 3, now)
    stopped: list[str] = []

    def stop_once(message: Claimed) -> None:
        # While this worker sleeps with its batch in hand, its lease passes and two others work.
        if not stopped:
            stopped.append(message.key)
            assert workers.run(2, now + LEASE) == [0, 0]

    with clock.frozen(now):
        deliver_messages(senders=dict.fromkeys(Channel, stop_once), breaker=Breaker())

    assert counts() == {"sent": written}
    assert len(workers.effects()) == written
    assert set(workers.effects().values()) == {1}
