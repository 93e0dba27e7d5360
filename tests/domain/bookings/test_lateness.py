from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import Due, Expected, knock_on, later, left_to_do, waited_until
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import TimeRange, to_epoch

DAY = date(2026, 11, 26)
MIDNIGHT = datetime(2026, 11, 25, 17, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


WORKING = WorkingDay(
    DAY,
    TimeRange(MIDNIGHT, MIDNIGHT + timedelta(days=1)),
    [TimeRange(at(7, 30), at(12)), TimeRange(at(13), at(16))],
)


def due(code: str, starts_at: datetime, work: int = 60, clean: int = 10) -> Due:
    return Due(code, starts_at, clean, work)


def chained(*dues: Due, free_from: datetime, now: datetime = MIDNIGHT) -> list[Expected]:
    return knock_on(WORKING, dues, free_from=free_from, now=now)


def test_an_overrun_is_eaten_by_the_gaps_behind_it() -> None:
    first, second, third = chained(
        due("A", at(9)), due("B", at(10, 30)), due("C", at(11, 40), 10), free_from=at(9, 20)
    )

    assert (first.ready_at, first.starts_at, first.ends_at) == (at(9, 30), at(9, 30), at(10, 30))
    assert (second.starts_at, second.delay_minutes) == (at(10, 40), 10)
    assert (third.starts_at, third.house_minutes) == (at(11, 50), 10)


def test_a_machine_that_is_free_in_time_delays_nobody() -> None:
    found = chained(due("A", at(9)), due("B", at(10, 10)), free_from=at(8, 30))

    assert [each.delay_minutes for each in found] == [0, 0]
    assert [each.house_minutes for each in found] == [0, 0]


def test_a_break_is_waited_out_and_work_goes_on_after_it() -> None:
    (only,) = chained(due("A", at(11), 60), free_from=at(11, 20))

    assert (only.starts_at, only.ends_at) == (at(11, 30), at(13, 30))
    (behind,) = chained(due("B", at(11), 60), free_from=at(11, 50))
    assert (behind.ready_at, behind.starts_at) == (at(12), at(13))


def test_what_no_longer_fits_before_closing_says_so() -> None:
    kept, spilled = chained(due("A", at(14)), due("B", at(15, 10), 45), free_from=at(14, 20))

    assert not kept.past_closing
    assert spilled.past_closing
    assert spilled.ends_at == at(16, 25)


def test_who_is_late_herself_does_not_wait_for_the_house() -> None:
    late, behind = chained(
        Due("A", at(9), 0, 60, grace_minutes=20), due("B", at(10, 10)),
        free_from=at(8), now=at(9, 15),
    )  # fmt: skip

    assert (late.starts_at, late.house_minutes, late.delay_minutes) == (at(9, 15), 0, 15)
    assert late.waits_until == at(9, 20)
    assert behind.house_minutes == 15


def test_who_was_waited_for_long_enough_keeps_nobody_waiting() -> None:
    missed, behind = chained(
        Due("A", at(9), 0, 60, grace_minutes=20), due("B", at(10, 10)),
        free_from=at(8), now=at(9, 20),
    )  # fmt: skip

    assert missed.is_missed
    assert behind.delay_minutes == 0


def test_nobody_is_missed_before_the_house_was_ready_for_her() -> None:
    (waiting,) = chained(
        Due("A", at(9), 10, 60, grace_minutes=20), free_from=at(9, 30), now=at(9, 55)
    )

    assert not waiting.is_missed
    assert waiting.waits_until == at(10)


def test_the_grace_begins_when_the_house_is_ready() -> None:
    booked = at(9)

    assert waited_until(starts_at=booked, ready_at=None, grace_minutes=20) is None
    assert waited_until(starts_at=booked, ready_at=at(8), grace_minutes=20) == at(9, 20)
    assert waited_until(starts_at=booked, ready_at=at(9, 30), grace_minutes=20) == at(9, 50)


@pytest.mark.parametrize(("lost", "left"), [(0, 30), (10, 40), (90, 60)])
def test_a_run_that_stood_still_has_more_left_to_do(lost: int, left: int) -> None:
    found = left_to_do(
        planned_minutes=60, started_at=at(9), lost=timedelta(minutes=lost), now=at(9, 30)
    )

    assert found == left


slots = st.integers(90, 190)
dues_of_a_day = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 24), st.integers(0, 6)), max_size=8
)


def chain(steps: list[tuple[int, int, int]]) -> list[Due]:
    """Bookings one behind the other, as planning lays them: gap, work and cleaning in slots."""
    made, free = [], at(7, 30)
    for number, (gap, work, clean) in enumerate(steps):
        starts_at = later(WORKING, free, clean * 5 + gap * 5)
        starts_at = at(13) if starts_at == at(12) else starts_at
        ends_at = later(WORKING, starts_at, work * 5)
        if ends_at > at(16):
            break
        made.append(Due(f"{number:02}", starts_at, clean * 5, work * 5))
        free = ends_at
    return made


@given(dues_of_a_day)
def test_a_day_as_planned_runs_as_planned(steps: list[tuple[int, int, int]]) -> None:
    found = chained(*chain(steps), free_from=at(7, 30))

    assert all(each.starts_at == each.booked_at and not each.past_closing for each in found)


@given(dues_of_a_day, slots)
def test_nobody_begins_early_unready_or_during_another_and_no_delay_grows(
    steps: list[tuple[int, int, int]], slot: int
) -> None:
    free_from = MIDNIGHT + slot * timedelta(minutes=5)
    found = chained(*chain(steps), free_from=free_from)

    def position(instant: datetime) -> int:
        beyond = max((instant - at(16)) // timedelta(seconds=1), 0)
        return WORKING.position(to_epoch(instant)) + beyond

    delay = None
    for each in found:
        assert each.starts_at >= each.booked_at
        assert each.starts_at >= each.ready_at >= free_from
        own = position(each.starts_at) - position(each.booked_at)
        assert delay is None or own <= delay
        delay, free_from = own, each.ends_at


@given(dues_of_a_day, slots, st.integers(0, 30))
def test_a_machine_that_comes_free_later_makes_nobody_earlier(
    steps: list[tuple[int, int, int]], slot: int, more: int
) -> None:
    dues, soon = chain(steps), MIDNIGHT + slot * timedelta(minutes=5)
    late = soon + more * timedelta(minutes=5)

    for before, after in zip(
        chained(*dues, free_from=soon), chained(*dues, free_from=late), strict=True
    ):
        assert after.starts_at >= before.starts_at
