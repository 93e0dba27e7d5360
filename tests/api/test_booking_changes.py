"""Bookings over HTTP: who may decide, move and cancel which, and in which order."""

from datetime import datetime, timedelta

from packhouse import clock
from packhouse.db import transaction
from packhouse.domain.users import Role
from packhouse.models.sites import Site
from tests.api.conftest import House, Program, ProgramOf, codes
from tests.factories import Make


def test_a_request_is_approved_or_rejected_with_a_reason(
    make: Make, program: ProgramOf, house: House
) -> None:
    make.machine(house.site, code="M4", needs_approval=True)
    first = house.book(8, machine="M4")
    second = house.book(10, machine="M4")
    assert first["state"] == "requested"
    assert datetime.fromisoformat(first["decide_by"])

    approved = house.manager.post(f"bookings/{first['code']}/approve")
    rejected = house.manager.post(f"bookings/{second['code']}/reject", {"reason": "Mesin dicoba"})
    wordless = house.manager.post(f"bookings/{second['code']}/reject", {"reason": ""})

    assert (approved.status_code, approved.json["state"]) == (200, "confirmed")
    assert (rejected.status_code, rejected.json["state"]) == (200, "rejected")
    assert wordless.status_code == 400
    assert house.producer.post(f"bookings/{second['code']}/approve").status_code == 403


def test_beyond_a_limit_programs_need_a_reason_too(make: Make, house: House) -> None:
    make.machine(house.site, code="M4", needs_approval=True)
    asked = house.book(8, machine="M4")["code"]
    with transaction() as session:
        session.get_one(Site, house.site).limit_open = 0
    wanted = {
        "product": house.product, "quantity": 100, "machine": "M4",
        "starts_at": make.at(13).isoformat(),
    }  # fmt: skip

    assert house.manager.post(f"bookings/{asked}/approve").status_code == 422
    refused = house.manager.post("bookings", wanted)
    booked = house.manager.post("bookings", wanted | {"override_reason": "Panen raya"})
    approved = house.manager.post(f"bookings/{asked}/approve", {"override_reason": "Pameran"})

    assert (refused.status_code, booked.status_code, approved.status_code) == (422, 201, 200)
    report = house.manager.get("reports/exceptions", from_="2026-11-01", to="2026-11-30").json
    assert report["counts"] == {"approved": 1, "booked": 1, "put_back": 0, "put_first": 0}
    assert [each["reason"] for each in report["rows"]] == ["Pameran", "Panen raya"]


def test_a_question_is_asked_and_answered(make: Make, house: House) -> None:
    make.machine(house.site, code="M4", needs_approval=True)
    code = house.book(8, machine="M4")["code"]

    asked = house.manager.post(f"bookings/{code}/ask", {"question": "Berapa karton?"})
    answered = house.producer.post(f"bookings/{code}/answer", {"answer": "Sepuluh"})

    assert (asked.status_code, answered.status_code) == (200, 200)
    assert answered.json["version"] == 3
    assert house.producer.post(f"bookings/{code}/ask", {"question": "?"}).status_code == 403
    assert house.producer.post(f"bookings/{code}/answer", {"answer": "x"}).status_code == 409


def test_a_booking_moves_and_keeps_its_code(house: House, make: Make) -> None:
    make.machine(house.site, code="M4")
    booked = house.book()
    target = {"machine": "M4", "starts_at": make.at(13).isoformat(), "version": booked["version"]}

    moved = house.producer.post(f"bookings/{booked['code']}/move", target, key="m1")
    again = house.producer.post(f"bookings/{booked['code']}/move", target, key="m1")
    stale = house.producer.post(f"bookings/{booked['code']}/move", target | {"machine": "M3"})

    assert moved.status_code == 200
    assert (moved.json["code"], moved.json["machine"]) == (booked["code"], "M4")
    assert moved.json["starts_at"] == "2026-11-26T13:00:00+07:00"
    assert again.json == moved.json
    assert (stale.status_code, stale.json["code"], codes(stale)) == (
        409,
        "stale",
        ["booking_changed"],
    )


def test_a_step_out_of_order_is_told_so(house: House) -> None:
    code = house.book()["code"]
    with clock.frozen(house.make.at(8)):
        early = house.operator.post(f"bookings/{code}/finish", {"good": 1, "rejected": 0})
        house.operator.post(f"bookings/{code}/start")
        late = house.producer.post(f"bookings/{code}/cancel", {"reason": "Tidak jadi"})

    assert (early.status_code, early.json["code"]) == (409, "wrong_state")
    assert (late.status_code, late.json["code"]) == (409, "wrong_state")


def test_somebody_elses_booking_does_not_exist(house: House, make: Make) -> None:
    code = house.book()["code"]
    elsewhere = house.program(make.user(Role.OPERATOR, sites=(make.site(),)))
    auditor = house.program(make.user(Role.AUDITOR))
    target = {"starts_at": make.at(13).isoformat()}

    for other in (house.stranger(), elsewhere):
        assert other.get(f"bookings/{code}").status_code == 404
        assert other.post(f"bookings/{code}/cancel").status_code == 404
        assert other.post(f"bookings/{code}/move", target).status_code == 404
        assert other.get("bookings").json == {"items": [], "next": None}
    assert elsewhere.post(f"bookings/{code}/start").status_code == 404
    assert auditor.get(f"bookings/{code}").json["code"] == code
    assert auditor.post(f"bookings/{code}/cancel").status_code == 403
    assert house.operator.get(f"bookings/{code}").json["code"] == code


def test_nobody_enters_without_a_token_that_counts(house: House) -> None:
    nobody = house.program(None)
    guessed = Program(nobody.app, "x" * 43)

    for answer in (nobody.get("bookings"), guessed.post("bookings", house.wish())):
        assert (answer.status_code, codes(answer)) == (401, ["unauthorized"])
    with clock.frozen(house.make.now + timedelta(days=366)):
        assert house.producer.get("bookings").status_code == 401


def test_an_operator_books_for_who_stands_at_the_desk(house: House) -> None:
    answer = house.operator.post("bookings", house.wish(8, days=0, product=house.product) | {
        "starts_at": house.make.at(8, 5, days=0).isoformat()})  # fmt: skip

    assert answer.status_code == 201


def test_a_move_onto_a_taken_time_is_told_with_three_others(house: House, make: Make) -> None:
    house.book(9)
    code = house.book(11)["code"]

    answer = house.producer.post(f"bookings/{code}/move", {"starts_at": make.at(9, 10).isoformat()})

    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")
    assert len(answer.json["alternatives"]) == 3
    for each in answer.json["alternatives"]:
        start = datetime.fromisoformat(each["starts_at"])
        assert datetime.fromisoformat(each["change_until"]) == start - timedelta(hours=24)
    assert house.producer.get(f"bookings/{code}").json["starts_at"] == "2026-11-26T11:00:00+07:00"
