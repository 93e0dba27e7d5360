"""The waitlist in a browser without JavaScript."""

import html
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.domain.waitlist import offer_token
from packhouse.models.waitlist import Offer, Wish
from packhouse.services import bookings, waitlist
from packhouse.services.bookings import Wish as Asked
from packhouse.services.waitlist import Wanted
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """A machine that is taken for a whole Thursday, and one who waits for it."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK", horizon_days=3)
        make.machine(self.site, code="M3", rate_per_minute=1.0)
        self.other = make.business()
        product = make.product(self.other)
        owner = make.producer(self.other)
        asked = Asked(product, 400, "M3", make.at(7, 30))
        self.code = str(bookings.book(wish=asked, actor=owner, now=make.now)["code"])
        self.business = make.business(name="Ibu Sari")
        self.product = make.product(self.business, name="Amplang")
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))

    def wait(self) -> int:
        wanted = Wanted(self.product, 300, self.make.at(0), self.make.at(0, days=3), site="PTK")
        made = waitlist.enter(wanted=wanted, actor=self.producer, now=self.make.now)
        return int(made["id"])

    def offered(self) -> Offer:
        self.wait()
        bookings.cancel(code=self.code, actor=self.operator, now=self.make.now)
        waitlist.promote(actor=SYSTEM, now=self.make.now)
        return db.session.scalars(select(Offer)).one()


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def words(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_one_tap_after_a_quote_without_an_answer_puts_her_on_the_list(
    house: House, login_as: LoginAs
) -> None:
    browser = login_as(house.producer)
    asked = words(browser, f"/quote?product={house.product}&quantity=500&site=PTK")
    assert 'action="/waitlist"' in asked

    done = browser.post(
        "/waitlist",
        data={"quick": "1", "product": house.product, "quantity": "500", "site": "PTK"},
        follow_redirects=True,
    )

    assert done.status_code == 200, done.text
    wish = db.session.scalars(select(Wish)).one()
    assert (wish.quantity, wish.least, wish.kind, wish.state) == (500, 500, "offer", "open")
    page = html.unescape(done.text)
    assert "Urutan 1 dari 1" in page
    assert "Belum pernah memakai mesin" in page


def test_a_wish_is_changed_and_withdrawn(house: House, login_as: LoginAs) -> None:
    browser = login_as(house.producer)
    wish = house.wait()
    assert "Amplang" in words(browser, "/waitlist")
    assert "Amplang" in words(browser, f"/waitlist/{wish}/edit")
    form = {
        "product": house.product, "quantity": "200", "least": "100", "site": "",
        "from_day": "2026-11-25", "to_day": "2026-11-30", "part_of_day": "morning",
        "kind": "offer", "same_day": "y",
    }  # fmt: skip

    assert browser.post(f"/waitlist/{wish}/edit", data=form).status_code == 303
    assert "Pagi" in words(browser, f"/waitlist/{wish}")
    bad = browser.post(f"/waitlist/{wish}/edit", data=form | {"least": "300"})
    assert bad.status_code == 422
    assert browser.post(f"/waitlist/{wish}/withdraw").status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(Wish.state)).one() == "withdrawn"


def test_a_link_shows_two_buttons_and_only_pressing_one_answers(
    app: Flask, house: House, client: FlaskClient
) -> None:
    offer = house.offered()
    link = f"/offers/{offer_token(app.config['SECRET_KEY'], offer.id)}"
    assert words(client, "/offers/1-00", 404)

    page = words(client, link)
    assert "TERIMA" in page
    assert "TOLAK" in page
    db.session.rollback()
    assert db.session.scalars(select(Offer.state)).one() == "open"

    assert client.post(f"{link}/accept").status_code == 303
    assert "Reservasi Anda" in words(client, link)
    assert client.post(f"{link}/decline").status_code == 409
    assert client.post(f"{link}/accept").status_code == 303


def test_the_order_is_public_and_names_nobody_to_strangers(
    house: House, client: FlaskClient, login_as: LoginAs
) -> None:
    house.wait()

    public = words(client, "/waitlist/order")
    assert "Usaha lain" in public
    assert "Ibu Sari" not in public
    assert "Ibu Sari" in words(login_as(house.operator), "/waitlist/order?site=PTK")


def test_the_staff_put_her_first_with_a_reason_that_all_can_read(
    house: House, client: FlaskClient, login_as: LoginAs
) -> None:
    wish = house.wait()
    browser = login_as(house.operator)

    assert browser.post(f"/waitlist/{wish}/prefer", data={"reason": ""}).status_code == 422
    done = browser.post(f"/waitlist/{wish}/prefer", data={"reason": "Kapal hari Minggu"})

    assert done.status_code == 303
    assert "Kapal hari Minggu" in words(client, "/waitlist/order")
    assert login_as(house.make.producer()).get(f"/waitlist/{wish}").status_code == 404


def test_cancelling_offers_the_time_in_the_same_breath(house: House, login_as: LoginAs) -> None:
    house.wait()
    browser = login_as(house.operator)

    browser.post(f"/bookings/{house.code}/cancel", data={"version": "1"})

    offer = db.session.scalars(select(Offer)).one()
    browser = login_as(house.producer)
    assert "Jawab sebelum" in words(browser, "/waitlist")
    assert "TERIMA" in words(browser, f"/waitlist/offers/{offer.id}")
    taken = browser.post(f"/waitlist/offers/{offer.id}/accept")
    assert "/bookings/" in taken.location
