from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.domain.reminders import REMINDERS, Channel, MessageKind
from packhouse.domain.users import Role
from packhouse.errors import NotFound, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message
from packhouse.services.reminders import mark_all_read, mark_read, retry_dead
from tests.factories import Make
from tests.support.messages import book, change, outbox, plan, write


def messages() -> list[Message]:
    with transaction() as session:
        found = list(session.scalars(select(Message).order_by(Message.due_at, Message.id)))
        session.expunge_all()
        return found


def settle(state: str, **values: object) -> None:
    with transaction() as session:
        for message in session.scalars(select(Message)):
            message.state = state
            for name, value in values.items():
                setattr(message, name, value)


def test_each_person_of_the_business_is_told_in_the_app_and_by_mail(
    make: Make, now: datetime
) -> None:
    booked = book(make, make.at(8))
    (business_id,) = booked.owner.business_ids
    partner = make.user(businesses=(business_id,))
    make.user(businesses=(business_id,), is_active=False)
    make.producer()

    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)

    assert {(m.user_id, m.channel) for m in messages()} == {
        (person.id, channel.value) for person in (booked.owner, partner) for channel in Channel
    }


def test_a_message_carries_what_it_says_and_nothing_about_the_person(
    make: Make, now: datetime
) -> None:
    booked = book(make, make.at(8))

    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)

    payload = messages()[0].payload
    assert sorted(payload) == ["code", "ends_at", "machine", "starts_at"]
    assert payload["starts_at"] == make.at(8).timestamp()


def test_a_refusal_carries_its_reason(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8), state=State.REQUESTED)
    with transaction() as session:
        booking = session.get_one(Booking, booked.id)
        booking.state, booking.reason = State.REJECTED, "Mesin dipakai pelatihan"

    write(booked, MessageKind.REQUEST_REJECTED, now=now)

    assert messages()[0].payload["reason"] == "Mesin dipakai pelatihan"


def test_telling_the_same_thing_twice_writes_it_once(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))

    write(booked, MessageKind.BOOKING_CONFIRMED, MessageKind.BOOKING_CONFIRMED, now=now)
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now + timedelta(hours=1))

    assert len(messages()) == len(Channel)


def test_three_reminders_are_planned_for_each_channel(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=8))

    plan(booked, now=now)

    by_mail = [m for m in messages() if m.channel == Channel.EMAIL]
    assert [m.due_at for m in by_mail] == [
        make.at(9, days=5), make.at(9, days=7), make.at(7, days=8),
    ]  # fmt: skip
    assert len(messages()) == len(REMINDERS) * len(Channel)


def test_only_reminders_that_are_still_to_come_are_planned(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=2))

    plan(booked, now=now)

    assert {m.kind for m in messages()} == {"reminder_1_day", "reminder_2_hours"}


def test_a_paper_booking_tells_nobody(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))
    with transaction() as session:
        booking = session.get_one(Booking, booked.id)
        booking.source, booking.business_id = "paper", None

    plan(booked, now=now)

    assert messages() == []


def test_moving_cancels_the_old_reminders_and_keeps_the_new(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)

    change(booked, now=now, starts_at=make.at(9, days=9))
    plan(booked, now=now)
    change(booked, now=now)

    states = outbox(Channel.EMAIL)
    assert {key: s for key, s in states.items() if key.startswith("v1")} == {
        f"v1:{kind}:email": "cancelled" for kind in REMINDERS
    }
    assert {key: s for key, s in states.items() if key.startswith("v2")} == {
        f"v2:{kind}:email": "due" for kind in REMINDERS
    }


def test_a_booking_that_gets_its_machine_back_is_reminded_after_all(
    make: Make, now: datetime
) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)
    change(booked, now=now, state=State.DISPLACED)
    assert set(outbox().values()) == {"cancelled"}

    change(booked, now=now, state=State.CONFIRMED)
    plan(booked, now=now)

    assert set(outbox().values()) == {"due"}
    assert [m.finished_at for m in messages()] == [None] * 6


def test_cancelling_cancels_reminders_but_not_the_news_of_it(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=2))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    plan(booked, now=now)

    change(booked, now=now, state=State.CANCELLED)
    write(booked, MessageKind.BOOKING_CANCELLED, now=now)
    change(booked, now=now)

    assert outbox(Channel.EMAIL) == {
        "v1:booking_confirmed:email": "cancelled",
        "v1:booking_cancelled:email": "due",
        "v1:reminder_1_day:email": "cancelled",
        "v1:reminder_2_hours:email": "cancelled",
    }


def test_at_night_the_inbox_hears_at_once_and_the_mail_waits(make: Make) -> None:
    booked = book(make, make.at(9, days=8), state=State.CONFIRMED)
    night = make.at(22, days=0)

    write(booked, MessageKind.REQUEST_APPROVED, now=night)

    assert {m.channel: m.due_at for m in messages()} == {
        "in_app": night,
        "email": make.at(7, days=1),
    }


def test_the_hours_of_quiet_come_from_the_settings(
    make: Make, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "QUIET_TO", make.at(8).time().replace(hour=8))
    booked = book(make, make.at(9, days=8))

    write(booked, MessageKind.REQUEST_APPROVED, now=make.at(22, days=0))

    assert [m.due_at for m in messages() if m.channel == "email"] == [make.at(8, days=1)]


def test_reading_a_message_is_noted_once_and_only_by_its_owner(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    first = messages()[0]

    mark_read(actor=booked.owner, message_id=first.id, now=now)
    mark_read(actor=booked.owner, message_id=first.id, now=now + timedelta(hours=1))

    assert [m.read_at for m in messages() if m.id == first.id] == [now]
    with pytest.raises(NotFound):
        mark_read(actor=make.producer(), message_id=first.id, now=now)
    with pytest.raises(NotFound):
        mark_read(actor=booked.owner, message_id=10**6, now=now)


def test_reading_everything_touches_what_has_arrived_in_ones_own_inbox(
    make: Make, now: datetime
) -> None:
    for _ in range(2):
        booked = book(make, make.at(8))
        write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    settle("sent", finished_at=now)

    assert mark_all_read(actor=booked.owner, now=now) == 1
    assert mark_all_read(actor=booked.owner, now=now) == 0
    assert [m.read_at for m in messages() if m.read_at] == [now]


def test_a_dead_message_can_be_revived_by_the_staff_of_its_site(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    settle("dead", attempts=12, finished_at=now)
    first = messages()[0]
    operator = make.user(Role.OPERATOR, sites=(booked.site_id,))

    retry_dead(actor=operator, message_id=first.id, now=now)

    revived = messages()[0]
    assert (revived.state, revived.attempts, revived.finished_at) == ("due", 0, None)
    assert revived.dedupe_key == first.dedupe_key
    with transaction() as session:
        actions = list(session.scalars(select(AuditEntry.action)))
    assert actions == ["message:retried"]


def test_reviving_is_refused_to_strangers_for_the_living_and_when_too_late(
    make: Make, now: datetime
) -> None:
    booked = book(make, make.at(8))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    operator = make.user(Role.OPERATOR, sites=(booked.site_id,))
    first = messages()[0].id

    with pytest.raises(NotFound):
        retry_dead(actor=booked.owner, message_id=first, now=now)
    with pytest.raises(NotFound):
        retry_dead(actor=make.user(Role.OPERATOR, sites=(make.site(),)), message_id=first, now=now)
    with pytest.raises(WrongState, match="message_not_dead"):
        retry_dead(actor=operator, message_id=first, now=now)
    settle("dead")
    with pytest.raises(WrongState, match="message_too_late"):
        retry_dead(actor=operator, message_id=first, now=make.at(8))
