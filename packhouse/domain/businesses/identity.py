"""Who a business is: where it is, its NIB, and how big it is by law."""

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from packhouse.domain.users import normal_phone
from packhouse.errors import Problem

LONGEST_NAME = 120
_REGENCY_CODE = re.compile(r"[1-9]\d\.\d{2}")
_NIB_SIGNS = str.maketrans("", "", " .-")


class BusinessKind(StrEnum):
    UMKM = "umkm"
    COOPERATIVE = "cooperative"


class Size(StrEnum):
    """The classes of PP 7/2021 article 35."""

    MICRO = "mikro"
    SMALL = "kecil"
    MEDIUM = "menengah"


class Level(StrEnum):
    """How far a business may go: pack for trial, pack with a NIB, pack for the market."""

    TRIAL = "trial"
    NIB = "nib"
    MARKET_READY = "market_ready"


@dataclass(frozen=True, slots=True)
class Regency:
    """A kabupaten or kota; codes are text, for 61.10 read as a number becomes 61.1.

    Ministry of Home Affairs and statistics office number seven of the fourteen differently.
    """

    code: str
    bps_code: str
    name: str


REGENCIES: MappingProxyType[str, Regency] = MappingProxyType(
    {
        code: Regency(code, bps_code, name)
        for code, bps_code, name in (
            ("61.01", "6101", "Kab. Sambas"),
            ("61.02", "6104", "Kab. Mempawah"),
            ("61.03", "6105", "Kab. Sanggau"),
            ("61.04", "6106", "Kab. Ketapang"),
            ("61.05", "6107", "Kab. Sintang"),
            ("61.06", "6108", "Kab. Kapuas Hulu"),
            ("61.07", "6102", "Kab. Bengkayang"),
            ("61.08", "6103", "Kab. Landak"),
            ("61.09", "6109", "Kab. Sekadau"),
            ("61.10", "6110", "Kab. Melawi"),
            ("61.11", "6111", "Kab. Kayong Utara"),
            ("61.12", "6112", "Kab. Kubu Raya"),
            ("61.71", "6171", "Kota Pontianak"),
            ("61.72", "6172", "Kota Singkawang"),
        )
    }
)
"""Kalimantan Barat by Kepmendagri 300.2.2-2430/2025; other provinces carry their code as name."""


def is_regency(code: str) -> bool:
    """Tell whether the code can be a regency: one of Kalimantan Barat, or any of elsewhere."""
    return code in REGENCIES or (
        _REGENCY_CODE.fullmatch(code) is not None and not code.startswith("61.")
    )


def normal_nib(text: str) -> str | None:
    """Return the 13 digits of a NIB without spaces, dots and dashes; None when it is not one.

    It has no public check digit; leading zeros belong to it, so it stays text.
    """
    digits = text.translate(_NIB_SIGNS)
    return digits if re.fullmatch(r"[0-9]{13}", digits) else None


_BILLION = 1_000_000_000
_SIZES = (
    (Size.MICRO, 1 * _BILLION, 2 * _BILLION),
    (Size.SMALL, 5 * _BILLION, 15 * _BILLION),
    (Size.MEDIUM, 10 * _BILLION, 50 * _BILLION),
)


def size_class(*, sales: int | None = None, capital: int | None = None) -> Size | None:
    """Return the class of PP 7/2021 article 35 in rupiah; None above 'menengah' or if unknown.

    Last year's sales decide where they are known, the capital (without land and buildings) of a
    new business otherwise. Upper bounds belong to the class.
    """
    for size, most_capital, most_sales in _SIZES:
        amount, most = (capital, most_capital) if sales is None else (sales, most_sales)
        if amount is not None and 0 <= amount <= most:
            return size
    return None


class Basis(StrEnum):
    """What the size was judged by; what somebody merely says of it is neither."""

    SALES = "sales"
    CAPITAL = "capital"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class Judged:
    """A class with what it was judged by; None above the largest class."""

    size: Size | None
    basis: Basis


ABOVE = "above"
NO_YEAR_YET = "none"


def size_by_bands(*, sales: str, capital: str) -> Judged | None:
    """Return the class by the bands a person ticked, so that no amount has to be told.

    A band is named for the class whose bounds it lies in, or "above" all of them. `sales` is
    that of the last full year, or "none" of a business that has none yet: then its capital
    decides. None when the band that decides is missing or unknown.
    """
    basis = Basis.CAPITAL if sales == NO_YEAR_YET else Basis.SALES
    band = capital if basis is Basis.CAPITAL else sales
    if band == ABOVE:
        return Judged(None, basis)
    for size, most_capital, most_sales in _SIZES:
        if band == size:
            by_law = size_class(
                **({"capital": most_capital} if basis is Basis.CAPITAL else {"sales": most_sales})
            )
            return Judged(by_law, basis)
    return None


def problems_with_business(
    *,
    name: str,
    regency: str,
    size: str,
    level: str,
    kind: str,
    nib: str,
    village: str = "",
    phone: str = "",
) -> list[Problem]:
    """Return everything that is wrong with what is told about a business."""
    checks = (
        (bool(name.strip()), Problem("name_missing")),
        (len(name.strip()) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (is_regency(regency), Problem("regency_unknown", {"value": regency})),
        (size != ABOVE, Problem("size_above")),
        (size == ABOVE or size in set(Size), Problem("size_unknown", {"value": size})),
        (level in set(Level), Problem("level_unknown", {"value": level})),
        (kind in set(BusinessKind), Problem("business_kind_unknown", {"value": kind})),
        (not nib.strip() or normal_nib(nib) is not None, Problem("nib_malformed", {"nib": nib})),
        (len(village) <= LONGEST_NAME, Problem("village_long", {"maximum": LONGEST_NAME})),
        (not phone.strip() or normal_phone(phone) is not None, Problem("phone_malformed")),
    )
    return [problem for fine, problem in checks if not fine]
