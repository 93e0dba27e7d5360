"""A job longer than a day goes over consecutive days: fewest, then even, and never a piece lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job
from packhouse.domain.slots import Placement, place, split_options
from packhouse.domain.slots.searching import first_option, most_pieces
from packhouse.domain.slots.splitting import even_shares
from tests.support.houses import (
    CALENDAR,
    THURSDAY,
    VACUUM,
    busy,
    day_window,
    days,
    job,
    machine,
)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=9), st.data())
def test_shares_lose_no_piece_keep_to_the_room_and_are_even(
    room: list[int], data: st.DataObject
) -> None:
    quantity = data.draw(st.integers(0, sum(room)))

    shares = even_shares(quantity, room)

    assert sum(shares) == quantity
    assert all(0 <= share <= most for share, most in zip(shares, room, strict=True))
    free = [share for share, most in zip(shares, room, strict=True) if share < most]
    assert max(free, default=0) - min(free, default=0) <= 1


def test_more_than_the_days_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        even_shares(10, [4, 5])


def test_a_job_of_three_days_is_shared_evenly_over_them() -> None:
    # 435 minutes a day of work on the empty machine: 6375 pieces.
    (split,) = split_options([machine()], job(15_000), day_window(days=7))

    assert [part.quantity for part in split.parts] == [5000, 5000, 5000]
    # Thursday, Friday, Monday: the weekend is closed, so these days follow one another.
    assert [CALENDAR.day_of(part.placement.starts_at).isoformat() for part in split.parts] == [
        "2026-11-26",
        "2026-11-27",
        "2026-11-30",
    ]
    assert split.why == ("fewest_days", "earliest")


def test_a_full_day_between_is_a_journey_too_many() -> None:
    blocked = machine(busy("07:30", "16:00", None))  # All of Thursday.

    (split,) = split_options([blocked], job(8_000), day_window(days=7))

    assert len(split.parts) == 2
    assert CALENDAR.day_of(split.starts_at).isoformat() == "2026-11-27"


def test_the_faster_machine_needs_fewer_days_and_both_are_shown() -> None:
    slow, fast = machine(spec=VACUUM), machine()

    shown = split_options([slow, fast], job(8_000), day_window(days=14))

    assert [(each.parts[0].placement.machine, len(each.parts)) for each in shown] == [
        ("M3", 2),
        ("M5", 4),
    ]


def test_what_no_run_of_days_holds_has_no_split() -> None:
    assert split_options([machine()], job(900_000), day_window(days=14)) == ()


def test_what_fits_a_day_is_not_split() -> None:
    assert split_options([machine()], job(100), day_window(days=14)) == ()


@given(days(), st.integers(1, 20_000))
@settings(max_examples=40)
def test_every_part_of_every_split_can_be_booked(house: MachineTime, quantity: int) -> None:
    for split in split_options([house], job(quantity), day_window(days=6)):
        assert sum(part.quantity for part in split.parts) == quantity
        for part in split.parts:
            wanted = job(part.quantity)
            assert place(house, wanted, part.placement.starts_at) == part.placement


@given(days())
@settings(max_examples=60)
def test_the_room_of_a_day_is_exactly_the_largest_job_that_fits(house: MachineTime) -> None:
    room = most_pieces(house, job(), day_window())[THURSDAY]

    def fits(quantity: int) -> bool:
        wanted: Job = job(quantity)
        option = first_option(house, wanted, day_window())
        return option is not None and isinstance(option.placement, Placement)

    assert not room or fits(room)
    assert not fits(room + 1)
