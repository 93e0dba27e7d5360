from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.machines import (
    Asset,
    Move,
    Part,
    RateRange,
    is_waited_for,
    lesson,
    problems_with_asset,
    problems_with_move,
    problems_with_part,
    tidy_asset_code,
    tidy_condition,
    usual_minutes,
)
from packhouse.domain.machines.rates import odd_ones

TODAY = date(2026, 11, 24)
rates = st.decimals(Decimal("0.1"), Decimal(200), places=3)


def codes(asset: Asset) -> list[str]:
    return [each.code for each in problems_with_asset(asset)]


# --- the register


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 1.3.2.08.01.41 ", "1.3.2.08.01.41"),
        ("02 06 03 01 05", "02.06.03.01.05"),
        ("1.3.2-08/01.41.001.", "1.3.2.08.01.41.001"),
        ("3050104001", "3050104001"),
    ],
)
def test_an_item_code_is_kept_as_groups_of_digits(typed: str, kept: str) -> None:
    assert tidy_asset_code(typed) == kept
    assert codes(Asset(asset_code=kept, asset_number="0007")) == []


@given(st.text(max_size=40))
def test_tidying_an_item_code_twice_changes_nothing_more(text: str) -> None:
    once = tidy_asset_code(text)

    assert tidy_asset_code(once) == once


def test_everything_wrong_in_a_row_is_said_at_once() -> None:
    wrong = Asset(
        "KIB-B", "7a", 1800, -1, "pinjaman", "x" * 201, "Budi 19850101 201001 1 001", "rusak"
    )

    assert codes(wrong) == [
        "asset_code_malformed", "asset_number_malformed", "text_long", "holder_is_person",
        "year_out_of_range", "amount_out_of_range", "fund_kind_unknown", "condition_unknown",
    ]  # fmt: skip
    assert codes(Asset(asset_number="7")) == ["asset_number_alone"]
    assert codes(Asset()) == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [("B", "good"), ("rr", "fair"), (" RB ", "bad"), ("fair", "fair"), ("x", "x")],
)
def test_a_condition_may_be_written_as_the_asset_officer_does(typed: str, code: str) -> None:
    assert tidy_condition(typed) == code


# --- places and parts


def test_another_house_or_a_loan_needs_a_document_and_another_room_does_not() -> None:
    def problems(move: Move) -> list[str]:
        found = problems_with_move(move, at_site="PTK", in_room="Ruang 1", today=TODAY)
        return [each.code for each in found]

    assert problems(Move("PTK", "Ruang 2", "Terang")) == []
    assert problems(Move("PTK", "Ruang 1", "Terang")) == ["placement_same"]
    assert problems(Move("SKW", "Ruang 1", "Pameran")) == ["document_missing"]
    assert problems(Move("PTK", "Ruang 1", "", "", "loan", TODAY)) == [
        "reason_missing", "document_missing", "loan_without_end",
    ]  # fmt: skip
    assert problems(Move("SKW", "", "Pameran", "BA-1", "gift")) == ["placement_kind_unknown"]


def test_a_part_cannot_arrive_before_it_was_ordered() -> None:
    part = Part("Sabuk", ordered_on=date(2026, 11, 20), eta=date(2026, 11, 22))

    assert problems_with_part(part, today=TODAY) == []
    early = replace(part, eta=date(2026, 11, 19))
    assert [each.code for each in problems_with_part(early, today=TODAY)] == ["eta_in_past"]
    late = replace(part, part="", ordered_on=date(2026, 11, 25), eta=None)
    assert [each.code for each in problems_with_part(late, today=TODAY)] == [
        "part_missing", "ordered_in_future",
    ]  # fmt: skip


# --- learned rates


def test_a_suggestion_needs_five_runs_and_a_tenth_of_difference() -> None:
    assert not lesson(Decimal(15), [Decimal(5)] * 4).differs
    assert lesson(Decimal(15), [Decimal(5)] * 5).differs
    assert not lesson(Decimal(15), [Decimal(14)] * 20).differs
    assert lesson(Decimal(10), [Decimal(11)] * 20).differs


def test_the_odd_run_is_named_and_few_runs_have_none() -> None:
    usual = [Decimal(each) for each in (10, 10, 11, 9, 10, 12)]

    assert odd_ones([*usual, Decimal(60)]) == (False,) * 6 + (True,)
    assert odd_ones([Decimal(10)] * 9 + [Decimal(90)])[-1]
    assert odd_ones([Decimal(1), Decimal(100)]) == (False, False)
    assert odd_ones([Decimal(10)] * 8) == (False,) * 8


@given(st.lists(rates, max_size=40))
def test_fewer_than_half_of_the_runs_are_odd(samples: list[Decimal]) -> None:
    odd = odd_ones(samples)

    assert len(odd) == len(samples)
    assert sum(odd) * 2 <= len(samples)


def test_a_dismissed_suggestion_counts_only_the_runs_that_came_since() -> None:
    assert is_waited_for([1, 2, 3, 9], last_run_id=3, wait_runs=2)
    assert not is_waited_for([1, 8, 9], last_run_id=3, wait_runs=2)


@given(rates, rates, st.integers(1, 5000), st.integers(0, 60))
def test_usual_minutes_stand_on_the_grid_around_what_the_rates_say(
    one: Decimal, other: Decimal, quantity: int, setup: int
) -> None:
    low, high = sorted((one, other))
    told = usual_minutes(RateRange(low, high, 5), setup_minutes=setup, quantity=quantity)

    assert told is not None
    fast, slow = told
    assert 5 <= fast <= slow
    assert fast % 5 == slow % 5 == 0
    assert slow >= setup + quantity / low
    assert fast <= max(Decimal(5), setup + quantity / high + 1)


def test_too_few_runs_tell_no_range() -> None:
    few = RateRange(Decimal(10), Decimal(12), 4)

    assert usual_minutes(few, setup_minutes=10, quantity=400) is None
    assert usual_minutes(None, setup_minutes=10, quantity=400) is None
    usual = RateRange(Decimal(9), Decimal("14.2"), 5)
    assert usual_minutes(usual, setup_minutes=10, quantity=400) == (35, 55)
