import csv
from dataclasses import replace
from datetime import date
from io import BytesIO, StringIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from packhouse.channels.documents import utilization_document
from packhouse.channels.sheets import harmless, utilization_csv, utilization_workbook
from packhouse.domain.reports import MachineDay, figures
from packhouse.i18n.locale import force_locale
from packhouse.queries.reports import Row, Utilization
from tests.conftest import NOW

EMPTY = figures(MachineDay())
FULL = figures(MachineDay(calendar_seconds=600, bookable_seconds=600, prd_seconds=100, good=1))


def report(*names: str) -> Utilization:
    rows = tuple(Row(name, name, FULL, MachineDay()) for name in names)
    day = date(2026, 11, 26)
    return Utilization(day, day, "machine", None, rows, EMPTY, MachineDay())


@pytest.mark.parametrize("sign", list("=+-@\t\r"))
def test_a_name_is_never_a_formula(bare_app: Flask, sign: str) -> None:
    name = f"{sign}HYPERLINK(1)"
    assert harmless(name) == f"'{name}"

    with bare_app.app_context():
        text = utilization_csv(report(name))
        book = load_workbook(BytesIO(utilization_workbook(report(f"{sign}1+1"))))
    _, row, _ = csv.reader(StringIO(text, newline=""))
    assert row[0] == f"'{name}"
    (cell,) = [book["figures"].cell(2, 1)]
    assert cell.data_type == "s"


def test_decimals_are_exact_and_have_a_dot(bare_app: Flask) -> None:
    with bare_app.app_context(), force_locale("id"):
        row, total = csv.DictReader(StringIO(utilization_csv(report("M1"))))

    assert float(row["productive_rate"]) == 100 / 600
    assert "," not in row["productive_rate"]
    assert total["productive_rate"] == ""


def test_markup_in_a_name_is_printed_as_it_is(bare_app: Flask) -> None:
    with bare_app.app_context():
        made = utilization_document(report("<b>M&1"), now=NOW, zone="Asia/Pontianak")

    assert "<b>M&1" in PdfReader(BytesIO(made)).pages[0].extract_text()


def test_a_long_report_has_its_heading_on_every_page(bare_app: Flask) -> None:
    many = report(*(f"M{number}" for number in range(120)))
    with bare_app.app_context():
        made = utilization_document(many, now=NOW, zone="Asia/Pontianak")
        again = utilization_document(many, now=NOW, zone="Asia/Pontianak")
        other = utilization_document(replace(many, site="PTK"), now=NOW, zone="Asia/Pontianak")

    pages = PdfReader(BytesIO(made)).pages
    assert len(pages) > 2
    for number, page in enumerate(pages[:-1], start=1):
        text = page.extract_text()
        assert "Terpesan" in text
        assert f"Halaman {number} dari {len(pages)}" in text
    assert made == again != other
