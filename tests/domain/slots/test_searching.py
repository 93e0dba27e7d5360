"""Nothing better is overlooked, and three good starts are shown with their reasons."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job
from packhouse.domain.slots import Placement, best_options, options, place, rank, refusals
from packhouse.domain.time_range import SLOT, TimeRange, merge
from tests.support.houses import (
    FISH,
    PLAIN,
    PORK,
    SEALER,
    THURSDAY,
    ZONE,
    all_starts,
    at,
    busy,
    clock,
    day_window,
    days,
    job,
    jobs,
    machine,
)

# --- options


def test_options_are_tight_starts_and_quarters_of_an_hour() -> None:
    between = machine(busy("07:30", "08:05"), busy("09:20", "10:00"))

    starts = [clock(each.starts_at) for each in options(between, job(400), day_window())]

    assert starts[:4] == ["08:10", "08:15", "08:30", "08:35"]
    assert starts[4] == "10:05"
    assert starts[-1] == "15:05"


def test_an_option_tells_the_cleaning_it_adds_and_the_room_it_wastes() -> None:
    between = machine(busy("07:30", "08:05", PLAIN), busy("09:20", "10:00", PLAIN))

    fish = options(between, job(400, FISH), day_window())[0]
    plain = options(between, job(400, PLAIN), day_window())[0]

    # Between two plain runs a fish run costs 5 + 15 where 5 would have done, a plain run 5 + 5.
    assert (fish.added_cleaning_minutes, fish.left_minutes, fish.fragment_minutes) == (15, 15, 15)
    assert (plain.added_cleaning_minutes, plain.left_minutes) == (5, 25)


def test_the_first_product_of_a_day_adds_its_closing_clean_and_later_ones_do_not() -> None:
    first = options(machine(), job(), day_window())[0]
    second = options(machine(busy("07:30", "08:10")), job(), day_window())[0]

    assert first.added_cleaning_minutes == 15
    assert second.added_cleaning_minutes == 5


def test_occupations_that_overlap_by_a_fault_lead_to_no_option_that_would_be_refused() -> None:
    faulty = machine(busy("08:00", "10:00"), busy("08:30", "09:00"))

    found = options(faulty, job(), day_window())

    assert min(each.starts_at for each in found) >= at("10:00")
    assert all(each.placement == place(faulty, job(), each.starts_at) for each in found)


def test_the_window_holds_the_start_and_the_end() -> None:
    window = TimeRange(at("08:02"), at("09:00"))

    assert [clock(each.starts_at) for each in options(machine(), job(400), window)] == [
        "08:05",
        "08:15",
        "08:20",
    ]


def test_options_skip_closed_days_and_reach_over_many() -> None:
    found = options(machine(), job(), day_window(date(2026, 12, 23), 6))

    assert {each.starts_at.astimezone(ZONE).date() for each in found} == {
        date(2026, 12, 23),
        date(2026, 12, 28),
    }


def test_three_different_options_are_shown_with_their_reasons() -> None:
    crowded = machine(busy("08:30", "09:30", PLAIN), busy("10:30", "12:00", FISH))

    choices = best_options([crowded], job(300, FISH), day_window())

    assert [(clock(each.option.starts_at), each.why) for each in choices] == [
        ("07:30", ("earliest",)),
        ("09:35", ("least_cleaning",)),
        ("13:05", ("fits_gap",)),
    ]


def test_an_empty_day_offers_the_earliest_and_two_other_times() -> None:
    choices = best_options([machine()], job(), day_window())

    assert [(clock(each.option.starts_at), each.why) for each in choices] == [
        ("07:30", ("earliest", "least_cleaning", "fits_gap")),
        ("09:30", ("another_time",)),
        ("15:05", ("another_time",)),
    ]


def test_no_machine_or_no_room_offers_nothing() -> None:
    assert best_options([], job(), day_window()) == ()
    assert best_options([machine()], job(), day_window(date(2026, 11, 28))) == ()
    assert rank([]) == ()


@pytest.mark.parametrize(
    ("tried", "wanted", "day", "codes"),
    [
        (machine(), job(), THURSDAY, []),
        (machine(), Job(PORK, "can", 0), THURSDAY, ["quantity_not_positive", "pack_not_handled"]),
        (machine(), job(8000), THURSDAY, ["longer_than_day"]),
        (machine(), job(), date(2026, 11, 28), ["closed_window"]),
        (machine(busy("07:30", "16:00", None)), job(), THURSDAY, ["no_free_time"]),
        (machine(), job(), date(2025, 11, 26), ["machine_not_yet_commissioned"]),
        (
            machine(spec=replace(SEALER, retired_at=at("07:00"))),
            job(),
            date(2026, 11, 27),
            ["machine_retired"],
        ),
    ],
)
def test_a_machine_without_options_says_why(
    tried: MachineTime, wanted: Job, day: date, codes: list[str]
) -> None:
    found = [each.code for each in refusals(tried, wanted, day_window(day))]

    assert found[: len(codes)] == codes
    assert bool(found) == (not options(tried, wanted, day_window(day)))


# --- properties


@settings(max_examples=150, deadline=None)
@given(days(), jobs())
def test_options_overlook_no_start_that_is_better_and_claim_none_that_is_not(
    house: MachineTime, wanted: Job
) -> None:
    found = options(house, wanted, day_window())
    possible = {
        result.starts_at: result
        for start in all_starts()
        if isinstance(result := place(house, wanted, start), Placement)
    }

    starts = [each.starts_at for each in found]
    assert starts == sorted(set(starts))
    assert all(possible[each.starts_at] == each.placement for each in found)
    assert bool(found) == bool(possible)
    if possible:
        assert (min(starts), max(starts)) == (min(possible), max(possible))
    stretches = merge(TimeRange(each, each + SLOT) for each in possible)
    assert {each.start for each in stretches} <= set(starts)
    assert {start for start in possible if start.timestamp() % 900 == 0} <= set(starts)
    assert bool(found) == (not refusals(house, wanted, day_window()))


@settings(max_examples=60, deadline=None)
@given(st.lists(days(), min_size=1, max_size=3), jobs())
def test_the_few_shown_win_over_all_options(houses: list[MachineTime], wanted: Job) -> None:
    named = [
        replace(house, spec=replace(house.spec, code=f"M{number}"))
        for number, house in enumerate(houses)
    ]
    everything = [each for house in named for each in options(house, wanted, day_window())]

    shown = {
        code: each.option for each in best_options(named, wanted, day_window()) for code in each.why
    }

    assert bool(shown) == bool(everything)
    if not everything:
        return
    assert shown["earliest"].starts_at == min(each.starts_at for each in everything)
    assert shown["least_cleaning"].added_cleaning_minutes == min(
        each.added_cleaning_minutes for each in everything
    )
    prices = {each.price for each in everything}
    if len(prices) > 1:
        assert shown["cheapest"].price == min(prices)
    else:
        assert (shown["fits_gap"].fragment_minutes, shown["fits_gap"].left_minutes) == min(
            (each.fragment_minutes, each.left_minutes) for each in everything
        )
    picks = [
        (each.option.placement.machine, each.option.starts_at)
        for each in best_options(named, wanted, day_window())
    ]
    assert len(picks) == len(set(picks)) <= 3


def test_the_cheapest_machine_is_shown_where_prices_differ() -> None:
    dear = machine()
    cheap = machine(busy("07:30", "10:30", PLAIN))
    dear = replace(dear, spec=replace(dear.spec, code="MAHAL", tariff_per_hour=60_000))
    cheap = replace(cheap, spec=replace(cheap.spec, code="MURAH", tariff_per_hour=15_000))

    choices = best_options([dear, cheap], job(), day_window())

    why = {reason: each.option for each in choices for reason in each.why}
    assert why["earliest"].placement.machine == "MAHAL"
    assert why["cheapest"].placement.machine == "MURAH"
    assert why["cheapest"].price < why["earliest"].price
    assert len(choices) == 3
