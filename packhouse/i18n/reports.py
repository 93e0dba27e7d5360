"""What people call the figures of a report, and what each of them means."""

from collections.abc import Mapping
from datetime import date

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.names import E10_NAMES, name_of

GROUP_NAMES: Mapping[str, LazyString] = {
    "machine": _l("Mesin"),
    "site": _l("Rumah kemasan"),
    "day": _l("Hari"),
    "kind": _l("Jenis mesin"),
    "total": _l("Semua"),
}

FIGURE_NAMES: Mapping[str, LazyString] = {
    "bookable_minutes": _l("Waktu yang dapat dipesan (menit)"),
    "booked_minutes": _l("Waktu terpesan (menit)"),
    "used_minutes": _l("Waktu terpakai (menit)"),
    "productive_minutes": _l("Waktu produktif (menit)"),
    "booked_rate": _l("Terpesan"),
    "used_rate": _l("Terpakai"),
    "productive_rate": _l("Produktif"),
    "estimated_minutes": _l("Waktu perkiraan (menit)"),
    "e10_operational_uptime": _l("E10 uptime waktu operasi"),
    "e10_total_uptime": _l("E10 uptime seluruh waktu"),
    "e10_operational_utilization": _l("E10 pemanfaatan waktu operasi"),
    "e10_total_utilization": _l("E10 pemanfaatan seluruh waktu"),
    "e10_mtbf_productive_minutes": _l("MTBF waktu produksi (menit)"),
    "e10_mttr_minutes": _l("MTTR (menit)"),
    "iso22400_allocation_efficiency": _l("ISO 22400 efisiensi alokasi"),
    "iso22400_utilization_efficiency": _l("ISO 22400 efisiensi pemakaian"),
    "iso22400_availability": _l("ISO 22400 ketersediaan"),
    "iso22400_technical_efficiency": _l("ISO 22400 efisiensi teknis"),
    "iso22400_setup_rate": _l("ISO 22400 porsi persiapan"),
    "iso22400_effectiveness": _l("ISO 22400 efektivitas"),
    "iso22400_quality_ratio": _l("ISO 22400 rasio mutu"),
    "iso22400_oee": _l("ISO 22400 OEE"),
    "iso22400_nee": _l("ISO 22400 NEE"),
}

DEFINITIONS: Mapping[str, LazyString] = {
    "booked_rate": _l("Waktu yang dipesan dibagi waktu yang dapat dipesan."),
    "used_rate": _l(
        "Waktu mesin dipakai pelanggan, dari persiapan sampai selesai, dibagi waktu yang dapat"
        " dipesan."
    ),
    "productive_rate": _l("Waktu mesin menghasilkan kemasan dibagi waktu yang dapat dipesan."),
    "bookable_minutes": _l(
        "Jam buka tanpa perawatan terencana dan uji coba, sejak mesin mulai beroperasi, ditambah"
        " lembur; hari berjalan dihitung sampai saat ini."
    ),
    "estimated_minutes": _l(
        "Waktu yang ditutup sendiri oleh sistem karena akhir sesinya tidak dicatat."
    ),
    "groups": _l("Angka kelompok adalah jumlah dibagi jumlah, bukan rata-rata persentase."),
    "nothing": _l("Tanpa waktu yang dapat dipesan tidak ada persentase: tertulis –, bukan nol."),
    "days": _l("Hari adalah hari setempat rumah kemasan, dari tengah malam sampai tengah malam."),
    "states": _l(
        "Keadaan mesin menurut SEMI E10, dirinci menurut ISO 22400-2; jumlah keenamnya adalah"
        " seluruh waktu."
    ),
}


MEANING_NAMES: Mapping[str, LazyString] = {
    "bookable_minutes": _l("Waktu yang dapat dipesan"),
    "estimated_minutes": _l("Waktu perkiraan"),
    "groups": _l("Kelompok"),
    "nothing": _l("Tanpa persentase"),
    "days": _l("Hari"),
    "states": _l("Keadaan mesin"),
    "definition_version": _l("Versi definisi"),
}


def report_title() -> str:
    """Return the title of the utilization report."""
    return str(_l("Laporan pemakaian mesin"))


def figure_name(key: str) -> str:
    """Return the heading of a column: "Terpesan", "Produksi (menit)"."""
    state = key.removeprefix("states_")
    if state in E10_NAMES:
        return f"{E10_NAMES[state]} ({_l('menit')})"
    return str(FIGURE_NAMES.get(key, key))


def meaning_name(key: str) -> str:
    """Return what a definition defines."""
    return str(MEANING_NAMES.get(key, FIGURE_NAMES.get(key, key)))


def group_label(by: str, key: str, name: str = "") -> str:
    """Return what people call a group: machines and houses by code and name, a day as a date."""
    if by == "day":
        day = date.fromisoformat(key)
        return formats.local_date(day, "UTC", locale=current_locale(), style="medium")
    return name_of("kind", key) if by == "kind" else f"{key} {name}".strip()


def period_words(first: date, last: date) -> str:
    """Return "1 November 2026 – 30 November 2026", or the one day."""
    days = [
        formats.local_date(day, "UTC", locale=current_locale(), style="long")
        for day in dict.fromkeys((first, last))
    ]
    return f" {formats.EN_DASH} ".join(days)
