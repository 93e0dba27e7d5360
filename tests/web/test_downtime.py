import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown, Maintenance, Outage, Photo, Schedule
from packhouse.models.slots import Occupation
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from tests.factories import Make

Login = Callable[[Any], FlaskClient]
PLAN = {
    "reason": "calibration",
    "from_day": "2026-11-26",
    "from_time": "08:00",
    "to_day": "2026-11-26",
    "to_time": "10:00",
}


class Floor:
    """A house with a machine, a booking at nine, and the browsers of operator and manager."""

    def __init__(self, make: Make, login_as: Login) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", name="Sealer biru")
        self.business = make.business(name="Dapur Rasa")
        self.product = make.product(self.business, name="Keripik")
        self.actor = make.user(Role.OPERATOR, sites=(self.site,))
        self.operator = login_as(self.actor)
        self.manager = login_as(make.user(Role.MANAGER, sites=(self.site,)))
        self.code = self.book(self.at(9))

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        return self.make.at(hour, minute, days=days)

    def book(self, starts_at: datetime) -> str:
        wish = Wish(self.product, 400, "M3", starts_at)
        return str(bookings.book(wish=wish, actor=self.actor, now=self.make.now)["code"])

    def broken(self, until: datetime) -> None:
        downtime.report_breakdown(
            machine="M3", reason="breakdown", expected_back_at=until,
            actor=self.actor, now=self.make.now,
        )  # fmt: skip


@pytest.fixture
def floor(make: Make, login_as: Login) -> Floor:
    return Floor(make, login_as)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page).replace("\xa0", " "))


def state_of(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def breakdown() -> Breakdown:
    db.session.rollback()
    return db.session.scalars(select(Breakdown)).one()


def offered(page: str) -> list[str]:
    radios = re.findall(r'<input[^>]*name="back"[^>]*>', page)
    values = [re.findall(r'value="([^"]+)"', each)[0] for each in radios]
    assert values.pop() == "picked"
    return values


def key_of(page: str) -> str:
    return str(re.findall(r'name="idempotency_key"[^>]*value="([^"]+)"', page)[0])


# --- broken -------------------------------------------------------------------------------------


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


# --- planned work -------------------------------------------------------------------------------


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


# --- outages ------------------------------------------------------------------------------------


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


# --- photos -------------------------------------------------------------------------------------


def sent(data: bytes, name: str = "foto.jpg") -> dict[str, Any]:
    return {"photo": (BytesIO(data), name)}


def drawn(kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30)).save(out, kind)
    return out.getvalue()


def test_a_photo_comes_with_the_report_and_is_shown_to_the_house_alone(
    floor: Floor, make: Make, login_as: Login
) -> None:
    page = floor.operator.get("/machines/M3/breakdown").text
    told = {"reason": "breakdown", "back": offered(page)[0]} | sent(drawn())
    floor.operator.post("/machines/M3/breakdown", data=told)
    photo = db.session.scalars(select(Photo.id)).one()
    assert f'src="/photos/{photo}"' in floor.operator.get("/machines/M3/downtime").text

    answer = floor.operator.get(f"/photos/{photo}")

    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert Image.open(BytesIO(answer.data)).size == (40, 30)
    answer.close()
    stranger = login_as(make.user(Role.OPERATOR, sites=(make.site(code="SKW"),)))
    assert stranger.get(f"/photos/{photo}").status_code == 404
    assert stranger.post(f"/photos/{photo}/remove").status_code == 404
    producer = login_as(make.user(Role.PRODUCER, businesses=(floor.business,)))
    assert producer.get(f"/photos/{photo}").status_code == 403
    assert floor.operator.post(f"/photos/{photo}/remove").status_code == 303
    assert floor.operator.get(f"/photos/{photo}").status_code == 404


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", drawn()[:90], drawn("GIF")])
def test_a_file_that_is_no_photo_costs_nobody_the_report(floor: Floor, data: bytes) -> None:
    page = floor.operator.get("/machines/M3/breakdown").text
    told = {"reason": "breakdown", "back": offered(page)[0]} | sent(data, "x.svg")

    response = floor.operator.post("/machines/M3/breakdown", data=told)

    assert "Fotonya tidak disimpan" in words(floor.operator.get(response.location).text)
    assert breakdown().reason == "breakdown"
    assert db.session.scalars(select(Photo)).all() == []


def test_a_photo_may_follow_the_report(floor: Floor) -> None:
    floor.broken(floor.at(14))

    assert floor.operator.post("/machines/M3/photos", data=sent(drawn())).status_code == 303
    assert floor.operator.post("/machines/M3/photos").status_code == 303

    assert len(db.session.scalars(select(Photo)).all()) == 1


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


# --- who may ------------------------------------------------------------------------------------


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
