from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import (
    State,
    change_until,
    cool_down,
    fixed_by_move,
    is_bound,
    is_late,
    problems_with_cooling,
)

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ago = st.integers(0, 200).map(lambda days: NOW - days * DAY)


def test_the_window_closes_so_many_hours_before_the_start() -> None:
    until = change_until(starts_at=NOW, cancel_hours=24)

    assert until == NOW - DAY
    assert not is_late(starts_at=NOW, now=until, cancel_hours=24)
    assert is_late(starts_at=NOW, now=until + timedelta(seconds=1), cancel_hours=24)


def test_only_a_confirmed_booking_inside_its_window_is_bound() -> None:
    def bound(state: State, hours: int) -> bool:
        start = NOW + timedelta(hours=hours)
        return is_bound(state=state, starts_at=start, now=NOW, cancel_hours=24)

    assert bound(State.CONFIRMED, 23)
    assert not bound(State.CONFIRMED, 24)
    assert not bound(State.REQUESTED, 23)
    assert not bound(State.DISPLACED, 23)


def test_a_move_to_a_near_time_tells_what_ends_the_right_to_move_again() -> None:
    def ends(state: State, hours: int) -> str:
        start = NOW + timedelta(hours=hours)
        return fixed_by_move(state=state, starts_at=start, now=NOW, cancel_hours=24)

    assert ends(State.CONFIRMED, 24) == ""
    assert ends(State.CONFIRMED, 23) == "moved"
    assert ends(State.DISPLACED, 23) == "moved"
    assert ends(State.REQUESTED, 23) == "approved"


def test_the_third_missed_booking_in_ninety_days_begins_thirty_days_of_three() -> None:
    missed = [NOW - 96 * DAY, NOW - 6 * DAY, NOW - 5 * DAY]
    assert cool_down(missed, NOW) is None

    cooling = cool_down([NOW - 91 * DAY, *missed[1:]], NOW)

    assert cooling is not None
    assert (cooling.no_shows, cooling.until, cooling.horizon_days) == (3, NOW + 25 * DAY, 3)
    assert cool_down([NOW - 91 * DAY, *missed[1:]], cooling.until) is None


def test_cooling_down_refuses_only_what_is_far_ahead() -> None:
    cooling = cool_down([NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY], NOW)

    assert problems_with_cooling(cooling=cooling, starts_at=NOW + 3 * DAY, now=NOW) == []
    (problem,) = problems_with_cooling(
        cooling=cooling, starts_at=NOW + 3 * DAY + timedelta(minutes=5), now=NOW
    )
    assert problem.code == "cooling_down"
    assert problems_with_cooling(cooling=None, starts_at=NOW + 50 * DAY, now=NOW) == []


@given(st.lists(ago, max_size=10))
def test_fewer_than_three_missed_never_cool_down_and_one_more_never_shortens_it(
    missed: list[datetime],
) -> None:
    before, after = cool_down(missed, NOW), cool_down([*missed, NOW], NOW)

    assert len(missed) >= 3 or before is None
    if before is not None:
        assert NOW < before.until <= NOW + 30 * DAY
        assert before.no_shows >= 3
        assert after is not None
        assert after.until >= before.until
