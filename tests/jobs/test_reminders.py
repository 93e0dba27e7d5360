"""The delivery of messages, and what it survives."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from packhouse import clock
from packhouse.channels import NotSent
from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.domain.reminders import LEASE, Channel, Failure, MessageKind, MessageState
from packhouse.jobs.reminders import (
    BREAK_AFTER,
    Breaker,
    Sender,
    _while_ours,
    deliver_messages,
)
from packhouse.models.reminders import Message
from packhouse.services.outbox import Claimed, claim_due
from tests.factories import Make
from tests.support.messages import Booked, book, change, counts, outbox, plan, write

CONFIRMED = MessageKind.BOOKING_CONFIRMED


@dataclass
class Post:
    """Remembers what was sent, and fails as it is told to."""

    fails: list[Exception | None] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def __call__(self, message: Claimed) -> None:
        error = self.fails.pop(0) if self.fails else None
        if error is not None:
            raise error
        self.sent.append(message.key)

    @property
    def senders(self) -> Mapping[Channel, Sender]:
        return dict.fromkeys(Channel, self)


def deliver(post: Post, at: datetime, breaker: Breaker | None = None) -> int:
    with clock.frozen(at):
        return deliver_messages(senders=post.senders, breaker=breaker or Breaker())


def many(make: Make, number: int, now: datetime) -> list[Booked]:
    site_id = make.site()
    found = [book(make, make.at(9, days=8), site_id=site_id) for _ in range(number)]
    for each in found:
        write(each, CONFIRMED, now=now)
    return found


def test_everything_due_is_sent_once_in_as_many_claims_as_it_takes(
    make: Make, now: datetime
) -> None:
    many(make, 15, now)
    post = Post()

    assert deliver(post, now) == 30
    assert deliver(post, now) == 0

    assert max(Counter(post.sent).values()) == 1
    assert counts() == {"sent": 30}


def test_one_message_that_breaks_its_channel_does_not_hold_up_the_others(
    make: Make, now: datetime
) -> None:
    many(make, 5, now)
    post = Post(fails=[None, None, RuntimeError("poison")])

    assert deliver(post, now) == 9

    assert counts() == {"dead": 1, "sent": 9}


def test_a_channel_that_is_down_is_left_alone_for_a_while(make: Make, now: datetime) -> None:
    many(make, 15, now)
    tries = 0

    def down(_message: Claimed) -> None:
        nonlocal tries
        tries += 1
        raise NotSent(Failure.TRANSIENT, "gone")

    senders = {Channel.EMAIL: down, Channel.IN_APP: lambda _message: None}
    breaker = Breaker()

    assert deliver_messages(senders=senders, breaker=breaker) == 15
    assert deliver_messages(senders=senders, breaker=breaker) == 0

    assert tries == BREAK_AFTER
    with transaction() as session:
        attempts = session.scalars(select(Message.attempts).where(Message.channel == "email"))
        assert sorted(attempts) == [0] * 10 + [1] * 5
    assert deliver(Post(), now + timedelta(minutes=1)) == 15
    assert counts() == {"sent": 30}


def test_a_refused_address_does_not_count_against_its_channel() -> None:
    breaker = Breaker()

    for _ in range(BREAK_AFTER - 1):
        breaker.note(Channel.EMAIL, works=False)
    breaker.note(Channel.EMAIL, works=True)
    breaker.note(Channel.EMAIL, works=False)

    assert not breaker.is_open(Channel.EMAIL)


def test_a_worker_that_is_told_to_stop_hands_back_what_it_did_not_try(
    make: Make, now: datetime
) -> None:
    many(make, 5, now)
    post = Post()

    deliver_messages(senders=post.senders, breaker=Breaker(), go_on=lambda: len(post.sent) < 3)

    assert counts() == {"due": 7, "sent": 3}
    assert deliver(post, now) == 7
    assert max(Counter(post.sent).values()) == 1


def test_nothing_is_begun_that_the_lease_has_no_room_for(
    make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(make, 2, now)
    passing = iter(range(0, 1000, 20))
    monkeypatch.setattr("packhouse.jobs.reminders.time.monotonic", lambda: float(next(passing)))
    claimed = claim_due(now=now, limit=20, worker="test")
    untried: list[Claimed] = []

    tried = list(_while_ours(claimed, untried, lambda: True))

    assert (len(tried), len(untried)) == (1, 3)


def test_a_worker_that_dies_after_sending_is_succeeded_and_one_more_is_sent_at_most(
    make: Make, now: datetime
) -> None:
    (booked,) = many(make, 1, now)
    post = Post()

    class Killed(BaseException):
        pass

    def send_and_die(message: Claimed) -> None:
        post(message)
        raise Killed

    with pytest.raises(Killed):
        deliver_messages(senders=dict.fromkeys(Channel, send_and_die), breaker=Breaker())
    assert deliver(post, now + LEASE - timedelta(seconds=1)) == 0
    assert deliver(post, now + LEASE) == 2

    assert sorted(Counter(post.sent).values()) == [1, 2]
    assert set(outbox().values()) == {"sent"}
    assert booked.id


def test_a_zombie_that_wakes_up_after_its_lease_marks_nothing(make: Make, now: datetime) -> None:
    many(make, 1, now)
    post = Post()

    def sleep_through_the_lease(message: Claimed) -> None:
        deliver(post, now + LEASE)
        post(message)

    deliver_messages(senders=dict.fromkeys(Channel, sleep_through_the_lease), breaker=Breaker())

    assert counts() == {"sent": 2}
    with transaction() as session:
        assert set(session.scalars(select(Message.attempts))) == {2}


def test_cancelling_during_an_outage_leaves_nothing_to_be_reminded_of(
    make: Make, now: datetime
) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)
    change(booked, now=now, state=State.CANCELLED, forget=False)
    post = Post()

    for days in range(9):
        for hour in (7, 9, 12):
            deliver(post, make.at(hour, days=days))

    assert post.sent == []
    assert counts() == {"cancelled": 6}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_however_rounds_are_missed_or_doubled_nothing_is_sent_twice_or_late_or_lost(
    make: Make, now: datetime, data: st.DataObject
) -> None:
    with transaction() as session:
        # What earlier examples wrote is no longer of interest.
        session.execute(update(Message).values(state="cancelled", finished_at=now))
    starts = make.at(data.draw(st.integers(6, 15)), data.draw(st.sampled_from([0, 25, 40])), days=5)
    booked = book(make, starts)
    plan(booked, now=now)
    luck = random.Random(data.draw(st.integers(0, 10**6)))
    post = Post(fails=[luck.choice([None, NotSent(Failure.TRANSIENT, "busy")]) for _ in range(9)])
    at = now
    heard: list[tuple[datetime, str]] = []

    while at < starts:
        for _ in range(luck.choice([0, 1, 1, 2])):
            before = len(post.sent)
            deliver(post, at)
            heard += [(at, key) for key in post.sent[before:]]
        at += timedelta(minutes=luck.randint(1, 25))

    assert max(Counter(post.sent).values(), default=0) <= 1
    by_mail = [each + timedelta(hours=7) for each, key in heard if ":email:" in key]
    assert all(7 <= wall.hour < 20 for wall in by_mail)
    assert all(each < starts for each, _key in heard)
    with transaction() as session:
        rows = session.scalars(select(Message).where(Message.booking_id == booked.id)).all()
        states = Counter(row.state for row in rows)
    assert len(rows) == 6
    assert states[MessageState.SENT] == len(post.sent)
    assert set(states) <= {MessageState.SENT, MessageState.EXPIRED, MessageState.DUE}
