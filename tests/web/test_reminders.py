from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor, Role
from packhouse.models.reminders import Message
from tests.factories import Make
from tests.support.messages import Booked, book, plan, write

LogIn = Callable[[Actor], FlaskClient]


@pytest.fixture
def booked(make: Make, now: datetime) -> Booked:
    booked = book(make, make.at(9, days=8))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    plan(booked, now=now)
    return booked


def settle(state: str, at: datetime, channel: str | None = None) -> list[int]:
    with transaction() as session:
        rows = session.scalars(select(Message).where(Message.kind == "booking_confirmed"))
        changed = [row for row in rows if channel in (None, row.channel)]
        for row in changed:
            row.state, row.finished_at = state, at
            row.last_error = "permanent: 550 no such mailbox" if state == "dead" else None
        return [row.id for row in changed]


def test_the_inbox_shows_messages_with_their_history_and_what_is_to_come(
    booked: Booked, login_as: LogIn, now: datetime
) -> None:
    settle("sent", now)

    page = login_as(booked.owner).get("/messages").text

    assert "sudah pasti" in page
    assert "Baru" in page
    assert "Surel" in page
    assert "Terkirim" in page
    assert "Akan dikirim" in page
    assert "Pengingat: reservasi" in page
    assert "09.00" in page


def test_an_empty_inbox_says_so(make: Make, login_as: LogIn) -> None:
    assert "Belum ada pesan" in login_as(make.producer()).get("/messages").text


def test_messages_are_marked_as_read_one_by_one_or_all_at_once(
    booked: Booked, login_as: LogIn, now: datetime
) -> None:
    settle("sent", now)
    (in_app,) = settle("sent", now, "in_app")
    browser = login_as(booked.owner)

    answer = browser.post(f"/messages/{in_app}/read")

    assert (answer.status_code, answer.location) == (303, f"/messages#m{in_app}")
    assert "Baru" not in browser.get("/messages").text
    assert browser.post("/messages/read").status_code == 303


def test_nobody_reads_for_another(booked: Booked, make: Make, login_as: LogIn) -> None:
    (in_app,) = settle("sent", make.now, "in_app")

    assert login_as(make.producer()).post(f"/messages/{in_app}/read").status_code == 404


def test_strangers_are_sent_to_the_door(client: FlaskClient) -> None:
    assert "/sign-in" in client.get("/messages").location


def test_staff_see_what_never_arrived_and_try_it_again(
    booked: Booked, make: Make, login_as: LogIn, now: datetime
) -> None:
    (mail,) = settle("dead", now, "email")
    browser = login_as(make.user(Role.OPERATOR, sites=(booked.site_id,)))

    page = browser.get("/messages/undelivered").text
    answer = browser.post(f"/messages/{mail}/retry")

    assert "550 no such mailbox" in page
    assert booked.owner.name in page
    assert answer.status_code == 303
    assert "Semua pesan terkirim" in browser.get("/messages/undelivered").text


def test_what_never_arrived_is_not_for_producers_nor_for_other_sites(
    booked: Booked, make: Make, login_as: LogIn, now: datetime
) -> None:
    (mail,) = settle("dead", now, "email")
    elsewhere = login_as(make.user(Role.OPERATOR, sites=(make.site(),)))

    assert login_as(booked.owner).get("/messages/undelivered").status_code == 403
    assert login_as(booked.owner).post(f"/messages/{mail}/retry").status_code == 403
    assert "550" not in elsewhere.get("/messages/undelivered").text
    assert elsewhere.post(f"/messages/{mail}/retry").status_code == 404
    admin = login_as(make.user(Role.ADMIN))
    assert "550" in admin.get("/messages/undelivered").text


def test_a_message_that_comes_too_late_offers_no_retry(
    booked: Booked, make: Make, login_as: LogIn, now: datetime
) -> None:
    (mail,) = settle("dead", now, "email")
    with transaction() as session:
        session.get_one(Message, mail).not_after = now
    browser = login_as(make.user(Role.OPERATOR, sites=(booked.site_id,)))

    assert "Sudah terlambat" in browser.get("/messages/undelivered").text
    assert browser.post(f"/messages/{mail}/retry").status_code == 409


def test_the_menu_counts_what_is_unread(booked: Booked, login_as: LogIn, now: datetime) -> None:
    settle("sent", now)
    browser = login_as(booked.owner)

    assert "belum dibaca" in browser.get("/messages").text
    browser.post("/messages/read")
    assert "belum dibaca" not in browser.get("/messages").text
