"""A machine breaks at 07.25: three taps to say so, two to give everybody a time and tell them."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.queries.audit import verify
from packhouse.services import bookings
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


class Taps:
    """Taps that lead on, counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def on(self, role: str, name: str, *, within: str = "main") -> None:
        self.count += 1
        self.page.locator(within).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.page.wait_for_load_state()


def stands(code: str) -> tuple[str, str, datetime]:
    db.session.rollback()
    found = db.session.execute(
        select(Booking.state, Machine.code, Booking.starts_at)
        .join(Machine, Machine.id == Booking.machine_id)
        .where(Booking.code == code)
    ).one()
    return found.state, found.code, found.starts_at


def test_a_broken_sealer_becomes_a_told_day_in_five_taps(house: House, open_page: OpenPage) -> None:
    make = house.make
    house.hands.now = morning = make.at(7, 25, days=0)
    make.machine(house.site, code="M4", name="Sealer kedua")

    def book(product: int, machine: str, hour: int, quantity: int = 400) -> str:
        wish = Wish(product, quantity, machine, make.at(hour, days=0))
        return str(bookings.book(wish=wish, actor=SYSTEM, now=morning)["code"])

    others = [make.product(make.business(name=name)) for name in ("Ibu Ati", "Pak Budi")]
    codes = [book(others[0], "M3", 8), book(others[1], "M3", 9)]
    codes.append(book(house.product, "M3", 13, quantity=1500))
    book(others[0], "M4", 10, quantity=3600)
    book(others[0], "V1", 13, quantity=1500)
    page = open_page(width=360, role=Role.OPERATOR)
    page.goto("/board")
    taps = Taps(page)

    taps.on("link", "Rusak", within="li:has(a[href='/machines/M3/breakdown'])")
    taps.on("radio", "Rusak")
    taps.on("button", "Laporkan")
    assert taps.count == 3
    expect(page.get_by_role("heading", level=1)).to_have_text("3 reservasi perlu waktu baru")
    assert not browsers.findings(page)
    assert browsers.sideways(page) <= 1
    taps.on("button", "Terapkan dan beri tahu mereka", within="body")

    assert taps.count <= 5
    expect(page.get_by_text("3 reservasi mendapat waktu baru")).to_be_visible()
    found = [stands(each) for each in codes]
    assert [each[0] for each in found] == ["confirmed"] * 3
    assert [each[1] for each in found[:2]] == ["M4", "M4"]
    assert found[2][2] == make.at(7, 30, days=1)  # There is no room today: first of all tomorrow.
    told = db.session.scalars(select(Message.kind).where(Message.state == "due"))
    assert {"new_time_asked", "new_time_told"} & set(told)
    assert verify(now=morning) == ()

    hers = open_page(width=360, role=Role.PRODUCER)
    hers.goto("/bookings")
    assert not browsers.findings(hers)
    assert browsers.sideways(hers) <= 1
    answer = Taps(hers)
    answer.on("button", "Terima waktu baru")
    assert answer.count == 1
    expect(hers.get_by_text("sudah pasti untuk Anda")).to_be_visible()
