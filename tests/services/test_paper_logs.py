import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.reports import daily_rollups
from packhouse.models.runs import Run, StateInterval
from packhouse.models.sites import SiteHours
from packhouse.queries.reports import Period, Utilization, utilization
from packhouse.services import bookings, reports, runs
from packhouse.services.runs import LogLine
from tests.factories import Make
from tests.support import worked_day

AFTER = datetime(2026, 12, 2, tzinfo=UTC)


def lines_of(text: str) -> list[LogLine]:
    return [
        LogLine(number=number, **line)
        for number, line in enumerate(csv.DictReader(StringIO(text)), start=2)
    ]


def log(*rows: str) -> list[LogLine]:
    head = "machine,starts_at,ends_at,reason,booking,good,rejected"
    return lines_of("\n".join([head, *rows]))


@pytest.fixture
def machine(make: Make) -> int:
    return make.machine(make.site(code="PTK"), code="M1", rate_per_minute=10.0)


def report(
    first: date = worked_day.DAY, last: date | None = None, *, raw: bool = False
) -> Utilization:
    period = Period(first, last or first)
    return utilization(period=period, actor=SYSTEM, now=AFTER, raw=raw)


def test_the_worked_day_gives_the_figures_of_its_table(machine: int) -> None:
    """UTIL-01."""
    imported = runs.import_log(
        lines=lines_of(worked_day.as_csv(heater="C")), actor=SYSTEM, now=AFTER
    )

    row = report().as_dict()["rows"][0]
    assert (imported.states, imported.runs) == (13, 3)
    assert row["states"] == {
        "PRD": 220, "SBY": 60, "ENG": 30, "SDT": 85, "UDT": 55, "NST": 990
    }  # fmt: skip
    assert [row[f"{name}_minutes"] for name in ("bookable", "booked", "used", "productive")] == [
        390, 390, 300, 220,
    ]  # fmt: skip
    assert [round(row[f"{name}_rate"], 4) for name in ("booked", "used", "productive")] == [
        1.0, 0.7692, 0.5641,
    ]  # fmt: skip
    assert {name: round(value, 4) for name, value in row["e10"].items()} == {
        "operational_uptime": 0.6889,
        "total_uptime": 0.2153,
        "operational_utilization": 0.4889,
        "total_utilization": 0.1528,
        "mtbf_productive_minutes": 220,
        "mttr_minutes": 27.5,
    }
    assert {name: round(value, 4) for name, value in row["iso22400"].items()} == {
        "allocation_efficiency": 0.7692,
        "utilization_efficiency": 0.7333,
        "availability": 0.5641,
        "technical_efficiency": 0.8980,
        "setup_rate": 0.2,
        "effectiveness": 0.8182,
        "quality_ratio": 0.97,
        "oee": 0.4477,
        "nee": 0.5596,
    }
    assert row["estimated_minutes"] == 0


@pytest.fixture
def rolled_up(machine: int) -> Callable[[], None]:
    def roll() -> None:
        while reports.roll_up(actor=SYSTEM, now=AFTER):
            pass

    return roll


def test_rollups_and_raw_states_give_the_same_figures(
    machine: int, rolled_up: Callable[[], None]
) -> None:
    runs.import_log(lines=lines_of(worked_day.as_csv(heater="C")), actor=SYSTEM, now=AFTER)
    fresh = report(date(2026, 11, 1), date(2026, 12, 31))
    rolled_up()

    assert report(date(2026, 11, 1), date(2026, 12, 31)) == fresh
    assert report(date(2026, 11, 1), date(2026, 12, 31), raw=True) == fresh
    assert report(date(2025, 12, 20), date(2026, 1, 10)) == report(
        date(2025, 12, 20), date(2026, 1, 10), raw=True
    )


def test_a_late_log_makes_its_days_new(machine: int, rolled_up: Callable[[], None]) -> None:
    """UTIL-16."""
    rolled_up()
    assert report().total.used_minutes == 0
    runs.import_log(lines=lines_of(worked_day.as_csv()), actor=SYSTEM, now=AFTER)

    assert report().total.used_minutes == 300
    rolled_up()
    assert report().total.used_minutes == 300


def test_times_without_an_offset_are_the_sites_local_time(machine: int) -> None:
    runs.import_log(
        lines=log("M1,2026-11-26 08:00,2026-11-26T09:00:00,running,,100,0"),
        actor=SYSTEM,
        now=AFTER,
    )

    assert db.session.scalars(select(StateInterval.starts_at)).one() == worked_day.at("08:00")


def test_every_wrong_line_is_named_and_nothing_is_written(machine: int) -> None:
    with pytest.raises(RuleBroken) as refused:
        runs.import_log(
            lines=log(
                "M9,2026-11-26T08:00,2026-11-26T09:00,running,,,",
                "M1,yesterday,2026-11-26T09:00,running,,,",
                "M1,2026-11-26T09:00,2026-11-26T09:00,running,,,",
                "M1,2026-11-26T09:00,2026-11-26T10:00,dancing,,,",
                "M1,2026-11-26T09:00,2026-11-26T10:00,running,,many,-1",
                "M1,2026-12-26T09:00,2026-12-26T10:00,running,,,",
                "M1,2026-11-26T10:00,2026-11-26T11:00,running,,5,0",
            ),
            actor=SYSTEM,
            now=AFTER,
        )

    found = [(each.facts["line"], each.code) for each in refused.value.problems]
    assert found == [
        (2, "log_machine_unknown"),
        (3, "log_time_unreadable"),
        (4, "log_time_reversed"),
        (5, "log_reason_unknown"),
        (6, "log_count_unreadable"),
        (7, "log_time_in_future"),
    ]
    assert db.session.scalars(select(func.count()).select_from(StateInterval)).one() == 0


def test_two_sessions_that_overlap_are_refused(machine: int) -> None:
    """UTIL-02."""
    with pytest.raises(RuleBroken) as refused:
        runs.import_log(
            lines=log(
                "M1,2026-11-26T08:00,2026-11-26T10:00,running,A,,",
                "M1,2026-11-26T09:30,2026-11-26T11:00,running,B,,",
            ),
            actor=SYSTEM,
            now=AFTER,
        )

    assert [each.code for each in refused.value.problems] == ["log_lines_overlap"]


def test_a_failure_takes_its_time_from_the_session_around_it(machine: int) -> None:
    """UTIL-03."""
    runs.import_log(
        lines=log(
            "M1,2026-11-26T08:00,2026-11-26T11:00,running,A,,",
            "M1,2026-11-26T09:00,2026-11-26T10:00,breakdown,A,,",
        ),
        actor=SYSTEM,
        now=AFTER,
    )

    states = report().total.states
    assert (states["PRD"], states["UDT"]) == (120, 60)


def test_the_same_log_cannot_be_written_twice(machine: int) -> None:
    lines = lines_of(worked_day.as_csv())
    runs.import_log(lines=lines, actor=SYSTEM, now=AFTER)

    with pytest.raises(RuleBroken) as refused:
        runs.import_log(lines=lines, actor=SYSTEM, now=AFTER)

    assert {each.code for each in refused.value.problems} == {"log_already_recorded"}
    assert db.session.scalars(select(func.count()).select_from(Run)).one() == 3


def test_a_night_run_belongs_to_both_of_its_local_days(machine: int) -> None:
    """UTIL-04 and UTIL-05."""
    runs.import_log(
        lines=log("M1,2026-11-30T22:00,2026-12-01T02:00,running,,,"), actor=SYSTEM, now=AFTER
    )

    november = report(date(2026, 11, 1), date(2026, 11, 30)).total
    december = report(date(2026, 12, 1), date(2026, 12, 31)).total
    assert (november.productive_minutes, december.productive_minutes) == (120, 120)


def test_closed_days_have_no_rate(make: Make) -> None:
    """UTIL-06."""
    site = make.site()
    make.machine(site)
    for day in (24, 25):
        make.closure(site, date(2025, 12, day), name=f"Libur {day}", source="holiday")

    total = report(date(2025, 12, 24), date(2025, 12, 25)).total
    assert (total.bookable_minutes, total.booked_rate, total.used_rate) == (0, None, None)


def test_a_machine_counts_from_the_hour_it_was_commissioned(make: Make) -> None:
    """UTIL-07."""
    at = datetime(2026, 11, 16, 6, tzinfo=UTC)
    site = make.site()
    make.machine(site, commissioned_at=at)

    total = report(date(2026, 11, 1), date(2026, 11, 30)).total
    assert total.bookable_minutes == 78 * 60


def test_a_retired_machine_counts_until_its_hour(make: Make) -> None:
    """UTIL-08."""
    make.machine(retired_at=datetime(2026, 11, 16, 6, tzinfo=UTC))

    total = report(date(2026, 11, 1), date(2026, 11, 30)).total
    assert total.bookable_minutes == (10 * 7.5 + 4.5) * 60


def test_the_running_day_counts_to_now(make: Make) -> None:
    """UTIL-11."""
    make.machine()
    now = worked_day.at("09:30")

    period = Period(date(2026, 11, 26), date(2026, 11, 30))
    total = utilization(period=period, actor=SYSTEM, now=now).total
    assert total.bookable_minutes == 120


def test_groups_are_ratios_of_sums(make: Make) -> None:
    """UTIL-12."""
    site = make.site(code="PTK")
    with transaction() as session:
        session.query(SiteHours).filter_by(site_id=site).delete()
        session.add(
            SiteHours(site_id=site, weekday=3, opens=450, closes=510, valid_from=date(2020, 1, 1))
        )
    make.machine(site, code="M1", kind="coder")
    make.machine(site, code="M2", commissioned_at=worked_day.at("08:00"))
    runs.import_log(
        lines=log(
            "M1,2026-11-26T07:30,2026-11-26T07:45,running,,,",
            "M2,2026-11-26T08:00,2026-11-26T08:30,running,,,",
        ),
        actor=SYSTEM,
        now=AFTER,
    )

    by_site = utilization(
        period=Period(worked_day.DAY, worked_day.DAY, by="site", site="PTK"),
        actor=SYSTEM,
        now=AFTER,
    )
    assert by_site.rows[0].figures.productive_rate == (15 + 30) / (60 + 30)
    kinds = utilization(
        period=Period(worked_day.DAY, worked_day.DAY, by="kind"), actor=SYSTEM, now=AFTER
    )
    assert [row.key for row in kinds.rows] == ["band_sealer", "coder"]
    days = utilization(
        period=Period(worked_day.DAY, worked_day.DAY + timedelta(days=1), by="day"),
        actor=SYSTEM,
        now=AFTER,
    )
    assert [row.key for row in days.rows] == ["2026-11-26", "2026-11-27"]
    assert days.rows[0].figures == kinds.total


def test_a_label_that_is_a_bookings_code_ends_that_booking(make: Make, machine: int) -> None:
    business = make.business()
    product = make.product(business)
    wish = bookings.Wish(product, 100, "M1", worked_day.at("08:00"))
    booked = bookings.book(wish=wish, actor=make.producer(business), now=make.now)
    runs.import_log(
        lines=log(f"M1,2026-11-26T08:00,2026-11-26T08:15,running,{booked['code']},100,0"),
        actor=make.user(Role.ADMIN),
        now=AFTER,
    )

    assert db.session.scalars(select(Booking.state)).one() == "finished"


def test_a_site_cannot_write_another_sites_log(make: Make, machine: int) -> None:
    stranger = make.user(Role.OPERATOR, sites=(make.site(),))

    with pytest.raises(RuleBroken) as refused:
        runs.import_log(lines=lines_of(worked_day.as_csv()), actor=stranger, now=AFTER)

    assert {each.code for each in refused.value.problems} == {"log_machine_unknown"}


def test_rollups_cover_every_day_that_is_over(machine: int, rolled_up: Callable[[], None]) -> None:
    rolled_up()

    counted = db.session.execute(select(func.count(), func.max(daily_rollups.c.day))).one()
    assert tuple(counted) == (335, date(2026, 12, 1))
