"""Ranges are half-open, and the grid is the same for every zone."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.time_range import (
    SLOT,
    TimeRange,
    ceil_to_grid,
    ceil_to_slot,
    floor_to_slot,
    is_on_grid,
    merge,
    slot_of,
    slot_starts_at,
    subtract,
)

T0 = datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
instants = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
minutes = st.integers(min_value=0, max_value=300)


@st.composite
def ranges(draw: st.DrawFn) -> TimeRange:
    start, length = draw(minutes), draw(st.integers(min_value=1, max_value=60))
    return span(start, start + length)


def span(first: int, last: int) -> TimeRange:
    return TimeRange(T0 + timedelta(minutes=first), T0 + timedelta(minutes=last))


def covered(parts: list[TimeRange]) -> set[int]:
    return {
        (part.start - T0) // timedelta(minutes=1) + minute
        for part in parts
        for minute in range(part.minutes)
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (T0, T0),
        (T0 + SLOT, T0),
        (T0.replace(tzinfo=None), T0 + SLOT),
        (T0, (T0 + SLOT).replace(tzinfo=None)),
        (T0.astimezone(timezone(timedelta(hours=7))), T0 + SLOT),
    ],
)
def test_a_range_refuses_empty_reversed_naive_and_local_times(
    start: datetime, end: datetime
) -> None:
    with pytest.raises((ValueError, TypeError)):
        TimeRange(start, end)


def test_ranges_that_touch_do_not_overlap() -> None:
    assert not span(0, 10).overlaps(span(10, 20))
    assert span(0, 11).overlaps(span(10, 20))
    assert span(0, 10).intersection(span(10, 20)) is None
    assert span(0, 11).intersection(span(10, 20)) == span(10, 11)


def test_the_start_is_inside_and_the_end_is_not() -> None:
    assert span(0, 10).contains(T0)
    assert not span(0, 10).contains(T0 + timedelta(minutes=10))
    assert not span(0, 10).contains(T0 - timedelta(microseconds=1))


def test_length_is_told_in_whole_seconds_and_minutes() -> None:
    each = TimeRange(T0, T0 + timedelta(seconds=119, microseconds=5))

    assert each.seconds == 119
    assert each.minutes == 1


def test_touching_ranges_merge_into_one() -> None:
    assert merge([span(10, 20), span(0, 10), span(2, 5)]) == [span(0, 20)]


def test_a_hole_in_the_middle_leaves_both_sides() -> None:
    assert subtract([span(0, 60)], [span(20, 30)]) == [span(0, 20), span(30, 60)]
    assert subtract([span(0, 60)], [span(0, 60)]) == []
    assert subtract([span(0, 60)], []) == [span(0, 60)]


@given(st.lists(ranges(), max_size=8))
def test_merging_keeps_every_minute_and_leaves_gaps_between_ranges(parts: list[TimeRange]) -> None:
    merged = merge(parts)

    assert covered(merged) == covered(parts)
    assert all(a.end < b.start for a, b in itertools.pairwise(merged))


@given(st.lists(ranges(), max_size=6), st.lists(ranges(), max_size=6))
def test_subtracting_leaves_exactly_the_minutes_outside_the_holes(
    parts: list[TimeRange], holes: list[TimeRange]
) -> None:
    rest = subtract(parts, holes)

    assert covered(rest) == covered(parts) - covered(holes)
    assert rest == merge(rest)


@given(instants)
def test_floor_and_ceiling_stand_on_the_grid_around_the_instant(instant: datetime) -> None:
    low, high = floor_to_slot(instant), ceil_to_slot(instant)

    assert low <= instant <= high
    assert is_on_grid(low)
    assert is_on_grid(high)
    assert high - low == (timedelta(0) if is_on_grid(instant) else SLOT)
    assert slot_starts_at(slot_of(instant)) == low


def test_a_slot_is_epoch_seconds_divided_by_three_hundred() -> None:
    assert slot_of(datetime(1970, 1, 1, 0, 4, 59, tzinfo=UTC)) == 0
    assert slot_of(datetime(1970, 1, 1, 0, 5, tzinfo=UTC)) == 1
    assert slot_of(T0) == int(T0.timestamp()) // 300


@pytest.mark.parametrize(("amount", "rounded"), [(0, 0), (1, 5), (5, 5), (37, 40)])
def test_amounts_are_rounded_up_to_the_grid(amount: int, rounded: int) -> None:
    assert ceil_to_grid(amount, 5) == rounded
