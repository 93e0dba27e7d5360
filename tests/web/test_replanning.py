import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import Actor, Role
from packhouse.services import bookings
from packhouse.services.bookings import Target
from tests.factories import Make
from tests.services.test_replanning import House, stands

LoginAs = Callable[[Actor], FlaskClient]


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def posted(browser: FlaskClient, path: str, **fields: object) -> str:
    answer = browser.post(path, data=fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_operator_reads_changes_and_applies_a_plan(house: House, login_as: LoginAs) -> None:
    house.break_down(house.at(16))
    browser = login_as(house.operator)

    page = posted(browser, "/sites/PTK/plans")
    assert "3 reservasi perlu waktu baru" in page
    assert all(code in page for code in house.codes)
    page = posted(
        browser, "/plans/1/revise", version=1, booking=house.codes[0], mark="pin",
        machine="M2", day="2026-11-26", time="13:00",
    )  # fmt: skip
    assert "Dikunci" in page
    page = posted(
        browser, "/plans/1/revise", version=2, booking=house.codes[1], mark="pin",
        machine="M2", day="2026-11-29", time="13:00",
    )  # fmt: skip
    assert "Waktu yang dikunci petugas tidak dapat dipakai" in page
    posted(browser, "/plans/1/revise", version=3, booking=house.codes[1], mark="clear")
    page = posted(browser, "/plans/1/apply", version=4, idempotency_key="kunci")

    assert "3 reservasi mendapat waktu baru" in page
    assert "Terapkan" not in page
    assert stands(house.codes[0]) == "asked"


def test_an_overtaken_plan_says_what_changed_and_offers_to_solve_again(
    house: House, login_as: LoginAs
) -> None:
    house.break_down(house.at(16))
    house.propose()
    bookings.move(
        code=house.codes[1], target=Target(house.at(8, days=2)), actor=house.producers[1],
        now=house.make.now,
    )  # fmt: skip
    browser = login_as(house.operator)

    shown = browser.get("/plans/1").text
    refused = browser.post("/plans/1/apply", data={"version": 1})

    for page in (shown, refused.text):
        assert f"{house.codes[1]} sudah berubah" in page
        assert "Hitung lagi dari keadaan sekarang" in page
        assert "Terapkan dan beri tahu mereka" not in page
    assert refused.status_code == 409
    assert "2 reservasi perlu waktu baru" in posted(browser, "/plans/1/revise", version=1)


def test_a_producer_answers_with_one_of_three_buttons(house: House, login_as: LoginAs) -> None:
    house.break_down(house.at(16))
    house.apply(house.propose())
    accepting, declining, calling = (login_as(each) for each in house.producers)

    banner = accepting.get("/bookings").text
    assert re.search(r"Terima waktu baru.*Tolak.*Minta ditelepon", banner, re.DOTALL)
    page = posted(accepting, f"/bookings/{house.codes[0]}/new-time", answer="accept")
    assert "sudah pasti untuk Anda" in page
    assert "Terima waktu baru" not in page
    page = posted(declining, f"/bookings/{house.codes[1]}/new-time", answer="decline")
    assert "Pindah ke sini" in page
    page = posted(calling, f"/bookings/{house.codes[2]}/new-time", answer="call")
    assert "Petugas akan menelepon Anda" in page
    foreign = accepting.post(f"/bookings/{house.codes[2]}/new-time", data={"answer": "accept"})
    assert foreign.status_code == 404


def test_the_desk_calls_who_asked_for_it_and_notes_the_result(
    house: House, login_as: LoginAs
) -> None:
    house.make.user(businesses=(house.businesses[2],), phone="+6281234567890")
    house.break_down(house.at(16))
    house.apply(house.propose())
    code = house.codes[2]
    login_as(house.producers[2]).post(f"/bookings/{code}/new-time", data={"answer": "call"})
    browser = login_as(house.operator)

    page = browser.get("/plans").text
    assert "tel:+6281234567890" in page
    assert "Minta ditelepon" in page
    page = posted(browser, f"/bookings/{code}/calls", result="unreached", remark="Sibuk.")
    assert "tidak terjawab" in page
    assert "Sibuk." in page
    page = posted(browser, f"/bookings/{code}/calls", result="agreed")

    assert code not in page
    assert stands(code) == "called"


def test_plans_of_another_house_are_not_there(house: House, login_as: LoginAs) -> None:
    house.break_down(house.at(16))
    house.propose()
    stranger = login_as(house.make.user(Role.OPERATOR, sites=(house.make.site(),)))

    assert stranger.get("/plans/1").status_code == 404
    assert stranger.post("/plans/1/apply", data={"version": 1}).status_code == 404
    assert stranger.post("/sites/PTK/plans").status_code in {403, 404}
