from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import MOST_DATES, Every, Rule, day_on, instant_on, minute_of
from packhouse.errors import Malformed

THURSDAY = date(2026, 11, 26)
ZONES = ("Asia/Pontianak", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


def test_every_week_on_two_days() -> None:
    rule = Rule(Every.WEEK, THURSDAY, date(2026, 12, 8), (3, 0))

    assert rule.dates == (
        THURSDAY, date(2026, 11, 30), date(2026, 12, 3), date(2026, 12, 7),
    )  # fmt: skip


def test_every_second_week_and_without_weekdays_that_of_the_first_day() -> None:
    rule = Rule(Every.FORTNIGHT, THURSDAY, date(2026, 12, 31))

    assert rule.dates == (THURSDAY, date(2026, 12, 10), date(2026, 12, 24))


def test_every_month_on_the_nth_weekday_and_a_fifth_one_is_the_last() -> None:
    fourth = Rule(Every.MONTH, THURSDAY, date(2027, 1, 31))
    fifth = Rule(Every.MONTH, date(2026, 10, 29), date(2027, 1, 31))

    assert fourth.dates == (THURSDAY, date(2026, 12, 24), date(2027, 1, 28))
    assert fifth.dates == (
        date(2026, 10, 29), THURSDAY, date(2026, 12, 31), date(2027, 1, 28),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ((Every.WEEK, THURSDAY, THURSDAY - timedelta(days=1)), "series_reversed"),
        ((Every.WEEK, THURSDAY, THURSDAY + timedelta(days=400)), "series_too_long"),
        ((Every.WEEK, THURSDAY, THURSDAY + timedelta(days=300)), "series_too_many"),
        ((Every.WEEK, THURSDAY, THURSDAY, (0,)), "series_empty"),
        ((Every.WEEK, THURSDAY, THURSDAY, (7,)), "hours_weekday_unknown"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: tuple[object, ...], code: str) -> None:
    with pytest.raises(Malformed) as refused:
        _ = Rule(*rule).dates  # type: ignore[arg-type]

    assert refused.value.problems[0].code == code


@given(
    st.sampled_from(Every),
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(0, 180),
    st.sets(st.integers(0, 6), max_size=2),
)
def test_dates_are_in_order_inside_the_rule_and_on_its_weekdays(
    every: Every, first: date, length: int, weekdays: set[int]
) -> None:
    rule = Rule(every, first, first + timedelta(days=length), tuple(weekdays))
    try:
        dates = rule.dates
    except Malformed:  # None, or too many of them.
        return

    assert list(dates) == sorted(set(dates))
    assert len(dates) <= MOST_DATES
    assert rule.first_day <= dates[0]
    assert dates[-1] <= rule.last_day
    wanted = {first.weekday()} if every is Every.MONTH or not weekdays else weekdays
    assert {each.weekday() for each in dates} <= wanted


@given(st.sampled_from(ZONES), st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 1439))
def test_a_time_of_day_is_the_houses_own_clock(zone: str, day: date, minute: int) -> None:
    instant = instant_on(day, minute, zone)

    assert (day_on(instant, zone), minute_of(instant, zone)) == (day, minute)


def test_eight_in_the_morning_in_pontianak_is_one_in_utc() -> None:
    assert instant_on(THURSDAY, 480, "Asia/Pontianak") == datetime(2026, 11, 26, 1, tzinfo=UTC)
