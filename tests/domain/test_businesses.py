import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.businesses import (
    REGENCIES,
    Size,
    is_regency,
    normal_nib,
    size_by_bands,
    size_class,
)


def test_kalimantan_barat_has_fourteen_regencies_with_two_codes_each() -> None:
    assert len(REGENCIES) == 14
    differing = [
        each.code for each in REGENCIES.values() if each.code.replace(".", "") != each.bps_code
    ]
    assert len(differing) == 7
    assert REGENCIES["61.10"].name == "Kab. Melawi"


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("61.71", True), ("61.10", True), ("61.99", False), ("61.1", False), ("64.72", True),
        ("6171", False), ("", False), ("01.01", False), ("61.71 ", False), ("64.72\n", False),
    ],
)  # fmt: skip
def test_a_regency_is_a_code_of_the_ministry(code: str, known: bool) -> None:
    assert is_regency(code) is known


@pytest.mark.parametrize(
    ("sales", "expected"),
    [
        (0, Size.MICRO),
        (2_000_000_000, Size.MICRO),
        (2_000_000_001, Size.SMALL),
        (15_000_000_000, Size.SMALL),
        (15_000_000_001, Size.MEDIUM),
        (50_000_000_000, Size.MEDIUM),
        (50_000_000_001, None),
        (-1, None),
    ],
)
def test_sales_decide_the_class_upper_bounds_included(sales: int, expected: Size | None) -> None:
    assert size_class(sales=sales) is expected


@pytest.mark.parametrize(
    ("capital", "expected"),
    [
        (1_000_000_000, Size.MICRO),
        (1_000_000_001, Size.SMALL),
        (5_000_000_000, Size.SMALL),
        (10_000_000_000, Size.MEDIUM),
        (10_000_000_001, None),
    ],
)
def test_capital_decides_where_there_are_no_sales_yet(capital: int, expected: Size | None) -> None:
    assert size_class(capital=capital) is expected


def test_sales_come_before_capital_and_nothing_known_is_no_class() -> None:
    assert size_class(sales=1, capital=9_000_000_000) is Size.MICRO
    assert size_class() is None


@given(st.from_regex(r"[0-9]{13}", fullmatch=True), st.sampled_from([" ", ".", "-"]))
def test_a_nib_is_read_however_it_is_grouped(nib: str, sign: str) -> None:
    assert normal_nib(f" {sign.join((nib[:4], nib[4:8], nib[8:]))} ") == nib


@given(st.text())
def test_whatever_is_typed_a_nib_has_thirteen_digits_or_is_none(text: str) -> None:
    nib = normal_nib(text)

    assert nib is None or (len(nib) == 13 and nib.isascii() and nib.isdigit())


@pytest.mark.parametrize(
    ("sales", "capital", "expected"),
    [
        ("mikro", "", (Size.MICRO, "sales")),
        ("kecil", "menengah", (Size.SMALL, "sales")),
        ("menengah", "", (Size.MEDIUM, "sales")),
        ("above", "mikro", (None, "sales")),
        ("none", "kecil", (Size.SMALL, "capital")),
        ("none", "above", (None, "capital")),
        ("none", "", None),
        ("", "mikro", None),
        ("besar", "", None),
    ],
)
def test_a_ticked_band_decides_as_its_amounts_would(
    sales: str, capital: str, expected: tuple[Size | None, str] | None
) -> None:
    judged = size_by_bands(sales=sales, capital=capital)

    assert (judged and (judged.size, judged.basis)) == expected
