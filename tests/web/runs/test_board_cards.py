"""The board of a day: what it shows, and whom."""

import re

import pytest

from packhouse.domain.users import Role
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.web.runs.conftest import Floor, Login, words


def test_the_next_customer_is_one_who_can_still_come(floor: Floor) -> None:
    later = floor.book(11)
    with floor.time(9, 30):
        board = floor.browser.get("/board").text

    first = re.search(r'class="job [^"]*job-first[^"]*" id="([^"]+)"', board)
    assert first is not None
    assert first[1] == later


def test_a_full_day_has_cards_for_what_comes_next_and_a_link_for_all_the_rest(floor: Floor) -> None:
    floor.make.machine(floor.site, code="V1", name="Vakum")
    times = [floor.at(9 + n // 2, 30 * (n % 2)) for n in range(2, 14) if n not in (6, 7)]
    for starts_at in times:
        for machine in ("M3", "V1"):
            wish = Wish(floor.product, 15, machine, starts_at)
            bookings.book(wish=wish, actor=floor.operator, now=floor.make.now)
    board = floor.browser.get("/board").text

    cards = re.findall(r'class="job [^"]*" id="([^"]+)"', board)
    assert len(cards) == 12
    assert cards[0] == floor.code
    rows = board[board.index('id="garis-waktu"') :]
    linked = set(re.findall(r'href="/bookings/([^"/]+)/session"', rows))
    assert len(linked) == 1 + 2 * len(times)
    assert set(cards) <= linked


def test_names_are_text_and_never_markup(floor: Floor) -> None:
    product = floor.make.product(floor.make.business(name="<i>Rina</i>"), name="<b>Kopi</b>")
    wish = Wish(product, 100, "M3", floor.at(11))
    code = bookings.book(wish=wish, actor=floor.operator, now=floor.make.now)["code"]

    for page in ("/board", "/board?cetak=1", f"/bookings/{code}/session", "/walk-in?q=rina"):
        shown = floor.browser.get(page).text
        assert "&lt;i&gt;Rina" in shown
        assert "<i>Rina" not in shown
        assert "<b>Kopi" not in shown


def test_the_run_sheet_has_room_for_a_pencil(floor: Floor) -> None:
    sheet = floor.browser.get("/board?cetak=1").text

    assert "Dapur Rasa" in sheet
    assert sheet.count('class="blank"') == 4


def test_an_empty_day_says_what_to_do(floor: Floor, make: Make, login_as: Login) -> None:
    site = make.site(code="SKW")
    browser = login_as(make.user(Role.OPERATOR, sites=(site,)))
    assert "Belum ada mesin di sini" in browser.get("/board").text
    make.machine(site, code="S1")

    board = browser.get("/board").text

    assert "Belum ada reservasi" in board
    assert 'href="/walk-in?site=SKW"' in board


def test_somebody_without_a_house_is_told_so(make: Make, login_as: Login) -> None:
    browser = login_as(make.user(Role.OPERATOR))

    assert "belum bertugas" in browser.get("/board").text
    assert browser.get("/walk-in").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("day=2026-11-25", 200),
        ("day=2026-11-29", 200),
        ("day=yesterday", 400),
        ("day=0001-01-01", 400),
        ("day=9999-12-31", 400),
        ("site=NONE", 404),
        ("site=PTK", 200),
    ],
)
def test_the_board_of_another_day_or_house(floor: Floor, query: str, status: int) -> None:
    assert floor.browser.get(f"/board?{query}").status_code == status


def test_another_day_has_no_buttons(floor: Floor) -> None:
    tomorrow = floor.browser.get("/board?day=2026-11-26").text

    assert "/check-in" not in tomorrow
    assert "/breakdown" not in tomorrow


@pytest.mark.parametrize("typed", ["{}", " {} ", "http://house.example/bookings/{}"])
def test_a_code_leads_to_its_holder(floor: Floor, typed: str) -> None:
    for code in (floor.code, floor.code.lower(), floor.code.replace("-", " ")):
        response = floor.browser.get("/board", query_string={"code": typed.format(code)})
        assert response.location == f"/check-in/{floor.code}"


def test_an_unknown_code_is_said_on_the_board(floor: Floor) -> None:
    response = floor.browser.get("/board?code=PTK-NOBODY", follow_redirects=True)

    assert "Tidak ada reservasi dengan kode" in response.text


def test_a_broken_machine_and_its_displaced_booking_are_on_the_board(floor: Floor) -> None:
    downtime.report_breakdown(
        machine="M3", reason="waiting_parts", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(8),
    )  # fmt: skip
    with floor.time(8, 30):
        board = floor.browser.get("/board").text

    assert "Menunggu suku cadang" in board
    assert f'href="/bookings/{floor.code}/move"' in board
    assert 'action="/machines/M3/repaired"' in board


def test_a_run_on_a_broken_machine_can_only_be_counted(floor: Floor) -> None:
    runs.start(code=floor.code, actor=floor.operator, now=floor.at(9))
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(9, 10),
    )  # fmt: skip
    with floor.time(9, 15):
        screen = floor.screen()

    assert "Mesin rusak" in screen
    assert "SELESAI" in screen
    assert "/pause" not in screen


def test_a_run_that_overruns_says_by_how_much(floor: Floor) -> None:
    runs.start(code=floor.code, actor=floor.operator, now=floor.at(9))
    with floor.time(9, 50):
        assert "Lewat 10 menit dari jadwal" in words(floor.screen())
        assert "Lewat waktu" in floor.browser.get("/board").text
