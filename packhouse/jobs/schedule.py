"""The table of duties: what the worker does, and how often. Each calls one use case."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask

from packhouse import clock
from packhouse.domain.users import SYSTEM
from packhouse.jobs.reminders import deliver_messages
from packhouse.queries.reminders import Beat, heartbeats
from packhouse.services import (
    bookings,
    businesses,
    downtime,
    machines,
    privacy,
    reports,
    runs,
    sites,
    waitlist,
)
from packhouse.services.housekeeping import forget_texts, note_duty, prune

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something the house does by itself; ``act`` says how many things it did.

    With ``in_batches`` it is asked again until it finds nothing more.
    """

    name: str
    every: timedelta
    act: Callable[[datetime], int]
    in_batches: bool = False

    def is_due(self, last: Beat | None, now: datetime) -> bool:
        """Say whether it is time again; a beat from the future is the mark of a corrected clock."""
        return last is None or last.at > now or now - last.at >= self.every


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a duty went."""

    duty: str
    done: int
    error: str | None = None


MAX_BATCHES = 1000

# In this order: a run that nobody ended is over before somebody is missed on its machine, and
# messages come last, so that what the other duties tell goes out in the same round.
DUTIES: tuple[Duty, ...] = (
    Duty(
        "expire_requests",
        timedelta(seconds=30),
        lambda now: bookings.expire_requests(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "close_forgotten",
        timedelta(seconds=60),
        lambda now: runs.close_forgotten(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "mark_no_shows",
        timedelta(seconds=30),
        lambda now: runs.mark_no_shows(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "expire_offers",
        timedelta(seconds=15),
        lambda now: waitlist.expire_offers(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "lapse_wishes",
        timedelta(seconds=300),
        lambda now: waitlist.lapse(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "look_for_wishes",
        timedelta(seconds=30),
        lambda now: waitlist.look_around(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "promote",
        timedelta(seconds=5),
        lambda now: waitlist.promote(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "warn_of_overruns",
        timedelta(seconds=60),
        lambda now: runs.warn_of_overruns(now=now),
    ),
    Duty(
        "follow_outages",
        timedelta(seconds=30),
        lambda now: downtime.follow_outages(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "release_past",
        timedelta(seconds=300),
        lambda now: downtime.release_past(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "plan_due_work",
        timedelta(hours=1),
        lambda now: downtime.plan_due_work(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "propose_holidays",
        timedelta(days=1),
        lambda now: sites.propose_holidays(actor=SYSTEM, now=now),
    ),
    Duty(
        "roll_up",
        timedelta(seconds=300),
        lambda now: reports.roll_up(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "warn_of_expiry",
        timedelta(days=1),
        lambda now: businesses.warn_of_expiry(actor=SYSTEM, now=now),
        in_batches=True,
    ),
    Duty(
        "move_stragglers",
        timedelta(hours=1),
        lambda now: businesses.move_stragglers(actor=SYSTEM, now=now),
    ),
    Duty("prune", timedelta(hours=1), lambda now: prune(now=now)),
    Duty("note_lessons", timedelta(days=1), lambda now: machines.note_lessons(now=now)),
    Duty(
        "drop_photos",
        timedelta(days=1),
        lambda now: downtime.drop_photos(now=now),
        in_batches=True,
    ),
    Duty("forget_texts", timedelta(hours=1), lambda now: forget_texts(now=now), in_batches=True),
    Duty(
        "forget_inactive",
        timedelta(days=1),
        lambda now: privacy.forget_inactive(actor=SYSTEM, now=now),
    ),
    Duty("deliver_messages", timedelta(seconds=5), lambda _now: deliver_messages()),
)


def run_tick(app: Flask, now: datetime) -> dict[str, int]:
    """Do everything that is due at an instant, once; return what each duty did.

    A duty that failed is missing from the answer; its error is in the log. The worker's own
    table is left alone: the instant may be any.
    """
    with clock.frozen(now):
        return _counted(do_duties(app, DUTIES, note=lambda _outcome: None))


def run_round(app: Flask) -> dict[str, int]:
    """Do everything that is due now, as the worker would, and note it in its table."""
    return _counted(do_duties(app, DUTIES))


def _counted(outcomes: Iterable[Outcome]) -> dict[str, int]:
    return {each.duty: each.done for each in outcomes if each.error is None}


def due_duties(app: Flask, duties: Iterable[Duty] = DUTIES) -> list[Duty]:
    """Return the duties whose time has come, by what all workers have noted."""
    with app.app_context():
        beats: Mapping[str, Beat] = heartbeats()
    now = clock.now()
    return [duty for duty in duties if duty.is_due(beats.get(duty.name), now)]


def do_duties(
    app: Flask, duties: Iterable[Duty], *, note: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Do these duties one after the other; none can keep another from being done."""
    outcomes = []
    for duty in duties:
        outcome = _done(app, duty)
        outcomes.append(outcome)
        if note is None:
            _noted(app, outcome)
        else:
            note(outcome)
    return outcomes


def _done(app: Flask, duty: Duty) -> Outcome:
    try:
        with app.app_context():
            return Outcome(duty.name, _act(duty))
    except Exception as error:
        log.exception("duty %s failed", duty.name)
        return Outcome(duty.name, 0, f"{type(error).__name__}: {error}")


def _act(duty: Duty) -> int:
    if not duty.in_batches:
        return duty.act(clock.now())
    total = 0
    for _ in range(MAX_BATCHES):
        done = duty.act(clock.now())
        total += done
        if not done:
            break
    return total


def _noted(app: Flask, outcome: Outcome) -> None:
    try:
        with app.app_context():
            note_duty(duty=outcome.duty, now=clock.now(), done=outcome.done, error=outcome.error)
    except Exception:
        log.exception("duty %s could not be noted", outcome.duty)
