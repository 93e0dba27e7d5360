"""A broken machine: told, seen, repaired, and who may."""

import re

import pytest
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Role
from packhouse.models.downtime import Maintenance
from packhouse.services import downtime, runs
from tests.factories import Make
from tests.web.downtime.conftest import PLAN, Floor, Login, breakdown, offered, state_of, words


def key_of(page: str) -> str:
    return str(re.findall(r'name="idempotency_key"[^>]*value="([^"]+)"', page)[0])


def test_a_breakdown_takes_three_taps_and_tells_whom_to_call(floor: Floor) -> None:
    floor.make.user(businesses=(floor.business,), phone="+6281234567890", name="Sari")
    page = floor.operator.get("/machines/M3/breakdown").text
    hour, this_evening, tomorrow, after = offered(page)
    assert re.search(f'checked[^>]*value="{re.escape(tomorrow)}"', page)  # Two taps are enough.

    data = {"reason": "waiting_parts", "back": this_evening, "idempotency_key": key_of(page)}
    reported = floor.operator.post("/machines/M3/breakdown", data=data)
    result = floor.operator.get(reported.location).text

    assert (hour, tomorrow, after) == (
        "2026-11-24T02:00:00+00:00", "2026-11-25T00:30:00+00:00", "2026-11-26T00:30:00+00:00",
    )  # fmt: skip
    assert breakdown().expected_back_at == floor.at(16)
    assert state_of(floor.code) == "displaced"
    assert reported.location.startswith("/plans/")
    assert "1 reservasi kehilangan waktunya" in result
    assert floor.code in result
    machine = floor.operator.get("/machines/M3/downtime").text
    assert 'href="tel:+6281234567890"' in machine
    assert f'href="/bookings/{floor.code}/move"' in machine


def test_a_report_that_is_sent_again_is_the_same_report(floor: Floor) -> None:
    page = floor.operator.get("/machines/M3/breakdown").text
    data = {"reason": "breakdown", "back": offered(page)[0], "idempotency_key": key_of(page)}
    floor.operator.post("/machines/M3/breakdown", data=data)
    downtime.repair(machine="M3", actor=floor.actor, now=floor.make.now)

    again = floor.operator.post("/machines/M3/breakdown", data=data)

    assert again.status_code == 303
    assert breakdown().ended_at is not None


def test_a_machine_may_be_broken_until_a_day_that_is_picked(floor: Floor) -> None:
    later = floor.book(floor.at(9, days=2))

    response = floor.operator.post(
        "/machines/M3/breakdown",
        data={"reason": "breakdown", "day": "2026-12-03", "time": "08:00", "note": "Bearing"},
    )

    assert response.status_code == 303
    assert (breakdown().expected_back_at, breakdown().note) == (floor.at(8, days=9), "Bearing")
    assert state_of(later) == "displaced"


def test_the_day_a_machine_is_back_can_be_set_later(floor: Floor) -> None:
    floor.broken(floor.at(11))
    page = floor.operator.get("/machines/M3/breakdown").text
    assert re.search(r'value="breakdown"[^>]*checked|checked[^>]*value="breakdown"', page)

    later = floor.book(floor.at(9, days=3))
    data = {"reason": "waiting_parts", "back": "picked", "day": "2026-12-03"}
    told = floor.operator.post("/machines/M3/breakdown", data=data)

    # A day alone is its opening, and who is booked until then is listed by itself.
    assert (breakdown().reason, breakdown().expected_back_at) == (
        "waiting_parts",
        floor.at(7, 30, days=9),
    )
    assert later in floor.operator.get(told.location).text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"reason": "breakdown"},
        {"reason": "lunch", "day": "2026-12-03", "time": "08:00"},
        {"reason": "breakdown", "back": "picked"},
        {"reason": "breakdown", "back": "picked", "time": "08:00"},
        {"reason": "breakdown", "back": "2026-11-24T05:00:00Z", "day": "2026-12-03"},
        {"reason": "breakdown", "day": "kapan", "time": "08:00"},
        {"reason": "breakdown", "back": "soon"},
        {"reason": "breakdown", "back": "0001-01-01T00:00:00+14:00"},
        {"reason": "breakdown", "back": "2026-11-24T12:00:00"},
        {"reason": "breakdown", "back": "2026-11-23T08:00:00+07:00"},
        {"reason": "breakdown", "back": "2027-11-23T08:00:00+07:00"},
        {"reason": "breakdown", "day": "0001-01-01", "time": "00:00"},
    ],
)
def test_a_report_that_does_not_fit_comes_back(floor: Floor, data: dict[str, str]) -> None:
    response = floor.operator.post("/machines/M3/breakdown", data=data)

    assert response.status_code in (400, 422)
    assert state_of(floor.code) == "confirmed"


def test_on_a_closed_day_a_machine_is_back_at_the_next_opening(floor: Floor) -> None:
    with clock.frozen(floor.at(7, days=-2)):
        page = floor.operator.get("/machines/M3/breakdown").text

    assert offered(page)[1:] == ["2026-11-23T00:30:00+00:00", "2026-11-24T00:30:00+00:00"]


def test_a_repair_frees_the_machine_and_leads_back_to_the_board(floor: Floor) -> None:
    with clock.frozen(floor.at(8, 30)):
        empty = floor.operator.post("/machines/M3/repaired")
        assert empty.status_code == 409
        assert "tidak sedang rusak" in empty.text
    floor.broken(floor.at(8, 55))

    with clock.frozen(floor.at(8, 40)):
        response = floor.operator.post("/machines/M3/repaired")

    assert response.location == "/board?site=PTK"
    assert breakdown().ended_at == floor.at(8, 40)


def test_a_repair_does_not_let_the_displaced_be_forgotten(floor: Floor) -> None:
    floor.broken(floor.at(14))

    with clock.frozen(floor.at(8, 30)):
        response = floor.operator.post("/machines/M3/repaired")
        page = floor.operator.get(response.location).text

    # The time came back: she is offered it again.
    assert response.location.startswith("/plans/")
    assert floor.code in page


def test_an_interrupted_run_is_named_on_its_machine(floor: Floor) -> None:
    runs.start(code=floor.code, actor=floor.actor, now=floor.at(9))

    page = floor.operator.get("/machines/M3/downtime").text

    assert f'href="/bookings/{floor.code}/session"' in page


def test_a_technician_sees_what_is_broken_for_how_long_and_whom_it_hits(floor: Floor) -> None:
    floor.broken(floor.at(8, days=9))

    with clock.frozen(floor.at(11)):
        assert "hari ini" in floor.operator.get("/downtime").text
    downtime.report_breakdown(
        machine="M3", reason="waiting_parts", expected_back_at=floor.at(8, days=9),
        actor=floor.actor, now=floor.at(9), note="Bearing",
    )  # fmt: skip
    page = words(floor.operator.get("/downtime").text)

    assert "Sealer biru · M3" in page
    assert "Menunggu suku cadang · Bearing" in page
    assert "1 perlu waktu baru" in page


def test_a_house_without_faults_says_so(floor: Floor) -> None:
    page = floor.operator.get("/downtime").text

    assert "Tidak ada mesin rusak" in page
    assert "Belum ada" in page


def test_another_house_does_not_know_the_machine(floor: Floor, make: Make, login_as: Login) -> None:
    floor.manager.post("/machines/M3/maintenance", data=PLAN)
    work = db.session.scalars(select(Maintenance.id)).one()
    stranger = login_as(make.user(Role.MANAGER, sites=(make.site(code="SKW"),)))
    data = {"reason": "breakdown", "day": "2026-12-03", "time": "08:00"}

    for page in ("downtime", "breakdown", "maintenance"):
        assert stranger.get(f"/machines/M3/{page}").status_code == 404
    for verb in ("breakdown", "repaired", "maintenance"):
        assert stranger.post(f"/machines/M3/{verb}", data=data | PLAN).status_code == 404
    assert stranger.post(f"/maintenance/{work}/cancel").status_code == 404
    assert stranger.post("/maintenance/999999/cancel").status_code == 404
    assert "Sealer biru" not in stranger.get("/downtime").text
    assert state_of(floor.code) == "confirmed"


def test_an_operator_reports_but_does_not_plan(floor: Floor) -> None:
    assert floor.operator.get("/machines/M3/maintenance").status_code == 403
    assert floor.operator.post("/machines/M3/maintenance", data=PLAN).status_code == 403
    assert "Jadwalkan perawatan" not in floor.operator.get("/machines/M3/downtime").text


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.REVIEWER, Role.AUDITOR])
def test_only_the_staff_report(floor: Floor, make: Make, login_as: Login, role: Role) -> None:
    browser = login_as(make.user(role, businesses=(floor.business,)))

    assert browser.get("/downtime").status_code == 403
    assert browser.get("/machines/M3/downtime").status_code == 403
    assert browser.post("/machines/M3/breakdown").status_code == 403
    assert browser.post("/machines/M3/repaired").status_code == 403


def test_an_administrator_sees_every_house(floor: Floor, make: Make, login_as: Login) -> None:
    floor.broken(floor.at(14))
    admin = login_as(make.user(Role.ADMIN))

    assert "Sealer biru" in admin.get("/downtime").text
    assert to_epoch(breakdown().expected_back_at) == to_epoch(floor.at(14))
