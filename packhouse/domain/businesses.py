"""Businesses: where they are, how big they are by law, and how far their papers have come."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
