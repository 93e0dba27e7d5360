"""Zones and hours are read strictly and written as people write them."""

from datetime import date, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.sites import (
    Calendar,
    Closure,
    Opening,
    WorkingHours,
    checked_zone,
    format_hours,
    parse_hours,
)
from packhouse.errors import Malformed
from tests.support.calendars import FRIDAY, NORMAL, NORMAL_TEXT, PONTIANAK, THURSDAY, span


@pytest.mark.parametrize("zone", ["Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura", "Asia/Tokyo"])
def test_zones_without_summer_time_are_accepted(zone: str) -> None:
    assert checked_zone(zone).key == zone


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("Europe/Berlin", "zone_has_summer_time"),
        ("Australia/Lord_Howe", "zone_has_summer_time"),
        ("Asia/Nowhere", "zone_unknown"),
        ("", "zone_unknown"),
        ("../etc/passwd", "zone_unknown"),
        ("Asia", "zone_unknown"),
        ("a\0b", "zone_unknown"),
    ],
)
def test_zones_that_break_the_grid_are_refused(zone: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        checked_zone(zone)

    assert refusal.value.problems[0].code == code


def test_a_zone_off_the_five_minute_grid_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = timezone(timedelta(hours=7, minutes=17))
    monkeypatch.setattr("packhouse.domain.sites.calendar.ZoneInfo", lambda _: odd)

    with pytest.raises(Malformed) as refusal:
        checked_zone("Asia/Odd")

    assert refusal.value.problems[0].code == "zone_off_grid"


def test_hours_are_read_by_weekday_in_minutes_after_midnight() -> None:
    assert NORMAL.openings[:2] == (Opening(0, 450, 720), Opening(0, 780, 960))
    assert NORMAL.openings[-2:] == (Opening(4, 450, 690), Opening(4, 780, 990))
    assert len(NORMAL.openings) == 10


@pytest.mark.parametrize(
    "text",
    [
        "Sen-Kam 07.30-12.00 13.00-16.00; JUM 07:30-11:30 13:00-16:30",
        "sen,sel,rab,kam 07:30-12:00 13:00-16:00;jum 07:30-11:30 13:00-16:30;",
        "fri 13:00-16:30 07:30-11:30; mon-thu 07:30-12:00; mon-thu 13:00-16:00",
    ],
)
def test_indonesian_days_dots_and_any_order_read_the_same(text: str) -> None:
    assert parse_hours(text) == NORMAL


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "hours_empty", 1),
        (" ; ", "hours_empty", 4),
        ("mon", "hours_times_missing", 4),
        ("mon; tue 08:00-09:00", "hours_times_missing", 4),
        ("mon 08:00-09:00; tue", "hours_times_missing", 21),
        ("mom 08:00-09:00", "hours_weekday_unknown", 1),
        ("08:00-09:00", "hours_weekday_unknown", 1),
        ("mon-tue-wed 08:00-09:00", "hours_weekday_unknown", 1),
        ("mon, 08:00-09:00", "hours_weekday_unknown", 1),
        ("fri-mon 08:00-09:00", "hours_days_reversed", 1),
        ("mon 8-9", "hours_interval_unreadable", 5),
        ("mon 08:60-09:00", "hours_interval_unreadable", 5),
        ("mon 08:00-09:60", "hours_interval_unreadable", 5),
        ("mon 09:00-08:00", "hours_reversed", 5),
        ("mon 09:00-09:00", "hours_reversed", 5),
        ("mon 08:02-09:00", "hours_off_grid", 5),
        ("mon 20:00-24:05", "hours_past_midnight", 5),
        ("mon 08:00-12:00 11:00-13:00", "hours_overlap", 17),
        ("mon-tue 08:00-12:00; tue 11:55-13:00", "hours_overlap", 26),
        ("mon,mon 08:00-12:00", "hours_overlap", 9),
    ],
)
def test_unreadable_hours_tell_the_fault_and_where_it_is(
    text: str, code: str, position: int
) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_hours(text)

    problem = refusal.value.problems[0]
    assert (problem.code, problem.facts["position"]) == (code, position)


def test_a_day_may_end_at_midnight_and_openings_may_touch() -> None:
    hours = parse_hours("mon 08:00-12:00 12:00-24:00")

    assert hours.openings == (Opening(0, 480, 720), Opening(0, 720, 1440))
    assert Calendar(PONTIANAK, (hours,)).open_ranges_on(date(2026, 11, 23)) == (
        span("2026-11-23T08:00", "2026-11-24T00:00"),
    )


def test_hours_are_written_with_equal_neighbouring_days_as_a_range() -> None:
    assert format_hours(NORMAL) == NORMAL_TEXT
    assert format_hours(parse_hours("wed,sat 08:00-09:00")) == "wed 08:00-09:00; sat 08:00-09:00"


@st.composite
def weeks(draw: st.DrawFn) -> WorkingHours:
    marks = st.lists(st.integers(0, 288), unique=True, min_size=2, max_size=6)
    openings = [
        Opening(day, opens * 5, closes * 5)
        for day in draw(st.sets(st.integers(0, 6), min_size=1))
        for opens, closes in list(pairwise(sorted(draw(marks))))[::2]
    ]
    return WorkingHours(tuple(openings))


@given(weeks())
def test_written_hours_read_back_the_same(week: WorkingHours) -> None:
    assert parse_hours(format_hours(week)) == week


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        ((7, 0, 60), "hours_weekday_unknown"),
        ((0, 60, 60), "hours_reversed"),
        ((0, -5, 60), "hours_reversed"),
        ((0, 0, 1445), "hours_reversed"),
        ((0, 3, 60), "hours_off_grid"),
    ],
)
def test_an_opening_outside_the_week_or_the_grid_is_refused(
    opening: tuple[int, int, int], code: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        Opening(*opening)

    assert refusal.value.problems[0].code == code


def test_overlapping_openings_reversed_validity_and_reversed_closures_are_refused() -> None:
    with pytest.raises(Malformed):
        WorkingHours((Opening(0, 0, 60), Opening(0, 55, 90)))
    with pytest.raises(Malformed):
        parse_hours(NORMAL_TEXT, valid_from=FRIDAY, valid_to=THURSDAY)
    with pytest.raises(Malformed):
        Closure(FRIDAY, THURSDAY)
