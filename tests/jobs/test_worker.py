import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from packhouse import clock
from packhouse.domain.reminders import MessageKind
from packhouse.jobs import worker as module
from packhouse.jobs.schedule import DUTIES
from packhouse.jobs.worker import (
    BUSY_LIMIT,
    EXIT_STALLED,
    IDLE_LIMIT,
    JUMP,
    LONGEST_STOP,
    ClockGuard,
    Pulse,
    Worker,
    watch,
)
from packhouse.queries.reminders import heartbeats
from packhouse.services.housekeeping import note_duty
from tests.factories import Make
from tests.support.messages import book, counts, write

SECOND = timedelta(seconds=1)
ROOT = Path(__file__).resolve().parents[2]


class Watch:
    """A stopwatch that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def files(context: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path)
    return tmp_path


def test_a_round_sends_what_is_due_and_notes_each_duty(
    context: Flask, make: Make, now: datetime, files: Path
) -> None:
    write(book(make, make.at(8)), MessageKind.BOOKING_CONFIRMED, now=now)
    worker = Worker(context)

    worker.tick()
    worker.tick()

    assert counts() == {"sent": 2}
    assert len(list(files.iterdir())) == 1
    assert heartbeats()["deliver_messages"].at == now
    assert not worker.pulse.is_busy


def test_a_second_worker_finds_nothing_left_to_do(
    context: Flask, make: Make, now: datetime, files: Path
) -> None:
    write(book(make, make.at(8)), MessageKind.BOOKING_CONFIRMED, now=now)

    for worker in (Worker(context), Worker(context)):
        worker.tick()

    assert counts() == {"sent": 2}


def test_a_database_that_is_gone_for_a_round_does_not_end_the_worker(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(module, "heartbeats", gone)
    worker = Worker(context)

    worker.tick()

    assert not worker.pulse.is_busy


def test_after_being_told_to_stop_no_duty_is_begun(
    context: Flask, make: Make, now: datetime
) -> None:
    worker = Worker(context)
    worker.pulse.stopping.set()

    worker.tick()

    assert heartbeats() == {}


@pytest.mark.parametrize(
    ("gap", "trusted"),
    [(SECOND, True), (timedelta(days=3), True), (LONGEST_STOP + SECOND, False),
     (timedelta(days=3653), False), (-JUMP, True), (-JUMP - SECOND, False)],
)  # fmt: skip
def test_at_the_start_the_clock_is_compared_with_the_last_heartbeat(
    now: datetime, gap: timedelta, trusted: bool
) -> None:
    assert ClockGuard().trusts(now + gap, now) == trusted
    assert ClockGuard(accepted=True).trusts(now + gap, now)
    assert ClockGuard().trusts(now + gap, None)


@pytest.mark.parametrize(
    ("jump", "trusted"),
    [(timedelta(0), True), (JUMP, True), (-JUMP, True), (JUMP + SECOND, False),
     (-JUMP - SECOND, False), (timedelta(days=20), False)],
)  # fmt: skip
def test_while_running_the_clock_is_compared_with_the_time_that_has_passed(
    now: datetime, jump: timedelta, trusted: bool
) -> None:
    passed = Watch()
    guard = ClockGuard(monotonic=passed)
    guard.trusts(now, None)
    passed.at = 600.0

    assert guard.trusts(now + timedelta(seconds=600) + jump, now) == trusted


def test_a_clock_is_accepted_once(now: datetime) -> None:
    guard = ClockGuard(accepted=True)

    assert guard.trusts(now + timedelta(days=99), now)
    assert not guard.trusts(now, now)


def test_a_clock_that_has_jumped_sends_nothing_and_leaves_no_mark(
    context: Flask, make: Make, now: datetime, files: Path
) -> None:
    write(book(make, make.at(8)), MessageKind.BOOKING_CONFIRMED, now=now)
    note_duty(duty="prune", now=now, done=0, error=None)

    with clock.frozen(now + timedelta(days=3653)):
        Worker(context).tick()

    assert counts() == {"due": 2}
    assert list(heartbeats()) == ["prune"]
    with clock.frozen(now + SECOND):
        Worker(context).tick()
    assert counts() == {"sent": 2}


def test_the_heart_stands_still_after_three_missed_rounds_or_one_that_hangs() -> None:
    passed = Watch()
    pulse = Pulse(monotonic=passed)

    passed.at = float(IDLE_LIMIT)
    assert not pulse.has_stalled()
    passed.at += 1
    assert pulse.has_stalled()
    pulse.go_on()
    passed.at += BUSY_LIMIT
    assert not pulse.has_stalled()
    passed.at += 1
    assert pulse.has_stalled()


def test_a_stalled_worker_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = Watch()
    pulse = Pulse(monotonic=passed)
    monkeypatch.setattr(pulse.stopping, "wait", lambda _timeout: False)
    passed.at = IDLE_LIMIT + 1.0
    ended: list[int] = []

    watch(pulse, end=ended.append)

    assert ended == [EXIT_STALLED]


def test_a_worker_that_stops_is_not_taken_for_stalled() -> None:
    pulse = Pulse(monotonic=lambda: 0.0)
    pulse.stopping.set()

    watch(pulse, end=lambda _status: pytest.fail("ended"))


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    ticks = threading.Event()
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it never came true"
        ticks.wait(0.1)


@pytest.mark.slow
def test_the_process_works_and_ends_cleanly_when_told_to(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PACKHOUSE_INSTANCE": str(tmp_path),
        "FLASK_APP": "wsgi:app",
    }
    flask = [sys.executable, "-m", "flask"]
    subprocess.run(
        [*flask, "db", "upgrade"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    process = subprocess.Popen(
        [sys.executable, "worker.py"], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )

    def has_worked() -> bool:
        with closing(sqlite3.connect(tmp_path / "packhouse.db")) as database:
            (beats,) = database.execute("SELECT count(*) FROM heartbeats").fetchone()
        return bool(beats == len(DUTIES))

    try:
        wait_until(has_worked)
        process.send_signal(signal.SIGTERM)
        _, complaint = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, complaint.decode()
