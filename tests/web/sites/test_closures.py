"""The pages of closed days and holidays."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM
from packhouse.models.sites import Closure
from packhouse.services.bookings import Wish, book
from tests.factories import Make
from tests.web.sites.conftest import send, text


def closure(day: date) -> Closure:
    db.session.rollback()
    return db.session.scalars(select(Closure).where(Closure.day_from == day)).one()


def test_a_manager_decides_each_holiday(browser: FlaskClient, house: int) -> None:
    day = date(2026, 12, 24)
    holiday = closure(day).id
    page = text(browser, "/sites/PTK/closures")
    assert "Perlu keputusan Anda" in page
    assert "Cuti bersama 2028 belum ditetapkan" in page

    send(browser, f"/sites/PTK/holidays/{holiday}", decision="open")
    assert closure(day).state == "rejected"
    assert "Tetap buka" in text(browser, "/sites/PTK/closures")

    send(browser, f"/sites/PTK/holidays/{holiday}", decision="confirm")
    assert closure(day).state == "confirmed"
    send(browser, f"/sites/PTK/holidays/{holiday}", 400, decision="maybe")
    send(browser, "/sites/PTK/holidays/999999", 404, decision="open")


def test_a_manager_closes_days_and_opens_them_again(browser: FlaskClient) -> None:
    send(browser, "/sites/PTK/closures", name="Cat ulang", day_from="2026-12-01")
    made = closure(date(2026, 12, 1))
    assert (made.day_to, made.state) == (date(2026, 12, 1), "confirmed")

    send(browser, f"/sites/PTK/closures/{made.id}/remove")
    assert closure(date(2026, 12, 1)).state == "rejected"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "day_from": "2026-12-01"}, "name"),
        ({"name": "Cat", "day_from": ""}, "day_from"),
        ({"name": "Cat", "day_from": "besok"}, "day_from"),
        ({"name": "Cat", "day_from": "0001-01-01"}, "day_from"),
        ({"name": "Cat", "day_from": "2026-12-05", "day_to": "2026-12-01"}, "day_to"),
        ({"name": "x" * 121, "day_from": "2026-12-01"}, "name"),
    ],
)
def test_a_wrong_closure_is_shown_again_with_its_mistake_beside_it(
    browser: FlaskClient, data: dict[str, Any], field: str
) -> None:
    page = send(browser, "/sites/PTK/closures", 422, **data)

    assert f'id="{field}-error"' in page
    assert all(f'value="{typed}"' in page for typed in data.values() if typed)


def test_bookings_that_no_longer_fit_are_listed_on_every_page_of_the_calendar(
    make: Make, house: int, browser: FlaskClient
) -> None:
    make.machine(house, code="BS-1")
    product = make.product(make.business(name="Ibu Sari"))
    code = book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)["code"]

    closed: dict[str, Any] = {"name": "Banjir", "day_from": "2026-11-26"}
    page = send(browser, "/sites/PTK/closures", 422, **closed)
    assert "Belum disimpan: 1 reservasi" in page
    assert 'value="Banjir"' in page
    send(browser, "/sites/PTK/closures", **closed, seen=str(code))

    for page in ("closures", "hours", "shifts"):
        shown = text(browser, f"/sites/PTK/{page}")
        assert str(code) in shown
        assert "Ibu Sari" in shown
