"""Houses, machines, schedules and packs over HTTP."""

from packhouse.domain.users import Role
from tests.api.conftest import House, codes
from tests.factories import Make

MACHINE = {
    "code", "name", "site", "kind", "lane", "packs", "rate_per_minute", "setup_minutes",
    "cleaning_minutes", "attended", "needs_approval", "tariff_per_hour", "commissioned_at",
    "retired_at", "broken_until",
}  # fmt: skip


def test_a_house_tells_its_policy(house: House) -> None:
    answer = house.producer.get("sites").json

    assert answer["next"] is None
    (site,) = answer["items"]
    assert (site["code"], site["zone"], site["regency_code"]) == ("PTK", "Asia/Pontianak", "61.71")
    assert (site["cancel_hours"], site["notice_minutes"]) == (24, 60)
    assert "id" not in site


def test_a_machine_tells_what_it_can_do(house: House) -> None:
    machine = house.producer.get("machines/M3").json

    assert machine.keys() == MACHINE
    assert (machine["site"], machine["kind"], machine["packs"]) == (
        "PTK",
        "band_sealer",
        ["pouch_100"],
    )
    assert (machine["tariff_per_hour"], machine["cleaning_minutes"]) == (15_000, [5, 10, 15])
    assert machine["commissioned_at"] == "2026-01-01T07:00:00+07:00"
    assert codes(house.producer.get("machines/M9")) == ["machine_not_found"]


def test_machines_are_listed_by_house_by_kind_and_by_page(house: House, make: Make) -> None:
    other = make.site(code="SKW")
    make.machine(house.site, code="M4", kind="vacuum_single")
    make.machine(other, code="S1")

    def listed(**query: str | int) -> list[str]:
        return [item["code"] for item in house.producer.get("machines", **query).json["items"]]

    assert listed() == ["M3", "M4", "S1"]
    assert listed(site="PTK") == ["M3", "M4"]
    assert listed(site="PTK", kind="vacuum_single") == ["M4"]
    assert listed(site="XXX") == []
    page = house.producer.get("machines", limit=2).json
    assert listed(cursor=page["next"]) == ["S1"]
    assert codes(house.producer.get("machines", cursor="-1")) == ["cursor_unreadable"]


def test_a_schedule_shows_whose_booking_it_is_only_to_who_may_know(
    house: House, make: Make
) -> None:
    code = house.book(9)["code"]
    period = {"from_": make.at(0).isoformat(), "to": make.at(0, days=3).isoformat()}

    own = house.producer.get("machines/M3/schedule", **period).json
    foreign = house.stranger().get("machines/M3/schedule", **period).json

    assert own.keys() == {"machine", "from", "to", "open", "items", "next"}
    assert [(each["starts_at"][11:16], each["ends_at"][11:16]) for each in own["open"]] == [
        ("07:30", "12:00"),
        ("13:00", "16:00"),
    ]
    (busy,) = own["items"]
    assert busy == {
        "kind": "booking",
        "occupied_from": "2026-11-26T09:00:00+07:00",
        "starts_at": "2026-11-26T09:00:00+07:00",
        "ends_at": "2026-11-26T09:40:00+07:00",
        "booking": code,
        "state": "confirmed",
    }
    assert foreign["items"] == [busy | {"booking": None, "state": None}]


def test_a_schedule_without_a_period_is_that_of_the_coming_week(house: House) -> None:
    house.book(9, days=6)
    house.book(9, days=8)

    schedule = house.producer.get("machines/M3/schedule").json

    assert (schedule["from"], schedule["to"]) == (
        "2026-11-24T08:00:00+07:00",
        "2026-12-01T08:00:00+07:00",
    )
    assert len(schedule["items"]) == 1


def test_the_schedules_of_a_house_are_those_of_its_machines(house: House, make: Make) -> None:
    make.machine(house.site, code="M4")
    make.machine(house.site, code="M5", retired_at=make.at(0, days=-1))
    make.machine(make.site(code="SKW"), code="S1")
    house.book(9)
    period = {"from_": make.at(0).isoformat(), "to": make.at(0, days=3).isoformat()}

    page = house.producer.get("schedules", site="PTK", **period).json
    first = house.producer.get("schedules", site="PTK", limit=1, **period).json

    assert page["next"] is None
    assert [each["machine"] for each in page["items"]] == ["M3", "M4"]
    assert first["items"] == page["items"][:1]
    assert first["next"]
    assert codes(house.producer.get("schedules", **period | {"to": period["from_"]})) == [
        "period_reversed"
    ]


def test_the_schedules_of_a_house_tell_in_minutes_what_the_machines_own_tells(
    house: House, make: Make
) -> None:
    booked = house.book(9)["code"]
    period = {"from_": make.at(0).isoformat(), "to": make.at(0, days=3).isoformat()}

    alone = house.producer.get("machines/M3/schedule", **period).json
    (own,) = house.producer.get("schedules", **period).json["items"]
    (foreign,) = house.stranger().get("schedules", **period).json["items"]

    assert own.keys() == {"machine", "from", "to", "open", "items"}
    assert (own["from"], own["to"]) == (alone["from"], alone["to"])
    assert own["open"] == [[7 * 60 + 30, 12 * 60], [13 * 60, 16 * 60]]
    assert own["items"] == [[9 * 60, 9 * 60, 9 * 60 + 40, booked]]
    assert foreign["items"] == [[9 * 60, 9 * 60, 9 * 60 + 40]]


def test_a_schedule_has_a_longest_period(house: House, make: Make) -> None:
    start = make.at(0).isoformat()

    long = house.producer.get(
        "machines/M3/schedule", from_=start, to=make.at(0, days=90).isoformat()
    )
    empty = house.producer.get("machines/M3/schedule", from_=start, to=start)

    assert (long.status_code, codes(long)) == (400, ["period_too_long"])
    assert (empty.status_code, codes(empty)) == (400, ["period_reversed"])


def test_packs_are_those_of_the_catalogue_and_of_the_machines(house: House, make: Make) -> None:
    make.machine(house.site, packs=("botol_madu", "pouch_100"))

    packs = {each["code"]: each["family"] for each in house.producer.get("packs").json["items"]}

    assert packs["pouch_100"] == "pouch"
    assert packs["botol_madu"] is None
    assert list(packs) == sorted(packs)


def test_a_breakdown_names_whom_it_hits_and_a_repair_frees_the_machine(
    house: House, make: Make
) -> None:
    code = house.book(9, days=0)["code"]
    wish = {"reason": "breakdown", "expected_back_at": make.at(12, days=0).isoformat()}

    broken = house.operator.post("machines/M3/breakdowns", wish)
    known = house.producer.get("machines/M3").json["broken_until"]
    repaired = house.operator.post("machines/M3/repaired")
    again = house.operator.post("machines/M3/repaired")

    assert broken.status_code == 201
    assert broken.headers["Location"] == "/api/v1/machines/M3"
    assert broken.json["affected"] == [
        {
            "code": code,
            "starts_at": "2026-11-24T09:00:00+07:00",
            "ends_at": "2026-11-24T09:40:00+07:00",
        }
    ]
    assert [each["code"] for each in broken.json["plan"]["bookings"]] == [code]
    assert known == "2026-11-24T12:00:00+07:00"
    assert (repaired.status_code, repaired.json["broken_until"]) == (200, None)
    assert (again.status_code, again.json["code"], codes(again)) == (
        409,
        "wrong_state",
        ["machine_not_broken"],
    )
    assert house.producer.get(f"bookings/{code}").json["state"] == "displaced"


def test_maintenance_is_planned_around_bookings(house: House, make: Make) -> None:
    code = house.book(9)["code"]

    def plan(hour: int, to: int, reason: str = "maintenance") -> dict[str, str]:
        times = {"from": make.at(hour).isoformat(), "to": make.at(to).isoformat()}
        return {"reason": reason, **times}

    planned = house.manager.post("machines/M3/maintenance", plan(13, 15))
    hit = house.manager.post("machines/M3/maintenance", plan(8, 10))
    odd = house.manager.post("machines/M3/maintenance", plan(13, 15, "running"))

    assert planned.status_code == 201
    assert planned.json == {
        "id": planned.json["id"],
        "machine": "M3",
        "from": "2026-11-26T13:00:00+07:00",
        "to": "2026-11-26T15:00:00+07:00",
        "reason": "maintenance",
        "state": "taken",
        "in_the_way": [],
        "plan": None,
    }
    assert (hit.status_code, hit.json["state"]) == (201, "proposed")
    assert [each["code"] for each in hit.json["in_the_way"]] == [code]
    assert [each["code"] for each in hit.json["plan"]["bookings"]] == [code]
    assert (odd.status_code, codes(odd)) == (400, ["code_unknown"])
    assert house.producer.post("bookings", house.wish(14)).status_code == 409


def test_a_machine_is_stopped_only_by_the_staff_of_its_house(house: House, make: Make) -> None:
    elsewhere = house.program(make.user(Role.MANAGER, sites=(make.site(),)))
    wish = {"reason": "breakdown", "expected_back_at": make.at(12).isoformat()}
    work = {"reason": "trial", "from": make.at(8).isoformat(), "to": make.at(9).isoformat()}

    for other in (house.producer, elsewhere):
        assert other.post("machines/M3/breakdowns", wish).status_code == 403
        assert other.post("machines/M3/repaired").status_code == 403
        assert other.post("machines/M3/maintenance", work).status_code == 403
    assert house.operator.post("machines/M3/maintenance", work).status_code == 403
    assert house.operator.post("machines/M9/breakdowns", wish).status_code == 404


def test_planned_work_is_listed_taken_and_called_off(house: House, make: Make) -> None:
    code = house.book(9)["code"]
    times = {"from": make.at(8).isoformat(), "to": make.at(10).isoformat()}
    work = house.manager.post("machines/M3/maintenance", times | {"reason": "calibration"}).json
    path = f"maintenance/{work['id']}"

    refused = house.manager.post(f"{path}/take")
    assert (refused.status_code, codes(refused)) == (422, ["bookings_in_the_way"])
    house.operator.post(f"bookings/{code}/cancel")
    assert house.manager.post(f"{path}/take").status_code == 204
    listed = house.operator.get("machines/M3/maintenance").json
    assert [(each["id"], each["state"]) for each in listed["planned"]] == [(work["id"], "taken")]
    assert house.manager.post(f"{path}/cancel").status_code == 204

    assert house.operator.get("machines/M3/maintenance").json == {"planned": [], "recurring": []}


def test_an_outage_takes_the_machines_of_a_house_and_gives_them_back(
    house: House, make: Make
) -> None:
    code = house.book(9, days=0)["code"]
    wish = {"utility": "electricity", "until": make.at(12, days=0).isoformat()}

    out = house.operator.post("sites/PTK/outages", wish)
    over = house.operator.post(f"outages/{out.json['id']}/end")
    again = house.operator.post(f"outages/{out.json['id']}/end")

    assert (out.status_code, over.status_code) == (201, 200)
    assert out.json["machines"] == over.json["machines"] == ["M3"]
    assert [each["code"] for each in out.json["affected"]] == [code]
    assert [each["code"] for each in out.json["plan"]["bookings"]] == [code]
    assert (again.status_code, codes(again)) == (409, ["outage_over"])
