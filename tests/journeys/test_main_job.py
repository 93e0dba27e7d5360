"""The main job on a phone: quote, book, run, and the used time of that day to the minute."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.journeys.conftest import House

OpenPage = Callable[..., Page]
MOST_BYTES = 50 * 1024
BOOKABLE = 450  # Minutes of a Tuesday from 07.30 to 12.00 and from 13.00 to 16.00.
MOST_REQUESTS = 5  # Of a whole repeated order, once the style and the icon are in the cache.
ZONE = ZoneInfo("Asia/Pontianak")
CODE = re.compile(r"/bookings/([A-Z]{1,4}\d*-[0-9A-Z]{6})$")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class Traffic:
    """What a page loads from the network, step by step, as the browser itself counts it."""

    page: Page
    forgetful: bool = False  # Whether every step begins with an empty cache.
    steps: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.now: list[tuple[str, int]] = []
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            if event.get("redirectResponse"):
                answer = event["redirectResponse"]
                self.now.append((answer["url"], int(answer["encodedDataLength"])))
            self.urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        url = self.urls.get(event["requestId"])
        if url and event["encodedDataLength"]:  # What the cache gives has no length.
            self.now.append((url, int(event["encodedDataLength"])))

    def step(self, name: str, act: Callable[[], object]) -> None:
        """Do one step and note what it took."""
        self.now = []
        if self.forgetful:
            self.session.send("Network.clearBrowserCache")
        act()
        self.page.wait_for_load_state("networkidle")
        self.steps[name] = self.now

    @property
    def requests(self) -> int:
        """How many; a static file counts once, for the tab asks for its icon past the cache."""
        urls = [url for took in self.steps.values() for url, _ in took]
        static = [url for url in urls if "/static/" in url]
        return len(urls) - len(static) + len(set(static))

    def heavy(self) -> dict[str, int]:
        """Return the steps that transfer too much, with their bytes."""
        totals = {name: sum(size for _, size in took) for name, took in self.steps.items()}
        return {name: total for name, total in totals.items() if total > MOST_BYTES}

    def __str__(self) -> str:
        lines = []
        for name, took in self.steps.items():
            lines.append(f"{name}: {len(took)} requests, {sum(size for _, size in took)} bytes")
            lines += [f"    {size:>7} {url}" for url, size in took]
        return "\n".join(lines)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=name, exact=True)


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("link", name=name, exact=True)


def code_of(page: Page) -> str:
    found = CODE.search(page.url)
    assert found, page.url
    return found.group(1)


def ask(page: Page) -> None:
    """Open the quote and say how many; her one product is chosen already."""
    page.goto("/quote")
    page.fill("[name=quantity]", "400")
    button(page, "Lihat waktu dan biaya").click()


def choose(page: Page) -> None:
    link(page, "Pilih waktu ini").first.click()


def confirm(page: Page) -> None:
    button(page, "Pesan waktu ini").click()


def booked(code: str) -> tuple[datetime, str]:
    """Return when a booking starts, and its state."""
    db.session.rollback()
    booking = db.session.scalars(select(Booking).where(Booking.code == code)).one()
    return booking.starts_at, str(booking.state)


def how_many() -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(Booking)) or 0)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_producer_books_an_operator_runs_and_the_used_time_is_right(
    house: House, open_page: OpenPage, javascript: bool
) -> None:
    phone = open_page(role=Role.PRODUCER, javascript=javascript)
    ask(phone)
    choose(phone)
    confirm(phone)
    code = code_of(phone)
    expect(phone.locator("h1")).to_contain_text("Amplang contoh")
    expect(phone.get_by_role("main")).to_contain_text(code)
    expect(phone.get_by_role("main")).to_contain_text("Aman berangkat")
    starts_at, _ = booked(code)

    house.hands.now = starts_at - timedelta(minutes=10)
    board = open_page(role=Role.OPERATOR, javascript=javascript)
    _work(house, board, code, starts_at, javascript)

    day = starts_at.astimezone(ZONE).date()
    review = open_page(role=Role.REVIEWER, javascript=javascript)
    review.goto(f"/reports/utilization?from={day}&to={day}&by=machine")
    here = review.get_by_role("link", name="M3", exact=True)
    machine = review.get_by_role("row").filter(has=here).first
    used = f"{47 / BOOKABLE:.1%}".replace(".", ",")
    expect(machine.locator("[data-name=Terpakai]")).to_have_text(used)
    review.goto(f"/reports/machines/M3/{day}")
    rows = review.get_by_role("row").filter(has_text="dalam sesi")
    told = rows.all_inner_texts()
    minutes = [int(found) for text in told for found in re.findall(r"(\d+)\s+menit", text)]
    assert minutes == [7, 12, 9, 19], told
    assert sum(minutes) == 47


def _work(house: House, page: Page, code: str, starts_at: datetime, javascript: bool) -> None:
    """Run the booking as an operator does: 7 setup, 12 running, 9 paused, 19 running."""

    def after(minutes: int) -> None:
        expect(page.locator(".sync")).to_be_hidden()
        house.hands.now = starts_at + timedelta(minutes=minutes)
        page.goto(f"/bookings/{code}/session")  # The phone reads the clock of the house from it.

    page.goto("/board")
    card = page.locator(f"#{code}")
    expect(card).to_contain_text("Dapur Contoh")
    card.get_by_role("button", name="Hadir").click()
    expect(page.get_by_role("main")).to_contain_text(f"{code} sudah dicatat hadir.")
    page.locator(f"#{code} h3 a").click()
    after(2)
    button(page, "MULAI").click()
    after(9)
    button(page, "MULAI PRODUKSI").click()
    after(21)
    page.get_by_text("JEDA", exact=True).click()
    button(page, "Tanpa bahan").click()
    expect(page.locator(".session-state")).to_contain_text("Jeda")
    after(30)
    button(page, "LANJUT").click()
    expect(page.locator(".session-state")).to_contain_text("Berjalan")
    after(49)
    page.get_by_text("SELESAI", exact=True).click()
    page.fill("[name=good]", "391")
    page.fill("[name=rejected]", "9")
    button(page, "SIMPAN DAN SELESAI").click()
    if javascript:  # A tap like the others: the phone stays on the session.
        expect(page.locator(".session-state")).to_contain_text("Selesai")
        expect(page.locator(".sync")).to_be_hidden()
    else:
        expect(page.get_by_role("main")).to_contain_text(f"{code} selesai: 391 baik, 9 gagal.")
    assert booked(code)[1] == "finished"
    house.hands.now = starts_at.astimezone(ZONE).replace(hour=18, minute=0)


def test_every_step_of_a_booking_is_light_on_an_empty_cache(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER)
    traffic = Traffic(page, forgetful=True)

    traffic.step("bookings", lambda: page.goto("/bookings"))
    traffic.step("quote", lambda: page.goto("/quote"))
    page.fill("[name=quantity]", "400")
    traffic.step("offers", lambda: button(page, "Lihat waktu dan biaya").click())
    traffic.step("recap", lambda: choose(page))
    traffic.step("booking", lambda: confirm(page))

    assert CODE.search(page.url)
    assert not traffic.heavy(), f"{traffic.heavy()}\n{traffic}"


def test_sending_the_last_page_twice_makes_one_booking(house: House, open_page: OpenPage) -> None:
    page = open_page(role=Role.PRODUCER, javascript=False)
    ask(page)
    choose(page)
    fields = page.locator("main form input[type=hidden]").all()
    sent: dict[str, str | float | bool] = {
        each.get_attribute("name") or "": each.input_value() for each in fields
    }
    confirm(page)
    code = code_of(page)

    again = page.request.post("/bookings", form=sent)
    page.go_back()

    assert again.url == page.url.partition("/bookings")[0] + f"/bookings/{code}"
    assert button(page, "Pesan waktu ini").count() == 0  # The page is read anew: it is hers.
    assert how_many() == 1


def test_a_double_tap_makes_one_booking(house: House, open_page: OpenPage) -> None:
    page = open_page(role=Role.PRODUCER, javascript=False)
    ask(page)
    choose(page)

    button(page, "Pesan waktu ini").dblclick(delay=0, no_wait_after=True)
    page.wait_for_url(CODE)

    assert how_many() == 1


def test_a_taken_time_shows_others_and_nothing_is_typed_again(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER, javascript=False)
    ask(page)
    choose(page)
    chosen = page.locator("[name=starts_at]").input_value()
    rival = house.make.product(house.make.business(name="Saingan Contoh"))
    faster = Wish(rival, 400, "M3", datetime.fromisoformat(chosen))
    operator = house.make.user(Role.OPERATOR, sites=(house.site,))
    bookings.book(wish=faster, actor=operator, now=house.hands.now)

    confirm(page)
    expect(page.locator("h1")).to_have_text("Waktu ini sudah terisi")
    assert button(page, "Pesan waktu ini").count() == 3
    assert page.locator("main input:not([type=hidden])").count() == 0
    button(page, "Pesan waktu ini").first.click()

    assert code_of(page)
    assert how_many() == 2
    expect(page.get_by_role("main")).to_contain_text("400")


def test_an_order_is_repeated_in_five_taps_and_five_requests(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER)
    ask(page)
    choose(page)
    confirm(page)
    starts_at, _ = booked(code_of(page))
    house.hands.now = starts_at + timedelta(hours=1)
    page.goto("/bookings")
    traffic = Traffic(page)
    taps: list[str] = []

    def tap(place: Locator) -> None:
        taps.append(place.inner_text())
        traffic.step(taps[-1], place.click)

    tap(page.get_by_role("link", name="Ulangi: Amplang contoh"))
    tap(link(page, "Pilih waktu ini").first)
    tap(button(page, "Pesan waktu ini"))

    assert code_of(page)
    expect(page.get_by_role("main")).to_contain_text("Aman berangkat")
    assert how_many() == 2
    assert len(taps) <= 5
    assert traffic.requests <= MOST_REQUESTS, str(traffic)
    assert not traffic.heavy(), str(traffic)


def test_who_comes_back_with_an_old_page_is_shown_that_the_time_is_hers(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER, javascript=False)
    ask(page)
    choose(page)
    stale = page.url
    confirm(page)
    code = code_of(page)

    page.goto(stale)

    expect(page.locator("h1")).to_have_text("Waktu ini sudah milik Anda")
    link(page, "Lihat reservasi").click()
    assert code_of(page) == code
    assert how_many() == 1


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_product_without_a_lane_is_told_so_with_somewhere_to_go(
    house: House, open_page: OpenPage, javascript: bool
) -> None:
    house.make.product(house.business, name="Dendeng contoh", lane="non_halal")
    page = open_page(role=Role.PRODUCER, javascript=javascript)
    page.goto("/quote")
    dendeng = page.locator("[name=product] option", has_text="Dendeng contoh")
    page.select_option("[name=product]", dendeng.get_attribute("value"))
    page.fill("[name=quantity]", "100")
    button(page, "Lihat waktu dan biaya").click()

    main = page.get_by_role("main")
    expect(main).to_contain_text("Tidak ada mesin jalur non-halal untuk kemasan ini di sini.")
    expect(main.get_by_role("heading", name="Yang dapat Anda lakukan")).to_be_visible()
    assert main.locator("ul.rows a").count() >= 1
    assert main.get_by_text("Pilih waktu ini").count() == 0


def test_a_booking_is_kept_in_her_calendar_and_her_record(
    house: House, open_page: OpenPage
) -> None:
    page = open_page(role=Role.PRODUCER, javascript=False)
    ask(page)
    choose(page)
    confirm(page)
    code = code_of(page)

    with page.expect_download() as download:
        link(page, "Simpan di kalender").click()
    page.goto("/bookings")
    link(page, "Catatan saya").click()

    assert download.value.suggested_filename == f"{code}.ics"
    expect(page.locator("h1")).to_have_text("Catatan saya")


def test_booking_in_english_shows_no_indonesian_labels(house: House, open_page: OpenPage) -> None:
    page = open_page(role=Role.PRODUCER, language="en")
    page.goto("/bookings")
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name="English").click()
    page.goto("/quote")
    page.fill("[name=quantity]", "400")
    page.locator("main form[action$='/quote'] button[type=submit]").last.click()
    seen = page.get_by_role("main").inner_text()
    page.locator("main a[href^='/bookings/new']").first.click()
    seen += page.get_by_role("main").inner_text()
    page.locator("main form[action$='/bookings'] button[type=submit]").click()
    assert code_of(page)
    seen += page.get_by_role("main").inner_text()

    assert page.locator("html").get_attribute("lang") == "en"
    for word in ("Pilih waktu", "Lamanya", "Biaya", "Pesan waktu", "Aman berangkat", "Riwayat"):
        assert word not in seen, word
