"""A job's length follows from its pieces; a machine's rate follows from its runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.machines import (
    KINDS,
    MachineKind,
    MachineSpec,
    RateEstimate,
    WorkMinutes,
    learned_rate,
    work_minutes,
)
from packhouse.domain.products import (
    PACKS,
    CleaningLevel,
    Job,
    Lane,
    ProductTraits,
)
from packhouse.errors import RuleBroken

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
rates = st.decimals(min_value="0.05", max_value="200", places=3)


def spec_of(kind: MachineKind) -> MachineSpec:
    values = KINDS[kind]
    return MachineSpec(
        code=kind,
        lane=Lane.HALAL,
        packs=values.packs,
        rate_per_minute=values.rate_per_minute,
        setup_minutes=values.setup_minutes,
        cleaning_minutes=values.cleaning_minutes,
        attended=values.attended,
        tariff_per_hour=15_000,
        commissioned_at=SINCE,
    )


def pouches(quantity: int) -> Job:
    return Job(ProductTraits(), "pouch_100", quantity)


BAND_SEALER = spec_of(MachineKind.BAND_SEALER)


def test_all_22_kinds_of_the_catalogue_have_planning_values() -> None:
    assert len(MachineKind) == 22
    assert set(KINDS) == set(MachineKind)


@pytest.mark.parametrize("kind", MachineKind)
def test_planning_values_make_a_valid_machine(kind: MachineKind) -> None:
    assert spec_of(kind).code == kind.value


def test_every_pack_is_handled_by_some_kind() -> None:
    assert set().union(*(each.packs for each in KINDS.values())) == set(PACKS)


def test_400_pouches_take_10_minutes_of_setup_and_27_of_run() -> None:
    work = work_minutes(BAND_SEALER, pouches(400))

    assert work == WorkMinutes(setup_minutes=10, run_minutes=30, rounding_minutes=3)
    assert work.run_minutes - work.rounding_minutes == 27
    assert BAND_SEALER.cleaning_for(CleaningLevel.BRUSH) == 5


def test_the_same_pouches_take_80_minutes_on_a_single_vacuum_chamber() -> None:
    vacuum = spec_of(MachineKind.VACUUM_SINGLE)

    assert work_minutes(vacuum, pouches(400)) == WorkMinutes(5, 80, 0)
    assert vacuum.cleaning_for(CleaningLevel.BRUSH) == 5


@given(rates, st.integers(1, 100_000))
def test_the_run_is_long_enough_for_the_pieces_and_not_a_grid_step_longer(
    rate: Decimal, quantity: int
) -> None:
    work = work_minutes(replace(BAND_SEALER, rate_per_minute=rate), pouches(quantity))
    exact = work.run_minutes - work.rounding_minutes

    assert exact * Fraction(rate) >= quantity
    assert (exact - 1) * Fraction(rate) < quantity
    assert 0 <= work.rounding_minutes < 5
    assert work.total % 5 == 0


def test_a_rate_that_divides_evenly_does_not_round_up() -> None:
    assert (
        work_minutes(replace(BAND_SEALER, rate_per_minute=Decimal("0.3")), pouches(3)).run_minutes
        == 10
    )


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_to_pack_is_no_job(quantity: int) -> None:
    with pytest.raises(ValueError, match="nothing to pack"):
        work_minutes(BAND_SEALER, pouches(quantity))


def test_an_aroma_takes_half_as_long_again_but_never_longer_than_the_full_clean() -> None:
    assert KINDS[MachineKind.BAND_SEALER].cleaning_minutes == (5, 8, 15)
    assert KINDS[MachineKind.CODER].cleaning_minutes == (2, 2, 2)


@pytest.mark.parametrize(
    ("level", "minutes"),
    [
        (CleaningLevel.NONE, 0),
        (CleaningLevel.BRUSH, 5),
        (CleaningLevel.AROMA, 10),
        (CleaningLevel.FULL, 15),
    ],
)
def test_a_clean_keeps_the_machine_for_whole_grid_steps(level: CleaningLevel, minutes: int) -> None:
    assert BAND_SEALER.cleaning_for(level) == minutes


def test_every_wrong_value_of_a_machine_is_told_at_once() -> None:
    with pytest.raises(RuleBroken) as refusal:
        replace(
            BAND_SEALER,
            packs=frozenset(),
            rate_per_minute=Decimal(0),
            setup_minutes=-1,
            cleaning_minutes=(5, 4, 15),
            tariff_per_hour=-1,
            retired_at=SINCE - timedelta(days=1),
        )

    assert [each.code for each in refusal.value.problems] == [
        "machine_packs_missing",
        "machine_rate_not_positive",
        "machine_setup_out_of_range",
        "machine_cleaning_not_rising",
        "machine_tariff_negative",
        "machine_retired_before_commissioned",
    ]


def test_a_house_may_own_a_machine_for_packs_the_catalogue_does_not_know() -> None:
    assert "barrel" in replace(BAND_SEALER, packs=frozenset({"barrel"})).packs


def test_a_machine_with_an_endless_rate_is_refused() -> None:
    with pytest.raises(RuleBroken):
        replace(BAND_SEALER, rate_per_minute=Decimal("NaN"))


# --- learned rates


def test_without_runs_the_planned_rate_stands_with_ten_percent_around_it() -> None:
    estimate = learned_rate(Decimal(15), [])

    assert estimate == RateEstimate(Decimal(15), Decimal("13.5"), Decimal("16.5"), 0)


def test_one_wild_run_hardly_moves_the_rate_and_many_runs_decide_it() -> None:
    assert learned_rate(Decimal(15), [Decimal(1000)]).rate == Decimal("16.5")
    assert learned_rate(Decimal(15), [Decimal(9)] * 30).rate == 9


def test_runs_that_made_nothing_are_left_out() -> None:
    estimate = learned_rate(Decimal(15), [Decimal(0), Decimal(-1), Decimal("NaN"), Decimal(15)])

    assert (estimate.rate, estimate.count) == (Decimal(15), 1)


@given(rates, st.lists(rates, max_size=40))
def test_the_learned_rate_lies_in_its_range_and_in_what_was_seen(
    planned: Decimal, samples: list[Decimal]
) -> None:
    estimate = learned_rate(planned, samples)
    seen = [*samples, planned * Decimal("0.8"), planned * Decimal("1.2")]

    assert estimate.low <= estimate.rate <= estimate.high
    assert min(seen) - Decimal("0.001") <= estimate.low
    assert estimate.high <= max(seen) + Decimal("0.001")
    assert estimate.count == len(samples)


@given(rates, st.lists(rates, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(
    planned: Decimal, samples: list[Decimal], chance: Random
) -> None:
    mixed = list(samples)
    chance.shuffle(mixed)

    assert learned_rate(planned, mixed) == learned_rate(planned, samples)
