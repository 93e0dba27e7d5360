"""Quotes over HTTP."""

from tests.api.conftest import House, codes
from tests.factories import Make

OPTION = {
    "machine", "site", "starts_at", "ends_at", "occupied_from", "phases", "price",
    "needs_approval", "why", "full_price", "reduction", "change_until",
}  # fmt: skip


def test_a_quote_has_options_with_phases_and_price(house: House) -> None:
    answer = house.producer.post("quotes", {"product": house.product, "quantity": 400})

    assert answer.status_code == 200
    assert answer.json.keys() == {"options", "refusals"}
    first = answer.json["options"][0]
    assert first.keys() == OPTION
    assert (first["machine"], first["starts_at"], first["price"]) == (
        "M3",
        "2026-11-24T09:00:00+07:00",
        10_000,
    )
    assert [each["phase"] for each in first["phases"]] == [
        "changeover", "setup", "run", "break", "closing_clean",
    ]  # fmt: skip


def test_an_option_has_the_shape_of_the_booking_made_from_it(house: House) -> None:
    house.book(9, days=0)
    option = house.producer.post(
        "quotes", {"product": house.product, "quantity": 700, "machine": "M3"}
    ).json["options"][0]

    booked = house.book(quantity=700, starts_at=option["starts_at"])

    shared = ("machine", "starts_at", "ends_at", "occupied_from", "phases", "price")
    assert {name: option[name] for name in shared} == {name: booked[name] for name in shared}


def test_a_machine_without_time_tells_why(house: House, make: Make) -> None:
    bottles = make.product(house.business, pack="bottle_250")

    answer = house.producer.post("quotes", {"product": bottles, "quantity": 400})

    assert answer.status_code == 200
    assert answer.json["options"] == []
    (refusal,) = answer.json["refusals"]
    assert refusal["machine"] == "M3"
    (problem,) = refusal["problems"]
    assert problem["code"] == "pack_not_handled"
    assert "M3" in problem["detail"]


def test_a_quote_looks_where_and_when_it_is_told(house: House, make: Make) -> None:
    make.machine(make.site(code="SKW"), code="S1")
    ask = {"product": house.product, "quantity": 400}
    window = {"from": make.at(13).isoformat(), "to": make.at(16).isoformat()}

    there = house.producer.post("quotes", ask | window | {"site": "SKW"}).json["options"]
    nowhere = house.producer.post("quotes", ask | {"site": "XXX"})
    past = house.producer.post("quotes", ask | {"to": make.at(8, days=-3).isoformat()})

    assert {each["machine"] for each in there} == {"S1"}
    assert min(each["starts_at"] for each in there) >= "2026-11-26T13:00"
    assert (nowhere.status_code, codes(nowhere)) == (404, ["site_not_found"])
    assert past.status_code == 400


def test_nobody_asks_for_somebody_elses_product(house: House) -> None:
    ask = {"product": house.product, "quantity": 400}

    assert house.stranger().post("quotes", ask).status_code == 404
    assert house.operator.post("quotes", ask).status_code == 200
