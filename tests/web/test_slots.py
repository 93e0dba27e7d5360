import html
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from packhouse.models.slots import Claim, Demand
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """One machine, a producer with one product."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", **machine)
        self.business = make.business(name="Ibu Sari")
        self.product = make.product(self.business, name="Amplang")
        self.producer = make.producer(self.business)

    def book(self, hour: int, *, days: int = 2) -> None:
        wish = Wish(self.product, 400, "M3", self.make.at(hour, days=days))
        bookings.book(wish=wish, actor=self.producer, now=self.make.now)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def text(browser: FlaskClient, path: str, status: int = 200, **query: Any) -> str:
    """The page as its reader sees it: entities decoded, protected spaces as spaces."""
    answer = browser.get(path, query_string=query)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_an_empty_question_asks_what_is_packed(house: House, login_as: LoginAs) -> None:
    page = text(login_as(house.producer), "/quote")

    assert "Mau mengemas apa?" in page
    assert "Amplang · Pouch 100 g" in page


def test_three_times_are_shown_with_reason_advice_phases_and_price(
    house: House, login_as: LoginAs
) -> None:
    page = text(login_as(house.producer), "/quote", product=house.product, quantity="400")

    assert "Paling cepat" in page
    # An hour of notice after 08.00: the first start is 09.00.
    assert "Selasa, 24 November 2026" in page
    assert "09.00–09.40 WIB" in page
    assert "Datang pukul" in page
    assert "08.45 WIB" in page
    assert "Bawa produk yang siap dikemas dan 400 Pouch 100 g" in page
    assert "Pembersihan penutup" in page
    assert "Rp 10.000" in page
    assert "Tarif Rp 15.000 per jam × 40 menit. Istirahat dan pembersihan gratis." in page
    assert f"/bookings/new?product={house.product}&quantity=400&machine=M3" in page
    assert db.session.scalars(select(func.count()).select_from(Claim)).one() == 0


def test_the_question_can_be_narrowed_by_house_and_date(house: House, login_as: LoginAs) -> None:
    query: dict[str, Any] = {
        "product": house.product,
        "quantity": "1.250",
        "site": "PTK",
        "from": "30/11/2026",
    }
    page = text(login_as(house.producer), "/quote", **query)

    assert "Senin, 30 November 2026" in page
    assert "1.250 Pouch 100 g" in page
    assert "24 November" not in page


@pytest.mark.parametrize("day", ["0001-01-01", "2020-02-02", "2026-11-24"])
def test_a_date_that_has_passed_means_from_now_on(
    house: House, login_as: LoginAs, day: str
) -> None:
    query: dict[str, Any] = {"product": house.product, "quantity": 400, "from": day}

    assert "24 November 2026" in text(login_as(house.producer), "/quote", **query)


@pytest.mark.parametrize("day", ["2027-06-01", "9999-12-31"])
def test_a_date_beyond_the_horizon_is_told_so(house: House, login_as: LoginAs, day: str) -> None:
    query: dict[str, Any] = {"product": house.product, "quantity": 400, "from": day}

    page = text(login_as(house.producer), "/quote", 422, **query)

    assert "Pilih tanggal dalam 60 hari ke depan." in page


@pytest.mark.parametrize(
    "quantity", ["0", "-5", "1000001", "banyak", "4e2", "1.5,3", "9" * 400, "٤٠٠x", "400 or 1=1"]
)
def test_a_quantity_that_is_none_is_refused_beside_its_field(
    house: House, login_as: LoginAs, quantity: str
) -> None:
    query: dict[str, Any] = {"product": house.product, "quantity": quantity}
    page = text(login_as(house.producer), "/quote", 422, **query)

    assert "Jumlah kemasan" in page
    assert 'aria-invalid="true"' in page
    assert db.session.scalars(select(func.count()).select_from(Demand)).one() == 0


@pytest.mark.parametrize("product", ["0", "-1", "x", "9" * 30, "999999"])
def test_a_product_that_is_none_of_hers_is_refused(
    house: House, login_as: LoginAs, product: str
) -> None:
    foreign = house.make.product(house.make.business())
    browser = login_as(house.producer)

    for asked in (product, foreign):
        page = text(browser, "/quote", 422, product=asked, quantity=400)
        assert 'aria-invalid="true"' in page


def test_a_pack_no_machine_handles_leaves_a_wish_and_a_way_on(
    house: House, login_as: LoginAs
) -> None:
    jars = house.make.product(house.business, pack="jar")

    page = text(login_as(house.producer), "/quote", product=jars, quantity=400, site="PTK")

    assert "Tidak ada mesin untuk kemasan Stoples di sini." in page
    assert "Keinginan Anda sudah dicatat." in page
    assert "Cari di semua rumah kemasan" in page
    assert "Continuous band sealer (M3)" in page
    assert db.session.scalars(select(Demand.reason)).all() == ["pack_not_handled"]


def test_a_product_of_the_other_lane_is_told_plainly(house: House, login_as: LoginAs) -> None:
    pork = house.make.product(house.business, lane="non_halal")

    page = text(login_as(house.producer), "/quote", product=pork, quantity=400)

    assert "Tidak ada mesin jalur non-halal untuk kemasan ini di sini." in page


def test_a_job_longer_than_a_day_is_told_what_fits_in_one(house: House, login_as: LoginAs) -> None:
    page = text(login_as(house.producer), "/quote", product=house.product, quantity=20_000)

    assert "bagi menjadi beberapa hari" in page
    assert "kemasan dahulu" in page


def test_a_house_without_a_free_time_points_to_the_weeks_behind(
    make: Make, login_as: LoginAs
) -> None:
    house = House(make)
    make.closure(house.site, date(2026, 11, 24), day_to=date(2026, 12, 20))

    page = text(login_as(house.producer), "/quote", product=house.product, quantity=400)

    assert "Rumah kemasan tutup" in page
    assert "from=2026-12-08" in page
    assert "from=2026-12-08" in page


def test_a_producer_without_products_is_sent_to_write_one_down(
    make: Make, login_as: LoginAs
) -> None:
    page = text(login_as(make.producer()), "/quote")

    assert "Belum ada produk" in page


def test_the_front_desk_finds_a_product_by_its_owner(house: House, login_as: LoginAs) -> None:
    browser = login_as(house.make.user(Role.OPERATOR, sites=(house.site,)))

    assert "Amplang ·" not in text(browser, "/quote")
    assert "Amplang · Pouch 100 g · Ibu Sari" in text(browser, "/quote", q="sari")
    assert "Tidak ada produk yang cocok" in text(browser, "/quote", q="%")
    assert "Paling cepat" in text(browser, "/quote", product=house.product, quantity=400)


def test_every_free_start_of_a_day_can_be_seen_and_chosen(house: House, login_as: LoginAs) -> None:
    house.book(8)
    query: dict[str, Any] = {
        "product": house.product,
        "quantity": 400,
        "machine": "M3",
        "day": "2026-11-26",
    }

    page = text(login_as(house.producer), "/quote/times", **query)

    assert "Kamis, 26 November 2026" in page
    assert "starts_at=2026-11-26T02:00:00Z" in page  # 09.00
    assert "starts_at=2026-11-26T01:15:00Z" not in page  # 08.15 is taken.
    assert "Pagi" in page
    assert "Siang" in page


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-28", "Rumah kemasan tutup"),
        ("2026-11-20", "Waktu ini sudah lewat."),
        ("2027-11-20", "Terlalu jauh"),
        ("9999-12-31", "Terlalu jauh"),
        ("0001-01-01", "Waktu ini sudah lewat."),
    ],
)
def test_a_day_without_a_free_start_says_why(
    house: House, login_as: LoginAs, day: str, words: str
) -> None:
    query: dict[str, Any] = {"product": house.product, "quantity": 400, "machine": "M3", "day": day}

    assert words in text(login_as(house.producer), "/quote/times", **query)


def test_the_times_of_a_strangers_product_are_not_found(house: House, login_as: LoginAs) -> None:
    browser = login_as(house.make.producer())
    query: dict[str, Any] = {"product": house.product, "quantity": 400, "machine": "M3"}

    text(browser, "/quote/times", 404, **query)
    text(browser, "/quote/times", 404, **query | {"product": "x"})


def test_the_times_of_a_machine_that_cannot_are_refused(house: House, login_as: LoginAs) -> None:
    browser = login_as(house.producer)
    query: dict[str, Any] = {"product": house.product, "quantity": 400}

    text(browser, "/quote/times", 422, **query, machine="M99")
    text(browser, "/quote/times", 422, **query | {"quantity": "-1"}, machine="M3")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_who_books_for_nobody_cannot_ask(make: Make, login_as: LoginAs, role: Role) -> None:
    text(login_as(make.user(role)), "/quote", 403)
