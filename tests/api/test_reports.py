"""Reports over HTTP."""

import csv
from io import StringIO

from packhouse import clock
from packhouse.domain.users import SYSTEM, Role
from packhouse.queries.reports import Period, utilization
from packhouse.services import runs
from tests.api.conftest import House
from tests.support import worked_day

ROW = {
    "machine", "bookable_minutes", "booked_minutes", "used_minutes", "productive_minutes",
    "booked_rate", "used_rate", "productive_rate", "states", "e10", "iso22400",
    "estimated_minutes",
}  # fmt: skip


def test_utilization_has_the_promised_rows_and_total(house: House) -> None:
    house.book(9)
    reviewer = house.program(house.make.user(Role.REVIEWER))

    answer = reviewer.get("reports/utilization", from_="2026-11-24", to="2026-11-26")

    assert answer.status_code == 200
    (row,) = answer.json["rows"]
    assert row.keys() == ROW
    assert row["machine"] == "M3"
    assert row["states"].keys() == {"PRD", "SBY", "ENG", "SDT", "UDT", "NST"}
    assert answer.json["total"].keys() == ROW - {"machine"}
    assert answer.json["definition_version"]
    by_day = reviewer.get("reports/utilization", from_="2026-11-24", to="2026-11-26", by="day")
    assert by_day.json["rows"][0]["day"] == "2026-11-24"


def test_demand_tells_what_was_refused_and_why(house: House) -> None:
    bottles = house.make.product(house.business, pack="bottle_250")
    house.producer.post("quotes", {"product": bottles, "quantity": 100})
    house.book(9)
    late = {
        "from": house.make.at(15, days=0).isoformat(),
        "to": house.make.at(16, days=0).isoformat(),
    }
    full = {"product": house.product, "quantity": 3000, "site": "PTK"} | late
    assert house.producer.post("quotes", full).json["options"] == []
    reviewer = house.program(house.make.user(Role.REVIEWER))

    answer = reviewer.get("reports/demand", from_="2026-11-24", to="2026-11-26")

    assert answer.status_code == 200
    taken, impossible = answer.json["rows"]
    assert taken == {
        "kind": "band_sealer", "pack": "pouch_100", "reason": "no_free_time",
        "wishes": 1, "pieces": 3000, "minutes": 210, "untimed": 0, "businesses": 1,
    }  # fmt: skip
    assert (impossible["kind"], impossible["reason"]) == (None, "pack_not_handled")
    assert answer.json["total"] == {
        "wishes": 2, "pieces": 3100, "minutes": 210, "untimed": 1, "businesses": 1,
    }  # fmt: skip
    of_site = reviewer.get("reports/demand", from_="2026-11-24", to="2026-11-24", site="PTK").json
    assert [row["reason"] for row in of_site["rows"]] == ["no_free_time"]
    before = reviewer.get("reports/demand", from_="2026-11-23", to="2026-11-23").json
    assert before["rows"] == []
    unknown = reviewer.get("reports/demand", from_="2026-11-23", to="2026-11-23", site="X")
    assert unknown.status_code == 404
    assert (
        house.producer.get("reports/demand", from_="2026-11-23", to="2026-11-23").status_code == 403
    )


def test_the_worked_day_is_told_to_programs_as_the_house_counts_it(house: House) -> None:
    """UTIL-01, over HTTP."""
    house.make.machine(house.site, code="M1", rate_per_minute=10.0)
    lines = csv.DictReader(StringIO(worked_day.as_csv(heater="C")))
    after = worked_day.at("24:00")
    runs.import_log(
        lines=[runs.LogLine(number, **line) for number, line in enumerate(lines, start=2)],
        actor=SYSTEM,
        now=after,
    )
    day = worked_day.DAY

    with clock.frozen(after):
        answer = house.manager.get(
            "reports/utilization", from_=day.isoformat(), to=day.isoformat()
        ).json

    assert answer == utilization(period=Period(day, day), actor=SYSTEM, now=after).as_dict()
    row = answer["rows"][0]
    assert (row["machine"], row["booked_rate"], row["used_rate"]) == ("M1", 1, 300 / 390)
    assert (row["productive_rate"], row["iso22400"]["quality_ratio"]) == (220 / 390, 0.97)


def test_a_report_needs_days_it_can_read(house: House) -> None:
    for query in (
        {"from_": "2026-11-26"},
        {"from_": "2026-11-26", "to": "2026-11-24"},
        {"from_": "2026-11-26", "to": "2026-11-31"},
        {"from_": "2026-11-26", "to": "20261126"},
        {"from_": "0001-01-01", "to": "2026-11-26"},
        {"from_": "2026-11-26", "to": "9999-12-31"},
        {"from_": "2026-11-26", "to": "2026-11-26", "by": "moon"},
    ):
        answer = house.manager.get("reports/utilization", **query)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_figures_are_for_who_answers_for_them(house: House) -> None:
    query = {"from_": "2026-11-24", "to": "2026-11-24"}

    assert house.manager.get("reports/utilization", **query).status_code == 200
    assert house.producer.get("reports/utilization", **query).status_code == 403
    assert house.operator.get("reports/utilization", **query).status_code == 403
