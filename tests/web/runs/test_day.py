"""The pages of an operator's day: sessions, counts, and what is refused."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.runs import Run, StateInterval
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.conftest import Browser
from tests.web.runs.conftest import Floor, Login, state_of, words

COUNTS = {"good": "396", "rejected": "4"}


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(model)).one()


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
