import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse import clock
from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from tests.conftest import Browser
from tests.factories import Make

Login = Callable[[Any], FlaskClient]
COUNTS = {"good": "396", "rejected": "4"}


class Floor:
    """A house with a machine and two bookings today, and the browser of its operator."""

    def __init__(self, make: Make, login_as: Login) -> None:
        self.make, self.login_as = make, login_as
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", name="Sealer biru")
        self.business = make.business(name="Dapur Rasa")
        self.product = make.product(self.business, name="Keripik")
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.browser = login_as(self.operator)
        self.code = self.book(9)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int, *, machine: str = "M3") -> str:
        wish = Wish(self.product, 400, machine, self.at(hour))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def time(self, hour: int, minute: int = 0) -> AbstractContextManager[None]:
        return clock.frozen(self.at(hour, minute))

    def tap(self, verb: str, data: dict[str, str] | None = None, code: str | None = None) -> Any:
        return self.browser.post(f"/bookings/{code or self.code}/{verb}", data=data or {})

    def screen(self, code: str | None = None) -> str:
        response = self.browser.get(f"/bookings/{code or self.code}/session")
        assert response.status_code == 200
        return str(response.text)


@pytest.fixture
def floor(make: Make, login_as: Login) -> Iterator[Floor]:
    built = Floor(make, login_as)
    with built.time(8):
        yield built


def words(page: str) -> str:
    """The text of a page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page).replace("\xa0", " "))


def state_of(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(model)).one()


# --- the day ------------------------------------------------------------------------------------


def test_an_operator_runs_a_whole_day_through_the_pages(floor: Floor) -> None:
    board = floor.browser.get("/board").text
    assert "Dapur Rasa" in board
    assert "Berikutnya" in board
    with floor.time(8, 50):
        arrived = floor.tap("check-in", {"board": "PTK"})
        assert arrived.location == "/board?site=PTK"
        assert "sudah dicatat hadir" in floor.browser.get(arrived.location).text
    with floor.time(9):
        assert "MULAI" in floor.screen()
        assert floor.tap("start").location == f"/bookings/{floor.code}/session"
        assert "MULAI PRODUKSI" in floor.screen()
    with floor.time(9, 15):
        assert "15 menit" in words(floor.screen())
        floor.tap("pause", {"reason": "no_material"})
        assert "Jeda: Tanpa bahan" in floor.screen()
    with floor.time(9, 20):
        floor.tap("resume")
        assert "Berjalan" in floor.screen()
    with floor.time(9, 38):
        form = floor.browser.get(f"/bookings/{floor.code}/finish")
        assert "Rencana 400 kemasan" in form.text
        done = floor.tap("finish", COUNTS)
        assert done.location == "/board?site=PTK"
        assert "396 baik, 4 gagal" in floor.browser.get(done.location).text
    run = db.session.scalars(select(Run)).one()
    assert (run.good, run.rejected, run.ended_at) == (396, 4, floor.at(9, 38))


def test_three_taps_make_a_session(floor: Floor) -> None:
    with floor.time(9):
        floor.tap("start")
    with floor.time(9, 30):
        assert f'action="/bookings/{floor.code}/finish"' in floor.screen()
        floor.tap("finish", COUNTS)

    assert state_of(floor.code) == "finished"


def test_double_taps_change_nothing(floor: Floor) -> None:
    with floor.time(9):
        answers = [floor.tap(verb) for verb in ("check-in", "check-in", "start", "start")]
        paused = [floor.tap("pause", {"reason": "no_operator"}) for _ in range(2)]

    assert {each.status_code for each in (*answers, *paused)} == {303}
    assert count(Run) == 1
    assert count(StateInterval) <= 2


def test_a_count_sent_twice_counts_once(floor: Floor) -> None:
    with floor.time(9):
        floor.tap("start")
    with floor.time(9, 30):
        page = floor.browser.get(f"/bookings/{floor.code}/finish").text
        key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)
        assert key is not None
        data = COUNTS | {"idempotency_key": key[1]}
        answers = [floor.tap("finish", data) for _ in range(2)]
        other = floor.tap("finish", data | {"good": "1"})

    assert [each.status_code for each in answers] == [303, 303]
    assert other.status_code == 409
    assert db.session.scalars(select(Run.good)).one() == 396


@pytest.mark.parametrize(
    "wrong",
    [
        {"good": "", "rejected": "0"},
        {"good": "396", "rejected": ""},
        {"good": "-1", "rejected": "0"},
        {"good": "banyak", "rejected": "0"},
        {"good": "99999999999999999999", "rejected": "0"},
        {"good": "10000001", "rejected": "0", "sure": "y"},
        {},
    ],
)
def test_a_wrong_count_comes_back_with_the_form(floor: Floor, wrong: dict[str, str]) -> None:
    with floor.time(9):
        floor.tap("start")
    with floor.time(9, 30):
        response = floor.tap("finish", wrong)

    assert response.status_code == 422
    assert "perlu diperbaiki" in response.text
    assert state_of(floor.code) == "running"


def test_an_unlikely_count_is_asked_about_once(floor: Floor) -> None:
    with floor.time(9):
        floor.tap("start")
    slip = {"good": "3.960", "rejected": "4"}
    with floor.time(9, 30):
        asked = floor.tap("finish", slip)
        assert (asked.status_code, "Benar sebanyak ini?" in asked.text) == (422, True)
        assert floor.tap("finish", slip | {"sure": "y"}).status_code == 303

    assert db.session.scalars(select(Run.good)).one() == 3960


def test_the_planned_quantity_is_a_hint_and_not_a_count(floor: Floor) -> None:
    with floor.time(9):
        floor.tap("start")
        page = floor.browser.get(f"/bookings/{floor.code}/finish").text

    field = re.search(r'<input[^>]*name="good"[^>]*>', page)
    assert field is not None
    assert 'inputmode="numeric"' in field[0]
    assert 'value=""' in field[0]


# --- refusals -----------------------------------------------------------------------------------


def test_a_refused_tap_shows_why_and_how_things_stand(floor: Floor) -> None:
    later = floor.book(11)
    with floor.time(9):
        floor.tap("start")
        refused = floor.tap("start", code=later)

    assert refused.status_code == 409
    assert f"masih berjalan untuk reservasi {floor.code}" in refused.text
    assert state_of(later) == "confirmed"


def test_nobody_arrives_for_another_day(floor: Floor) -> None:
    code = str(
        bookings.book(
            wish=Wish(floor.product, 400, "M3", floor.make.at(9)),
            actor=floor.operator,
            now=floor.make.now,
        )["code"]
    )

    refused = floor.tap("check-in", code=code)

    assert refused.status_code == 422
    assert "bukan hari ini" in refused.text


@pytest.mark.parametrize("verb", ["pause", "resume", "finish"])
def test_what_does_not_run_cannot_be_paused_or_finished(floor: Floor, verb: str) -> None:
    refused = floor.tap(verb, {"reason": "no_material", **COUNTS})

    assert refused.status_code == 409
    assert "tidak sedang berjalan" in refused.text


def test_a_page_that_was_open_too_long_tells_the_new_state(floor: Floor) -> None:
    bookings.cancel(code=floor.code, actor=floor.operator, now=floor.make.now)

    refused = floor.tap("start")

    assert refused.status_code == 409
    assert "Dibatalkan" in refused.text
    assert "MULAI" not in refused.text


@pytest.mark.parametrize("data", [{}, {"reason": "lunch"}, {"reason": "x" * 999}])
def test_a_pause_needs_a_reason_from_the_list(floor: Floor, data: dict[str, str]) -> None:
    with floor.time(9):
        floor.tap("start")
        assert floor.tap("pause", data).status_code == 400


def test_a_count_page_without_a_run_leads_back(floor: Floor) -> None:
    response = floor.browser.get(f"/bookings/{floor.code}/finish")

    assert response.location == f"/bookings/{floor.code}/session"


# --- no-show ------------------------------------------------------------------------------------


def test_a_no_show_takes_two_taps(floor: Floor) -> None:
    floor.make.user(businesses=(floor.business,), phone="+6281234567890", name="Sari")
    with floor.time(9, 25):
        board = floor.browser.get("/board").text
        assert f'href="/bookings/{floor.code}/no-show"' in board
        asked = floor.browser.get(f"/bookings/{floor.code}/no-show").text
        assert "Lewat 5 menit" in words(asked)
        assert 'href="tel:+6281234567890"' in asked
        done = floor.tap("no-show")
        assert "sekarang kosong" in floor.browser.get(done.location).text

    assert state_of(floor.code) == "no_show"


def test_the_grace_is_told_in_words_and_kept(floor: Floor) -> None:
    with floor.time(9, 8):
        asked = words(floor.browser.get(f"/bookings/{floor.code}/no-show").text)
        refused = floor.tap("no-show")

    assert "Tunggu sampai 09.20" in asked
    assert "masih 12 menit" in asked
    assert "TIDAK HADIR" not in asked
    assert refused.status_code == 422
    assert state_of(floor.code) == "confirmed"


def test_a_late_customer_shows_until_when_the_house_waits(floor: Floor) -> None:
    with floor.time(9, 5):
        board = floor.browser.get("/board").text

    assert "Terlambat 5 menit. Ditunggu sampai 09.20." in words(board)


# --- walk-in ------------------------------------------------------------------------------------


def offered(page: str) -> dict[str, str]:
    form = re.search(r'action="/walk-in\?site=PTK".*?</form>', page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))


def test_a_walk_in_goes_straight_to_the_machine(floor: Floor) -> None:
    with floor.time(10):
        found = floor.browser.get("/walk-in?q=dapur").text
        assert "Dapur Rasa · Keripik" in found
        times = floor.browser.get(f"/walk-in?product={floor.product}&quantity=100&machine=M3").text
        data = offered(times)
        admitted = floor.browser.post("/walk-in?site=PTK", data=data)
        again = floor.browser.post("/walk-in?site=PTK", data=data)

    booking = db.session.scalars(select(Booking).where(Booking.source == "walk_in")).one()
    assert (booking.state, booking.starts_at) == ("running", floor.at(10))
    assert admitted.location == again.location == f"/bookings/{booking.code}/session"


def test_a_walk_in_that_was_overtaken_sees_what_is_free_now(floor: Floor) -> None:
    with floor.time(10):
        data = offered(floor.browser.get(f"/walk-in?product={floor.product}&quantity=100").text)
        floor.book(10)
        response = floor.browser.post("/walk-in?site=PTK", data=data)

    assert response.status_code == 409
    assert offered(response.text)["starts_at"] != data["starts_at"]


def test_a_walk_in_without_room_is_told_why(floor: Floor) -> None:
    with floor.time(11):
        response = floor.browser.get(f"/walk-in?product={floor.product}&quantity=5000")

    assert "Tidak ada waktu kosong hari ini" in response.text
    assert "Sealer biru" in response.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("q=nobody", 200),
        ("product=1&quantity=0", 422),
        ("product=999999&quantity=5", 422),
        ("product=x&quantity=5", 422),
        ("product=99999999999999999999999&quantity=5", 422),
        ("product=1&quantity=5&machine=NONE", 404),
        ("site=NONE", 404),
    ],
)
def test_an_odd_wish_gets_an_answer(floor: Floor, query: str, status: int) -> None:
    assert floor.browser.get(f"/walk-in?{query}").status_code == status


def test_a_walk_in_form_that_was_tampered_with_is_refused(floor: Floor) -> None:
    assert floor.browser.post("/walk-in", data={"product": "1"}).status_code == 400


# --- the board ----------------------------------------------------------------------------------


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


# --- who may ------------------------------------------------------------------------------------

READ = ("session", "finish", "no-show")
VERBS = ("check-in", "start", "pause", "resume", "finish", "no-show")


def test_another_house_does_not_know_the_booking(floor: Floor, login_as: Login) -> None:
    stranger = login_as(floor.make.user(Role.OPERATOR, sites=(floor.make.site(code="SKW"),)))

    assert stranger.get("/board?site=PTK").status_code == 404
    for page in READ:
        assert stranger.get(f"/bookings/{floor.code}/{page}").status_code == 404
    for verb in VERBS:
        data = {"reason": "no_material", **COUNTS}
        assert stranger.post(f"/bookings/{floor.code}/{verb}", data=data).status_code == 404
    assert state_of(floor.code) == "confirmed"


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.REVIEWER, Role.AUDITOR])
def test_only_the_staff_run_the_day(floor: Floor, login_as: Login, role: Role) -> None:
    browser = login_as(floor.make.user(role, businesses=(floor.business,)))

    assert browser.get("/board").status_code == 403
    assert browser.get("/walk-in").status_code == 403
    for page in READ:
        assert browser.get(f"/bookings/{floor.code}/{page}").status_code == 403
    for verb in VERBS:
        assert browser.post(f"/bookings/{floor.code}/{verb}").status_code == 403


def test_a_stranger_is_led_to_the_door(floor: Floor, client: Browser) -> None:
    assert client.get("/board").location == "/sign-in?next=/board"
