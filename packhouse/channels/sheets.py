"""Reports as sheets: CSV for programs, a workbook for people."""

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from packhouse.domain.reports import Figures
from packhouse.i18n.names import name_of
from packhouse.i18n.reports import (
    DEFINITIONS,
    GROUP_NAMES,
    figure_name,
    group_label,
    meaning_name,
    period_words,
    report_title,
)
from packhouse.queries.reports import Exceptions, Utilization

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

TOTAL = "total"
# A spreadsheet takes a text that begins like this for a formula and computes it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}


def flat(row: Figures) -> dict[str, float | None]:
    """Return the figures of one group in one level: states_PRD, e10_mttr_minutes, …."""
    plain: dict[str, float | None] = {}
    for name, value in row.as_dict().items():
        if isinstance(value, dict):
            plain |= {f"{name}_{part}": each for part, each in value.items()}
        else:
            plain[name] = value
    return plain


def utilization_csv(report: Utilization) -> str:
    """Return one row a group and a last row "total", after RFC 4180.

    Decimals have a dot, days are ISO 8601, and a ratio without a denominator is an empty cell.
    """
    text = StringIO()
    writer = csv.writer(text)
    period = [report.from_day.isoformat(), report.to_day.isoformat(), report.definition_version]
    writer.writerow([report.by, *flat(report.total), "from", "to", "definition_version"])
    for key, figures in _rows(report):
        writer.writerow([harmless(key), *flat(figures).values(), *period])
    return text.getvalue()


def exceptions_csv(report: Exceptions) -> str:
    """Return one row an exception, newest first: instants in ISO 8601, codes and their names."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["at", "kind", "name", "reason", "beyond", "site", "booking", "wish", "business", "by"]
    )
    for row in report.rows:
        told = row.as_dict()
        writer.writerow(
            [
                told["at"], told["kind"], name_of("exception", row.kind), harmless(row.reason),
                " ".join(row.beyond), row.site or "", row.booking or "", row.wish or "",
                harmless(row.business_name), harmless(row.by),
            ]
        )  # fmt: skip
    return text.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _rows(report: Utilization) -> Iterator[tuple[str, Figures]]:
    for row in report.rows:
        yield row.key, row.figures
    yield TOTAL, report.total


def open_workbook(content: BytesIO) -> "Workbook":
    """Return an empty workbook; its library is loaded with the first one, twelve megabytes."""
    from xlsxwriter import Workbook

    return Workbook(content, OPTIONS)


def utilization_workbook(report: Utilization) -> bytes:
    """Return a workbook: the figures by group with their total, and what they mean."""
    content = BytesIO()
    with open_workbook(content) as book:
        book.set_properties({"title": report_title()})
        _figures_sheet(book, report)
        _definitions_sheet(book, report)
    return content.getvalue()


def _figures_sheet(book: "Workbook", report: Utilization) -> None:
    sheet: Worksheet = book.add_worksheet("figures")
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    names = list(flat(report.total))
    sheet.write_row(0, 0, [str(GROUP_NAMES[report.by]), *map(figure_name, names)], head)
    plain, summed = _Look(book, {}), _Look(book, {"bold": True, "top": 1})
    for number, row in enumerate(report.rows, start=1):
        _write_row(sheet, number, group_label(report.by, row.key, row.label), row.figures, plain)
    last = len(report.rows) + 1
    _write_row(sheet, last, str(GROUP_NAMES[TOTAL]), report.total, summed)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(names), 13)
    sheet.set_row(0, 48)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


class _Look:
    """How the cells of a line are written."""

    def __init__(self, book: "Workbook", common: dict[str, Any]) -> None:
        self.text: Format = book.add_format(common)
        self.share: Format = book.add_format({"num_format": "0.0%"} | common)
        self.minutes: Format = book.add_format({"num_format": "#,##0"} | common)


def _write_row(sheet: "Worksheet", number: int, label: str, figures: Figures, look: _Look) -> None:
    sheet.write_string(number, 0, label, look.text)
    for column, (name, value) in enumerate(flat(figures).items(), start=1):
        is_time = name.endswith("minutes") or name.startswith("states")
        form = look.minutes if is_time else look.share
        if value is None:
            sheet.write_blank(number, column, None, form)
        else:
            sheet.write_number(number, column, value, form)


def _definitions_sheet(book: "Workbook", report: Utilization) -> None:
    sheet: Worksheet = book.add_worksheet("definitions")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, report_title(), bold)
    sheet.write_string(0, 1, period_words(report.from_day, report.to_day), wrap)
    for number, (key, text) in enumerate(DEFINITIONS.items(), start=1):
        sheet.write_string(number, 0, meaning_name(key), bold)
        sheet.write_string(number, 1, str(text), wrap)
    sheet.write_string(len(DEFINITIONS) + 1, 0, meaning_name("definition_version"), bold)
    sheet.write_string(len(DEFINITIONS) + 1, 1, report.definition_version, wrap)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
