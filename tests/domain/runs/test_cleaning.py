from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.products import (
    Allergen,
    Aroma,
    CleaningLevel,
    ProductTraits,
    cleaning_level,
)
from packhouse.domain.runs import Missing, Signed, Why, due_between, missing

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PLAIN = ProductTraits()
PRAWN = ProductTraits(allergens=frozenset({Allergen.CRUSTACEAN}))
COFFEE = ProductTraits(aroma=Aroma.COFFEE)
WET = ProductTraits(wet=True)
TRAITS = st.builds(
    ProductTraits,
    allergens=st.frozensets(st.sampled_from(list(Allergen)), max_size=3),
    aroma=st.sampled_from(list(Aroma)),
    wet=st.booleans(),
)


def after(minutes: int, level: int, *, checked: bool = False) -> Signed:
    return Signed(level, NOON + timedelta(minutes=minutes), checked)


def test_prawns_before_bananas_are_an_allergen_and_not_the_other_way_round() -> None:
    due = due_between(PRAWN, PLAIN)
    back = due_between(PLAIN, PRAWN)

    assert due is not None
    assert back is not None
    assert (due.level, due.why, due.allergens) == (
        CleaningLevel.FULL,
        Why.ALLERGENS,
        ("crustacean",),
    )
    assert due.needs_second
    assert (back.level, back.why) == (CleaningLevel.BRUSH, Why.BRUSH)


def test_aroma_and_oil_are_said_as_what_they_are() -> None:
    aroma, wet = due_between(COFFEE, PLAIN), due_between(WET, PLAIN)

    assert aroma is not None
    assert wet is not None
    assert (aroma.level, aroma.why, aroma.aroma) == (CleaningLevel.AROMA, Why.AROMA, "coffee")
    assert (wet.level, wet.why) == (CleaningLevel.FULL, Why.WET)


def test_a_day_starts_clean() -> None:
    assert due_between(None, PRAWN) is None
    assert missing(None, since=NOON, signed=[]) is None


@given(previous=TRAITS, following=TRAITS)
def test_what_is_due_is_what_planning_counted_on(
    previous: ProductTraits, following: ProductTraits
) -> None:
    due = due_between(previous, following)

    assert due is not None
    assert due.level == cleaning_level(previous, following)


def test_a_full_clean_wants_a_signature_and_a_second_pair_of_eyes() -> None:
    due = due_between(PRAWN, PLAIN)

    assert missing(due, since=NOON, signed=[]) == Missing.CLEAN
    assert missing(due, since=NOON, signed=[after(5, 3)]) == Missing.CHECK
    assert missing(due, since=NOON, signed=[after(5, 3, checked=True)]) is None


def test_a_clean_before_the_run_or_too_light_does_not_count() -> None:
    due = due_between(PRAWN, PLAIN)

    assert missing(due, since=NOON, signed=[after(-1, 3, checked=True)]) == Missing.CLEAN
    assert missing(due, since=NOON, signed=[after(5, 2, checked=True)]) == Missing.CLEAN


def test_a_lighter_clean_needs_nobody_else() -> None:
    assert missing(due_between(COFFEE, PLAIN), since=NOON, signed=[after(5, 2)]) is None
