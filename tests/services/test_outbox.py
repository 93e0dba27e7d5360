from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.domain.reminders import (
    ASK_AGAIN_AFTER,
    LEASE,
    MAX_TRIES,
    RETRY_BASE,
    Channel,
    Failure,
    MessageKind,
)
from packhouse.models.reminders import Message
from packhouse.models.users import User
from packhouse.services.outbox import (
    Claimed,
    claim_due,
    hand_back,
    record_failure,
    record_sent,
)
from tests.factories import Make
from tests.support.messages import book, change, counts, outbox, plan, write

CONFIRMED = MessageKind.BOOKING_CONFIRMED


def claim(now: datetime, limit: int = 20) -> list[Claimed]:
    return claim_due(now=now, limit=limit, worker="test")


def one(channel: Channel = Channel.EMAIL) -> Message:
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.channel == channel)).one()
        session.expunge(message)
        return message


def fail(claimed: Claimed, now: datetime, failure: Failure = Failure.TRANSIENT) -> bool:
    return record_failure(
        message_id=claimed.id,
        token=claimed.token,
        now=now,
        error="421 later",
        failure=failure,
        luck=0.999999,
    )


def by_mail(claimed: list[Claimed]) -> Claimed:
    (found,) = [each for each in claimed if each.channel == Channel.EMAIL]
    return found


def test_a_due_message_is_claimed_once_with_all_it_needs(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))
    write(booked, CONFIRMED, now=now)

    claimed = claim(now)

    assert {each.channel for each in claimed} == set(Channel)
    mail = by_mail(claimed)
    assert (mail.kind, mail.attempts, mail.locale) == (CONFIRMED, 1, "id")
    assert mail.name == booked.owner.name
    assert mail.zone == "Asia/Pontianak"
    assert claim(now) == []


def test_nothing_is_claimed_before_it_is_due(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)

    assert claim(make.at(9, days=5) - timedelta(seconds=1)) == []
    assert len(claim(make.at(9, days=5))) == len(Channel)


def test_a_claim_is_no_bigger_than_asked(make: Make, now: datetime) -> None:
    for _ in range(3):
        write(book(make, make.at(8)), CONFIRMED, now=now)

    assert [len(claim(now, limit=4)) for _ in range(3)] == [4, 2, 0]


def test_urgent_messages_go_first(make: Make, now: datetime) -> None:
    write(book(make, make.at(8)), MessageKind.REQUEST_APPROVED, now=now - timedelta(hours=1))
    write(book(make, make.at(16, days=0)), MessageKind.BOOKING_MOVED, now=now)

    assert [each.kind for each in claim(now)] == [
        *[MessageKind.BOOKING_MOVED] * 2,
        *[MessageKind.REQUEST_APPROVED] * 2,
    ]


def test_a_message_is_settled_by_the_worker_that_holds_it(make: Make, now: datetime) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    mail = by_mail(claim(now))

    assert not record_sent(message_id=mail.id, token="another", now=now)
    assert record_sent(message_id=mail.id, token=mail.token, now=now)
    assert not record_sent(message_id=mail.id, token=mail.token, now=now)
    assert (one().state, one().finished_at) == ("sent", now)


def test_a_vanished_worker_is_succeeded_after_its_lease_and_changes_nothing_more(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    zombie = by_mail(claim(now))

    assert claim(now + LEASE - timedelta(seconds=1)) == []
    heir = by_mail(claim(now + LEASE))

    assert heir.id == zombie.id
    assert not record_sent(message_id=zombie.id, token=zombie.token, now=now + LEASE)
    assert not fail(zombie, now + LEASE)
    assert hand_back(claimed=[zombie], next_at=now) == 0
    assert one().state == "sending"
    assert record_sent(message_id=heir.id, token=heir.token, now=now + LEASE)


@pytest.mark.parametrize("forget", [True, False])
def test_a_moved_booking_is_not_reminded_of_its_old_time(
    make: Make, now: datetime, forget: bool
) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)
    change(booked, now=now, starts_at=make.at(9, days=20), forget=forget)

    assert claim(make.at(9, days=5)) == []
    assert outbox(Channel.EMAIL)["v1:reminder_3_days:email"] == "cancelled"


@pytest.mark.parametrize("forget", [True, False])
@pytest.mark.parametrize("state", [State.CANCELLED, State.DISPLACED, State.ARRIVED])
def test_a_booking_that_is_off_or_already_here_is_not_reminded(
    make: Make, now: datetime, state: State, forget: bool
) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)
    change(booked, now=now, state=state, forget=forget)

    assert claim(make.at(9, days=5)) == []
    assert claim(make.at(7, days=8)) == []
    assert set(counts()) <= {"cancelled", "expired"}


def test_a_late_message_expires_instead_of_arriving(make: Make, now: datetime) -> None:
    booked = book(make, make.at(9, days=8))
    plan(booked, now=now)

    assert claim(make.at(9, days=8)) == []
    assert counts() == {"expired": 6}


def test_a_reminder_due_an_hour_before_the_start_can_still_go_a_little_later(
    make: Make, now: datetime
) -> None:
    plan(book(make, make.at(8, days=1)), now=now)

    assert [each.kind for each in claim(make.at(7, 29, days=1))] == [
        MessageKind.REMINDER_2_HOURS
    ] * 2


def test_a_message_lost_while_being_sent_stays_unknown_once_it_is_too_late(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    claim(now)

    assert claim(make.at(8)) == []
    assert counts() == {"unknown": 2}
    assert claim(make.at(8)) == []


def test_a_closed_account_gets_nothing(make: Make, now: datetime) -> None:
    booked = book(make, make.at(8))
    write(booked, CONFIRMED, now=now)
    with transaction() as session:
        session.get_one(User, booked.owner.id).is_active = False

    assert claim(now) == []
    assert counts() == {"suppressed": 2}


def test_mail_that_falls_into_the_night_waits_for_the_morning(
    make: Make, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(book(make, make.at(9, days=8)), MessageKind.REQUEST_APPROVED, now=make.at(19, days=0))

    (in_app,) = claim(make.at(20, 30, days=0))
    assert in_app.channel == Channel.IN_APP
    record_sent(message_id=in_app.id, token=in_app.token, now=make.at(20, 30, days=0))
    assert (one().state, one().attempts, one().next_at) == ("due", 0, make.at(7, days=1))
    monkeypatch.setitem(context.config, "QUIET_TO", time(8))
    assert claim(make.at(7, days=1)) == []
    assert len(claim(make.at(8, days=1))) == 1


def test_urgent_mail_goes_at_night(make: Make) -> None:
    night = make.at(23, days=0)
    booked = book(make, make.at(8, days=1), state=State.DISPLACED)
    write(booked, MessageKind.BOOKING_DISPLACED, now=night)

    assert len(claim(night)) == len(Channel)


def test_a_transient_failure_waits_longer_each_time_and_ends_after_twelve(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8, days=8)), CONFIRMED, now=now)
    waits = []
    at = now
    for _ in range(MAX_TRIES):
        mail = by_mail([each for each in claim(at) if each.channel == Channel.EMAIL])
        assert fail(mail, at)
        waits.append(one().next_at - at)
        at = one().next_at

    assert waits[0] < waits[1] < waits[2]
    assert waits[0] <= RETRY_BASE
    assert (one().state, one().attempts) == ("dead", MAX_TRIES)
    assert one().last_error == "transient: 421 later"
    assert [each for each in claim(at) if each.channel == Channel.EMAIL] == []


def test_a_permanent_failure_is_dead_at_once_and_the_inbox_is_not_touched(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    claimed = claim(now)

    assert fail(by_mail(claimed), now, Failure.PERMANENT)

    assert one().state == "dead"
    assert one(Channel.IN_APP).state == "sending"


def test_an_ambiguous_failure_is_asked_once_more_and_then_stays_unknown(
    make: Make, now: datetime
) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)
    claimed = claim(now)
    record_sent(
        message_id=next(c.id for c in claimed if c.channel == Channel.IN_APP),
        token=claimed[0].token,
        now=now,
    )

    assert fail(by_mail(claimed), now, Failure.AMBIGUOUS)
    assert one().state == "unknown"
    assert claim(now + ASK_AGAIN_AFTER - timedelta(seconds=1)) == []
    again = by_mail(claim(now + ASK_AGAIN_AFTER))
    assert fail(again, now + ASK_AGAIN_AFTER, Failure.AMBIGUOUS)
    assert (one().state, one().finished_at) == ("unknown", now + ASK_AGAIN_AFTER)
    assert claim(now + timedelta(hours=3)) == []


def test_a_message_that_kills_its_senders_is_dead_in_the_end(make: Make, now: datetime) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)

    for crash in range(MAX_TRIES):
        assert len(claim(now + crash * LEASE)) == len(Channel)
    assert claim(now + MAX_TRIES * LEASE) == []
    assert counts() == {"dead": 2}


def test_a_claim_that_is_handed_back_costs_no_try(make: Make, now: datetime) -> None:
    write(book(make, make.at(8)), CONFIRMED, now=now)

    assert hand_back(claimed=claim(now), next_at=now + LEASE) == len(Channel)

    assert (one().state, one().attempts) == ("due", 0)
    assert claim(now) == []
    assert len(claim(now + LEASE)) == len(Channel)
