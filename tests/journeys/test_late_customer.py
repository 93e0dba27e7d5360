"""08.20 and the customer is not there: two taps; and a board that a keyboard and a bad line run."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.bookings import Booking
from packhouse.models.waitlist import Offer
from packhouse.services import bookings, waitlist
from packhouse.services.bookings import Wish
from packhouse.services.waitlist import Wanted
from tests.journeys.conftest import House

OpenPage = Callable[..., Page]
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def at(house: House, hour: int, minute: int = 0) -> datetime:
    return house.make.at(hour, minute, days=0)


def booked(house: House, hour: int, name: str = "Dapur Contoh") -> str:
    """A booking at eight or later, made the evening before."""
    business = house.business if name == "Dapur Contoh" else house.make.business(name=name)
    product = house.product if name == "Dapur Contoh" else house.make.product(business)
    wish = Wish(product, 600, "M3", at(house, hour))
    answer = bookings.book(wish=wish, actor=SYSTEM, now=at(house, 6))
    db.session.remove()
    return str(answer["code"])


def waits(house: House) -> tuple[int, Actor]:
    """Somebody nearby who can come at short notice."""
    business = house.make.business(name="Dapur Sebelah")
    producer = house.make.user(businesses=(business,))
    wanted = Wanted(
        product_id=house.make.product(business), quantity=300, site="PTK",
        from_at=at(house, 0), to_at=at(house, 23),
    )  # fmt: skip
    wish = waitlist.enter(wanted=wanted, actor=producer, now=at(house, 7))
    db.session.remove()
    return int(wish["id"]), producer


def state_of(code: str) -> str:
    db.session.rollback()
    found = db.session.scalars(select(Booking.state).where(Booking.code == code)).one()
    db.session.rollback()
    return found


@pytest.mark.parametrize("javascript", [True, False])
def test_two_taps_give_the_time_of_who_is_not_there_to_who_waits(
    house: House, open_page: OpenPage, javascript: bool
) -> None:
    code = booked(house, 8)
    filler = booked(house, 10, name="Dapur Lain")
    wish, _producer = waits(house)
    house.hands.now = at(house, 8, 20)
    page = open_page(role=Role.OPERATOR, javascript=javascript)
    page.goto("/board")
    card = page.locator(f"#{code}")
    expect(card).to_contain_text("sudah lewat")

    card.get_by_role("link", name="Tidak hadir – tawarkan ke daftar tunggu").click()
    page.get_by_role("button", name="TIDAK HADIR – tawarkan ke daftar tunggu").click()

    expect(page.get_by_role("heading", name="Papan hari ini")).to_be_visible()
    assert state_of(code) == "no_show"
    offer = db.session.scalars(select(Offer)).one()
    assert offer.wish_id == wish
    assert offer.answer_by == house.hands.now + timedelta(minutes=15)
    db.session.rollback()
    assert state_of(filler) == "confirmed"
    # She was only parking: nobody has taken her time yet, but somebody was asked.
    page.get_by_role("button", name="Ternyata hadir").click()
    expect(page.locator(".summary")).to_contain_text("sudah diberikan atau ditawarkan")


def test_the_keyboard_runs_the_board(house: House, open_page: OpenPage) -> None:
    first, second = booked(house, 8), booked(house, 10, name="Dapur Lain")
    house.hands.now = at(house, 7, 50)
    page = open_page(width=1280, role=Role.OPERATOR)
    page.goto("/board")

    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#{first} h3 a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#{second} h3 a")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("h")
    page.wait_for_url("**/board?site=PTK")
    assert state_of(first) == "arrived"

    expect(page.locator(".keys-hint")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.evaluate(SETTLED)  # A dialog that closes gives the focus back a moment later.
    page.keyboard.press("/")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(second[-3:].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="HADIR")).to_be_visible()
    assert page.url.endswith(f"/check-in/{second}")


def test_a_board_without_a_line_says_of_when_it_is_and_comes_back(
    house: House, open_page: OpenPage
) -> None:
    code = booked(house, 8)
    house.hands.now = at(house, 7, 50)
    page = open_page(width=1280, role=Role.OPERATOR)
    page.goto("/board")
    lost = page.locator("[data-stale-board]")
    expect(lost).to_be_hidden()

    page.context.set_offline(True)
    expect(lost).to_contain_text("Data pukul 07.50, koneksi terputus.")

    house.hands.now = at(house, 8, 10)
    page.context.set_offline(False)
    expect(lost).to_be_hidden()
    expect(page.locator(f"#{code}")).to_contain_text("Terlambat 10 menit")


def test_the_wall_is_read_by_a_television(house: House, open_page: OpenPage) -> None:
    code = booked(house, 8)
    desk = open_page(width=1280, role=Role.MANAGER)
    desk.goto("/board/wall")
    desk.get_by_role("button", name="Buat alamat layar").click()
    address = desk.locator(".wall-address a").get_attribute("href")
    house.hands.now = at(house, 7, 50)
    screen = open_page(width=1920)
    screen.goto(str(address))

    expect(screen.locator("main")).to_contain_text(f"kode …{code[-3:]}")
    assert "Dapur Contoh" not in screen.content()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert screen.evaluate(overflow) <= 0
