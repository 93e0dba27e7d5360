"""The worker process: one round every five seconds, a watchdog, and a check of the clock.

The scheduler only wakes it. What is due stands in the database, so a round that is missed, late
or done by two workers at once loses nothing and sends nothing twice.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from packhouse import clock
from packhouse.errors import Unavailable
from packhouse.jobs.reminders import deliver_messages
from packhouse.jobs.schedule import DUTIES, Duty, do_duties, due_duties
from packhouse.queries.audit.readiness import guards
from packhouse.queries.reminders import heartbeats

TICK_SECONDS = 5
# Three rounds missed while nothing is being done: the scheduler is dead or sleeps past its time.
IDLE_LIMIT = 3 * TICK_SECONDS
# A duty, or one message, that takes longer than this hangs.
BUSY_LIMIT = 600
EXIT_STALLED = 70
# Nobody corrects a clock by more than this without noticing.
JUMP = timedelta(days=1)
# A power cut may last for days and must not silence the reminders afterwards; a clock that has
# gone wrong is off by years.
LONGEST_STOP = timedelta(days=30)

log = logging.getLogger(__name__)


class Pulse:
    """Signs of life, on a clock that nobody sets, and the wish to stop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self.last = monotonic()
        self.is_busy = False
        self.stopping = threading.Event()

    def beat(self, *, is_busy: bool) -> None:
        """Note that the worker is alive, and whether it is in the middle of something."""
        self.last = self.monotonic()
        self.is_busy = is_busy

    def go_on(self) -> bool:
        """Note that one more thing is done, and say whether to begin another."""
        self.beat(is_busy=True)
        return not self.stopping.is_set()

    def has_stalled(self) -> bool:
        """Say whether the worker has been silent for too long."""
        limit = BUSY_LIMIT if self.is_busy else IDLE_LIMIT
        return self.monotonic() - self.last > limit


class ClockGuard:
    """Refuses to work when the clock has jumped: all reminders would expire at once."""

    def __init__(
        self, *, accepted: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.accepted = accepted
        self.monotonic = monotonic
        self.seen: tuple[datetime, float] | None = None

    def trusts(self, now: datetime, last_beat: datetime | None) -> bool:
        """Say whether the clock may be believed.

        While running it is compared with the time that has passed; at the start, with the last
        heartbeat of any worker, which lies behind by no more than a long power cut.
        """
        if self.seen is None:
            trusted = last_beat is None or -JUMP <= now - last_beat <= LONGEST_STOP
        else:
            then, mark = self.seen
            passed = timedelta(seconds=self.monotonic() - mark)
            trusted = abs(now - then - passed) <= JUMP
        if not (trusted or self.accepted):
            return False
        self.accepted = False
        self.seen = (now, self.monotonic())
        return True


class Worker:
    """Does the duties that are due, once a round."""

    def __init__(self, app: Flask, *, accept_clock: bool = False) -> None:
        self.app = app
        self.pulse = Pulse()
        self.guard = ClockGuard(accepted=accept_clock)
        self.duties = with_pulse(DUTIES, self.pulse)

    def tick(self) -> None:
        """Do one round; whatever happens, there will be another."""
        self.pulse.beat(is_busy=True)
        try:
            if self.has_good_clock():
                for duty in due_duties(self.app, self.duties):
                    if not self.pulse.go_on():
                        break
                    do_duties(self.app, [duty])
        except Exception:
            log.exception("this round failed; the next one comes in %s s", TICK_SECONDS)
        finally:
            self.pulse.beat(is_busy=False)

    def has_good_clock(self) -> bool:
        """Say whether the clock may be believed; complain in the log when not."""
        with self.app.app_context():
            last = max((beat.at for beat in heartbeats().values()), default=None)
        if self.guard.trusts(clock.now(), last):
            return True
        log.error(
            "the clock says %s but the worker last worked at %s: nothing is sent. If the clock is"
            " right, start the worker once with --accept-clock",
            clock.now(),
            last,
        )
        return False


def with_pulse(duties: Sequence[Duty], pulse: Pulse) -> tuple[Duty, ...]:
    """Let the delivery of messages, which may take long, show signs of life and stop early."""
    return tuple(
        replace(duty, act=lambda _now: deliver_messages(go_on=pulse.go_on))
        if duty.name == "deliver_messages"
        else duty
        for duty in duties
    )


def run_worker(app: Flask, *, accept_clock: bool = False) -> None:
    """Work until told to stop (SIGTERM, SIGINT); the process ends when its heart stands still.

    Raises Unavailable when the database does not keep its rules: nothing may be changed then.
    """
    with app.app_context():
        if not guards(head=app.extensions["packhouse_head"]).is_ready:
            raise Unavailable("not_guarded")
    worker = Worker(app, accept_clock=accept_clock)
    # It reports every round it skips because the last one is still at work: that is meant so.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BlockingScheduler(jobstores={"default": MemoryJobStore()}, timezone=UTC)
    scheduler.add_job(
        worker.tick,
        "interval",
        seconds=TICK_SECONDS,
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )

    def stop(*_signal: object) -> None:
        worker.pulse.stopping.set()
        # Not from the handler's own thread: it may hold the lock that shutting down waits for.
        threading.Thread(target=scheduler.shutdown, daemon=True).start()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    threading.Thread(target=watch, args=(worker.pulse,), daemon=True).start()
    log.info("the worker begins")
    scheduler.start()
    log.info("the worker ends")


def watch(pulse: Pulse, end: Callable[[int], object] = os._exit) -> None:
    """End the process once it has stalled; whoever supervises it starts another."""
    while not pulse.stopping.wait(1):
        if pulse.has_stalled():
            log.critical("the worker has stalled and ends itself")
            end(EXIT_STALLED)
            return
