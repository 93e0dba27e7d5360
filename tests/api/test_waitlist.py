"""The waitlist for programs, as the interface promises it."""

from tests.api.conftest import House, codes


def body(house: House, **other: object) -> dict[str, object]:
    return {
        "product": house.product, "quantity": 400, "site": "PTK",
        "from": "2026-11-26", "to": "2026-11-26",
    } | other  # fmt: skip


def test_a_wish_is_entered_listed_and_deleted(house: House) -> None:
    made = house.producer.post("waitlist", body(house, part_of_day="pagi"), key="w1")
    again = house.producer.post("waitlist", body(house, part_of_day="pagi"), key="w1")

    assert made.status_code == 201, made.json
    assert again.json == made.json
    assert made.json["part_of_day"] == "morning"
    assert made.json["from"] == "2026-11-26T00:00:00+07:00"
    assert made.json["to"] == "2026-11-27T00:00:00+07:00"
    assert (made.json["place"], made.json["why"][0]) == (1, "first_timer")
    assert house.producer.get("waitlist").json["items"] == [made.json]
    assert house.stranger().get("waitlist").json["items"] == []
    assert house.stranger().send("DELETE", f"waitlist/{made.json['id']}").status_code == 404
    gone = house.producer.send("DELETE", f"waitlist/{made.json['id']}")
    assert (gone.status_code, gone.json["state"]) == (200, "withdrawn")


def test_a_freed_time_is_offered_and_taken(house: House) -> None:
    booked = house.book(8, quantity=5000)
    at = {"from": "2026-11-26T07:00:00+07:00", "to": "2026-11-26T16:00:00+07:00"}
    other = house.make.business()
    wish = {"product": house.make.product(other), "quantity": 3500, "site": "PTK"} | at
    waiting = house.program(house.make.producer(other))
    assert waiting.post("waitlist", wish).status_code == 201

    house.producer.post(f"bookings/{booked['code']}/cancel")

    (offer,) = waiting.get("offers").json["items"]
    assert offer["state"] == "open"
    assert house.stranger().post(f"offers/{offer['id']}/accept").status_code == 404
    taken = waiting.post(f"offers/{offer['id']}/accept")
    assert taken.status_code == 200, taken.json
    assert taken.json["state"] == "confirmed"
    assert taken.json["starts_at"] == offer["starts_at"]
    assert waiting.post(f"offers/{offer['id']}/accept").json == taken.json
    refused = waiting.post(f"offers/{offer['id']}/decline")
    assert (refused.status_code, codes(refused)) == (409, ["offer_over"])
    assert waiting.get("waitlist").json["items"][0]["booking"] == taken.json["code"]


def test_a_declined_offer_leaves_the_wish_waiting(house: House) -> None:
    booked = house.book(8, quantity=5000)
    house.producer.post("waitlist", body(house))
    house.producer.post(f"bookings/{booked['code']}/cancel")
    (offer,) = house.producer.get("offers").json["items"]

    declined = house.producer.post(f"offers/{offer['id']}/decline")

    assert declined.json["state"] == "declined"
    assert house.producer.get("waitlist").json["items"][0]["state"] == "open"


def test_all_that_is_wrong_is_told_at_once(house: House) -> None:
    wrong = house.producer.post(
        "waitlist", body(house, to="2026-11-25", part_of_day="malam", quantity=0)
    )

    assert wrong.status_code == 400
    assert {"out_of_range", "code_unknown"} <= set(codes(wrong))
    assert codes(house.producer.post("waitlist", body(house, to="2026-11-24"))) == [
        "period_reversed"
    ]
