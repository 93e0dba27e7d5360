"""Holidays are those that are decreed, and the fasting month is suggested."""

from datetime import date

import pytest

from packhouse.domain.sites import indonesian_holidays, next_ramadan


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
