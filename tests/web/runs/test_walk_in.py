import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from tests.factories import Make
from tests.web.runs.conftest import Floor, words

Login = Callable[[Any], FlaskClient]
NEWCOMER = {
    "name": "Ibu Mina", "phone": "0812 3456 7890", "product": "Amplang", "pack": "pouch_100",
    "quantity": "150", "lane": "halal", "idempotency_key": "once",
}  # fmt: skip


@pytest.fixture
def floor(make: Make, login_as: Login) -> Iterator[Floor]:
    built = Floor(make, login_as)
    with built.time(8, 2):
        yield built


def first_form(page: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of the first button that takes a time."""
    found = re.search(r'<form method="post" action="(/walk-in[^"]*)".*?</form>', page, re.DOTALL)
    assert found is not None
    return found[1], dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', found[0]))


def test_somebody_new_is_at_her_machine_with_one_form_and_one_tap(floor: Floor) -> None:
    answer = floor.browser.post("/walk-in/newcomer?site=PTK", data=NEWCOMER)
    offers = floor.browser.get(answer.location).text
    assert "Pakai dan mulai sekarang" in offers

    address, fields = first_form(offers)
    session = floor.browser.post(address, data=fields)

    booking = db.session.scalars(select(Booking).order_by(Booking.id.desc())).first()
    assert booking is not None
    assert (booking.state, booking.source, booking.quantity) == ("running", "walk_in", 150)
    assert session.location == f"/bookings/{booking.code}/session"
    business = db.session.get_one(Business, booking.business_id)
    assert (business.name, business.level) == ("Ibu Mina", "trial")


def test_a_newcomer_sent_twice_is_one_newcomer(floor: Floor) -> None:
    first, second = (
        floor.browser.post("/walk-in/newcomer?site=PTK", data=NEWCOMER).location for _ in range(2)
    )

    assert first == second
    found = select(func.count()).where(Business.name == "Ibu Mina")
    assert db.session.scalars(found).one() == 1


@pytest.mark.parametrize(
    "wrong", [{"phone": "12"}, {"quantity": "0"}, {"pack": "none"}, {"name": " "}, {"lane": "x"}]
)
def test_a_wrong_newcomer_comes_back_with_the_form(floor: Floor, wrong: dict[str, str]) -> None:
    answer = floor.browser.post("/walk-in/newcomer?site=PTK", data=NEWCOMER | wrong)

    assert answer.status_code == 422
    assert 'value="Amplang"' in answer.text


def test_who_comes_often_is_one_tap_away(floor: Floor) -> None:
    with floor.time(9):
        floor.tap("start")
    with floor.time(9, 30):
        floor.tap("finish", {"good": "400", "rejected": "0", "idempotency_key": "k"})

    with floor.time(10):
        page = floor.browser.get("/walk-in?site=PTK").text

        assert "Terakhir ke sini" in page
        link = re.search(r'href="(/walk-in\?[^"]*quantity=400[^"]*)"', page)
        assert link is not None
        assert "Kosong hari ini" in words(floor.browser.get(link[1].replace("&amp;", "&")).text)
