"""Hours and closures give the right working time for every local day."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest

from packhouse.domain.sites import Calendar, Closure, WorkingHours, indonesian_holidays, parse_hours
from packhouse.domain.time_range import TimeRange
from tests.support.calendars import FRIDAY, NORMAL, PONTIANAK, THURSDAY, at, span

RAMADAN = parse_hours(
    "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30",
    valid_from=date(2027, 2, 8),
    valid_to=date(2027, 3, 9),
)
SATURDAY = date(2026, 11, 28)


def calendar(*closures: Closure, zone: str = PONTIANAK) -> Calendar:
    return Calendar(zone, (NORMAL, RAMADAN), closures)


def national_closures() -> list[Closure]:
    return [
        Closure(each.day, each.day) for year in (2026, 2027) for each in indonesian_holidays(year)
    ]


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
