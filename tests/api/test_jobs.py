"""Jobs of several bookings over HTTP: all parts or none."""

from typing import Any

from tests.api.conftest import BOOKING, House, codes
from tests.factories import Make


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
