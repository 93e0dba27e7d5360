"""Who comes without a booking, on the pages of the desk."""

import re

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.models.bookings import Booking
from tests.web.runs.conftest import Floor


def offered(page: str) -> dict[str, str]:
    form = re.search(r'action="/walk-in\?site=PTK".*?</form>', page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))


def test_a_walk_in_goes_straight_to_the_machine(floor: Floor) -> None:
    with floor.time(10):
        found = floor.browser.get("/walk-in?q=dapur").text
        assert "Dapur Rasa · Keripik" in found
        times = floor.browser.get(f"/walk-in?product={floor.product}&quantity=100&machine=M3").text
        data = offered(times)
        admitted = floor.browser.post("/walk-in?site=PTK", data=data)
        again = floor.browser.post("/walk-in?site=PTK", data=data)

    booking = db.session.scalars(select(Booking).where(Booking.source == "walk_in")).one()
    assert (booking.state, booking.starts_at) == ("running", floor.at(10))
    assert admitted.location == again.location == f"/bookings/{booking.code}/session"


def test_a_walk_in_that_was_overtaken_sees_what_is_free_now(floor: Floor) -> None:
    with floor.time(10):
        data = offered(floor.browser.get(f"/walk-in?product={floor.product}&quantity=100").text)
        floor.book(10)
        response = floor.browser.post("/walk-in?site=PTK", data=data)

    assert response.status_code == 409
    assert offered(response.text)["starts_at"] != data["starts_at"]


def test_a_walk_in_without_room_is_told_why(floor: Floor) -> None:
    with floor.time(11):
        response = floor.browser.get(f"/walk-in?product={floor.product}&quantity=5000")

    assert "Tidak ada waktu kosong hari ini" in response.text
    assert "Sealer biru" in response.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("q=nobody", 200),
        ("product=1&quantity=0", 422),
        ("product=999999&quantity=5", 422),
        ("product=x&quantity=5", 422),
        ("product=99999999999999999999999&quantity=5", 422),
        ("product=1&quantity=5&machine=NONE", 404),
        ("site=NONE", 404),
    ],
)
def test_an_odd_wish_gets_an_answer(floor: Floor, query: str, status: int) -> None:
    assert floor.browser.get(f"/walk-in?{query}").status_code == status


def test_a_walk_in_form_that_was_tampered_with_is_refused(floor: Floor) -> None:
    assert floor.browser.post("/walk-in", data={"product": "1"}).status_code == 400
