"""Story 6: dirty hands, three taps, and half an hour without a signal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.runs import Run, StateInterval, Tap
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]
READY = """() => navigator.serviceWorker.controller !== null || new Promise((done) =>
  navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""
# The phone believes it is another day: only how long ago a tap was can be believed.
WRONG = timedelta(days=-3, minutes=7)
SMALLEST = 64

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Phone:
    """An operator's phone with a clock of its own, on the page of one session."""

    def __init__(self, house: House, page: Page, code: str) -> None:
        self.house, self.page, self.code = house, page, code
        page.evaluate(READY)

    def time(self, hour: int, minute: int) -> None:
        now = self.house.make.at(hour, minute, days=0)
        self.house.hands.now = now
        self.page.clock.set_fixed_time(now + WRONG)

    def open(self) -> None:
        self.page.goto(f"/bookings/{self.code}/session")

    def cut(self) -> None:
        self.page.context.set_offline(True)

    def connect(self) -> None:
        self.page.context.set_offline(False)

    def tap(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def waits(self, count: int) -> None:
        note = self.page.locator(".sync")
        if count:
            expect(note).to_contain_text(f"Tersimpan di HP, belum terkirim ({count})")
        else:
            expect(note).to_be_hidden()

    def says(self, words: str) -> None:
        expect(self.page.locator("[data-word]")).to_contain_text(words)

    def count(self, good: str, rejected: str) -> None:
        self.page.locator("details.finish summary").click()
        for digit in good:
            self.tap(digit)
        self.page.locator("[name=rejected]").click()
        for digit in rejected:
            self.tap(digit)
        self.tap("SIMPAN DAN SELESAI")


@pytest.fixture
def phone(house: House, open_page: OpenPage) -> Phone:
    wish = Wish(house.product, 400, "M3", at(house, 9))
    actor = house.make.user(Role.OPERATOR, sites=(house.site,))
    code = str(bookings.book(wish=wish, actor=actor, now=house.make.now)["code"])
    db.session.remove()
    made = Phone(house, open_page(role=Role.OPERATOR, worker=True), code)
    made.time(9, 0)
    made.open()
    return made


def at(house: House, hour: int, minute: int = 0) -> datetime:
    return house.make.at(hour, minute, days=0)


def states() -> list[tuple[str, datetime, datetime | None, bool]]:
    db.session.rollback()
    rows = db.session.scalars(select(StateInterval).order_by(StateInterval.starts_at)).all()
    found = [(row.reason, row.starts_at, row.ends_at, bool(row.estimated)) for row in rows]
    db.session.rollback()
    return found


def actions() -> list[str]:
    db.session.rollback()
    found = list(db.session.scalars(select(Tap.action).order_by(Tap.number)))
    db.session.rollback()
    return found


def small(page: Page) -> list[str]:
    """Return the buttons of a session that wet hands would miss."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll(".session .btn-big, .pad .btn")]
        .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < least)
        .map((each) => each.textContent.trim())""",
        SMALLEST,
    )
    return found


def test_a_session_goes_on_through_two_cuts_and_has_the_times_of_the_phone(
    house: House, phone: Phone
) -> None:
    phone.tap("MULAI")
    phone.says("Persiapan mesin")
    phone.waits(0)

    phone.cut()
    phone.time(9, 12)
    phone.page.get_by_text("JEDA", exact=True).click()
    phone.tap("Tanpa bahan")
    phone.waits(1)
    phone.page.reload()
    phone.says("Jeda: Tanpa bahan")
    phone.time(9, 17)
    phone.tap("LANJUT")
    phone.waits(2)
    assert (browsers.findings(phone.page), browsers.sideways(phone.page)) == ([], 0)
    assert small(phone.page) == []
    assert actions() == ["start"]

    phone.time(9, 30)
    phone.connect()
    phone.waits(0)
    phone.says("Berjalan")
    assert actions() == ["start", "pause", "resume"]

    phone.cut()
    phone.time(9, 33)
    phone.count("396", "4")
    phone.waits(1)
    phone.says("Selesai")
    phone.page.reload()
    phone.waits(1)
    phone.time(9, 50)
    phone.connect()
    phone.waits(0)
    phone.says("Selesai")

    assert states() == [
        ("setup", at(house, 9), at(house, 9, 10), False),
        ("running", at(house, 9, 10), at(house, 9, 12), False),
        ("no_material", at(house, 9, 12), at(house, 9, 17), False),
        ("running", at(house, 9, 17), at(house, 9, 33), False),
    ]
    run = db.session.scalars(select(Run)).one()
    assert (run.good, run.rejected, run.ended_at) == (396, 4, at(house, 9, 33))
    assert phone.page.evaluate("localStorage.length") >= 1
    phone.page.locator("details.menu summary").click()
    phone.page.get_by_role("button", name="Keluar").first.click()
    phone.page.wait_for_load_state()
    assert (
        phone.page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('packhouse:'))")
        == []
    )
    phone.cut()
    phone.open()
    expect(phone.page.locator("h1")).to_have_text("Tidak ada sambungan")


def test_a_tap_whose_answer_is_lost_is_one_tap(house: House, phone: Phone) -> None:
    house.hands.losing += ["answer"] * 9  # Chromium tries once more by itself.
    # Until it is given up: what is still on its way would arrive by itself.
    with phone.page.expect_event("requestfailed", lambda sent: sent.url.endswith("/taps")):
        phone.tap("MULAI")
    phone.waits(1)
    phone.says("Persiapan mesin")
    house.hands.losing.clear()
    phone.tap("Kirim sekarang")
    phone.waits(0)

    assert actions() == ["start"]
    assert [each[:2] for each in states()] == [("setup", at(house, 9))]


def test_a_fold_that_is_open_stays_open_when_the_taps_before_it_arrive(phone: Phone) -> None:
    phone.cut()
    phone.tap("MULAI")
    phone.waits(1)
    phone.page.get_by_text("JEDA", exact=True).click()
    with phone.page.expect_response("**/taps"):
        phone.connect()
    phone.waits(0)
    expect(phone.page.locator("details.pause")).to_have_attribute("open", "")
    phone.tap("Tanpa bahan")
    phone.says("Jeda: Tanpa bahan")
    phone.waits(0)

    assert actions() == ["start", "pause"]


def test_a_second_phone_is_told_what_changed_instead_of_overwriting_it(
    house: House, phone: Phone, open_page: OpenPage
) -> None:
    phone.tap("MULAI")
    phone.waits(0)
    other = Phone(house, open_page(role=Role.MANAGER, worker=True), phone.code)
    other.time(9, 1)
    other.open()
    other.says("Persiapan mesin")
    other.cut()
    other.time(9, 15)
    other.count("380", "5")
    other.waits(1)

    phone.time(9, 12)
    phone.page.get_by_text("JEDA", exact=True).click()
    phone.tap("Tanpa bahan")
    phone.waits(0)
    before = states()

    other.time(9, 20)
    other.connect()
    clash = other.page.locator(".clash")
    expect(clash).to_contain_text("Sementara itu diubah dari HP lain")
    expect(clash).to_contain_text("09.12 Jeda (Tanpa bahan), Contoh operator")
    expect(clash).to_contain_text("380 baik, 5 gagal")
    other.says("Jeda: Tanpa bahan")
    assert states() == before
    assert (browsers.findings(other.page), browsers.sideways(other.page)) == ([], 0)

    other.tap("Kirim juga")
    other.says("Selesai")
    assert actions() == ["start", "pause", "finish"]
    # Its own time: after the pause it did not know of.
    assert states()[-1] == ("no_material", at(house, 9, 12), at(house, 9, 15), False)


def test_the_next_session_begins_without_a_signal_after_its_clean(
    house: House, phone: Phone
) -> None:
    plain = house.make.product(house.business, name="Keripik contoh", aroma="coffee")
    roast = house.make.product(house.business, name="Kopi contoh", aroma="coffee")
    actor = house.make.user(Role.OPERATOR, sites=(house.site,))
    codes = [
        str(
            bookings.book(
                wish=Wish(product, 100, "M3", at(house, hour)), actor=actor, now=house.make.now
            )["code"]
        )
        for product, hour in ((plain, 11), (roast, 13))
    ]
    db.session.remove()
    first = Phone(house, phone.page, codes[0])
    first.time(11, 0)
    first.open()
    kept = f"caches.match('/bookings/{codes[1]}/session').then(each => each !== undefined)"
    phone.page.wait_for_function(f"async () => await {kept}")
    first.tap("MULAI")
    first.waits(0)

    first.cut()
    first.time(11, 20)
    first.count("100", "0")
    second = Phone(house, phone.page, codes[1])
    second.open()
    second.time(11, 25)
    expect(phone.page.get_by_role("button", name="MULAI", exact=True)).to_be_hidden()
    second.tap("SUDAH BERSIH")
    second.time(11, 26)
    second.tap("MULAI")
    second.waits(3)
    second.time(11, 40)
    second.connect()
    second.waits(0)

    assert [(each[0], each[1]) for each in states() if each[0] == "setup"] == [
        ("setup", at(house, 11)),
        ("setup", at(house, 11, 26)),
    ]


def test_a_slip_that_has_not_left_the_phone_leaves_no_trace(phone: Phone) -> None:
    phone.cut()
    phone.tap("MULAI")
    phone.waits(1)
    phone.tap("Batalkan ketukan terakhir")
    phone.waits(0)
    phone.connect()
    phone.page.reload()

    expect(phone.page.get_by_role("button", name="MULAI", exact=True)).to_be_visible()
    assert actions() == []
