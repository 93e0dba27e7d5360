"""The order of members' rows saves cleaning, provably for few kinds, and never costs more."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packhouse.domain.products import Allergen, Aroma, Job, ProductTraits
from packhouse.domain.slots import ordering, place, plan_rows, with_placed
from packhouse.domain.slots.ordering import cleaning_between, cleaning_of, cleaning_order
from tests.support.houses import (
    COFFEE,
    FISH,
    PLAIN,
    SEALER,
    VACUUM,
    clock,
    day_window,
    job,
    machine,
)

COST = cleaning_between(SEALER)
PRAWN = ProductTraits(allergens=frozenset({Allergen.FISH, Allergen.CRUSTACEAN}))

traits = st.builds(
    ProductTraits,
    allergens=st.frozensets(st.sampled_from([Allergen.FISH, Allergen.CRUSTACEAN, Allergen.SOY])),
    aroma=st.sampled_from([Aroma.NONE, Aroma.TERASI]),
    wet=st.booleans(),
)


def minutes(rows: Sequence[ProductTraits], order: Sequence[int]) -> int:
    return cleaning_of([rows[row] for row in order], COST)


def test_plain_comes_first_and_prawn_last() -> None:
    rows = [PRAWN, PLAIN, FISH, PLAIN, PRAWN, FISH]

    order = cleaning_order(rows, COST)

    assert [rows[row] for row in order] == [PLAIN, PLAIN, FISH, FISH, PRAWN, PRAWN]
    assert (minutes(rows, range(6)), minutes(rows, order)) == (55, 25)


def test_rows_that_need_no_other_order_stay_as_given() -> None:
    assert cleaning_order([PLAIN, COFFEE, PLAIN], COST)[0] == 0
    assert cleaning_order([PLAIN, PLAIN, FISH], COST) == [0, 1, 2]
    assert cleaning_order([], COST) == []


@given(st.lists(traits, max_size=6))
@settings(max_examples=60)
def test_the_order_of_few_rows_is_the_best_there_is(rows: list[ProductTraits]) -> None:
    best = min((minutes(rows, order) for order in permutations(range(len(rows)))), default=0)

    assert minutes(rows, cleaning_order(rows, COST)) == best


@given(st.lists(traits, max_size=14))
@settings(max_examples=60, deadline=None)
def test_an_order_holds_every_row_once_and_never_costs_more_than_as_given(
    rows: list[ProductTraits],
) -> None:
    order = cleaning_order(rows, COST)

    assert sorted(order) == list(range(len(rows)))
    assert minutes(rows, order) <= minutes(rows, range(len(rows)))


@given(rows=st.lists(traits, max_size=20))
@settings(max_examples=40, deadline=None)
def test_the_same_holds_where_the_order_is_not_proved(rows: list[ProductTraits]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "EXACT_STATES", 0)
        order = cleaning_order(rows, COST)

    assert sorted(order) == list(range(len(rows)))
    assert minutes(rows, order) <= minutes(rows, range(len(rows)))


def test_twelve_rows_go_to_two_machines_that_end_together() -> None:
    rows = [job(300 + 20 * number, [PLAIN, FISH, PRAWN][number % 3]) for number in range(12)]
    machines = [machine(), machine(spec=replace(SEALER, code="M4"))]

    plan = plan_rows(machines, rows, day_window())

    assert plan is not None
    assert sorted(each.row for each in plan) == list(range(12))
    ends = {
        code: max(each.placement.ends_at for each in plan if each.placement.machine == code)
        for code in ("M3", "M4")
    }
    # Between them lie the hour's break and less than one row's work.
    assert [clock(end) for end in sorted(ends.values())] == ["11:40", "13:05"]


def test_rows_that_fill_a_day_run_over_into_the_next() -> None:
    rows = [job(3000, PLAIN) for _ in range(3)]

    plan = plan_rows([machine()], rows, day_window(days=2))

    assert plan is not None
    assert len({machine().calendar.day_of(each.placement.starts_at) for each in plan}) == 2
    assert plan_rows([machine()], rows, day_window()) is None


@given(st.lists(st.tuples(st.integers(1, 900), st.sampled_from([PLAIN, FISH, PRAWN, COFFEE])),
                min_size=1, max_size=9))  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_every_row_can_be_booked_behind_those_before_it(
    told: list[tuple[int, ProductTraits]],
) -> None:
    rows: list[Job] = [job(quantity, kind) for quantity, kind in told]
    times = {
        each.spec.code: each
        for each in (machine(), machine(spec=replace(VACUUM, cleaning_minutes=(5, 8, 20))))
    }

    plan = plan_rows(list(times.values()), rows, day_window(days=6))

    assert plan is not None
    for each in plan:
        code = each.placement.machine
        found = place(times[code], rows[each.row], each.placement.starts_at)
        assert found == each.placement
        times[code] = with_placed(times[code], rows[each.row], each.placement)
