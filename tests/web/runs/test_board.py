from typing import Any

import pytest

from packhouse.domain.users import Role
from packhouse.domain.waitlist import WishKind
from packhouse.services import runs, waitlist
from packhouse.services.runs import Counts
from packhouse.services.waitlist import Wanted
from tests.conftest import Browser
from tests.factories import Make
from tests.web.runs.conftest import Floor, Login, state_of, words


def tag_of(answer: Any) -> dict[str, str]:
    return {"If-None-Match": answer.headers["ETag"]}


# --- fresh --------------------------------------------------------------------------------------


def test_a_board_asks_again_and_is_told_that_nothing_has_changed(floor: Floor) -> None:
    first = floor.browser.get("/board/live?site=PTK")
    assert "Dapur Rasa" in first.text
    assert "<html" not in first.text

    again = floor.browser.get("/board/live?site=PTK", headers=tag_of(first))
    assert (again.status_code, again.text) == (304, "")

    floor.tap("check-in")
    assert floor.browser.get("/board/live?site=PTK", headers=tag_of(first)).status_code == 200


def test_a_minute_that_passed_is_news(floor: Floor) -> None:
    first = floor.browser.get("/board/live")
    with floor.time(8, 1):
        assert floor.browser.get("/board/live", headers=tag_of(first)).status_code == 200


def test_an_overrun_shows_what_it_does_to_the_rest_of_the_day(floor: Floor) -> None:
    behind = floor.book(10)
    with floor.time(9):
        floor.tap("start")
    with floor.time(10, 30):
        board = words(floor.browser.get("/board").text)

    assert "Jadwal 1 pelanggan mundur" in board
    assert "Kemungkinan mulai 10.35, mundur 35 menit karena mesin belum siap" in board
    assert "Lepas waktunya" in board
    assert f"{behind}" in board


def test_who_waits_too_long_is_given_another_time_by_a_plan(floor: Floor) -> None:
    behind = floor.book(10)
    with floor.time(9):
        floor.tap("start")
    with floor.time(10, 10):
        assert floor.browser.post("/board/delays?site=PTK").location == "/board?site=PTK"
    with floor.time(10, 40):
        plan = floor.browser.post("/board/delays?site=PTK").location
        assert state_of(behind) == "displaced"
        assert behind in floor.browser.get(plan).text


def test_a_slip_under_the_houses_limit_asks_for_no_new_plan(floor: Floor) -> None:
    floor.book(10)
    with floor.time(9):
        floor.tap("start")
    with floor.time(10, 10):
        board = words(floor.browser.get("/board").text)

    assert "Kemungkinan mulai 10.15" in board
    assert "Lepas waktunya" not in board


def test_her_own_page_tells_the_likely_time_and_blames_nobody(
    floor: Floor, make: Make, login_as: Login
) -> None:
    behind = floor.book(10)
    hers = login_as(make.user(businesses=(floor.business,)))
    with floor.time(9):
        floor.tap("start")
        assert "belum siap" not in hers.get(f"/bookings/{behind}").text
    with floor.time(10, 10):
        page = words(hers.get(f"/bookings/{behind}").text)

    assert "kemungkinan Anda mulai 10.15 WIB" in page
    assert "tidak dihitung terlambat" in page


# --- who did not come ---------------------------------------------------------------------------


def test_who_came_after_all_is_taken_back_from_the_board(floor: Floor) -> None:
    with floor.time(9, 21):
        floor.tap("no-show")
        assert "Ternyata hadir" in floor.browser.get("/board").text
        floor.tap("back", {"board": "PTK"})
        assert state_of(floor.code) == "arrived"
        assert "Ternyata hadir" not in floor.browser.get("/board").text


def test_the_question_says_what_a_miss_leads_to(floor: Floor) -> None:
    with floor.time(9, 21):
        asked = words(floor.browser.get(f"/bookings/{floor.code}/no-show").text)

    assert "Ini yang ke-1 dalam 90 hari." in asked
    assert "Sejak yang ke-3, selama 30 hari hanya dapat memesan 3 hari ke depan." in asked


# --- what is free -------------------------------------------------------------------------------


@pytest.fixture
def waiting(floor: Floor, make: Make) -> list[int]:
    """Two who wait: a newcomer first by the published order, and one who came earlier."""
    wishes = []
    for name, minutes in (("Dapur Lama", 0), ("Dapur Baru", 5)):
        business = make.business(name=name, size="kecil" if minutes == 0 else "mikro")
        product = make.product(business, name=f"Produk {name}")
        wanted = Wanted(
            product_id=product, quantity=200, site="PTK", from_at=floor.at(0),
            to_at=floor.at(23), kind=WishKind.OFFER, same_day=False,
        )  # fmt: skip
        answer = waitlist.enter(wanted=wanted, actor=floor.operator, now=floor.at(7, minutes))
        wishes.append(int(answer["id"]))
    return wishes


def test_the_board_says_whom_a_gap_suits_in_the_published_order(
    floor: Floor, waiting: list[int]
) -> None:
    shown = words(floor.browser.get("/board/openings").text)

    assert shown.index("Dapur Baru") < shown.index("Dapur Lama")
    assert "Tawarkan" in shown
    assert "Tidak meminta hari yang sama" in shown


def test_a_gap_is_offered_with_one_tap(floor: Floor, waiting: list[int]) -> None:
    answer = floor.browser.post(
        "/board/openings?site=PTK", data={"machine": "M3", "wish": str(waiting[1])}
    )

    assert answer.status_code == 303
    assert "Ditawarkan" in floor.browser.get(answer.location).text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"machine": "M3", "wish": "x"}, 400),
        ({"machine": "M3", "wish": "999"}, 422),
        ({"machine": "NONE", "wish": "1"}, 404),
        ({}, 400),
    ],
)
def test_an_odd_offer_is_refused(floor: Floor, data: dict[str, str], status: int) -> None:
    assert floor.browser.post("/board/openings", data=data).status_code == status


# --- the wall -----------------------------------------------------------------------------------


@pytest.fixture
def wall(floor: Floor, make: Make, login_as: Login) -> str:
    manager = login_as(make.user(Role.MANAGER, sites=(floor.site,)))
    manager.post("/board/wall?site=PTK")
    page = manager.get("/board/wall").text
    return "/board/wall/" + page.split("/board/wall/")[1].split('"')[0]


def test_the_wall_tells_no_name_and_needs_no_account(
    floor: Floor, make: Make, client: Browser, wall: str
) -> None:
    make.user(businesses=(floor.business,), name="Ibu Sari", phone="+6281234567890")
    for minute in (0, 10, 30):
        with floor.time(9, minute):
            shown = client.get(wall).text
            assert f"…{floor.code[-3:]}" in shown
            for private in ("Dapur Rasa", "Keripik", "Ibu Sari", floor.operator.name, floor.code):
                assert private not in shown


def test_the_wall_keeps_itself_fresh(floor: Floor, client: Browser, wall: str) -> None:
    first = client.get(f"{wall}?part=1")
    assert client.get(f"{wall}?part=1", headers=tag_of(first)).status_code == 304

    runs.start(code=floor.code, actor=floor.operator, now=floor.at(8))
    runs.finish(code=floor.code, counts=Counts(1, 0), actor=floor.operator, now=floor.at(8, 0))
    assert client.get(f"{wall}?part=1", headers=tag_of(first)).status_code == 200


def test_an_old_address_of_the_wall_opens_nothing(
    floor: Floor, make: Make, login_as: Login, client: Browser, wall: str
) -> None:
    manager = login_as(make.user(Role.MANAGER, sites=(floor.site,)))
    for data in ({}, {"do": "close"}):
        assert client.get(wall).status_code == (200 if not data else 404)
        manager.post("/board/wall?site=PTK", data=data)
    assert client.get("/board/wall/x").status_code == 404
    assert floor.browser.post("/board/wall?site=PTK").status_code == 403
