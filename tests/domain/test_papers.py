from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.businesses import (
    ALLOWED,
    Level,
    Packed,
    Paper,
    PaperKind,
    PaperState,
    cautions,
    expiry_of,
    lead_due,
    level_of,
    next_steps,
    problems_with_paper,
    problems_with_trial,
)
from packhouse.domain.businesses.tiers import ORDER

TODAY = date(2026, 11, 24)
VERIFIED, UNCHECKED = PaperState.VERIFIED, PaperState.UNCHECKED
PIRT, HALAL = "2026104010001-31", "ID61110001234567890"


def paper(kind: str, number: str = "1", **fields: Any) -> Paper:
    return Paper(PaperKind(kind), fields.pop("state", VERIFIED), number, **fields)


def level(*papers: Paper, seen: Level = Level.TRIAL, lanes: dict[int, str] | None = None) -> Level:
    return level_of(seen=seen, papers=papers, lanes=lanes or {}, today=TODAY)


def codes(pack: str, *papers: Paper, **fields: str) -> list[str]:
    product = Packed(pack, fields.get("lane", "halal"), fields.get("level", "nib"),
                     fields.get("kind"))  # fmt: skip
    return [problem.code for problem in cautions(product, papers, TODAY)]


def test_a_nib_opens_selling_and_licence_with_halal_the_market() -> None:
    nib, pirt, halal = paper("nib"), paper("pirt", product_id=1), paper("halal")

    assert level() is Level.TRIAL
    assert level(nib) is Level.NIB
    assert level(nib, pirt, lanes={1: "halal"}) is Level.NIB
    assert level(nib, pirt, halal, lanes={1: "halal"}) is Level.MARKET_READY
    assert level(nib, pirt, lanes={1: "non_halal"}) is Level.MARKET_READY
    assert level(pirt, halal, lanes={1: "halal"}) is Level.TRIAL
    assert level(nib, pirt, halal, lanes={2: "halal"}) is Level.NIB


def test_what_is_unchecked_refused_or_over_counts_for_nothing() -> None:
    for state in set(PaperState) - {VERIFIED}:
        assert level(paper("nib", state=state)) is Level.TRIAL
    over = paper("pirt", product_id=1, expires_on=TODAY - timedelta(days=1))
    last_day = paper("pirt", product_id=1, expires_on=TODAY)
    rest = (paper("nib"), paper("halal"))
    assert level(*rest, over, lanes={1: "halal"}) is Level.NIB
    assert level(*rest, last_day, lanes={1: "halal"}) is Level.MARKET_READY


def test_a_tier_never_falls_below_what_an_officer_saw() -> None:
    assert level(seen=Level.MARKET_READY) is Level.MARKET_READY
    assert level(paper("pirt", product_id=1), paper("halal"), seen=Level.NIB,
                 lanes={1: "halal"}) is Level.MARKET_READY  # fmt: skip


PAPERS = st.lists(
    st.builds(
        Paper,
        kind=st.sampled_from(PaperKind),
        state=st.sampled_from(PaperState),
        product_id=st.sampled_from([None, 1, 2]),
        expires_on=st.sampled_from([None, TODAY - timedelta(days=1), TODAY]),
    ),
    max_size=6,
)
LANES = st.dictionaries(st.sampled_from([1, 2]), st.sampled_from(["halal", "non_halal"]))


@given(PAPERS, PAPERS, LANES, st.sampled_from(Level))
def test_another_paper_never_lowers_a_tier_and_there_is_always_a_next_step(
    some: list[Paper], more: list[Paper], lanes: dict[int, str], seen: Level
) -> None:
    before = level(*some, seen=seen, lanes=lanes)
    after = level(*some, *more, seen=seen, lanes=lanes)

    assert ORDER.index(after) >= ORDER.index(before)
    assert bool(next_steps(level=before, papers=some, lanes=lanes, today=TODAY)) is (
        before is not Level.MARKET_READY
    )
    assert ALLOWED[before]


def test_the_next_step_is_the_nearest_one() -> None:
    def steps(of: Level, *papers: Paper, **lanes: str) -> list[tuple[str, int | None]]:
        known = {int(name[1:]): lane for name, lane in lanes.items()}
        found = next_steps(level=of, papers=papers, lanes=known, today=TODAY)
        return [(step.code, step.product_id) for step in found]

    assert steps(Level.TRIAL) == [("nib_get", None)]
    assert steps(Level.TRIAL, paper("nib", state=UNCHECKED)) == [("nib_wait", None)]
    assert steps(Level.NIB) == [("product_add", None)]
    assert steps(Level.NIB, p1="halal", p2="non_halal") == [("licence_get", 2)]
    waits = paper("pirt", product_id=1, state=UNCHECKED)
    assert steps(Level.NIB, waits, p1="halal") == [("licence_wait", 1), ("halal_get", 1)]


def test_without_a_nib_a_trial_has_a_limit() -> None:
    assert problems_with_trial(level="nib", quantity=10**6, most=200) == []
    assert problems_with_trial(level="trial", quantity=200, most=200) == []
    (problem,) = problems_with_trial(level="trial", quantity=201, most=200)
    assert (problem.code, problem.facts) == ("trial_quantity", {"quantity": 201, "most": 200})


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (PIRT, []),
        ("P-IRT No. 2026104010001-31", []),
        ("2026104010001-29", []),
        ("202610401000131", []),
        ("6026104010001-31", []),
        ("4026104010001-31", ["pirt_package_differs"]),
        ("9026104010001-31", ["pirt_package_unknown"]),
        ("2026104", ["pirt_shape"]),
        ("٢026104010001-31", ["pirt_shape"]),
    ],
)
def test_a_pirt_number_tells_its_package_by_its_first_digit(
    number: str, expected: list[str]
) -> None:
    assert codes("pouch_100", paper("pirt", number), paper("halal", HALAL)) == expected


def test_a_number_is_doubted_by_pack_and_machine() -> None:
    halal = paper("halal", HALAL)
    assert codes("can", paper("pirt", PIRT), halal) == ["pirt_package_differs"]
    assert codes("rice_bag", paper("pirt", PIRT), halal) == []
    assert codes("sachet", paper("pirt", PIRT), halal, kind="vffs") == ["pirt_automatic"]
    assert codes("can", paper("pirt", "4026104010001-31"), halal, kind="retort") == [
        "process_needs_md"
    ]
    assert codes("can", paper("md", "MD 262110001234"), halal, kind="retort") == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (HALAL, []),
        ("ID 8111 0001 2345 67", []),
        ("KH-12345-2020", ["halal_is_decree"]),
        ("15120012345", ["halal_shape"]),
    ],
)
def test_a_halal_certificate_is_not_its_decree(number: str, expected: list[str]) -> None:
    assert codes("pouch_100", paper("pirt", PIRT), paper("halal", number)) == expected


@pytest.mark.parametrize(
    ("number", "fine"),
    [
        ("MD 262110001234", True), ("ml123456789012345", True), ("MD 12345678901", False),
        ("MD 1234567890123456", False), ("262110001234", False),
    ],
)  # fmt: skip
def test_an_md_number_has_twelve_to_fifteen_digits(number: str, fine: bool) -> None:
    assert codes("can", paper("md", number), paper("halal", HALAL)) == (
        [] if fine else ["md_shape"]
    )


def test_what_is_missing_is_said_by_tier_and_lane() -> None:
    assert codes("pouch_100", level="trial") == ["trial_not_for_sale"]
    assert codes("pouch_100") == ["licence_missing", "halal_missing"]
    assert codes("pouch_100", lane="non_halal") == ["licence_missing"]
    refused = paper("halal", HALAL, state=PaperState.REFUSED)
    assert codes("pouch_100", paper("pirt", PIRT), refused) == ["halal_missing"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, ["paper_expired"]), (0, ["paper_expires"]), (60, ["paper_expires"]), (61, [])],
)
def test_an_end_is_said_sixty_days_before(days: int, expected: list[str]) -> None:
    ends = paper("halal", HALAL, expires_on=TODAY + timedelta(days=days))

    assert codes("pouch_100", paper("pirt", PIRT), ends) == expected


def test_each_warning_is_due_once_and_the_nearer_one_stands_for_both() -> None:
    def due(days: int, warned: int | None) -> int | None:
        return lead_due(expires_on=TODAY + timedelta(days=days), today=TODAY, warned=warned)

    assert [due(days, None) for days in (61, 60, 15, 14, 0, -1)] == [None, 60, 60, 14, 14, None]
    assert [due(days, 60) for days in (60, 15, 14, 0)] == [None, None, 14, 14]
    assert due(3, 14) is None


def test_a_pirt_number_ends_with_its_year() -> None:
    def ends(number: str, told: date | None = None) -> date | None:
        return expiry_of(kind="pirt", number=number, expires_on=told)

    assert ends(PIRT) == date(2031, 12, 31)
    assert ends(PIRT, TODAY) == TODAY
    assert ends("?") is None
    assert expiry_of(kind="halal", number=PIRT, expires_on=None) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"number": "apa saja"}, []),
        ({"kind": "sim"}, ["paper_kind_unknown"]),
        ({"number": " "}, ["paper_number_missing"]),
        ({"kind": "nib", "number": "12"}, ["nib_malformed"]),
        ({"kind": "nib", "number": "1" * 13, "of_product": True}, ["paper_of_business"]),
        ({"kind": "other", "number": ""}, ["paper_title_missing"]),
        ({"issued_on": TODAY, "expires_on": TODAY - timedelta(days=1)}, ["paper_days_reversed"]),
        ({"expires_on": date(1, 1, 1)}, ["paper_day_unlikely"]),
        ({"number": "1" * 61}, ["paper_number_long"]),
    ],
)  # fmt: skip
def test_only_what_cannot_be_a_paper_is_refused(
    fields: dict[str, Any], expected: list[str]
) -> None:
    told: dict[str, Any] = {
        "kind": "pirt", "number": PIRT, "title": "", "issued_on": None, "expires_on": None,
        "of_product": False,
    }  # fmt: skip

    assert [problem.code for problem in problems_with_paper(**(told | fields))] == expected
