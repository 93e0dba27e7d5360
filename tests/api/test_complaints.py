"""Complaints over HTTP: one's own only."""

from packhouse.domain.users import Role
from tests.api.conftest import House, ProgramOf, codes
from tests.factories import Make

SAID = "Mesin M3 baru siap dua jam sesudah jadwal saya."


def test_a_complaint_is_filed_once_and_followed_by_who_filed_it(
    house: House, program: ProgramOf, make: Make
) -> None:
    wish = {"site": "PTK", "topic": "schedule", "text": SAID, "booking": "PTK-AAAA"}

    made = house.producer.post("complaints", wish, key="k1")
    again = house.producer.post("complaints", wish, key="k1")

    assert made.status_code == 201
    assert again.json == made.json
    assert made.headers["Location"] == f"/api/v1/complaints/{made.json['id']}"
    assert (made.json["state"], made.json["entries"]) == ("received", [])
    assert made.json["answer_by"].endswith("+07:00")
    shown = house.producer.get(f"complaints/{made.json['id']}")
    assert shown.json == made.json
    listed = house.producer.get("complaints").json
    assert [each["number"] for each in listed["items"]] == [made.json["number"]]

    for actor in (make.producer(), make.user(Role.MANAGER)):
        other = program(actor)
        assert other.get(f"complaints/{made.json['id']}").status_code == 404
        assert other.get("complaints").json["items"] == []
    assert program(None).post("complaints", wish).status_code == 401


def test_the_same_key_of_another_person_is_another_complaint(
    house: House, program: ProgramOf, make: Make
) -> None:
    wish = {"site": "PTK", "topic": "schedule", "text": SAID}

    numbers = {
        each.post("complaints", wish, key="k1").json["number"]
        for each in (house.producer, program(make.producer()))
    }

    assert len(numbers) == 2


def test_everything_wrong_with_a_complaint_is_told(house: House) -> None:
    refused = house.producer.post("complaints", {"site": "XXX", "topic": "weather", "text": ""})
    assert refused.status_code == 400
    assert set(codes(refused)) == {"code_unknown", "length_out_of_range"}
    unknown = house.producer.post("complaints", {"site": "XXX", "topic": "other", "text": SAID})
    assert (unknown.status_code, codes(unknown)) == (422, ["site_unknown"])
