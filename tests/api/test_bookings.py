"""Bookings and jobs over HTTP: the promised fields, and who may do what to which."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from packhouse import clock
from packhouse.db import transaction
from packhouse.domain.users import Role
from packhouse.models.sites import Site
from tests.api.conftest import House, Program, ProgramOf, codes
from tests.factories import Make
from tests.support.queries import CountQueries

BOOKING = {
    "code", "state", "machine", "product", "quantity", "starts_at", "ends_at", "occupied_from",
    "decide_by", "phases", "price", "version",
}  # fmt: skip
PHASES = ["changeover", "setup", "run", "break", "closing_clean"]


def test_a_booking_answers_with_the_promised_fields(house: House) -> None:
    answer = house.producer.post("bookings", house.wish())

    assert answer.status_code == 201
    body = answer.json
    assert body.keys() == BOOKING
    assert answer.headers["Location"] == f"/api/v1/bookings/{body['code']}"
    assert body["state"] == "confirmed"
    assert body["starts_at"] == body["occupied_from"] == "2026-11-26T08:00:00+07:00"
    assert body["ends_at"] == "2026-11-26T08:40:00+07:00"
    assert [each["phase"] for each in body["phases"]] == PHASES
    assert [each["minutes"] for each in body["phases"]] == [0, 10, 30, 0, 15]
    assert body["price"] == 10_000
    assert house.producer.get(f"bookings/{body['code']}").json == body


def test_the_main_job_runs_over_http_alone(app: Flask, house: House, make: Make) -> None:
    actor = make.user(businesses=(house.business,), email="pemilik@contoh.example")
    token = app.test_cli_runner().invoke(args=["create-token", "pemilik@contoh.example"])
    assert token.exit_code == 0, token.output
    owner = Program(app, token.stdout.strip())
    wish = {"product": "Amplang ikan", "quantity": 400}
    option = owner.post("quotes", wish | {"site": "PTK"}).json["options"][0]
    chosen = {name: option[name] for name in ("machine", "starts_at")}
    booked = owner.post("bookings", wish | chosen, key="k1")
    assert booked.status_code == 201
    for name in ("phases", "price", "starts_at", "ends_at", "occupied_from"):
        assert booked.json[name] == option[name]
    code, starts_at = booked.json["code"], datetime.fromisoformat(booked.json["starts_at"])

    def at(minute: int, verb: str, body: Any = None) -> str:
        with clock.frozen(starts_at + timedelta(minutes=minute)):
            answer = house.operator.post(f"bookings/{code}/{verb}", body)
        assert answer.status_code == 200, answer.json
        assert answer.json.keys() == BOOKING
        return str(answer.json["state"])

    assert actor.id is not None
    assert at(-5, "check-in") == "arrived"
    assert at(0, "start") == "running"
    assert at(15, "pause", {"reason": "no_material"}) == "running"
    assert at(20, "resume") == "running"
    assert at(35, "finish", {"good": 395, "rejected": 5}) == "finished"
    assert owner.get(f"bookings/{code}").json["state"] == "finished"


def test_a_product_is_meant_by_number_by_text_or_by_name(house: House) -> None:
    other = house.make.product(house.business, name="Amplang ikan")

    assert house.book(8, product=str(house.product))["product"] == house.product
    ambiguous = house.producer.post("bookings", house.wish(10, product="Amplang ikan"))
    foreign = house.stranger().post("bookings", house.wish(10))
    unknown = house.producer.post("bookings", house.wish(10, product="Keripik"))

    assert (ambiguous.status_code, codes(ambiguous)) == (400, ["product_ambiguous"])
    assert (foreign.status_code, codes(foreign)) == (404, ["product_not_found"])
    assert (unknown.status_code, codes(unknown)) == (404, ["product_not_found"])
    assert other != house.product


def test_a_repeat_under_its_key_answers_as_the_first_time(house: House) -> None:
    first = house.producer.post("bookings", house.wish(), key="k1")
    again = house.producer.post("bookings", house.wish(), key="k1")
    other = house.producer.post("bookings", house.wish(10), key="k1")

    assert (again.status_code, again.text) == (201, first.text)
    assert again.headers["Location"] == first.headers["Location"]
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    assert len(house.producer.get("bookings").json["items"]) == 1


def test_a_taken_time_is_told_with_three_others(house: House) -> None:
    house.book()

    answer = house.producer.post("bookings", house.wish(8, 20))

    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")
    options = answer.json["alternatives"]
    assert len(options) == 3
    quoted = house.producer.post("quotes", {"product": house.product, "quantity": 400})
    assert options[0].keys() == quoted.json["options"][0].keys()
    for option in options:
        chosen = {name: option[name] for name in ("machine", "starts_at")}
        assert house.producer.post("bookings", house.wish() | chosen).status_code in (201, 409)
    assert codes(answer) == ["slot_taken"]


def test_every_broken_rule_is_told_at_once(house: House, make: Make) -> None:
    bottles = make.product(house.business, pack="bottle_250", lane="non_halal")

    answer = house.producer.post("bookings", house.wish(5, 3, product=bottles))

    assert (answer.status_code, answer.json["code"]) == (422, "rule_broken")
    assert set(codes(answer)) >= {"pack_not_handled", "lane_mismatch", "off_grid", "outside_hours"}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"quantity": "400"}, "quantity", "field_malformed"),
        ({"quantity": 400.5}, "quantity", "field_malformed"),
        ({"quantity": True}, "quantity", "field_malformed"),
        ({"quantity": 0}, "quantity", "out_of_range"),
        ({"quantity": -1}, "quantity", "out_of_range"),
        ({"quantity": None}, "quantity", "field_missing"),
        ({"starts_at": "2026-11-26T08:00:00"}, "starts_at", "naive_time"),
        ({"starts_at": "besok"}, "starts_at", "time_malformed"),
        ({"starts_at": "2026-11-31T08:00:00+07:00"}, "starts_at", "time_malformed"),
        ({"starts_at": "9999-12-31T23:59:00-07:00"}, "starts_at", "time_malformed"),
        ({"starts_at": 1764126000}, "starts_at", "time_malformed"),
        ({"machine": ["M3"]}, "machine", "field_malformed"),
        ({"product": {"id": 1}}, "product", "field_malformed"),
        ({"harga": 1}, "harga", "field_unknown"),
    ],
)
def test_a_misfit_is_named_by_its_field(
    house: House, body: dict[str, Any], field: str, code: str
) -> None:
    answer = house.producer.post("bookings", house.wish() | body)

    assert (answer.status_code, answer.json["code"]) == (400, "malformed")
    assert codes(answer) == [code]
    assert answer.json["problems"][0]["facts"]["field"] == field
    assert field in answer.json["detail"]


def test_all_misfits_are_named_at_once(house: House) -> None:
    answer = house.producer.post("bookings", {"quantity": 0, "harga": 1})

    found = {each["facts"]["field"]: each["code"] for each in answer.json["problems"]}
    assert found == {
        "product": "field_missing",
        "machine": "field_missing",
        "starts_at": "field_missing",
        "quantity": "out_of_range",
        "harga": "field_unknown",
    }


@pytest.mark.parametrize("offset", ["T01:00:00Z", "T01:00:00.000+00:00", "T08:00+07:00"])
def test_an_instant_may_be_told_from_any_zone(house: House, offset: str) -> None:
    booked = house.book(starts_at=f"2026-11-26{offset}")

    assert booked["starts_at"] == "2026-11-26T08:00:00+07:00"


def test_bookings_are_listed_by_page_and_by_filter(house: House, make: Make) -> None:
    made = [house.book(hour)["code"] for hour in (8, 9, 10, 11)]
    cancelled = made.pop()
    assert house.producer.post(f"bookings/{cancelled}/cancel").json["state"] == "cancelled"

    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = house.producer.get("bookings", limit=2, state="confirmed", **cursor).json
        assert page.keys() == {"items", "next"}
        found += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == made

    def codes_of(**query: Any) -> list[str]:
        return [item["code"] for item in house.producer.get("bookings", **query).json["items"]]

    assert codes_of(machine="M9") == codes_of(site="XXX") == []
    assert codes_of(site="PTK") == [*made, cancelled]
    between = {"from_": make.at(9).isoformat(), "to": make.at(10).isoformat()}
    assert codes_of(**between) == made[1:2]
    assert codes_of(from_="2026-11-26T10:00:00 07:00", machine="M3") == [made[2], cancelled]


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": "x"}, {"cursor": "x"}, {"state": "x"}, {"from": "2026-11-26"},
     {"to": "2026-11-26T08:00:00"}, {"machin": "M3"}],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(house: House, query: dict[str, Any]) -> None:
    answer = house.producer.send("GET", "bookings", query_string=query)

    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_a_list_asks_the_database_the_same_number_of_questions(
    house: House, count_queries: CountQueries
) -> None:
    def asked(path: str) -> int:
        with count_queries() as counted:
            assert house.producer.get(path).status_code == 200
        return counted.total

    paths = ("bookings", "products", "machines", "sites", "packs", "machines/M3/schedule")
    house.book(8)
    few = [asked(path) for path in paths]
    for hour in (9, 10, 11, 13):
        house.book(hour)
        house.make.machine(house.site)
        house.make.product(house.business)
        house.make.site()

    assert [asked(path) for path in paths] == few


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


def test_a_job_takes_all_its_parts(house: House, make: Make) -> None:
    make.machine(house.site, code="M4")
    parts = [
        {"machine": machine, "starts_at": make.at(hour, days=days).isoformat(), "quantity": pieces}
        for machine, hour, days, pieces in (("M4", 8, 2, 300), ("M3", 8, 2, 400), ("M3", 9, 3, 300))
    ]
    wish = {"product": house.product, "quantity": 1000, "parts": parts}

    answer = house.producer.post("jobs", wish, key="j1")
    again = house.producer.post("jobs", wish, key="j1")

    assert answer.status_code == 201
    assert answer.json.keys() == {"code", "product", "quantity", "bookings", "price"}
    made = answer.json["bookings"]
    assert [(each["machine"], each["quantity"]) for each in made] == [
        ("M4", 300),
        ("M3", 400),
        ("M3", 300),
    ]
    assert all(each.keys() == BOOKING for each in made)
    assert answer.json["price"] == sum(each["price"] for each in made)
    assert (again.status_code, again.json) == (201, answer.json)
    assert len(house.producer.get("bookings").json["items"]) == 3
    shown = house.producer.get(f"jobs/{answer.json['code']}")
    assert answer.headers["Location"].endswith(shown.request.path)
    assert shown.json | {"bookings": 3} == answer.json | {"bookings": 3}
    assert [each["starts_at"][8:13] for each in shown.json["bookings"]] == [
        "26T08", "26T08", "27T09"]  # fmt: skip
    assert house.stranger().get(f"jobs/{answer.json['code']}").status_code == 404


def test_a_job_takes_nothing_when_one_part_does_not_fit(house: House, make: Make) -> None:
    house.book(9)

    def job(*parts: tuple[int, int], quantity: int | None = None) -> Any:
        listed = [
            {"machine": "M3", "starts_at": make.at(hour).isoformat(), "quantity": pieces}
            for hour, pieces in parts
        ]
        total = quantity or sum(pieces for _, pieces in parts)
        body = {"product": house.product, "quantity": total, "parts": listed}
        return house.producer.post("jobs", body)

    taken = job((8, 300), (9, 300))
    against_itself = job((13, 300), (13, 300))
    closed = job((8, 300), (5, 300), (18, 100))
    short = job((8, 300), quantity=400)

    assert (taken.status_code, taken.json["code"]) == (409, "slot_taken")
    assert taken.json["problems"][0]["facts"]["part"] == 2
    assert len(taken.json["alternatives"]) == 3
    assert (against_itself.status_code, against_itself.json["code"]) == (409, "slot_taken")
    assert closed.status_code == 422
    assert {each["facts"]["part"] for each in closed.json["problems"]} == {2, 3}
    assert (short.status_code, codes(short)) == (422, ["parts_do_not_add_up"])
    assert len(house.producer.get("bookings").json["items"]) == 1


def test_a_job_of_a_stranger_or_on_an_unknown_machine_is_not_found(
    house: House, make: Make
) -> None:
    part = {"machine": "M9", "starts_at": make.at(8).isoformat(), "quantity": 10}
    job = {"product": house.product, "quantity": 10, "parts": [part]}

    unknown = house.producer.post("jobs", job)
    foreign = house.stranger().post("jobs", job)

    assert (unknown.status_code, codes(unknown)) == (404, ["machine_not_found"])
    assert (foreign.status_code, codes(foreign)) == (404, ["product_not_found"])


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


def test_what_is_wrong_is_told_in_the_time_of_the_house(make: Make, house: House) -> None:
    east = make.site(code="MKS", zone="Asia/Makassar")
    make.machine(east, code="M8")

    answer = house.producer.post("bookings", house.wish(15, 50, machine="M8"))

    (problem,) = answer.json["problems"]
    assert problem["code"] == "outside_hours"
    assert problem["facts"]["closes_at"] == "2026-11-26T16:00:00+08:00"
    assert "16.00" in problem["detail"]
    assert "WITA" in problem["detail"]
