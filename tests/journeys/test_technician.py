"""A technician's week: what is down, waiting for which part, back when, and whom that hits."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.downtime import Breakdown
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime
from packhouse.services.bookings import Wish
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_part_and_the_day_of_return_take_four_taps(house: House, open_page: OpenPage) -> None:
    make = house.make
    house.hands.now = now = make.at(9, days=0)
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=make.at(7, 30, days=1), actor=SYSTEM,
        now=now,
    )  # fmt: skip
    wish = Wish(house.product, 400, "M3", make.at(9, days=2))
    code = str(bookings.book(wish=wish, actor=SYSTEM, now=now)["code"])
    page = open_page(width=360, role=Role.OPERATOR)
    page.goto("/sites/PTK/upkeep")
    expect(page.get_by_text("1 hari mati")).to_be_visible()
    assert not browsers.findings(page)
    assert browsers.sideways(page) <= 1
    taps = 0

    def tap(role: str, name: str) -> None:
        nonlocal taps
        taps += 1
        page.locator("body").get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        page.wait_for_load_state()

    tap("link", "Catat suku cadang")
    assert not browsers.findings(page)
    taps += 1
    page.get_by_label("Suku cadang").first.fill("Elemen pemanas 220 V")
    tap("radio", "3 Desember")
    tap("button", "Simpan")

    assert taps == 4
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 reservasi")
    expect(page.get_by_text(code).first).to_be_visible()
    broken = db.session.scalars(select(Breakdown)).one()
    assert (broken.reason, broken.expected_back_at) == ("waiting_parts", make.at(7, 30, days=9))
    db.session.rollback()
    page.goto("/sites/PTK/upkeep")
    expect(page.get_by_text("Elemen pemanas 220 V")).to_be_visible()
    assert not browsers.findings(page)
    assert verify(now=now) == ()


def test_the_pages_of_an_asset_suit_small_and_wide_screens(
    house: House, open_page: OpenPage
) -> None:
    machine = house.make.code(house.make.machine(house.site, code="A1", asset_code="1.3.2.8"))
    paths = ("move", "condition", "lane", "card", "label")
    page = open_page(width=360, role=Role.MANAGER)
    for path in (
        *(f"/machines/{machine}/{each}" for each in paths),
        f"/machines/{machine}",
        "/machines/register",
        "/sites/PTK/rates",
    ):
        page.goto(path)
        assert not browsers.findings(page), path
        assert browsers.sideways(page) <= 1, path
