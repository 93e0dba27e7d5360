from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import (
    Limits,
    Use,
    broken_limits,
    month_of,
    next_month,
    of_pool,
    week_of,
)

TODAY = date(2026, 11, 24)  # A Tuesday.
LAST = TODAY + timedelta(days=60)
days = st.dates(TODAY, LAST)
limits = st.builds(
    Limits,
    st.none() | st.integers(0, 5),
    st.none() | st.integers(0, 600),
    st.none() | st.integers(0, 2000),
)
wishes = st.lists(st.tuples(days, st.integers(5, 300)), max_size=25)


def codes(limits: Limits, use: Use, day: date, minutes: int) -> list[str]:
    problems = broken_limits(limits, use, day=day, minutes=minutes, today=TODAY, last_day=LAST)
    return [problem.code for problem in problems]


def test_a_house_without_limits_refuses_nothing() -> None:
    use = Use().with_booking(TODAY, 100_000)

    assert not Limits().are_set
    assert codes(Limits(), use, TODAY, 100_000) == []


def test_every_broken_limit_is_told_at_once() -> None:
    use = Use().with_booking(TODAY, 120)

    assert codes(Limits(1, 120, 120), use, TODAY, 30) == [
        "limit_open", "limit_week", "limit_month",
    ]  # fmt: skip


def test_a_refusal_tells_what_is_left_and_the_first_week_with_room() -> None:
    use = Use().with_booking(date(2026, 11, 26), 60).with_booking(date(2026, 11, 30), 100)

    (problem,) = broken_limits(
        Limits(week_minutes=120), use, day=TODAY, minutes=90, today=TODAY, last_day=LAST
    )

    assert problem.facts == {
        "most_minutes": 120, "used_minutes": 60, "left_minutes": 60, "wanted_minutes": 90,
        "starting": date(2026, 11, 23), "room_from": date(2026, 12, 7),
    }  # fmt: skip


def test_a_job_longer_than_any_week_allows_is_told_so() -> None:
    assert codes(Limits(week_minutes=60), Use(), TODAY, 90) == ["limit_week_full"]


def test_a_refused_open_booking_tells_after_which_one_there_is_room() -> None:
    use = Use().with_booking(TODAY, 10).with_booking(date(2026, 12, 1), 10)

    (problem,) = broken_limits(
        Limits(open_bookings=2), use, day=TODAY, minutes=10, today=TODAY, last_day=LAST
    )

    assert problem.facts["free_after"] == TODAY
    assert codes(Limits(open_bookings=0), Use(), TODAY, 10) == ["limit_open_none"]


def test_a_cooperatives_pool_is_the_sum_of_its_members_limits() -> None:
    pool = Limits(2, 60, None).pooled(3)
    (problem,) = broken_limits(pool, Use(), day=TODAY, minutes=181, today=TODAY, last_day=LAST)

    assert pool == Limits(6, 180, None)
    assert of_pool(problem, "Koperasi Contoh").code == "pool_limit_week_full"


@given(limits, wishes)
def test_whoever_books_only_what_is_not_refused_never_exceeds_a_limit(
    limits: Limits, wishes: list[tuple[date, int]]
) -> None:
    use = Use()
    for day, minutes in wishes:
        if not codes(limits, use, day, minutes):
            use = use.with_booking(day, minutes)

    assert len(use.open_days) <= (limits.open_bookings if limits.open_bookings is not None else 99)
    for day in use.minutes:
        assert limits.week_minutes is None or use.in_week(day) <= limits.week_minutes
        assert limits.month_minutes is None or use.in_month(day) <= limits.month_minutes


@given(limits, wishes, days, st.integers(5, 300))
def test_the_week_that_a_refusal_names_has_room(
    limits: Limits, wishes: list[tuple[date, int]], day: date, minutes: int
) -> None:
    use = Use()
    for each in wishes:
        use = use.with_booking(*each)

    for problem in broken_limits(limits, use, day=day, minutes=minutes, today=TODAY, last_day=LAST):
        first = problem.facts.get("room_from")
        if isinstance(first, date):
            assert problem.code not in codes(limits, use, first, minutes)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_each_day_is_in_one_week_and_one_month(day: date) -> None:
    assert week_of(day) <= day < week_of(day) + timedelta(days=7)
    assert week_of(day).weekday() == 0
    assert month_of(day) <= day < next_month(day)
    assert next_month(day).day == month_of(day).day == 1
