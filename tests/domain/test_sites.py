"""Hours, closures and holidays give the right working time for every local day."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

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
    indonesian_holidays,
    next_ramadan,
    parse_hours,
)
from packhouse.domain.time_range import TimeRange
from packhouse.errors import Malformed

PONTIANAK = "Asia/Pontianak"
NORMAL_TEXT = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30"
NORMAL = parse_hours(NORMAL_TEXT)
RAMADAN = parse_hours(
    "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30",
    valid_from=date(2027, 2, 8),
    valid_to=date(2027, 3, 9),
)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)
SATURDAY = date(2026, 11, 28)


def at(text: str, zone: str = PONTIANAK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span(start: str, end: str) -> TimeRange:
    return TimeRange(at(start), at(end))


def calendar(*closures: Closure, zone: str = PONTIANAK) -> Calendar:
    return Calendar(zone, (NORMAL, RAMADAN), closures)


def national_closures() -> list[Closure]:
    return [
        Closure(each.day, each.day) for year in (2026, 2027) for each in indonesian_holidays(year)
    ]


# --- zones


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


# --- reading and writing hours


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


# --- the calendar


def test_a_normal_week_has_37_5_hours_and_a_ramadan_week_32_5() -> None:
    normal = calendar().open_ranges(at("2026-11-23T00:00"), at("2026-11-30T00:00"))
    ramadan = calendar().open_ranges(at("2027-02-15T00:00"), at("2027-02-22T00:00"))

    assert sum(each.minutes for each in normal) == 37.5 * 60
    assert sum(each.minutes for each in ramadan) == 32.5 * 60


@pytest.mark.parametrize(
    ("year", "month", "weekdays", "open_days", "hours"),
    [
        (2026, 10, 22, 22, 165.0),
        (2026, 11, 21, 21, 157.5),
        (2026, 12, 23, 21, 157.5),
        (2027, 1, 21, 19, 142.5),
        (2027, 2, 20, 19, 127.5),
        (2027, 3, 23, 15, 107.5),
        (2027, 4, 22, 22, 165.0),
        (2027, 5, 21, 16, 120.0),
    ],
)
def test_a_month_has_the_bookable_hours_that_were_counted_by_hand(
    year: int, month: int, weekdays: int, open_days: int, hours: float
) -> None:
    house = calendar(*national_closures())
    days = [date(year, month, number + 1) for number in range(monthrange(year, month)[1])]

    ranges = house.open_ranges(
        house.local_day(days[0]).start,
        house.local_day(days[-1]).end,
    )

    assert sum(day.weekday() < 5 for day in days) == weekdays
    assert sum(house.is_open_day(day) for day in days) == open_days
    assert sum(each.minutes for each in ranges) / 60 == hours
    assert ranges == [each for day in days for each in house.open_ranges_on(day)]


def test_openings_are_told_in_utc_with_the_break_left_out() -> None:
    assert calendar().open_ranges_on(THURSDAY) == (
        TimeRange(datetime(2026, 11, 26, 0, 30, tzinfo=UTC), datetime(2026, 11, 26, 5, tzinfo=UTC)),
        TimeRange(datetime(2026, 11, 26, 6, tzinfo=UTC), datetime(2026, 11, 26, 9, tzinfo=UTC)),
    )


def test_open_ranges_are_cut_at_both_ends_of_the_window() -> None:
    assert calendar().open_ranges(at("2026-11-26T11:00"), at("2026-11-27T08:00")) == [
        span("2026-11-26T11:00", "2026-11-26T12:00"),
        span("2026-11-26T13:00", "2026-11-26T16:00"),
        span("2026-11-27T07:30", "2026-11-27T08:00"),
    ]
    assert calendar().open_ranges(at("2026-11-28T00:00"), at("2026-11-30T00:00")) == []


def test_the_local_day_begins_at_seven_hours_before_utc_midnight() -> None:
    house = calendar()

    assert house.day_of(datetime(2026, 11, 25, 17, tzinfo=UTC)) == THURSDAY
    assert house.day_of(datetime(2026, 11, 25, 16, 59, tzinfo=UTC)) == THURSDAY - timedelta(days=1)
    assert house.local_day(THURSDAY).minutes == 1440


def test_every_site_keeps_its_own_zone() -> None:
    makassar = calendar(zone="Asia/Makassar").open_ranges_on(THURSDAY)
    pontianak = calendar().open_ranges_on(THURSDAY)

    assert makassar[0].start == pontianak[0].start - timedelta(hours=1)


def test_closing_time_is_the_end_of_the_last_opening() -> None:
    assert calendar().closing_time(FRIDAY) == at("2026-11-27T16:30")
    assert calendar().closing_time(SATURDAY) is None


def test_a_closure_closes_both_its_days_and_all_between() -> None:
    house = calendar(Closure(THURSDAY, FRIDAY))

    assert house.open_ranges_on(THURSDAY) == ()
    assert not house.is_open_day(FRIDAY)
    assert house.is_open_day(THURSDAY - timedelta(days=1))


def test_a_machine_closure_closes_that_machine_only() -> None:
    house = calendar(Closure(THURSDAY, THURSDAY, "M1"), Closure(FRIDAY, FRIDAY))

    assert house.is_open_day(THURSDAY)
    assert not house.for_machine("M1").is_open_day(THURSDAY)
    assert not house.for_machine("M1").is_open_day(FRIDAY)
    assert house.for_machine("M2") is house


def test_the_most_specific_hours_win_then_the_latest_then_the_last_in_the_list() -> None:
    year = parse_hours("thu 08:00-10:00", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    week = parse_hours("thu 08:00-09:00", valid_from=date(2026, 11, 22), valid_to=SATURDAY)
    late = parse_hours(
        "thu 08:00-09:30", valid_from=date(2026, 11, 23), valid_to=date(2026, 11, 29)
    )
    again = parse_hours("thu 10:00-11:00", valid_from=week.valid_from, valid_to=week.valid_to)

    def first_minutes(*hours: WorkingHours) -> int:
        return Calendar(PONTIANAK, hours).open_ranges_on(THURSDAY)[0].minutes

    assert first_minutes(NORMAL, year) == 120
    assert first_minutes(week, year, NORMAL) == 60
    assert first_minutes(late, week, NORMAL) == 90
    assert Calendar(PONTIANAK, (week, again)).open_ranges_on(THURSDAY)[0].start == at(
        "2026-11-26T10:00"
    )


def test_a_day_without_any_valid_hours_is_closed() -> None:
    assert Calendar(PONTIANAK, (RAMADAN,)).open_ranges_on(THURSDAY) == ()
    assert Calendar(PONTIANAK, ()).open_ranges_on(THURSDAY) == ()


# --- working time


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("07:30", 60, "08:30"),
        ("11:30", 30, "12:00"),
        ("11:30", 31, "13:01"),
        ("11:45", 60, "13:45"),
        ("12:00", 10, "13:10"),
        ("12:30", 10, "13:10"),
        ("06:00", 10, "07:40"),
        ("12:30", 0, "12:00"),
        ("07:30", 450, "16:00"),
        ("13:00", 180, "16:00"),
    ],
)
def test_work_pauses_over_the_break_and_ends_before_it_where_it_can(
    start: str, minutes: int, end: str
) -> None:
    day = calendar().working_day(THURSDAY)
    worked = day.position(int(at(f"2026-11-26T{start}").timestamp())) + minutes * 60

    assert day.end_at(worked) == at(f"2026-11-26T{end}").timestamp()


@pytest.mark.parametrize(("start", "minutes"), [("07:30", 451), ("15:59", 2), ("16:00", 1)])
def test_work_that_does_not_fit_in_the_day_has_no_end(start: str, minutes: int) -> None:
    day = calendar().working_day(THURSDAY)
    worked = day.position(int(at(f"2026-11-26T{start}").timestamp())) + minutes * 60

    with pytest.raises(ValueError, match="closing time"):
        day.end_at(worked)


def test_a_position_on_the_break_starts_after_it_and_ends_before_it() -> None:
    day = calendar().working_day(THURSDAY)
    noon = 270 * 60

    assert day.start_at(noon) == at("2026-11-26T13:00").timestamp()
    assert day.end_at(noon) == at("2026-11-26T12:00").timestamp()
    assert day.start_at(day.length) == at("2026-11-26T16:00").timestamp()
    assert day.position(int(at("2026-11-26T12:30").timestamp())) == noon
    with pytest.raises(ValueError, match="closing time"):
        day.end_at(day.length + 1)


# --- holidays


def test_2026_has_17_public_holidays_and_8_days_of_joint_leave() -> None:
    kinds = [each.kind for each in indonesian_holidays(2026)]

    assert (kinds.count("public"), kinds.count("government")) == (17, 8)


def test_2027_has_18_and_8_and_marks_the_days_that_wait_for_the_moon() -> None:
    year = indonesian_holidays(2027)
    estimated = {each.day for each in year if each.estimated}

    assert sum(each.kind == "public" for each in year) == 18
    assert sum(each.kind == "government" for each in year) == 8
    assert estimated == {date(2027, 3, 10), date(2027, 3, 11), date(2027, 5, 17)}
    assert all("perkiraan" not in each.name for each in year)


def test_isra_mikraj_comes_twice_in_2027_and_names_are_indonesian() -> None:
    days = [each.day for each in indonesian_holidays(2027) if each.name.startswith("Isra Mikraj")]

    assert days == [date(2027, 1, 5), date(2027, 12, 26)]


def test_joint_leave_that_is_not_decreed_yet_is_missing_not_none() -> None:
    assert {each.kind for each in indonesian_holidays(2028)} == {"public"}


def test_election_days_are_holidays() -> None:
    days = {each.day for each in indonesian_holidays(2024)}

    assert {date(2024, 2, 14), date(2024, 11, 27)} <= days


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 24), date(2027, 2, 8), date(2027, 3, 9)),
        (date(2027, 3, 9), date(2027, 2, 8), date(2027, 3, 9)),
        (date(2027, 3, 10), date(2028, 1, 28), date(2028, 2, 26)),
        # Twice in one year of ours, and over its end.
        (date(2030, 2, 10), date(2030, 12, 26), date(2031, 1, 24)),
    ],
)
def test_the_next_fasting_month_is_suggested_as_long_as_it_lasts(
    today: date, first: date, last: date
) -> None:
    found = next_ramadan(today)

    assert found is not None
    assert (found.first_day, found.last_day) == (first, last)
    assert found.estimated
