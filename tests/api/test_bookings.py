"""Bookings over HTTP: the promised fields, the errors, and one whole day of one booking."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from packhouse import clock
from packhouse.domain.users import Actor, Role
from tests.api.conftest import Program, ProgramOf
from tests.factories import Make
from tests.support.queries import CountQueries

BOOKING = {
    "code", "state", "machine", "product", "quantity", "starts_at", "ends_at", "occupied_from",
    "decide_by", "phases", "price", "version",
}  # fmt: skip
PHASES = ["changeover", "setup", "run", "break", "closing_clean"]


@dataclass(frozen=True)
class House:
    """One house with one machine, its people, and a product of its one customer."""

    site: int
    machine: int
    business: int
    product: int
    producer: Program
    manager: Program
    make: Make
    program: ProgramOf

    def wish(self, hour: int = 8, minute: int = 0, *, days: int = 2, **other: Any) -> Any:
        at = self.make.at(hour, minute, days=days).isoformat()
        return {"product": self.product, "quantity": 400, "machine": "M3", "starts_at": at} | other

    def book(self, hour: int = 8, minute: int = 0, *, days: int = 2, **other: Any) -> Any:
        answer = self.producer.post("bookings", self.wish(hour, minute, days=days, **other))
        assert answer.status_code == 201, answer.json
        return answer.json

    def staff(self, role: Role, **fields: Any) -> Actor:
        return self.make.user(role, sites=(self.site,), **fields)


@pytest.fixture
def house(make: Make, program: ProgramOf) -> House:
    site = make.site(code="PTK")
    machine = make.machine(site, code="M3")
    business = make.business()
    product = make.product(business, name="Amplang ikan", allergens=["fish"])
    producer = program(make.producer(business))
    manager = program(make.user(Role.MANAGER, sites=(site,)))
    return House(site, machine, business, product, producer, manager, make, program)


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


def test_the_main_job_runs_over_http_alone(house: House) -> None:
    operator = house.program(house.staff(Role.OPERATOR))
    question = {"product": "Amplang ikan", "quantity": 400, "site": "PTK"}
    option = house.producer.post("quotes", question).json["options"][0]
    booked = house.producer.post(
        "bookings",
        {
            "product": "Amplang ikan",
            "quantity": 400,
            "machine": option["machine"],
            "starts_at": option["starts_at"],
        },
        key="k1",
    )
    assert booked.status_code == 201
    assert {name: booked.json[name] for name in ("phases", "price", "occupied_from")} == {
        name: option[name] for name in ("phases", "price", "occupied_from")
    }
    code, starts_at = booked.json["code"], datetime.fromisoformat(booked.json["starts_at"])

    def at(minute: int, verb: str, body: Any = None) -> str:
        with clock.frozen(starts_at + timedelta(minutes=minute)):
            answer = operator.post(f"bookings/{code}/{verb}", body)
        assert answer.status_code == 200, answer.json
        assert answer.json.keys() == BOOKING
        return str(answer.json["state"])

    assert at(-5, "check-in") == "arrived"
    assert at(0, "start") == "running"
    assert at(15, "pause", {"reason": "no_material"}) == "running"
    assert at(20, "resume") == "running"
    assert at(35, "finish", {"good": 395, "rejected": 5}) == "finished"
    assert house.producer.get(f"bookings/{code}").json["state"] == "finished"
