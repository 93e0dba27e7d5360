"""The register of machines as sheets: CSV for programs, a workbook for the asset officer."""

import csv
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from packhouse.channels.sheets import harmless, open_workbook
from packhouse.domain.machines import MARKS, Condition
from packhouse.i18n.names import name_of
from packhouse.queries.machines.register import RegisterRow

Told = Callable[[RegisterRow], Any]


def _local_day(name: str) -> Told:
    def told(row: RegisterRow) -> Any:
        instant = getattr(row, name)
        return instant.astimezone(ZoneInfo(row.zone)).date() if instant else None

    return told


def _plain(name: str) -> Told:
    return lambda row: getattr(row, name)


def _named(family: str, name: str) -> Told:
    return lambda row: name_of(family, getattr(row, name)) if getattr(row, name) else ""


def _asset(name: str) -> Told:
    return lambda row: getattr(row.asset, name)


def _fund(row: RegisterRow) -> str:
    return name_of("fund", row.asset.fund_kind) if row.asset.fund_kind else ""


# Heading for programs, heading for people, value for programs, value for people where it differs.
COLUMNS: tuple[tuple[str, LazyString, Told, Told | None], ...] = (
    ("code", _l("Kode mesin"), _plain("machine"), None),
    ("name", _l("Nama mesin"), _plain("name"), None),
    ("kind", _l("Jenis mesin"), _plain("kind"), _named("kind", "kind")),
    ("asset_code", _l("Kode barang"), _asset("asset_code"), None),
    ("asset_number", _l("NUP"), _asset("asset_number"), None),
    ("acquired_year", _l("Tahun perolehan"), _asset("acquired_year"), None),
    ("acquisition_value", _l("Nilai perolehan"), _asset("acquisition_value"), None),
    ("fund_kind", _l("Sumber dana"), _asset("fund_kind"), _fund),
    ("fund_source", _l("Keterangan sumber dana"), _asset("fund_source"), None),
    ("holder", _l("Pemegang barang"), _asset("holder"), None),
    ("site", _l("Kode rumah kemasan"), _plain("site"), None),
    ("site_name", _l("Rumah kemasan"), _plain("site_name"), None),
    ("room", _l("Ruang atau posisi"), _plain("room"), None),
    ("placement", _l("Penempatan"), _plain("placement"), _named("placement", "placement")),
    ("due_on", _l("Dipinjamkan sampai"), _plain("due_on"), None),
    ("condition", _l("Kondisi"), lambda row: MARKS[Condition(row.asset.condition)], None),
    ("condition_on", _l("Diperiksa"), _local_day("condition_at"), None),
    ("commissioned_on", _l("Mulai beroperasi"), _local_day("commissioned_at"), None),
    ("retired_on", _l("Tidak dipakai lagi sejak"), _local_day("retired_at"), None),
)  # fmt: skip


def register_csv(rows: Sequence[RegisterRow]) -> str:
    """Return a line a machine, after RFC 4180: days ISO 8601, money whole rupiah, codes as such."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([name for name, *_ in COLUMNS])
    for row in rows:
        values = [told(row) for _, _, told, _ in COLUMNS]
        writer.writerow([harmless(each) if isinstance(each, str) else each for each in values])
    return text.getvalue()


def register_workbook(rows: Sequence[RegisterRow]) -> bytes:
    """Return a workbook with one sheet, ready to be printed on A4 in landscape."""
    content = BytesIO()
    with open_workbook(content) as book:
        sheet = book.add_worksheet(str(_l("Daftar barang")))
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        forms = {
            "acquisition_value": book.add_format({"num_format": "#,##0"}),
            "day": book.add_format({"num_format": "dd/mm/yyyy"}),
        }
        sheet.write_row(0, 0, [str(heading) for _, heading, *_ in COLUMNS], head)
        for number, row in enumerate(rows, start=1):
            for place, (name, _heading, told, said) in enumerate(COLUMNS):
                _write(sheet, number, place, (said or told)(row), forms, name)
        sheet.set_column(0, len(COLUMNS) - 1, 14)
        sheet.set_column(1, 1, 28)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    return content.getvalue()


def _write(
    sheet: Any, number: int, place: int, value: Any, forms: dict[str, Any], name: str
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(number, place, value)
    elif isinstance(value, int):
        sheet.write_number(number, place, value, forms.get(name))
    else:
        sheet.write_datetime(number, place, value, forms["day"])
