"""A new booking: one look and one tap, and what a refusal says."""

import re

import pytest
from flask.testing import FlaskClient

from packhouse.models.bookings import Booking, Job
from packhouse.models.slots import Claim
from tests.web.bookings.conftest import House, LoginAs, booking, count, words


def test_booking_takes_a_look_and_one_tap(house: House, browser: FlaskClient) -> None:
    chosen = house.chosen(house.make.at(8))
    page = words(browser.get("/bookings/new", query_string=chosen))
    assert "Kamis, 26 November 2026" in page
    assert "Rp 10.000" in page
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]{10,})"', page)
    assert key

    answer = browser.post("/bookings", data=chosen | {"idempotency_key": key[1]})

    assert answer.status_code == 303
    shown = words(browser.get(answer.location))
    assert "Aman berangkat" in shown
    assert answer.location.rsplit("/", 1)[1] in shown
    assert booking(answer.location.rsplit("/", 1)[1]).source == "online"


def test_a_retried_tap_is_the_same_booking(house: House, browser: FlaskClient) -> None:
    sent = house.chosen(house.make.at(8), idempotency_key="k" * 20)

    answers = [browser.post("/bookings", data=sent) for _ in range(3)]

    assert {answer.location for answer in answers} == {answers[0].location}
    assert count(Booking) == 1
    changed = browser.post("/bookings", data=sent | {"quantity": 300})
    assert "sudah dipakai untuk permintaan lain" in words(changed, 409)
    assert count(Booking) == 1


def test_the_front_desk_books_for_whoever_stands_there(house: House, login_as: LoginAs) -> None:
    answer = login_as(house.operator).post("/bookings", data=house.chosen(house.make.at(8)))

    assert booking(answer.location.rsplit("/", 1)[1]).source == "desk"


def test_a_time_that_is_gone_offers_others_in_one_tap(house: House, browser: FlaskClient) -> None:
    house.book(8)

    page = words(browser.post("/bookings", data=house.chosen(house.make.at(8, 20))), 409)

    assert "Orang lain lebih dahulu mengambil waktu ini." in page
    forms = re.findall(r'<form method="post" action="/bookings".*?</form>', page, re.DOTALL)
    assert len(forms) == 3
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0]))
    assert browser.post("/bookings", data=sent).status_code == 303
    assert count(Booking) == 2


@pytest.mark.parametrize(
    ("hour", "minute", "days", "told"),
    [
        (8, 2, 2, "kelipatan lima menit"),
        (8, 0, -1, "Waktu ini sudah lewat."),
        (8, 30, 0, "Terlalu dekat"),
        (8, 0, 90, "Terlalu jauh"),
        (6, 0, 2, "Di luar jam buka"),
        (8, 0, 4, "Rumah kemasan tutup"),
        (15, 45, 2, "tidak selesai sebelum tutup"),
    ],
)
def test_a_broken_rule_is_told_and_nothing_changes(
    house: House, browser: FlaskClient, hour: int, minute: int, days: int, told: str
) -> None:
    chosen = house.chosen(house.make.at(hour, minute, days=days))

    assert told in words(browser.get("/bookings/new", query_string=chosen), 422)
    page = words(browser.post("/bookings", data=chosen), 422)

    assert told in page
    assert "Lihat waktu lain" in page
    assert (count(Booking), count(Job), count(Claim)) == (0, 0, 0)


def test_every_broken_rule_is_told_at_once(house: House, browser: FlaskClient) -> None:
    jars = house.make.product(house.business, pack="jar", lane="non_halal")
    chosen = house.chosen(house.make.at(8, 2), product=jars)

    page = words(browser.post("/bookings", data=chosen), 422)

    for told in ("tidak dapat memakai kemasan Stoples", "jalur lain", "kelipatan lima menit"):
        assert told in page


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "9" * 40},
        {"quantity": "x"},
        {"product": ""},
        {"product": "9" * 40},
        {"machine": ""},
        {"machine": "M" * 500},
        {"starts_at": ""},
        {"starts_at": "besok"},
        {"starts_at": "2026-11-26T08:00:00"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"starts_at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(
    house: House, browser: FlaskClient, changes: dict[str, str]
) -> None:
    sent = house.chosen(house.make.at(8), **changes)

    words(browser.get("/bookings/new", query_string=sent), 400)
    words(browser.post("/bookings", data=sent), 400)

    assert count(Booking) == 0


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:55:00Z"])
def test_the_ends_of_time_are_only_refused(
    house: House, browser: FlaskClient, starts_at: str
) -> None:
    sent = house.chosen(house.make.at(8), starts_at=starts_at)

    words(browser.get("/bookings/new", query_string=sent), 422)
    words(browser.post("/bookings", data=sent), 422)


def test_nothing_is_booked_for_strangers_or_on_unknown_machines(
    house: House, browser: FlaskClient, login_as: LoginAs
) -> None:
    stranger = login_as(house.make.producer())
    chosen = house.chosen(house.make.at(8))

    for asking, sent in ((stranger, chosen), (browser, chosen | {"machine": "M99"})):
        words(asking.get("/bookings/new", query_string=sent), 404)
        words(asking.post("/bookings", data=sent), 404)
    assert count(Booking) == 0


def test_a_time_that_is_already_hers_is_shown_as_hers(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    chosen = house.chosen(house.make.at(8))

    for answer in (
        browser.post("/bookings", data=chosen),
        browser.get("/bookings/new", query_string=chosen),
    ):
        page = words(answer, 409)
        assert "Waktu ini sudah milik Anda" in page
        assert f"/bookings/{code}" in page
    assert count(Booking) == 1
