"""Businesses that are on record twice, and what speaks against making them one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.businesses import (
    Known,
    Likeness,
    Mergeable,
    likely_pairs,
    name_key,
    problems_with_merge,
)

PLAIN = Known(1, "Amplang Bu Sari", "umkm", "61.04", "+6281234567890")


@pytest.mark.parametrize(
    "written",
    ["amplang bu sari", "UD. Amplang Bu Sari", "Usaha AMPLANG  Bu-Sari", "CV Amplang Busari"],
)
def test_a_name_is_compared_without_case_signs_spaces_and_legal_form(written: str) -> None:
    assert name_key(written) == name_key(PLAIN.name)


def test_a_name_that_is_only_a_legal_form_is_still_a_name() -> None:
    assert name_key("UD") == "ud"
    assert name_key(" - ") == ""


@pytest.mark.parametrize(
    ("other", "likeness"),
    [
        (Known(2, "ud amplang busari", "umkm", "61.04", ""), (Likeness.NAME,)),
        (Known(2, "Amplang Bu Sari", "umkm", "61.71", ""), ()),
        (Known(2, "Keripik", "umkm", "61.71", "0812 3456 7890"), (Likeness.PHONE,)),
        (Known(2, "Amplang Bu Sari", "cooperative", "61.04", "081234567890"), ()),
    ],
)
def test_a_telephone_tells_anywhere_and_a_name_within_its_regency(
    other: Known, likeness: tuple[Likeness, ...]
) -> None:
    assert [each.likeness for each in likely_pairs([other, PLAIN])] == ([likeness] * bool(likeness))


def test_a_nib_on_a_paper_tells_most_and_comes_first() -> None:
    first = replace(PLAIN, nibs=frozenset({"0123456789012"}))
    other = Known(7, "Lain", "umkm", "61.71", "", frozenset({"0123 4567 89012"}))
    third = replace(PLAIN, id=9)

    found = likely_pairs([third, other, first])

    assert [(each.first, each.second) for each in found] == [(1, 7), (1, 9)]
    assert found[0].likeness == (Likeness.NIB,)
    assert found[1].likeness == (Likeness.PHONE, Likeness.NAME)


@given(st.lists(st.sampled_from(["", "0811111111", "0822222222"]), max_size=8))
def test_every_later_record_is_put_beside_the_oldest_with_its_telephone(phones: list[str]) -> None:
    known = [
        Known(number, f"Usaha {number}", "umkm", "61.71", phone)
        for number, phone in enumerate(phones, 1)
    ]

    found = {(each.first, each.second) for each in likely_pairs(known)}

    assert found == {
        (phones.index(phone) + 1, number)
        for number, phone in enumerate(phones, 1)
        if phone and phones.index(phone) + 1 != number
    }


@given(
    st.sets(st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] < pair[1]))
)
def test_what_is_known_to_be_two_gives_its_place_to_the_next_oldest(
    apart: set[tuple[int, int]],
) -> None:
    known = [Known(each, f"Usaha {each}", "umkm", "61.71", "0811111111") for each in range(1, 7)]

    found = {(each.first, each.second) for each in likely_pairs(known, apart=apart)}

    left = {each: [one for one in range(1, each) if (one, each) not in apart] for each in range(7)}
    assert found == {(those[0], each) for each, those in left.items() if those}


def test_everything_that_speaks_against_a_merger_is_told_at_once() -> None:
    one = Mergeable(1, "umkm", "0123456789012", merged=False)
    other = Mergeable(2, "cooperative", "9123456789012", merged=True)

    def codes(first: Mergeable, second: Mergeable, *, linked: bool = False) -> set[str]:
        return {each.code for each in problems_with_merge(first, second, linked=linked)}

    assert codes(one, other, linked=True) == {
        "merge_done", "merge_kinds", "merge_nibs", "merge_linked",
    }  # fmt: skip
    assert codes(one, one) == {"merge_self"}
    assert codes(one, replace(other, kind="umkm", nib=None, merged=False)) == set()
