"""Cleaning depends on both neighbours, in order, and a detour never makes it less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.products import (
    PACKS,
    Allergen,
    Aroma,
    CleaningLevel,
    Lane,
    LaneMismatch,
    PackFamily,
    ProductTraits,
    cleaning_level,
    traits_of,
)
from packhouse.errors import Malformed, RuleBroken

AMPLANG = ProductTraits(allergens=frozenset({Allergen.FISH, Allergen.EGG}))
PRAWN_CRACKERS = ProductTraits(allergens=frozenset({Allergen.CRUSTACEAN}))
BANANA_CHIPS = ProductTraits()
LEMPOK = ProductTraits(aroma=Aroma.DURIAN)
COFFEE = ProductTraits(aroma=Aroma.COFFEE)
SAMBAL = ProductTraits(aroma=Aroma.SPICE, wet=True)
LAP_CHEONG = ProductTraits(lane=Lane.NON_HALAL)

traits = st.builds(
    ProductTraits,
    lane=st.just(Lane.HALAL),
    allergens=st.frozensets(st.sampled_from(Allergen), max_size=4),
    aroma=st.sampled_from(Aroma),
    wet=st.booleans(),
)


@pytest.mark.parametrize(
    ("previous", "following", "level"),
    [
        (None, SAMBAL, CleaningLevel.NONE),
        (AMPLANG, AMPLANG, CleaningLevel.BRUSH),
        (BANANA_CHIPS, PRAWN_CRACKERS, CleaningLevel.BRUSH),
        (PRAWN_CRACKERS, BANANA_CHIPS, CleaningLevel.FULL),
        (LEMPOK, LEMPOK, CleaningLevel.BRUSH),
        (LEMPOK, BANANA_CHIPS, CleaningLevel.AROMA),
        (LEMPOK, COFFEE, CleaningLevel.AROMA),
        (BANANA_CHIPS, COFFEE, CleaningLevel.BRUSH),
        (SAMBAL, SAMBAL, CleaningLevel.FULL),
        (SAMBAL, BANANA_CHIPS, CleaningLevel.FULL),
        (BANANA_CHIPS, SAMBAL, CleaningLevel.BRUSH),
    ],
)
def test_the_level_follows_allergens_then_aroma_and_wet_goods_need_everything(
    previous: ProductTraits | None, following: ProductTraits, level: CleaningLevel
) -> None:
    assert cleaning_level(previous, following) == level


@pytest.mark.parametrize(("previous", "following"), [(LAP_CHEONG, AMPLANG), (AMPLANG, LAP_CHEONG)])
def test_no_cleaning_leads_from_one_lane_to_the_other(
    previous: ProductTraits, following: ProductTraits
) -> None:
    with pytest.raises(LaneMismatch) as refusal:
        cleaning_level(previous, following)

    assert isinstance(refusal.value, RuleBroken)
    assert refusal.value.problems[0].code == "lane_mismatch"


@given(traits, traits, traits)
def test_a_detour_over_a_third_product_never_needs_less_cleaning_than_it_saves(
    first: ProductTraits, middle: ProductTraits, last: ProductTraits
) -> None:
    detour = max(cleaning_level(first, middle), cleaning_level(middle, last))

    assert cleaning_level(first, last) <= detour


@given(traits, traits)
def test_a_product_with_more_allergens_never_needs_more_cleaning_before_it(
    previous: ProductTraits, following: ProductTraits
) -> None:
    richer = ProductTraits(
        following.lane, following.allergens | previous.allergens, following.aroma, following.wet
    )

    assert cleaning_level(previous, richer) <= cleaning_level(previous, following)


def test_traits_are_built_from_codes() -> None:
    assert traits_of("halal", frozenset({"fish", "egg"}), "none", wet=False) == AMPLANG


@pytest.mark.parametrize(
    ("lane", "allergens", "aroma", "field", "value"),
    [
        ("kosher", frozenset(), "none", "lane", "kosher"),
        ("halal", frozenset({"fish", "ikan"}), "none", "allergens", "ikan"),
        ("halal", frozenset(), "", "aroma", ""),
    ],
)
def test_an_unknown_code_is_refused_with_its_field(
    lane: str, allergens: frozenset[str], aroma: str, field: str, value: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        traits_of(lane, allergens, aroma, wet=False)

    problem = refusal.value.problems[0]
    assert problem.code == "code_unknown"
    assert problem.facts == {"field": field, "value": value}


def test_every_pack_family_has_a_pack() -> None:
    assert set(PACKS.values()) == set(PackFamily)
