"""A technician on the floor: the day a machine is back, and a report without a signal."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.downtime import Breakdown, Photo
from packhouse.services import bookings, downtime
from packhouse.services.bookings import Wish
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def found(house: House) -> list[Breakdown]:
    db.session.rollback()
    rows = list(db.session.scalars(select(Breakdown)))
    db.session.expunge_all()
    db.session.rollback()
    return rows


def test_the_day_a_machine_is_back_is_set_in_four_taps_and_lists_whom_that_hits(
    house: House, open_page: OpenPage
) -> None:
    make = house.make
    downtime.report_breakdown(
        machine="M3", reason="waiting_parts", expected_back_at=make.at(16, days=0),
        actor=SYSTEM, now=make.now,
    )  # fmt: skip
    wish = Wish(house.product, 400, "M3", make.at(9, days=2))
    code = str(bookings.book(wish=wish, actor=SYSTEM, now=make.now)["code"])
    db.session.remove()
    page = open_page(role=Role.OPERATOR)
    page.goto("/machines/M3/downtime")

    page.get_by_role("link", name="Ubah perkiraan").click()
    page.get_by_text("Pilih tanggal").click()
    page.locator("#day").fill("2026-12-03")
    page.get_by_role("button", name="Simpan").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("1 reservasi perlu waktu baru")
    expect(page.get_by_role("main")).to_contain_text(code)
    assert [each.expected_back_at for each in found(house)] == [make.at(7, 30, days=9)]


def test_a_report_made_without_a_signal_arrives_once_and_a_large_photo_goes_small(
    house: House, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(role=Role.OPERATOR)
    page.goto("/machines/M3/breakdown")
    tiles = page.locator(".tiles .choice")
    boxes = [tiles.nth(each).bounding_box() for each in range(tiles.count())]
    assert min(box["height"] for box in boxes if box) >= 64
    tiles.first.click()
    page.get_by_label("Catatan").fill("Sabuk lepas")
    page.context.set_offline(True)

    page.get_by_role("button", name="Laporkan").click()

    expect(page.locator(".outbox")).to_contain_text("Rusak M3")
    assert found(house) == []
    page.context.set_offline(False)
    expect(page).to_have_url(re.compile("/machines/M3/downtime"))
    assert [each.note for each in found(house)] == ["Sabuk lepas"]
    assert (browsers.findings(page), browsers.sideways(page)) == ([], 0)

    picture = tmp_path / "besar.jpg"
    Image.effect_noise((2400, 1800), 40).save(picture, quality=95)
    page.set_input_files("#photo", picture)
    expect(page.locator("#photo")).to_have_js_property("value", "C:\\fakepath\\foto.jpg")
    page.get_by_role("button", name="Tambah foto").click()
    expect(page.locator(".photos img")).to_have_count(1)
    width = "document.querySelector('.photos img').naturalWidth"
    page.wait_for_function(f"() => {width} > 0")
    assert page.evaluate(width) == 1600
    photo = db.session.scalars(select(Photo)).one()
    assert photo.created_at - house.make.now < timedelta(days=1)
    db.session.rollback()
