from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import Role
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.web.runs.conftest import Floor, state_of, words

Login = Callable[[Any], FlaskClient]


@pytest.fixture
def floor(make: Make, login_as: Login) -> Iterator[Floor]:
    built = Floor(make, login_as)
    with built.time(8, 40):
        yield built


def desk(floor: Floor, code: str) -> str:
    return words(floor.browser.get(f"/check-in/{code}").text)


def test_a_scanned_code_leads_to_one_big_button(floor: Floor) -> None:
    page = desk(floor, floor.code)

    assert "Silakan masuk, mesin M3" in page
    assert "HADIR" in page
    floor.tap("check-in")
    assert "Sudah dicatat hadir" in desk(floor, floor.code)


@pytest.mark.parametrize("part", [slice(None), slice(4, None), slice(-3, None)])
def test_a_code_is_found_by_what_is_left_of_it(floor: Floor, part: slice) -> None:
    typed = floor.code[part].lower()

    answer = floor.browser.get("/check-in", query_string={"q": typed})

    assert answer.location == f"/check-in/{floor.code}"


@pytest.mark.parametrize("name", ["dapur", "Rasa", "ibu sari"])
def test_a_customer_is_found_by_name(floor: Floor, make: Make, name: str) -> None:
    make.user(businesses=(floor.business,), name="Ibu Sari")
    second = floor.book(11)

    page = floor.browser.get("/check-in", query_string={"q": name}).text

    assert page.index(floor.code) < page.index(second)


def test_whoever_is_not_found_may_still_come_in(floor: Floor) -> None:
    page = floor.browser.get("/check-in?q=Tidak+Ada").text

    assert "Tidak ditemukan" in page
    assert 'href="/walk-in"' in page


@pytest.mark.parametrize(
    ("hour", "minute", "told"),
    [
        (8, 0, "Datang lebih awal. Jadwalnya pukul 09.00"),
        (9, 10, "Terlambat, tetapi masih ditunggu"),
        (9, 25, "Lewat toleransi, tetapi waktunya belum dilepas"),
    ],
)
def test_the_desk_says_what_the_clock_means(
    floor: Floor, hour: int, minute: int, told: str
) -> None:
    with floor.time(hour, minute):
        assert told in desk(floor, floor.code)


def test_who_comes_on_another_day_is_offered_this_one(floor: Floor) -> None:
    wish = Wish(floor.product, 100, "M3", floor.make.at(9, days=1))
    booked = bookings.book(wish=wish, actor=floor.operator, now=floor.make.now)
    code = str(booked["code"])

    page = desk(floor, code)

    assert "Bukan hari ini: Rabu, 25 November 2026" in page
    assert "Pindahkan jadwal" in page
    assert "HADIR" not in page


def test_who_stands_at_another_machine_is_led_to_hers(floor: Floor) -> None:
    page = words(floor.browser.get(f"/check-in/{floor.code}?machine=M9").text)

    assert "Ini mesin M9. Mesinnya M3" in page


def test_who_stands_in_another_house_is_told_which_and_nothing_else(
    floor: Floor, make: Make, login_as: Login
) -> None:
    elsewhere = login_as(make.user(Role.OPERATOR, sites=(make.site(code="SKW"),)))

    answer = elsewhere.get(f"/check-in/{floor.code}")

    assert answer.status_code == 404
    assert "Bukan di sini: Rumah Kemasan" in words(answer.text)
    for private in ("Dapur Rasa", "Keripik"):
        assert private not in answer.text
    assert elsewhere.get("/check-in", query_string={"q": "Dapur"}).status_code == 200


def test_a_missed_customer_is_taken_back_at_the_desk(floor: Floor) -> None:
    with floor.time(9, 21):
        runs.no_show(code=floor.code, actor=floor.operator, now=floor.at(9, 20))
        assert "TERNYATA HADIR" in desk(floor, floor.code)
        floor.tap("back")
        assert state_of(floor.code) == "arrived"


def test_her_own_phone_leads_to_her_booking(floor: Floor, login_as: Login, make: Make) -> None:
    hers = login_as(make.user(businesses=(floor.business,)))
    stranger = login_as(make.user(businesses=(make.business(),)))

    assert hers.get(f"/check-in/{floor.code}").location == f"/bookings/{floor.code}"
    assert stranger.get(f"/check-in/{floor.code}").status_code == 404


def test_the_qr_code_of_a_booking_leads_to_the_desk(
    floor: Floor, login_as: Login, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(text: str, label: str) -> str:
        drawn.append(text)
        return label

    monkeypatch.setattr("packhouse.web.bookings.showing.qr_code", draw)
    login_as(make.user(businesses=(floor.business,))).get(f"/bookings/{floor.code}")

    assert [each.endswith(f"/check-in/{floor.code}") for each in drawn] == [True]
