"""A job is placed with the cleaning both neighbours ask for, or refused with every reason."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings

from packhouse.domain.machines import MachineTime, closing_clean_fits
from packhouse.domain.products import CleaningLevel, Job, Neighbour
from packhouse.domain.slots import Phases, Placement, options, place
from packhouse.domain.time_range import TimeRange
from tests.support.houses import (
    FISH,
    PLAIN,
    PORK,
    SEALER,
    THURSDAY,
    VACUUM,
    added,
    as_planned,
    at,
    busy,
    clock,
    day_window,
    days,
    is_sound,
    job,
    jobs,
    machine,
    placed,
    refused,
)

# --- worked examples


def test_400_pouches_after_a_fish_run_take_5_clean_10_setup_and_27_run_on_the_grid() -> None:
    result = placed(machine(busy("07:30", "08:10")), job(400), "08:15")

    assert [clock(t) for t in (result.occupied_from, result.starts_at, result.ends_at)] == [
        "08:10",
        "08:15",
        "08:55",
    ]
    assert result.phases == Phases(
        changeover_minutes=5,
        level=CleaningLevel.BRUSH,
        setup_minutes=10,
        run_minutes=30,
        rounding_minutes=3,
        break_minutes=0,
        closing_clean_minutes=15,
    )
    assert result.phases.work_minutes == 40


def test_the_same_job_takes_5_80_and_5_on_the_vacuum_chamber() -> None:
    result = placed(machine(busy("07:30", "08:10"), spec=VACUUM), job(400), "08:15")

    phases = result.phases
    assert (phases.changeover_minutes, phases.setup_minutes, phases.run_minutes) == (5, 5, 80)
    assert clock(result.ends_at) == "09:40"


def test_the_first_job_of_a_day_finds_a_clean_machine() -> None:
    result = placed(machine(), job(), "07:30")

    assert result.occupied_from == result.starts_at
    assert (result.phases.level, result.phases.changeover_minutes) == (CleaningLevel.NONE, 0)


def test_a_run_pauses_over_the_break_and_the_break_is_not_work() -> None:
    result = placed(machine(), job(400), "11:45")

    assert clock(result.ends_at) == "13:25"
    assert result.phases.break_minutes == 60
    assert result.phases.work_minutes == 40


def test_a_run_that_ends_at_noon_has_no_break_and_a_clean_may_sit_before_one() -> None:
    first = placed(machine(), job(400), "11:20")
    second = placed(machine(busy("11:00", "11:50")), job(400), "13:00")

    assert (clock(first.ends_at), first.phases.break_minutes) == ("12:00", 0)
    assert (clock(second.occupied_from), clock(second.starts_at)) == ("11:55", "13:00")


def test_the_next_booking_keeps_its_start_and_its_clean_is_planned_anew() -> None:
    following = busy("10:00", "10:40", PLAIN, since="10:00")
    result = placed(machine(following), job(400, FISH), "09:05")

    assert clock(result.ends_at) == "09:45"
    assert result.following == following
    assert clock(result.following_occupied_from) == "09:45"
    assert result.phases.closing_clean_minutes == 0


# --- refusals, all at once


def test_every_broken_rule_is_told_at_once() -> None:
    spec = replace(SEALER, commissioned_at=at("00:00", date(2026, 12, 1)))
    crowded = replace(
        machine(busy("08:00", "09:00"), spec=spec),
        operators_full=[TimeRange(at("08:30"), at("09:30"))],
    )

    result = place(crowded, Job(PORK, "can", 400), at("08:30") + timedelta(minutes=2))

    assert not isinstance(result, Placement)
    assert [each.code for each in result] == [
        "pack_not_handled",
        "lane_mismatch",
        "off_grid",
        "machine_not_yet_commissioned",
        "time_taken",
        "operators_full",
    ]


@pytest.mark.parametrize("quantity", [0, -5])
def test_nothing_to_pack_is_refused(quantity: int) -> None:
    assert "quantity_not_positive" in refused(machine(), job(quantity), "08:00")


@pytest.mark.parametrize(
    ("start", "day", "code"),
    [
        ("07:25", THURSDAY, "outside_hours"),
        ("12:30", THURSDAY, "outside_hours"),
        ("16:00", THURSDAY, "outside_hours"),
        ("15:30", THURSDAY, "past_closing"),
        ("15:10", THURSDAY, "closing_clean_missing"),
        ("09:00", date(2026, 11, 28), "closed_day"),
        ("09:00", date(2026, 12, 24), "closed_day"),
    ],
)
def test_a_start_outside_the_working_day_is_refused(start: str, day: date, code: str) -> None:
    assert list(refused(machine(), job(), start, day)) == [code]


def test_the_latest_start_leaves_the_full_clean_before_closing() -> None:
    result = placed(machine(), job(400), "15:05")

    assert clock(result.ends_at) == "15:45"
    assert result.phases.closing_clean_minutes == 15


def test_a_job_longer_than_a_day_tells_how_many_days_and_pieces_a_day() -> None:
    problem = refused(machine(), job(8000), "07:30")["longer_than_day"]

    # 450 minutes a day less 10 of setup and 15 of closing clean leave 425 x 15 pieces.
    assert problem.facts == {
        "needed_minutes": 560,
        "day_minutes": 450,
        "quantity_per_day": 6375,
        "days": 2,
    }
    assert isinstance(place(machine(), job(6375), at("07:30")), Placement)
    assert "longer_than_day" in refused(machine(), job(6376), "07:30")


def test_a_machine_works_from_its_commissioning_to_its_retirement() -> None:
    new = machine(spec=replace(SEALER, commissioned_at=at("08:00")))
    old = machine(spec=replace(SEALER, retired_at=at("09:00")))

    assert list(refused(new, job(), "07:55")) == ["machine_not_yet_commissioned"]
    assert clock(placed(new, job(), "08:00").starts_at) == "08:00"
    assert list(refused(old, job(), "08:25")) == ["machine_retired"]
    assert clock(placed(old, job(), "08:20").ends_at) == "09:00"


def test_a_start_without_room_for_the_clean_before_it_is_refused() -> None:
    problem = refused(machine(busy("07:30", "08:10", PLAIN)), job(), "08:10")

    assert list(problem) == ["cleaning_before_missing"]
    assert problem["cleaning_before_missing"].facts == {
        "level": CleaningLevel.BRUSH,
        "minutes": 5,
        "previous_ends_at": at("08:10"),
    }


def test_a_start_without_room_for_the_next_products_clean_is_refused() -> None:
    problem = refused(machine(busy("10:00", "10:40", PLAIN)), job(400, FISH), "09:10")

    assert list(problem) == ["cleaning_after_missing"]
    assert problem["cleaning_after_missing"].facts["minutes"] == 15


def test_operators_limit_attended_machines_only() -> None:
    full = [TimeRange(at("08:00"), at("09:00"))]
    attended = replace(machine(), operators_full=full)
    free = replace(machine(spec=VACUUM), operators_full=full)

    assert list(refused(attended, job(), "07:30")) == ["operators_full"]
    assert clock(placed(attended, job(), "09:00").starts_at) == "09:00"
    assert clock(placed(free, job(), "07:30").starts_at) == "07:30"


# --- walls: maintenance, breakdowns, anything without a product


def test_the_clean_is_claimed_behind_a_wall_where_it_fits_there() -> None:
    walled = machine(busy("07:30", "08:00", FISH), busy("08:00", "09:00", None))

    assert "cleaning_before_missing" in refused(walled, job(400, PLAIN), "09:10")
    assert clock(placed(walled, job(400, PLAIN), "09:15").occupied_from) == "09:00"


def test_the_house_may_clean_before_a_wall_and_then_claims_nothing_behind_it() -> None:
    walled = machine(busy("07:30", "08:00", FISH), busy("08:15", "09:00", None))

    assert clock(placed(walled, job(400, PLAIN), "09:00").occupied_from) == "09:00"
    assert clock(placed(walled, job(400, PLAIN), "09:05").occupied_from) == "09:05"
    assert clock(placed(walled, job(400, PLAIN), "09:15").occupied_from) == "09:00"


def test_the_closing_clean_does_not_run_through_a_wall() -> None:
    until_closing = machine(busy("14:00", "16:00", None))
    until_late = machine(busy("14:00", "15:45", None))

    assert list(refused(until_closing, job(400), "13:10")) == ["closing_clean_missing"]
    assert clock(placed(until_closing, job(400), "13:05").ends_at) == "13:45"
    assert clock(placed(until_late, job(400), "13:20").ends_at) == "14:00"


def test_nothing_starts_or_runs_on_over_a_wall_inside_the_break() -> None:
    walled = machine(busy("12:15", "12:45", None))

    assert list(refused(walled, job(), "11:45")) == ["time_taken"]
    assert clock(placed(walled, job(), "11:20").ends_at) == "12:00"


def test_five_minutes_before_a_wall_are_no_room_for_a_clean_of_fifteen() -> None:
    walled = machine(busy("07:30", "08:00", FISH), busy("08:05", "09:00", None))

    assert list(refused(walled, job(400, PLAIN), "09:00")) == ["cleaning_before_missing"]
    assert [clock(each.starts_at) for each in options(walled, job(400, PLAIN), day_window())][
        :2
    ] == ["09:15", "09:30"]


def test_any_gap_between_two_walls_may_hold_the_clean() -> None:
    early_gap = machine(
        busy("07:30", "08:00", FISH), busy("08:15", "08:30", None), busy("08:30", "09:00", None)
    )
    late_gap = machine(
        busy("14:00", "14:15", None), busy("14:15", "15:00", None), busy("15:15", "15:50", None)
    )

    assert clock(placed(early_gap, job(400, PLAIN), "09:00").occupied_from) == "09:00"
    assert options(early_gap, job(400, PLAIN), day_window())[0].starts_at == at("09:00")
    assert clock(placed(late_gap, job(400), "13:20").ends_at) == "14:00"
    assert options(late_gap, job(400), day_window())[-1].starts_at == at("13:20")


def test_a_product_on_a_closed_day_has_no_closing_clean() -> None:
    saturday = date(2026, 11, 28)
    start, end = at("09:00", saturday), at("10:00", saturday)
    stray = machine(Neighbour(start, end, start, FISH, "booking"))

    assert not closing_clean_fits(stray, saturday)
    assert closing_clean_fits(machine(), saturday)


# --- properties


@settings(max_examples=100, deadline=None)
@given(days(), jobs())
def test_what_is_placed_overlaps_nothing_and_is_clean_on_both_sides(
    house: MachineTime, wanted: Job
) -> None:
    for option in options(house, wanted, day_window())[:6]:
        booked = added(house, option.placement, wanted.traits)
        spans = sorted((each.occupied_from, each.ends_at) for each in booked.neighbours)

        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert is_sound(booked)
        assert booked.neighbours == tuple(sorted(booked.neighbours, key=booked.neighbours.index))
        assert set(as_planned(booked).neighbours) == set(booked.neighbours)
        assert option.added_cleaning_minutes >= 0
        assert 0 <= option.fragment_minutes <= option.left_minutes


@settings(max_examples=150, deadline=None)
@given(days())
def test_taking_any_booking_away_leaves_all_others_clean_and_apart(house: MachineTime) -> None:
    for gone in house.neighbours:
        rest = replace(
            house, neighbours=tuple(each for each in house.neighbours if each is not gone)
        )

        assert is_sound(rest)
        spans = sorted((each.occupied_from, each.ends_at) for each in as_planned(rest).neighbours)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
