"""The page of the operators of a house."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM
from packhouse.errors import RuleBroken
from packhouse.models.sites import Shift, Site
from packhouse.services.bookings import Wish, book
from tests.factories import Make
from tests.web.sites.conftest import send, text


def test_a_manager_sets_operators_for_a_day_and_for_all(
    browser: FlaskClient, make: Make, house: int
) -> None:
    shift: dict[str, Any] = {
        "day": "2026-11-26",
        "from_time": "07:30",
        "to_time": "12.00",
        "operators": "1",
    }
    send(browser, "/sites/PTK/shifts", **shift)
    row = db.session.scalars(select(Shift)).one()
    assert (row.from_at, row.to_at, row.operators) == (make.at(7, 30), make.at(12), 1)
    assert "1 operator" in text(browser, "/sites/PTK/shifts")

    send(browser, f"/sites/PTK/shifts/{row.id}/remove")
    send(browser, "/sites/PTK/operators", usual="5")

    db.session.rollback()
    assert db.session.scalars(select(Site.operators)).one() == 5
    assert db.session.scalars(select(Shift)).all() == []


def test_fewer_operators_than_booked_are_explained_beside_the_number(
    browser: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1", attended=True)
    product = make.product(make.business())
    book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)

    page = send(browser, "/sites/PTK/operators", 422, usual="0")
    assert "Belum disimpan: 1 reservasi" in page
    assert 'value="0"' in page
    assert db.session.scalars(select(Site.operators)).one() == 3

    shift: dict[str, Any] = {
        "day": "2026-11-26",
        "from_time": "09:00",
        "to_time": "08:00",
        "operators": "-1",
    }
    page = send(browser, "/sites/PTK/shifts", 422, **shift)
    assert 'id="operators-error"' in page
    page = send(browser, "/sites/PTK/shifts", 422, **(shift | {"operators": "1"}))
    assert 'id="to_time-error"' in page


def test_fewer_operators_leave_what_was_promised_and_offer_a_new_time(
    browser: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1", attended=True)
    product = make.product(make.business())
    wish = Wish(product, 300, "BS-1", make.at(9))
    code = str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])

    send(browser, "/sites/PTK/operators", usual="0", seen=code)

    page = text(browser, "/sites/PTK/shifts")
    assert "1 reservasi tidak sesuai jam kerja lagi" in page
    assert "/sites/PTK/plans" in page or "Carikan waktu baru" in page
    assert code in text(browser, "/sites/PTK")
    with pytest.raises(RuleBroken):
        book(wish=Wish(product, 300, "BS-1", make.at(10)), actor=SYSTEM, now=make.now)


def test_the_same_shift_on_several_days_is_one_form(
    browser: FlaskClient, make: Make, house: int
) -> None:
    shift: dict[str, Any] = {
        "day": "2026-11-26", "from_time": "08:00", "to_time": "12:00", "operators": "1",
        "last_day": "2026-11-28",
    }  # fmt: skip
    send(browser, "/sites/PTK/shifts", **shift)

    db.session.rollback()
    kept = db.session.scalars(select(Shift).order_by(Shift.from_at)).all()
    assert [each.from_at for each in kept] == [make.at(8, days=day) for day in (2, 3, 4)]
    page = send(browser, "/sites/PTK/shifts", 422, **(shift | {"last_day": "2026-11-25"}))
    assert 'id="last_day-error"' in page
