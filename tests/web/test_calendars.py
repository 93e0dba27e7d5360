"""Bookings in a person's own calendar."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from icalendar import Calendar

from packhouse.domain.users import SYSTEM, Actor
from packhouse.services import bookings, users
from packhouse.services.bookings import Target, Wish
from tests.conftest import NOW
from tests.factories import Make
from tests.support.queries import CountQueries

LoginAs = Callable[[Actor], FlaskClient]
ADDRESS = re.compile(r"/calendar/[\w-]{40,}\.ics")


def subscribed(browser: FlaskClient) -> str:
    """Open a feed and return its path, which the page shows once."""
    found = ADDRESS.search(browser.post("/calendar").text)
    assert found
    return found.group()


def events(browser: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(answer.data)
    assert read.walk("VTIMEZONE") or not read.walk("VEVENT")
    return [
        {name: str(each.decoded(name)) for name in ("uid", "sequence", "status", "dtstart")}
        for each in read.walk("VEVENT")
    ]


def booked(make: Make, actor: Actor, business: int, hour: int = 8) -> str:
    machine = make.code(make.machine())
    wish = Wish(make.product(business), 300, machine, make.at(hour))
    return str(bookings.book(wish=wish, actor=actor, now=NOW)["code"])


def test_a_booking_is_one_event_for_life(login_as: LoginAs, make: Make) -> None:
    business = make.business()
    producer = make.producer(business)
    code, browser = booked(make, producer, business), login_as(producer)
    path = f"/bookings/{code}/calendar.ics"

    new = events(browser, path)
    bookings.move(code=code, target=Target(make.at(10)), actor=producer, now=NOW)
    moved = events(browser, path)
    bookings.cancel(code=code, actor=producer, now=NOW)
    gone = events(browser, path)

    assert len({each["uid"] for each in (*new, *moved, *gone)}) == 1
    assert [each["sequence"] for each in (*new, *moved, *gone)] == ["0", "1", "2"]
    assert [each["status"] for each in (*new, *moved, *gone)] == [
        "CONFIRMED", "CONFIRMED", "CANCELLED",
    ]  # fmt: skip
    assert new[0]["dtstart"].startswith("2026-11-26 08:00:00+07")
    assert moved[0]["dtstart"].startswith("2026-11-26 10:00:00+07")


def test_somebody_elses_booking_is_no_file(login_as: LoginAs, make: Make) -> None:
    business = make.business()
    code = booked(make, make.producer(business), business)

    assert login_as(make.producer()).get(f"/bookings/{code}/calendar.ics").status_code == 404


def test_a_feed_needs_no_sign_in_and_shows_her_own_bookings_only(
    login_as: LoginAs, client: FlaskClient, make: Make
) -> None:
    business, other = make.business(), make.business()
    producer = make.producer(business)
    code = booked(make, producer, business)
    booked(make, make.producer(other), other)
    path = subscribed(login_as(producer))

    found = events(client, path)

    assert [each["uid"] for each in found] == [f"{code}@packhouse"]


def test_a_renewed_or_revoked_address_answers_nothing(
    login_as: LoginAs, client: FlaskClient, make: Make
) -> None:
    browser = login_as(make.producer())
    old = subscribed(browser)
    new = subscribed(browser)

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert new not in browser.get("/calendar").text
    browser.post("/calendar/revoke")
    assert client.get(new).status_code == 404
    assert client.get("/calendar/tebakan.ics").status_code == 404


def test_a_closed_account_has_no_feed(login_as: LoginAs, client: FlaskClient, make: Make) -> None:
    producer = make.producer()
    path = subscribed(login_as(producer))
    assert producer.id is not None
    users.deactivate_user(user_id=producer.id, actor=SYSTEM, now=NOW + timedelta(minutes=1))

    assert client.get(path).status_code == 404


def test_a_feed_costs_a_constant_number_of_queries(
    login_as: LoginAs, client: FlaskClient, make: Make, count_queries: CountQueries
) -> None:
    business = make.business()
    producer = make.producer(business)
    path = subscribed(login_as(producer))
    booked(make, producer, business)
    with count_queries() as few:
        client.get(path)
    for hour in (9, 10, 11):
        booked(make, producer, business, hour)
    with count_queries() as many:
        client.get(path)

    assert few.total == many.total <= 5
