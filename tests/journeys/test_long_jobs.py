"""A job that no day holds, on a phone: spread, booked, moved and cut with and without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from packhouse.domain.users import Role
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def look(page: Page, name: str) -> None:
    """Read a page as it is: nothing wider than the phone, nothing axe calls serious."""
    assert browsers.sideways(page) <= 0, name
    assert browsers.findings(page) == [], name


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_long_job_takes_three_taps_and_is_changed_as_one(
    house: House, open_page: OpenPage, javascript: bool
) -> None:
    read = look if javascript else lambda _page, _name: None
    page = open_page(role=Role.PRODUCER, javascript=javascript)

    page.goto(f"/quote?product={house.product}&quantity=15000&site=PTK&from=2026-11-30")
    expect(page.get_by_role("heading", name="Dibagi 3 hari").first).to_be_visible()
    read(page, "quote")
    page.get_by_role("link", name="Pilih ini").first.click()
    read(page, "recap")
    page.get_by_role("button", name="Pesan semuanya").click()
    page.wait_for_url(re.compile(r"/jobs/J-"))
    read(page, "job")
    expect(page.get_by_text(re.compile("^Bagian [123]:"))).to_have_count(3)

    page.get_by_role("link", name="Pindahkan semua").click()
    read(page, "move")
    page.locator("[name=day]:visible").fill("2026-12-01")
    page.get_by_role("button", name="Pindahkan semua").click()
    expect(page.get_by_text("Semua bagian sudah dipindah.")).to_be_visible()

    page.get_by_role("link", name="Pindahkan semua").click()
    page.get_by_role("button", name="Pindah ke sini").first.click()
    expect(page.get_by_text("Semua bagian sudah dipindah.")).to_be_visible()

    page.get_by_role("link", name="Batalkan bagian 3").click()
    read(page, "cancel")
    page.get_by_role("button", name="Ya, batalkan").click()
    expect(page.get_by_text("2 bagian yang dipesan bersama.")).to_be_visible()
