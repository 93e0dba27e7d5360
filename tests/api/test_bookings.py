"""Bookings over HTTP: the promised fields, and what is told of a misfit."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from packhouse import clock
from tests.api.conftest import BOOKING, House, Program, codes
from tests.factories import Make
from tests.support.queries import CountQueries

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


def test_what_is_wrong_is_told_in_the_time_of_the_house(make: Make, house: House) -> None:
    east = make.site(code="MKS", zone="Asia/Makassar")
    make.machine(east, code="M8")

    answer = house.producer.post("bookings", house.wish(15, 50, machine="M8"))

    (problem,) = answer.json["problems"]
    assert problem["code"] == "outside_hours"
    assert problem["facts"]["closes_at"] == "2026-11-26T16:00:00+08:00"
    assert "16.00" in problem["detail"]
    assert "WITA" in problem["detail"]
