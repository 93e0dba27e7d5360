"""A job is placed with the cleaning both neighbours ask for, and nothing better is overlooked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packhouse.domain.machines import MachineSpec, MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.products import Allergen, Aroma, CleaningLevel, Job, Lane, ProductTraits
from packhouse.domain.sites import Calendar, Closure, parse_hours
from packhouse.domain.slots import (
    Neighbour,
    Phases,
    Placement,
    best_options,
    options,
    place,
    rank,
    refusals,
)
from packhouse.domain.time_range import SLOT, TimeRange, merge
from packhouse.errors import Problem

ZONE = ZoneInfo("Asia/Pontianak")
THURSDAY = date(2026, 11, 26)
HOURS = parse_hours("mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30")
CALENDAR = Calendar("Asia/Pontianak", (HOURS,), (Closure(date(2026, 12, 24), date(2026, 12, 25)),))

FISH = ProductTraits(allergens=frozenset({Allergen.FISH}))
PLAIN = ProductTraits()
COFFEE = ProductTraits(aroma=Aroma.COFFEE)
WET = ProductTraits(wet=True)
PORK = ProductTraits(lane=Lane.NON_HALAL)
SEALER = MachineSpec(
    code="M3",
    lane=Lane.HALAL,
    packs=frozenset({"pouch_100"}),
    rate_per_minute=Decimal(15),
    setup_minutes=10,
    cleaning_minutes=(5, 8, 15),
    attended=True,
    tariff_per_hour=15_000,
    commissioned_at=datetime(2026, 1, 1, tzinfo=UTC),
)
VACUUM = replace(
    SEALER,
    code="M5",
    rate_per_minute=Decimal(5),
    setup_minutes=5,
    cleaning_minutes=(5, 8, 20),
    attended=False,
)


def at(clock: str, day: date = THURSDAY) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def clock(instant: datetime | None) -> str:
    return instant.astimezone(ZONE).strftime("%H:%M") if instant else "-"


def job(quantity: int = 400, traits: ProductTraits = FISH) -> Job:
    return Job(traits, "pouch_100", quantity)


def busy(
    start: str, end: str, traits: ProductTraits | None = FISH, since: str | None = None
) -> Neighbour:
    kind = "booking" if traits else "maintenance"
    return Neighbour(at(start), at(end), at(since or start), traits, kind)


def machine(*neighbours: Neighbour, spec: MachineSpec = SEALER) -> MachineTime:
    return MachineTime(spec, CALENDAR, neighbours)


def placed(machine: MachineTime, wanted: Job, start: str) -> Placement:
    result = place(machine, wanted, at(start))
    assert isinstance(result, Placement), result
    return result


def refused(
    machine: MachineTime, wanted: Job, start: str, day: date = THURSDAY
) -> dict[str, Problem]:
    result = place(machine, wanted, at(start, day))
    assert not isinstance(result, Placement)
    return {each.code: each for each in result}


def day_window(day: date = THURSDAY, days: int = 1) -> TimeRange:
    return TimeRange(at("00:00", day), at("00:00", day + timedelta(days=days)))


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
    assert [clock(each.starts_at) for each in options(walled, job(), day_window())][14:17] == [
        "11:00",
        "11:15",
        "11:20",
    ]


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


# --- properties over whole days


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    traits = draw(st.sampled_from([FISH, PLAIN, COFFEE, WET]))
    return job(draw(st.integers(1, 1500)), traits)


def added(machine: MachineTime, placement: Placement, traits: ProductTraits) -> MachineTime:
    """Book a placement the way a service does: the next booking's clean moves, its start not."""
    rest = [each for each in machine.neighbours if each is not placement.following]
    if placement.following and placement.following_occupied_from:
        rest.append(replace(placement.following, occupied_from=placement.following_occupied_from))
    fresh = Neighbour(
        placement.starts_at, placement.ends_at, placement.occupied_from, traits, "booking"
    )
    return replace(machine, neighbours=(*rest, fresh))


def walled(machine: MachineTime, wall: Neighbour) -> MachineTime:
    """Add maintenance where it takes nobody's time and no clean from anybody."""
    span = TimeRange(wall.starts_at, wall.ends_at)
    if any(
        TimeRange(each.occupied_from, each.ends_at).overlaps(span) for each in machine.neighbours
    ):
        return machine
    tried = replace(machine, neighbours=(*machine.neighbours, wall))
    return tried if is_sound(tried) else machine


def is_sound(machine: MachineTime) -> bool:
    return closing_clean_fits(machine, THURSDAY) and all(
        each.occupied_from is not None for each in cleanings_on(machine, THURSDAY)
    )


def as_planned(machine: MachineTime) -> MachineTime:
    """Store the cleans as they should be now, as a service does after a cancellation."""
    walls = [each for each in machine.neighbours if each.traits is None]
    products = [
        replace(each.neighbour, occupied_from=each.occupied_from or each.neighbour.starts_at)
        for each in cleanings_on(machine, THURSDAY)
    ]
    return replace(machine, neighbours=(*walls, *products))


@st.composite
def days(draw: st.DrawFn) -> MachineTime:
    """A day that was filled booking by booking, maintenance between, all by the rules."""
    spec = draw(st.sampled_from([SEALER, VACUUM, replace(SEALER, cleaning_minutes=(0, 2, 45))]))
    full = merge(
        TimeRange(at("07:00") + SLOT * start, at("07:00") + SLOT * (start + length))
        for start, length in draw(
            st.lists(st.tuples(st.integers(0, 110), st.integers(1, 12)), max_size=2)
        )
    )
    house = MachineTime(spec, CALENDAR, (), full)
    for start in draw(st.lists(st.integers(0, 120), max_size=9)):
        starts_at = at("07:00") + SLOT * start
        if draw(st.integers(0, 3)):
            wanted = draw(jobs())
            result = place(house, wanted, starts_at)
            if isinstance(result, Placement):
                house = added(house, result, wanted.traits)
        else:
            ends_at = starts_at + SLOT * draw(st.integers(1, 12))
            wall = Neighbour(starts_at, ends_at, starts_at, None, "maintenance")
            house = walled(house, wall)
    return house


def all_starts(day: date = THURSDAY) -> Sequence[datetime]:
    return [at("00:00", day) + SLOT * step for step in range(288)]


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
    assert (shown["fits_gap"].fragment_minutes, shown["fits_gap"].left_minutes) == min(
        (each.fragment_minutes, each.left_minutes) for each in everything
    )
    picks = [
        (each.option.placement.machine, each.option.starts_at)
        for each in best_options(named, wanted, day_window())
    ]
    assert len(picks) == len(set(picks)) <= 3
