from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.reminders import LEASE, Channel, MessageKind, MessageState
from packhouse.models.reminders import Message
from packhouse.queries.reminders import (
    dead_letters,
    deliveries_of,
    heartbeats,
    inbox,
    is_anything_due,
    unread_count,
    upcoming,
)
from packhouse.services.housekeeping import note_duty
from packhouse.services.outbox import claim_due, record_sent
from packhouse.services.reminders import mark_read
from tests.factories import Make
from tests.support.messages import Booked, book, plan, write

CONFIRMED = MessageKind.BOOKING_CONFIRMED


def send(now: datetime) -> None:
    for each in claim_due(now=now, limit=100, worker="test"):
        record_sent(message_id=each.id, token=each.token, now=now)


def kill(channel: Channel, at: datetime) -> None:
    with transaction() as session:
        for row in session.scalars(select(Message).where(Message.channel == channel)):
            row.state, row.last_error, row.finished_at = "dead", "permanent: 550", at


@pytest.fixture
def booked(make: Make, now: datetime) -> Booked:
    booked = book(make, make.at(9, days=8))
    write(booked, CONFIRMED, now=now)
    plan(booked, now=now)
    return booked


def test_the_inbox_shows_what_has_arrived_with_its_fate_on_every_channel(
    booked: Booked, make: Make, now: datetime
) -> None:
    user_id = booked.owner.id or 0
    assert inbox(user_id=user_id) == []

    send(now)

    (message,) = inbox(user_id=user_id)
    assert (message.kind, message.zone, message.read_at) == (CONFIRMED, "Asia/Pontianak", None)
    assert {(d.channel, d.state, d.at) for d in message.deliveries} == {
        (channel, MessageState.SENT, now) for channel in Channel
    }
    assert inbox(user_id=make.producer().id or 0) == []


def test_the_newest_message_stands_first(booked: Booked, make: Make, now: datetime) -> None:
    for at in (now, make.at(9, days=5), make.at(9, days=7)):
        send(at)

    kinds = [each.kind for each in inbox(user_id=booked.owner.id or 0)]

    assert kinds == [MessageKind.REMINDER_1_DAY, MessageKind.REMINDER_3_DAYS, CONFIRMED]


def test_what_is_on_its_way_is_shown_next_first(booked: Booked, now: datetime) -> None:
    send(now)

    coming = upcoming(user_id=booked.owner.id or 0)

    assert [each.kind for each in coming] == [
        MessageKind.REMINDER_3_DAYS, MessageKind.REMINDER_1_DAY, MessageKind.REMINDER_2_HOURS,
    ]  # fmt: skip


def test_unread_messages_are_those_that_have_arrived(booked: Booked, now: datetime) -> None:
    user_id = booked.owner.id or 0
    assert unread_count(user_id=user_id) == 0
    send(now)
    assert unread_count(user_id=user_id) == 1

    mark_read(actor=booked.owner, message_id=inbox(user_id=user_id)[0].id, now=now)

    assert unread_count(user_id=user_id) == 0


def test_the_history_of_a_booking_is_in_the_order_of_time(
    booked: Booked, make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)

    told = deliveries_of(booking_id=booked.id)

    assert len(told) == 8
    assert [each.at for _kind, each in told] == sorted(each.at for _kind, each in told)


def test_dead_letters_are_those_of_ones_sites_with_a_masked_address(
    booked: Booked, make: Make, now: datetime
) -> None:
    kill(Channel.EMAIL, now)
    elsewhere = make.site()

    letters = dead_letters(site_ids={booked.site_id}, now=now)

    assert len(letters) == 4
    assert {each.address[:4] for each in letters} == {"o***"}
    assert {each.error for each in letters} == {"permanent: 550"}
    assert not any(each.is_too_late for each in letters)
    assert len(dead_letters(site_ids=None, now=now)) == 4
    assert dead_letters(site_ids={elsewhere}, now=now) == []
    assert dead_letters(site_ids=set(), now=now) == []
    assert all(each.is_too_late for each in dead_letters(site_ids=None, now=make.at(9, days=8)))


def test_something_is_due_until_it_is_claimed_and_again_when_its_lease_is_over(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    assert not is_anything_due(now=now - timedelta(seconds=1))
    assert is_anything_due(now=now)

    claim_due(now=now, limit=100, worker="test")

    assert not is_anything_due(now=now)
    assert is_anything_due(now=now + LEASE)


def test_the_beats_of_the_worker_are_read_by_duty(make: Make, now: datetime) -> None:
    note_duty(duty="prune", now=now, done=2, error="broken")

    beat = heartbeats()["prune"]

    assert (beat.at, beat.done, beat.error) == (now, 2, "broken")


def test_the_inbox_asks_the_database_twice_however_full_it_is(
    make: Make, now: datetime, count_queries: Callable[[], Any]
) -> None:
    booked = book(make, make.at(9, days=8))
    for kind in (CONFIRMED, MessageKind.BOOKING_MOVED, MessageKind.REQUEST_APPROVED):
        write(booked, kind, now=now)
    send(now)

    with count_queries() as counted:
        assert len(inbox(user_id=booked.owner.id or 0)) == 3

    assert len([s for s in counted.statements if s.lstrip().startswith("SELECT")]) == 2


def test_an_idle_look_into_the_outbox_uses_its_index(make: Make, now: datetime) -> None:
    with transaction() as session:
        if session.get_bind().dialect.name != "sqlite":
            pytest.skip("the planner of PostgreSQL takes no index for an empty table")
        plan_ = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM messages WHERE"
            " messages.state IN ('due', 'sending', 'unknown') AND messages.next_at <= 1"
            " AND messages.finished_at IS NULL"
        )
        assert "ix_messages_open" in str(plan_.all())
