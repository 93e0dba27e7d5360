"""Planned work, and outages of what a machine needs."""

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.models.downtime import Maintenance, Outage, Schedule
from packhouse.models.slots import Occupation
from packhouse.services import bookings
from tests.web.downtime.conftest import PLAN, Floor, offered, state_of, words


def test_a_manager_plans_work_and_takes_it_back(floor: Floor) -> None:
    assert "Jadwalkan perawatan" in floor.manager.get("/machines/M3/maintenance").text

    planned = floor.manager.post("/machines/M3/maintenance", data=PLAN)
    assert planned.location == "/machines/M3/downtime"
    assert "Kalibrasi" in floor.operator.get("/downtime").text
    work = db.session.scalars(select(Maintenance)).one()
    block = db.session.get_one(Occupation, work.occupation_id)
    assert (block.from_at, block.to_at) == (floor.at(8, days=2), floor.at(10, days=2))
    assert f'action="/maintenance/{work.id}/cancel"' in floor.manager.get(planned.location).text
    assert "/cancel" not in floor.operator.get(planned.location).text

    floor.manager.post(f"/maintenance/{work.id}/cancel")
    again = floor.manager.post(f"/maintenance/{work.id}/cancel")

    db.session.rollback()
    assert again.status_code == 303
    assert db.session.scalars(select(Occupation.status).where(Occupation.id == block.id)).one() == (
        "released"
    )


def test_planned_work_displaces_nobody_and_leads_to_new_times_for_who_is_there(
    floor: Floor,
) -> None:
    code = floor.book(floor.at(9, days=2))

    response = floor.manager.post("/machines/M3/maintenance", data=PLAN)

    assert response.location.startswith("/plans/")
    assert code in floor.manager.get(response.location).text
    assert state_of(code) == "confirmed"
    work = db.session.scalars(select(Maintenance)).one()
    assert work.state == "proposed"
    page = floor.manager.get("/machines/M3/downtime").text
    assert f'action="/maintenance/{work.id}/replan"' in page
    refused = floor.manager.post(f"/maintenance/{work.id}/take")
    assert refused.status_code == 422
    assert f"Ada reservasi {code}" in refused.text
    assert floor.manager.post(f"/maintenance/{work.id}/replan").location.startswith("/plans/")

    bookings.cancel(code=code, actor=floor.actor, now=floor.make.now)
    page = floor.manager.get("/machines/M3/downtime").text
    assert f'action="/maintenance/{work.id}/take"' in page
    assert floor.manager.post(f"/maintenance/{work.id}/take").status_code == 303
    assert floor.manager.post(f"/maintenance/{work.id}/replan").status_code == 409


def test_work_that_comes_back_shows_how_far_it_is(floor: Floor) -> None:
    data = {
        "reason": "maintenance", "note": "Ganti sabuk", "every": "250", "basis": "running_hours",
        "minutes": "120", "lead_days": "7", "done_on": "2026-11-20",
    }  # fmt: skip
    assert floor.manager.get("/machines/M3/maintenance-schedule").status_code == 200
    for wrong in ({"every": "0"}, {"minutes": "7"}, {"basis": "moons"}, {"done_on": "2027-01-01"}):
        odd = floor.manager.post("/machines/M3/maintenance-schedule", data=data | wrong)
        assert odd.status_code == 422
    assert floor.operator.post("/machines/M3/maintenance-schedule", data=data).status_code == 403

    floor.manager.post("/machines/M3/maintenance-schedule", data=data)

    for page in ("/machines/M3/downtime", "/downtime"):
        shown = words(floor.operator.get(page).text)
        assert "setiap 250 jam jalan; kini 0" in shown
        assert "Ganti sabuk" in shown
    schedule = db.session.scalars(select(Schedule.id)).one()
    floor.manager.post(f"/maintenance-schedules/{schedule}/end")
    assert "Ganti sabuk" not in floor.operator.get("/machines/M3/downtime").text
    assert floor.manager.post("/maintenance-schedules/999/end").status_code == 404


def test_an_outage_is_told_in_three_taps_and_over_in_one(floor: Floor) -> None:
    page = floor.operator.get("/sites/PTK/outage").text
    assert "1 mesin membutuhkannya" in words(page)

    told = floor.operator.post(
        "/sites/PTK/outage", data={"utility": "electricity", "back": offered(page)[2]}
    )

    assert told.location.startswith("/plans/")
    assert state_of(floor.code) == "displaced"
    listed = words(floor.operator.get("/downtime").text)
    assert "Listrik mati" in listed
    assert "Tidak ada mesin rusak" in listed
    assert "Listrik padam" in words(floor.operator.get("/machines/M3/downtime").text)
    outage = db.session.scalars(select(Outage.id)).one()
    over = floor.operator.post(f"/outages/{outage}/end")
    assert over.location.startswith("/plans/")  # Her time is back.
    assert floor.operator.post(f"/outages/{outage}/end").location == "/downtime"
    assert floor.operator.post("/outages/999/end").status_code == 404


def test_an_announced_outage_waits_for_its_hour(floor: Floor) -> None:
    data = {
        "utility": "water", "back": "picked", "day": "2026-11-26", "time": "12:00",
        "from_day": "2026-11-26", "from_time": "09:00",
    }  # fmt: skip
    for wrong in ({"from_time": ""}, {"day": "2026-11-25"}, {"utility": "luck"}, {"back": "x"}):
        assert floor.operator.post("/sites/PTK/outage", data=data | wrong).status_code in (400, 422)

    told = floor.operator.post("/sites/PTK/outage", data=data)

    assert told.location == "/downtime"
    assert "Air akan mati" in words(floor.operator.get("/downtime").text)


def test_a_manager_says_what_a_machine_needs(floor: Floor) -> None:
    assert 'value="electricity"' in floor.manager.get("/machines/M3/utilities").text

    floor.manager.post("/machines/M3/utilities", data={"utilities": ["water", "steam"]})

    page = words(floor.operator.get("/machines/M3/downtime").text)
    assert "Uap" in page
    assert "Listrik " not in page
    odd = floor.manager.post("/machines/M3/utilities", data={"utilities": ["luck"]})
    assert odd.status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "party"},
        {"from_day": ""},
        {"to_day": "2026-11-25"},
        {"to_day": "2027-11-25"},
        {"from_day": "2026-11-01"},
        {"to_day": "9999-12-31", "to_time": "23:59"},
        {"from_day": "0001-01-01", "from_time": "00:00"},
    ],
)
def test_a_plan_that_does_not_fit_comes_back(floor: Floor, change: dict[str, str]) -> None:
    response = floor.manager.post("/machines/M3/maintenance", data=PLAN | change)

    assert response.status_code in (400, 422)
    assert db.session.scalars(select(Maintenance)).all() == []
