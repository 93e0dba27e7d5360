from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from packhouse import clock
from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.domain.reminders import MessageKind
from packhouse.jobs import schedule
from packhouse.jobs.schedule import DUTIES, Duty, do_duties, due_duties, run_tick
from packhouse.models.bookings import Booking
from packhouse.queries.reminders import heartbeats
from packhouse.services.housekeeping import note_duty
from tests.factories import Make
from tests.support.messages import book, counts, write

MINUTE = timedelta(minutes=1)


def duty(name: str, act: Callable[[datetime], int], every: timedelta = MINUTE) -> Duty:
    return Duty(name, every, act)


def broken(_now: datetime) -> int:
    raise RuntimeError("no")


def test_the_table_has_each_duty_once_and_messages_last() -> None:
    names = [each.name for each in DUTIES]

    assert len(names) == len(set(names))
    assert names[-1] == "deliver_messages"


def test_a_round_does_everything_once_and_says_how_much(
    context: Flask, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path)
    write(book(make, make.at(8)), MessageKind.BOOKING_CONFIRMED, now=now)

    done = run_tick(context, now)

    assert set(done) == {each.name for each in DUTIES}
    assert done["deliver_messages"] == 2
    assert run_tick(context, now)["deliver_messages"] == 0
    assert counts() == {"sent": 2}


def test_a_round_at_another_instant_leaves_no_mark_on_the_workers_table(
    context: Flask, make: Make, now: datetime
) -> None:
    run_tick(context, now + timedelta(days=300))

    assert heartbeats() == {}


def test_a_duty_that_fails_is_noted_and_does_not_stop_the_others(
    context: Flask, make: Make, now: datetime
) -> None:
    outcomes = do_duties(
        context, [duty("first", lambda _now: 3), duty("second", broken), duty("third", lambda _: 1)]
    )

    assert [(each.duty, each.done) for each in outcomes] == [
        ("first", 3), ("second", 0), ("third", 1),
    ]  # fmt: skip
    beats = heartbeats()
    assert beats["second"].error == "RuntimeError: no"
    assert (beats["third"].at, beats["third"].done, beats["third"].error) == (now, 1, None)


def test_a_failed_duty_is_missing_from_what_a_round_did(
    context: Flask, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "DUTIES", (duty("good", lambda _: 1), duty("bad", broken)))

    assert run_tick(context, now) == {"good": 1}


def test_a_duty_in_batches_is_done_until_nothing_is_left(context: Flask, now: datetime) -> None:
    left = [3, 2, 0, 9]
    batches = Duty("batches", MINUTE, lambda _now: left.pop(0), in_batches=True)

    with clock.frozen(now):
        (outcome,) = do_duties(context, [batches], note=lambda _outcome: None)

    assert outcome.done == 5


@pytest.mark.parametrize(
    ("ago", "due"),
    [(timedelta(0), False), (MINUTE - timedelta(seconds=1), False), (MINUTE, True),
     (timedelta(days=9), True), (-timedelta(seconds=1), True)],
)  # fmt: skip
def test_a_duty_is_due_when_its_time_has_passed_or_the_clock_was_set_back(
    context: Flask, make: Make, now: datetime, ago: timedelta, due: bool
) -> None:
    note_duty(duty="known", now=now - ago, done=0, error=None)
    known, unknown = duty("known", broken), duty("unknown", broken)

    assert due_duties(context, [known, unknown]) == [*([known] if due else []), unknown]


def test_a_request_that_expires_is_told_in_the_same_round(
    context: Flask, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path)
    booked = book(make, make.at(9, days=8), state=State.REQUESTED)
    with transaction() as session:
        session.execute(
            update(Booking).where(Booking.id == booked.id).values(decide_by=make.at(9, days=1))
        )

    assert run_tick(context, make.at(8, 59, days=1))["expire_requests"] == 0
    done = run_tick(context, make.at(9, days=1))

    assert (done["expire_requests"], done["deliver_messages"]) == (1, 2)
