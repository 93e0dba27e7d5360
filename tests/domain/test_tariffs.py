"""What machine time costs, with and without a reduction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.tariffs import (
    Client,
    Reduction,
    ReductionKind,
    best_reduction,
    is_entitled,
    price_of,
    price_with,
)

MICRO = Client(size="mikro", level="nib")
HALF = Reduction(1, ReductionKind.MICRO, 50)


@pytest.mark.parametrize(
    ("tariff", "minutes", "percent", "price"),
    [
        (15_000, 60, 0, 15_000),
        (15_000, 60, 50, 7_500),
        (15_000, 37, 25, 6_938),  # 6,937.5
        (1, 30, 0, 1),  # Half a rupiah counts as one.
        (1, 30, 50, 0),
        (60_000, 90, 100, 0),
        (0, 90, 0, 0),
    ],
)
def test_a_price_is_rounded_once_and_half_a_rupiah_up(
    tariff: int, minutes: int, percent: int, price: int
) -> None:
    assert price_of(tariff, minutes, percent) == price


@given(st.integers(0, 10**9), st.integers(0, 10_000), st.integers(0, 100))
def test_a_reduction_never_raises_a_price_and_never_makes_it_negative(
    tariff: int, minutes: int, percent: int
) -> None:
    assert 0 <= price_of(tariff, minutes, percent) <= price_of(tariff, minutes)
    assert price_of(tariff, minutes, 100) == 0


@pytest.mark.parametrize(
    ("kind", "client"),
    [
        (ReductionKind.TRIAL, Client(size="kecil", level="trial")),
        (ReductionKind.MICRO, MICRO),
        (ReductionKind.COOPERATIVE, Client(size="kecil", level="nib", in_cooperative=True)),
        (ReductionKind.EVERYONE, Client(size="menengah", level="market_ready")),
    ],
)
def test_each_rule_is_for_its_own_kind_of_business(kind: ReductionKind, client: Client) -> None:
    stranger = Client(size="menengah", level="market_ready")

    assert is_entitled(kind, client)
    assert is_entitled(kind, stranger) == (kind is ReductionKind.EVERYONE)


def test_the_highest_reduction_counts_alone() -> None:
    client = Client(size="mikro", level="trial", in_cooperative=True)
    rules = [
        HALF,
        Reduction(2, ReductionKind.COOPERATIVE, 25),
        Reduction(3, ReductionKind.TRIAL, 100),
    ]

    assert best_reduction(rules, client, site_id=1) == rules[2]
    assert best_reduction(rules[:2], client, site_id=1) == HALF
    assert best_reduction([], client, site_id=1) is None


def test_of_two_equal_reductions_the_narrower_one_is_named() -> None:
    rules = [Reduction(1, ReductionKind.EVERYONE, 50), Reduction(2, ReductionKind.MICRO, 50)]

    assert best_reduction(rules, MICRO, site_id=1) == rules[1]


def test_a_reduction_of_one_house_does_not_hold_in_another() -> None:
    here = Reduction(1, ReductionKind.MICRO, 50, site_id=1)

    assert best_reduction([here], MICRO, site_id=1) == here
    assert best_reduction([here], MICRO, site_id=2) is None


def test_where_nothing_is_charged_no_reduction_is_named() -> None:
    assert price_with(0, 60, HALF).kind == ""
    assert price_with(15_000, 60, HALF).kind == "micro"
    assert price_with(15_000, 60, HALF).full == 15_000
    assert price_with(15_000, 60, None).due == 15_000
