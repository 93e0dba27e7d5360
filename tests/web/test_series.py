import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.bookings import Booking
from packhouse.services import bookings, sites
from packhouse.services.bookings import Wish
from packhouse.services.sites.houses import Policy
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """One machine, and somebody who packs on it every Thursday."""

    def __init__(self, make: Make, login_as: LoginAs) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.business = make.business()
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.browser = login_as(self.producer)
        self.wish = {
            "product": self.product, "quantity": 400, "machine": "M3",
            "starts_at": "2026-11-26T01:00:00Z", "every": "week", "last_day": "2026-12-17",
        }  # fmt: skip

    def plan(self, **more: Any) -> str:
        answer = self.browser.get("/series/new", query_string=self.wish | more)
        assert answer.status_code == 200
        return unescape(answer.text)

    def send(self, path: str, page: str, **fields: Any) -> Any:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        data = {"csrf_token": token[1], **fields}
        return self.browser.post(path, data=data, follow_redirects=True)


@pytest.fixture
def house(make: Make, login_as: LoginAs) -> House:
    return House(make, login_as)


def boxes(page: str) -> list[str]:
    return re.findall(r'name="chosen" value="([^"]+)"', page)


def count() -> int:
    return db.session.scalars(select(func.count()).select_from(Booking)).one()


def test_she_ticks_what_fits_books_it_and_changes_it_together(house: House) -> None:
    rival = Wish(house.make.product(house.make.business()), 400, "M3", house.make.at(8, days=9))
    house.make.closure(house.site, house.make.at(8, days=16).date(), name="Libur contoh")
    bookings.book(wish=rival, actor=house.make.user(Role.ADMIN), now=house.make.now)

    page = house.plan()
    assert "Libur contoh" in page
    assert page.count(" checked") == 2
    assert len(boxes(page)) == 4

    done = house.send(
        "/series", page, **house.wish, chosen=boxes(page)[:2], idempotency_key="kunci"
    )
    assert done.status_code == 200
    assert "2 tanggal dipesan." in done.text
    assert count() == 3
    address = done.request.path

    moving = house.browser.get(f"{address}/move").text
    moved = house.send(f"{address}/move", moving, from_day="2026-11-26", time="13:00")
    assert moved.status_code == 200
    assert "13.00" in moved.text

    cancelling = house.browser.get(f"{address}/cancel").text
    gone = house.send(f"{address}/cancel", cancelling, from_day="2026-12-03")
    assert "1 reservasi dibatalkan." in gone.text

    back = house.send(f"{address}/dates", gone.text, chosen=boxes(unescape(gone.text))[0])
    assert "Tanggal itu sudah dipesan." in back.text
    assert address in house.browser.get("/series").text


def test_a_date_that_went_meanwhile_is_named_and_nothing_is_booked(house: House) -> None:
    page = house.plan()
    rival = Wish(house.make.product(house.make.business()), 400, "M3", house.make.at(8, days=9))
    bookings.book(wish=rival, actor=house.make.user(Role.ADMIN), now=house.make.now)

    refused = house.send("/series", page, **house.wish, chosen=boxes(page))

    assert refused.status_code == 422
    assert "3 Des 2026:" in refused.text
    assert count() == 1


def test_a_rule_that_means_nothing_says_why(house: House) -> None:
    assert "Tanggal terakhir sebelum" in house.plan(last_day="2026-11-01")
    assert "Paling banyak" in house.plan(last_day="2027-11-01")


def test_a_foreign_series_is_not_found(house: House, login_as: LoginAs, make: Make) -> None:
    page = house.plan()
    done = house.send("/series", page, **house.wish, chosen=boxes(page))
    other = login_as(make.producer())

    for path in ("", "/move", "/cancel"):
        assert other.get(done.request.path + path).status_code == 404


def test_the_last_tap_says_until_when_it_can_be_called_off(house: House) -> None:
    chosen = {name: house.wish[name] for name in ("product", "quantity", "machine", "starts_at")}
    page = unescape(house.browser.get("/bookings/new", query_string=chosen).text)

    assert "tanpa catatan sampai" in page
    assert "/series/new?" in page


def test_she_sees_her_use_and_the_staff_may_excuse_her(house: House, login_as: LoginAs) -> None:
    sites.edit_site(
        code="PTK", name="Rumah Kemasan", address="", owner="province",
        policy=Policy(limit_week_hours=1), actor=SYSTEM, now=house.make.now,
    )  # fmt: skip
    wish = Wish(house.product, 700, "M3", house.make.at(8))
    bookings.book(wish=wish, actor=house.producer, now=house.make.now)
    used = unescape(house.browser.get("/fair-use").text).replace("\xa0", " ")
    assert "dari 1 jam" in used

    house.browser = login_as(house.make.user(Role.OPERATOR, sites=(house.site,)))
    chosen = house.wish | {"starts_at": "2026-11-26T06:00:00Z", "idempotency_key": "kunci"}
    page = house.browser.get("/bookings/new", query_string=chosen).text
    refused = house.send("/bookings", page, **chosen)
    assert refused.status_code == 422
    assert "Pekan pertama yang cukup" in refused.text

    done = house.send("/bookings", refused.text, **chosen, override="Pameran provinsi")
    assert done.status_code == 200
    assert "Pameran provinsi" in done.text


def test_the_staff_books_a_series_beyond_the_limits_with_a_reason(
    house: House, login_as: LoginAs
) -> None:
    sites.edit_site(
        code="PTK", name="Rumah Kemasan", address="", owner="province",
        policy=Policy(limit_open=1), actor=SYSTEM, now=house.make.now,
    )  # fmt: skip
    hers = house.plan()
    assert len(boxes(hers)) == 1
    assert "Alasan pengecualian" not in hers
    producer = house.browser
    house.browser = login_as(house.make.user(Role.MANAGER, sites=(house.site,)))
    page = house.plan()
    assert page.count("Hanya dengan pengecualian.") == 3
    assert "Alasan pengecualian dari batas pemakaian" in page
    desk, house.browser = house.browser, producer
    both = {**house.wish, "chosen": boxes(page)[:2], "override": "saya mau"}
    answer = house.send("/series", hers, **both, idempotency_key="a")
    assert answer.status_code == 422
    assert "Alasan pengecualian" not in unescape(answer.text)
    assert count() == 0

    house.browser = desk
    refused = house.send("/series", page, **{**both, "override": ""}, idempotency_key="b")
    assert refused.status_code == 422
    assert "Alasan pengecualian dari batas pemakaian" in unescape(refused.text)
    done = house.send(
        "/series", refused.text, **{**both, "override": "Pameran provinsi"}, idempotency_key="c"
    )
    assert "2 tanggal dipesan." in done.text

    address = done.request.path
    third = {"chosen": boxes(page)[2]}
    refused = house.send(f"{address}/dates", done.text, **third, idempotency_key="d")
    assert refused.status_code == 422
    done = house.send(
        f"{address}/dates", refused.text, **third, override="Panen raya", idempotency_key="e"
    )
    assert "Tanggal itu sudah dipesan." in done.text
    asked = {"from_day": "2026-11-01", "to_day": "2026-11-30"}
    told = unescape(house.browser.get("/reports/exceptions", query_string=asked).text)
    assert "Panen raya" in told
    assert "Pameran provinsi" in told


def test_a_late_cancellation_that_somebody_used_is_forgiven_on_its_page(house: House) -> None:
    wish = Wish(house.product, 400, "M3", house.make.at(13, days=0))
    code = bookings.book(wish=wish, actor=house.producer, now=house.make.now)["code"]
    bookings.cancel(code=code, actor=house.producer, now=house.make.now)
    assert "dipakai orang lain" not in house.browser.get(f"/bookings/{code}").text

    rival = Wish(house.make.product(house.make.business()), 400, "M3", house.make.at(13, days=0))
    bookings.book(wish=rival, actor=house.make.user(Role.ADMIN), now=house.make.now)

    assert "dipakai orang lain" in house.browser.get(f"/bookings/{code}").text
