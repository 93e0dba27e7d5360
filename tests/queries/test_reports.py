from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from packhouse.db import db, transaction
from packhouse.domain.reports import DEFINITION_VERSION, FIELDS
from packhouse.domain.runs import Reason
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, PackhouseError
from packhouse.models.reports import daily_rollups
from packhouse.models.sites import Site
from packhouse.models.slots import Demand
from packhouse.queries import reports as queries
from packhouse.queries.reports import By, Period, Utilization, unmet_demand, utilization
from packhouse.services import bookings, reports, runs
from packhouse.services.runs import LogLine
from tests.factories import Make
from tests.support import worked_day
from tests.support.queries import CountQueries

AFTER = datetime(2026, 12, 1, 3, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 23), date(2026, 12, 1)
ZONE = "Asia/Pontianak"


def report(
    by: By = "machine",
    *,
    first: date = FIRST,
    last: date = LAST,
    raw: bool = False,
    **more: str,
) -> Utilization:
    period = Period(first, last, by, **more)
    return utilization(period=period, actor=SYSTEM, now=AFTER, raw=raw)


def roll_up() -> None:
    while reports.roll_up(actor=SYSTEM, now=AFTER):
        pass


def log(machine: str, *rows: tuple[datetime, datetime, str, str]) -> None:
    lines = [
        LogLine(number, machine, start.isoformat(), end.isoformat(), reason, label)
        for number, (start, end, reason, label) in enumerate(rows, start=2)
    ]
    runs.import_log(lines=lines, actor=SYSTEM, now=AFTER)


def ran(machine: str, day: date = worked_day.DAY) -> None:
    log(machine, (worked_day.at("08:00", day), worked_day.at("09:00", day), "running", "A"))


# --- rollups are only a cache -------------------------------------------------------------------


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[datetime, datetime, str, str]]:
    """Lines of a week, one after the other, over nights, breaks and closed days alike."""
    at = worked_day.at("05:00", date(2026, 11, 24))
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        at += timedelta(minutes=draw(st.sampled_from([0, 1, 17, 60, 600, 1500])))
        end = at + timedelta(minutes=draw(st.sampled_from([1, 5, 6, 45, 240, 900])))
        reason = draw(st.sampled_from(sorted(Reason)))
        lines.append((at, end, str(reason), draw(st.sampled_from(["", "A", "B"]))))
        at = end
    return [line for line in lines if line[1] <= AFTER] or lines[:1]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=logs(),
    holes=st.sets(st.integers(0, 8), max_size=3),
    zone=st.sampled_from(["Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]),
)
def test_rollups_tell_what_raw_states_tell(
    context: Flask,
    make: Make,
    rows: list[tuple[datetime, datetime, str, str]],
    holes: set[int],
    zone: str,
) -> None:
    """Whole, with holes, and not there at all: the same figures, by whatever they are grouped."""
    site = make.site()
    code = db.session.get_one(Site, site).code
    with transaction() as session:
        session.get_one(Site, site).zone = zone
    worked = make.machine(site, commissioned_at=worked_day.at("00:00", date(2026, 11, 20)))
    make.machine(site, commissioned_at=worked_day.at("11:00"))
    make.machine(
        site,
        commissioned_at=worked_day.at("11:00", date(2026, 11, 24)),
        retired_at=worked_day.at("14:00", date(2026, 11, 27)),
    )
    log(make.code(worked), *rows)
    raw = {by: report(by, site=code, raw=True) for by in get_args(By)}
    assert {by: report(by, site=code) for by in raw} == raw
    roll_up()
    assert {by: report(by, site=code) for by in raw} == raw
    with transaction() as session:
        torn = [FIRST + timedelta(days=each) for each in holes]
        session.execute(delete(daily_rollups).where(daily_rollups.c.day.in_(torn)))
    assert {by: report(by, site=code) for by in raw} == raw
    assert len({each.total_sums for each in raw.values()}) == 1


def test_a_rollup_of_the_running_day_is_not_believed(make: Make) -> None:
    machine = make.machine(make.site())
    with transaction() as session:
        values = dict.fromkeys(FIELDS, 60)
        session.execute(insert(daily_rollups), [{"machine_id": machine, "day": LAST, **values}])

    assert report(first=LAST) == report(first=LAST, raw=True)


@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("last", [LAST, LAST - timedelta(days=1)])
def test_more_houses_machines_and_days_ask_no_more_queries(
    make: Make, count_queries: CountQueries, by: By, last: date
) -> None:
    def queries_of(first: date) -> int:
        roll_up()
        with count_queries() as counted:
            report(by, first=first, last=last)
        return counted.total

    make.machine(make.site())
    few = queries_of(last - timedelta(days=1))
    for _ in range(4):
        site = make.site()
        for _ in range(3):
            make.machine(site)
    assert queries_of(date(2026, 1, 1)) == few <= 12


# --- the question -------------------------------------------------------------------------------


def test_one_machine_can_be_asked_for(make: Make) -> None:
    site = make.site(code="PTK")
    for code in ("M1", "M2"):
        make.machine(site, code=code)
        ran(code)

    one = report("day", first=worked_day.DAY, last=worked_day.DAY, machine="M1")
    assert one.total.productive_minutes == 60
    assert report("day", first=worked_day.DAY, last=worked_day.DAY).total.productive_minutes == 120


def test_the_version_of_the_definitions_is_the_domains(make: Make) -> None:
    assert report().as_dict()["definition_version"] == DEFINITION_VERSION


@pytest.mark.parametrize(
    ("first", "last", "by", "code"),
    [
        (LAST, FIRST, "machine", "period_reversed"),
        (date(2020, 1, 1), LAST, "machine", "period_too_long"),
        (date(1, 1, 1), date(1, 1, 2), "machine", "period_unlikely"),
        (date(9999, 12, 31), date(9999, 12, 31), "machine", "period_unlikely"),
        (FIRST, LAST, "moon", "by_unknown"),
    ],
)
def test_a_period_that_makes_no_sense_is_none(first: date, last: date, by: By, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        Period(first, last, by)

    assert refused.value.problems[0].code == code


def test_figures_are_not_for_everybody(make: Make) -> None:
    for actor in (make.producer(), make.user(Role.OPERATOR)):
        with pytest.raises(NotAllowed):
            utilization(period=Period(FIRST, LAST), actor=actor, now=AFTER)
        with pytest.raises(NotAllowed):
            unmet_demand(period=Period(FIRST, LAST), actor=actor, zone=ZONE)
        with pytest.raises(NotAllowed):
            queries.machine_day_view(code="M1", day=FIRST, actor=actor, now=AFTER)


# --- a day --------------------------------------------------------------------------------------


def test_a_day_holds_the_rows_its_figures_are_made_of(make: Make) -> None:
    make.machine(make.site(code="PTK"), code="M1")
    ran("M1")

    view = queries.machine_day_view(code="M1", day=worked_day.DAY, actor=SYSTEM, now=AFTER)

    figures = report(first=worked_day.DAY, last=worked_day.DAY).rows[0]
    assert (view.figures, view.sums) == (figures.figures, figures.sums)
    assert sum(each.ends - each.begins for each in view.line) == 86_400
    ((booking,), (run,), (state,)) = view.bookings, view.runs, view.states
    assert booking.code == run.booking == state.booking
    assert (booking.customer, booking.occupied_from) == ("A", worked_day.at("08:00"))
    assert state.run_id == run.id
    with pytest.raises(NotFound):
        queries.machine_day_view(code="M9", day=worked_day.DAY, actor=SYSTEM, now=AFTER)


# --- what was asked for in vain -----------------------------------------------------------------


def refused(at: datetime, **fields: object) -> None:
    with transaction() as session:
        given = {"reason": "no_free_time", "kind": "coder", "pack": "can", "quantity": 100}
        session.add(Demand(at=at, **{**given, "minutes": 60, **fields}))


def test_wishes_are_grouped_and_each_business_counted_once(make: Make) -> None:
    one, two = make.business(), make.business()
    noon = worked_day.at("12:00")
    for business in (one, one, two):
        refused(noon, business_id=business)
    refused(noon, business_id=one, kind=None, reason="pack_not_handled", minutes=None)
    refused(worked_day.at("24:00"), business_id=one)
    refused(worked_day.at("00:00") - timedelta(seconds=1), business_id=one)

    period = Period(worked_day.DAY, worked_day.DAY)
    found = unmet_demand(period=period, actor=SYSTEM, zone=ZONE)

    timed, untimed = found.rows
    assert (timed.kind, timed.wishes, timed.pieces, timed.minutes) == ("coder", 3, 300, 180)
    assert (timed.businesses, timed.untimed) == (2, 0)
    assert (untimed.kind, untimed.minutes, untimed.untimed) == (None, 0, 1)
    assert (found.total.wishes, found.total.businesses, found.unmet_ratio) == (4, 2, 1.0)
    assert "kind" not in found.as_dict()["total"]


def test_served_time_stands_beside_what_was_refused(make: Make) -> None:
    site = make.site(code="PTK")
    make.machine(site, code="M1")
    ran("M1")
    business = make.business()
    wish = bookings.Wish(make.product(business), 400, "M1", worked_day.at("10:00"))
    bookings.book(wish=wish, actor=make.producer(business), now=make.now)
    refused(worked_day.at("10:00"), site_id=site)

    def asked(**more: str) -> queries.UnmetDemand:
        period = Period(worked_day.DAY, worked_day.DAY, **more)  # type: ignore[arg-type]
        return unmet_demand(period=period, actor=SYSTEM, zone=ZONE)

    assert asked(site="PTK").served_minutes == 60 + 40
    assert asked().unmet_ratio == 60 / 160
    make.site(code="SKW")
    assert (asked(site="SKW").rows, asked(site="SKW").unmet_ratio) == ((), None)
    with pytest.raises(PackhouseError):
        asked(site="XXX")
