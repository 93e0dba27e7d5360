"""Several worker processes on one outbox, and workers that are killed: what arrives, and how often.

A file that is appended to with one short write a message stands for the world outside: it shows
every effect, also those a rolled-back transaction or a dead process cannot take back.
"""

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from packhouse import clock
from packhouse.domain.reminders import LEASE, Channel, MessageKind
from packhouse.jobs.reminders import Breaker, deliver_messages
from packhouse.services.outbox import Claimed
from tests.factories import Make
from tests.support.messages import book, counts, write

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4

# A worker that delivers everything due at an instant into the file, and may be told to die:
# "before" or "after" the nth effect, or "claimed" as soon as it holds its first batch.
WORKER = """
import os, sys
from datetime import datetime
from pathlib import Path

from config import Testing
from packhouse import clock, create_app
from packhouse.domain.reminders import Channel
from packhouse.jobs.reminders import Breaker, deliver_messages

url, instance, sink, at, death, nth = sys.argv[1:]
app = create_app(Testing(DATABASE_URL=url, INSTANCE=Path(instance)))
sent = 0


def send(message):
    global sent
    sent += 1
    if death == "before" and sent == int(nth):
        os._exit(9)
    handle = os.open(sink, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{message.key}\\n".encode())
    os.close(handle)
    if death == "after" and sent == int(nth):
        os._exit(9)


print("ready", flush=True)
sys.stdin.readline()
with app.app_context(), clock.frozen(datetime.fromisoformat(at)):
    deliver_messages(senders=dict.fromkeys(Channel, send), breaker=Breaker())
"""


class Workers:
    """Starts worker processes on the app's database, and reads what they sent."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.url = app.config["SQLALCHEMY_DATABASE_URI"]
        self.folder = folder
        self.sink = folder / "sink"

    def run(self, number: int, at: datetime, death: str = "never", nth: int = 0) -> list[int]:
        """Let so many workers begin at the same moment; return how they ended."""
        command = [sys.executable, "-c", WORKER, self.url, str(self.folder), str(self.sink),
                   at.isoformat(), death, str(nth)]  # fmt: skip
        with ExitStack() as stack:
            processes = [
                stack.enter_context(
                    subprocess.Popen(
                        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                    )
                )
                for _ in range(number)
            ]
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(b"go\n")
                process.stdin.flush()
            for process in processes:
                process.wait(timeout=90)
        return [process.returncode for process in processes]

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
