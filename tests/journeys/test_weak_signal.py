"""One bar of signal: nothing typed is lost, nothing is booked twice, nothing is shown to others."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]
CODE = re.compile(r"/bookings/([A-Z]{1,4}\d*-[0-9A-Z]{6})$")
SLOWEST_STEP = 8.0  # Seconds at 64 kbit/s and 800 ms, from a cache that holds the style.
READY = """() => navigator.serviceWorker.controller !== null || new Promise((done) =>
  navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def controlled(page: Page) -> Page:
    """Wait until the service worker stands between the page and the network."""
    page.evaluate(READY)
    return page


def booked(house: House, *, days: int = 2) -> str:
    wish = Wish(house.product, 400, "M3", house.make.at(9, days=days))
    actor = house.make.producer(house.business)
    code = str(bookings.book(wish=wish, actor=actor, now=house.make.now)["code"])
    db.session.remove()
    return code


def codes() -> list[str]:
    db.session.rollback()
    found = list(db.session.scalars(select(Booking.code)))
    db.session.rollback()
    return found


def up_to_confirming(page: Page) -> None:
    page.goto("/quote")
    page.fill("[name=quantity]", "400")
    page.locator("main form button[type=submit]").last.click()
    page.locator("main a[href^='/bookings/new']").first.click()


def confirm(page: Page) -> None:
    page.locator("main form[action$='/bookings'] button[type=submit]").click()


def kept_keys(page: Page) -> list[str]:
    keys: list[str] = page.evaluate(
        "[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
        ".filter(key => key.startsWith('packhouse:'))"
    )
    return keys


def test_a_page_seen_before_is_there_without_a_signal_and_says_how_old_it_is(
    house: House, open_page: OpenPage
) -> None:
    code = booked(house)
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    page.goto(f"/bookings/{code}")
    page.goto("/bookings")

    page.context.set_offline(True)
    page.goto(f"/bookings/{code}")
    expect(page.get_by_role("main")).to_contain_text(code)
    expect(page.locator(".kept-copy")).to_have_text(re.compile(r"terakhir dimuat \d\d\.\d\d"))
    page.goto("/account")  # Never kept.
    expect(page.locator("h1")).to_have_text("Tidak ada sambungan")
    assert (browsers.findings(page), browsers.sideways(page)) == ([], 0)

    page.context.set_offline(False)
    page.goto(f"/bookings/{code}")
    expect(page.locator(".kept-copy")).to_have_count(0)


def test_nothing_is_left_on_a_shared_phone_after_signing_out(
    house: House, open_page: OpenPage
) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    page.goto("/products/new")
    page.locator("main form input[type=text]").first.fill("Resep rahasia")
    page.goto("/bookings")
    assert kept_keys(page)
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Keluar").first.click()
    page.wait_for_load_state()

    assert kept_keys(page) == []
    page.context.set_offline(True)
    page.goto("/bookings")
    expect(page.locator("h1")).to_have_text("Tidak ada sambungan")


def test_what_was_left_behind_is_offered_again_and_what_arrived_is_not(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER)
    page.goto("/complaints/new")
    page.locator("[name=topic]").first.check()
    page.fill("main form textarea", "Antrean di meja depan terlalu lama.")
    page.goto("/bookings")
    page.goto("/complaints/new")
    page.locator(".kept button").first.click()
    expect(page.locator("main form textarea").first).to_have_value(re.compile("Antrean"))
    page.locator("main form[data-once] button[type=submit]").last.click()
    page.wait_for_url(re.compile("/complaints/(ticket|mine)/"))
    page.goto("/complaints/new")

    expect(page.locator(".kept")).to_have_count(0)
    assert not [key for key in kept_keys(page) if key.endswith("complaint")]


def test_pages_of_staff_are_never_kept(house: House, open_page: OpenPage) -> None:
    code = booked(house)
    page = controlled(open_page(role=Role.OPERATOR, worker=True))
    page.goto(f"/bookings/{code}")
    page.goto("/board")
    board = page.url

    page.context.set_offline(True)
    for address in (board, f"/bookings/{code}"):
        page.goto(address)
        expect(page.locator("h1")).to_have_text("Tidak ada sambungan")
        assert code not in page.content()


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_submit_that_is_lost_says_so_and_sent_again_makes_one_booking(
    house: House, open_page: OpenPage, lost: str
) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    up_to_confirming(page)
    house.hands.losing += [lost] * 9  # Chromium tries once more by itself.

    confirm(page)
    expect(page.locator("h1")).to_have_text("Belum terkirim")
    house.hands.losing.clear()
    assert (browsers.findings(page), browsers.sideways(page)) == ([], 0)
    first = codes()
    page.get_by_role("button", name="Kirim lagi").click()
    page.wait_for_url(CODE)

    assert len(first) == (lost == "answer")
    assert len(codes()) == 1
    assert CODE.findall(page.url) == codes()
    assert first in ([], codes())
    page.goto("/bookings")
    expect(page.locator(".outbox.note-warning")).to_have_count(0)
    assert not [key for key in kept_keys(page) if key.endswith("outbox")]
    assert len(codes()) == 1


def test_what_was_not_sent_is_sent_by_itself_from_any_page_of_hers_and_only_once(
    house: House, open_page: OpenPage
) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    up_to_confirming(page)
    house.hands.losing += ["answer"] * 9
    confirm(page)
    expect(page.locator("h1")).to_have_text("Belum terkirim")
    house.hands.losing.clear()

    page.goto("/products")
    expect(page.locator(".outbox.note-success")).to_contain_text("Pesan waktu ini")
    page.goto("/products")

    expect(page.locator(".outbox")).to_have_count(0)
    assert len(codes()) == 1


def test_what_is_sent_without_a_signal_waits_and_leads_to_its_booking_when_there_is_one(
    house: House, open_page: OpenPage
) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    up_to_confirming(page)

    page.context.set_offline(True)
    confirm(page)
    expect(page.locator(".outbox.note-warning")).to_contain_text("Belum terkirim")
    assert codes() == []
    page.context.set_offline(False)
    page.wait_for_url(CODE)

    assert CODE.findall(page.url) == codes()


def test_an_operators_tap_without_a_signal_is_carried_out_once_when_there_is_one(
    house: House, open_page: OpenPage
) -> None:
    code = booked(house, days=0)
    page = controlled(open_page(role=Role.OPERATOR, worker=True))
    page.goto("/board")

    page.context.set_offline(True)
    page.locator("main form.one-tap[action*='check-in'] button").first.click()
    expect(page.locator(".outbox.note-warning")).to_contain_text("Belum terkirim")
    page.context.set_offline(False)
    expect(page.locator(".outbox.note-warning")).to_have_count(0)

    db.session.rollback()
    states = list(db.session.execute(select(Booking.code, Booking.state)))
    db.session.rollback()
    assert states == [(code, "arrived")]


def test_signing_out_says_first_what_would_be_lost(house: House, open_page: OpenPage) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    up_to_confirming(page)
    page.context.set_offline(True)
    confirm(page)
    leave = page.get_by_role("button", name="Keluar").first
    page.locator("details.menu summary").click()

    leave.click()
    expect(page.locator(".outbox.note-danger")).to_contain_text("sekali lagi")
    leave.click()
    page.wait_for_load_state()

    assert codes() == []


def test_what_was_typed_is_offered_again_and_only_to_her(house: House, open_page: OpenPage) -> None:
    page = controlled(open_page(role=Role.PRODUCER, worker=True))
    page.goto("/products/new")
    page.locator("main form input[type=text]").first.fill("Amplang pedas")
    page.goto("/products/new")

    page.get_by_role("button", name="Pakai lagi").click()

    expect(page.locator("main form input[type=text]").first).to_have_value("Amplang pedas")
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.fill("[name=email]", house.email(Role.OPERATOR))
    page.fill("[name=password]", "rumah kemasan contoh 26")
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    assert "Amplang pedas" not in page.evaluate("JSON.stringify({...localStorage})")


def test_a_booking_is_made_over_64_kbit_a_second(house: House, open_page: OpenPage) -> None:
    page = open_page(role=Role.PRODUCER)
    page.goto("/quote")  # The style is on the phone, as after any first visit.
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"latency": 800, "downloadThroughput": 8_000, "uploadThroughput": 8_000}
    line.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    took = []

    def step(act: Callable[[], object]) -> None:
        begun = time.monotonic()
        act()
        page.wait_for_load_state()
        took.append(time.monotonic() - begun)

    step(lambda: page.goto("/quote"))
    page.fill("[name=quantity]", "400")
    step(page.locator("main form button[type=submit]").last.click)
    step(page.locator("main a[href^='/bookings/new']").first.click)
    step(lambda: confirm(page))
    page.wait_for_url(CODE)

    assert max(took) < SLOWEST_STEP, took
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 1
    db.session.rollback()
