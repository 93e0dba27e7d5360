"""Re-planning for programs, as the interface promises it."""

from tests.api.conftest import House, codes


def test_a_breakdown_answers_with_a_plan_that_is_read_and_applied_once(house: House) -> None:
    house.make.machine(house.site, code="M4")
    booked = house.book(9, days=0)
    wish = {
        "reason": "breakdown", "expected_back_at": house.make.at(16, days=0).isoformat(),
    }  # fmt: skip

    plan = house.operator.post("machines/M3/breakdowns", wish).json["plan"]

    (row,) = plan["bookings"]
    assert (row["code"], row["result"], row["answer"]) == (booked["code"], "move", None)
    assert row["before"] == {
        "machine": "M3", "starts_at": booked["starts_at"], "ends_at": booked["ends_at"],
    }  # fmt: skip
    assert row["after"] == {**row["before"], "machine": "M4"}
    assert not plan["outdated"]
    assert house.operator.get(f"plans/{plan['id']}").json == plan
    assert house.producer.get(f"plans/{plan['id']}").status_code == 403

    applied = house.operator.post(f"plans/{plan['id']}/apply", {"version": 1}, key="p1")
    again = house.operator.post(f"plans/{plan['id']}/apply", {"version": 1}, key="p1")

    assert (applied.status_code, applied.json["state"]) == (200, "applied")
    assert again.json == applied.json
    assert applied.json["bookings"][0]["answer"] == "informed"
    moved = house.producer.get(f"bookings/{booked['code']}").json
    assert (moved["state"], moved["machine"]) == ("confirmed", "M4")


def test_a_plan_that_was_overtaken_says_what_changed(house: House) -> None:
    house.make.machine(house.site, code="M4")
    booked = house.book(9, days=0)
    wish = {
        "reason": "breakdown", "expected_back_at": house.make.at(16, days=0).isoformat(),
    }  # fmt: skip
    plan = house.operator.post("machines/M3/breakdowns", wish).json["plan"]
    house.producer.post(f"bookings/{booked['code']}/cancel")

    refused = house.operator.post(f"plans/{plan['id']}/apply")

    assert (refused.status_code, refused.json["code"]) == (409, "stale")
    assert codes(refused) == ["plan_outdated", "plan_booking_changed"]
    assert house.operator.get(f"plans/{plan['id']}").json["outdated"]
