"""Machines from a spreadsheet."""

import csv
import io
from collections.abc import Collection, Sequence
from typing import BinaryIO

import click
from flask import Flask
from flask.cli import with_appcontext

from packhouse import clock
from packhouse.cli.sites import refusals_told
from packhouse.domain.users import SYSTEM
from packhouse.errors import Malformed, Problem, RuleBroken
from packhouse.services import machines
from packhouse.services.machines import COLUMNS
from packhouse.services.machines.importing import Row

REQUIRED = ("site", "code", "name", "kind", "lane")


def register(app: Flask) -> None:
    """Add ``import-machines``."""
    app.cli.add_command(import_machines)


@click.command("import-machines")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_machines(*, file: BinaryIO) -> None:
    """Add or update the machines of the CSV file FILE (- is standard input): all or none.

    Columns: site, code, name, kind, lane, packs (separated by ;), rate_per_minute, setup_minutes,
    cleaning_minutes_1, cleaning_minutes_2, cleaning_minutes_3, attended, tariff_per_hour,
    commissioned_at; and of the asset register asset_code, asset_number, acquired_year,
    acquisition_value, fund_kind (apbd, tp, hibah, csr), fund_source, holder, condition (B, RR,
    RB). Empty numbers take the planning values of the kind; an empty or missing column of the
    register leaves it as it is.
    """
    with refusals_told():
        rows = read_rows(file.read())
        done = machines.import_machines(rows=rows, actor=SYSTEM, now=clock.now())
    click.echo(
        f"created {done.created}, updated {done.updated}, unchanged {done.unchanged}", err=True
    )


def read_rows(
    content: bytes,
    *,
    required: Sequence[str] = REQUIRED,
    known: Collection[str] = COLUMNS,
) -> list[Row]:
    """Return the rows of a CSV file in UTF-8 with their line numbers.

    Spreadsheets of people who write decimals with a comma separate cells by semicolons; that is
    read too. Raises Malformed or RuleBroken.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("list_not_utf8") from None
    heading = text.partition("\n")[0]
    separator = ";" if ";" in heading and "," not in heading else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        _check_columns([name.strip() for name in reader.fieldnames or ()], required, known)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        return [(reader.line_num, _cells(row, reader.line_num)) for row in reader]
    except csv.Error:
        raise Malformed("list_unreadable", line=reader.line_num) from None


def _check_columns(names: list[str], required: Sequence[str], known: Collection[str]) -> None:
    missing = [name for name in required if name not in names]
    strange = [name for name in names if name not in known]
    checks = (
        (not missing, Problem("columns_missing", {"columns": ", ".join(missing)})),
        (not strange, Problem("columns_unknown", {"columns": ", ".join(strange)[:200]})),
        (len(set(names)) == len(names), Problem("columns_repeated")),
    )
    problems = [problem for fine, problem in checks if not fine]
    if problems:
        raise RuleBroken(problems)


def _cells(row: dict[str | None, str | list[str] | None], line: int) -> dict[str, str]:
    if None in row:
        raise RuleBroken([Problem("cells_too_many", {"line": line})])
    return {str(name): str(text or "") for name, text in row.items()}
