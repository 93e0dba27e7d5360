"""Paper logs in, figures out."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, get_args

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_babel import gettext as _

from packhouse import clock
from packhouse.cli.machines import read_rows
from packhouse.cli.sites import refusals_told
from packhouse.domain.users import SYSTEM
from packhouse.errors import Malformed
from packhouse.queries.reports import By, Period, Utilization, utilization
from packhouse.services import runs
from packhouse.services.runs import LogLine

LOG_COLUMNS = ("machine", "starts_at", "ends_at", "reason", "booking", "good", "rejected")
LOG_REQUIRED = LOG_COLUMNS[:4]


def register(app: Flask) -> None:
    """Add ``report`` and ``import-runs``."""
    app.cli.add_command(report)
    app.cli.add_command(import_runs)


@click.command("import-runs")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_runs(*, file: BinaryIO) -> None:
    """Write the paper log in the CSV file FILE (- is standard input): all of it, or nothing.

    Columns: machine, starts_at, ends_at, reason, booking, good, rejected. Times are ISO 8601,
    local to the house unless they say otherwise. booking is the code of a booking, or whatever
    the paper calls the customer; without one the line belongs to nobody.
    """
    with refusals_told():
        rows = read_rows(file.read(), required=LOG_REQUIRED, known=LOG_COLUMNS)
        lines = [
            LogLine(number, **{name: text.strip() for name, text in cells.items()})
            for number, cells in rows
        ]
        done = runs.import_log(lines=lines, actor=SYSTEM, now=clock.now())
    click.echo(f"lines {len(lines)}, states {done.states}, runs {done.runs}", err=True)


@click.group("report")
def report() -> None:
    """Print the figures of the houses."""


class Day(click.ParamType[date]):
    """A local day, YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        """Read the day; other ways of writing it are refused, not guessed."""
        if isinstance(value, date):
            return value
        try:
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(_("%(value)s bukan tanggal. Contoh: 2026-11-26.", value=value), param, ctx)
        return day


def _as_json(found: Utilization, _now: datetime) -> bytes:
    return json.dumps(found.as_dict(), indent=2, ensure_ascii=False).encode() + b"\n"


# What draws sheets and pages is loaded when it is asked for: nine megabytes the worker never needs.
def _as_csv(found: Utilization, _now: datetime) -> bytes:
    from packhouse.channels.sheets import utilization_csv

    return utilization_csv(found).encode()


def _as_workbook(found: Utilization, _now: datetime) -> bytes:
    from packhouse.channels.sheets import utilization_workbook

    return utilization_workbook(found)


def _as_document(found: Utilization, now: datetime) -> bytes:
    from packhouse.channels.documents import utilization_document

    return utilization_document(found, now=now, zone=str(current_app.config["ZONE"]))


FORMATS: dict[str, Callable[[Utilization, datetime], bytes]] = {
    "json": _as_json,
    "csv": _as_csv,
    "xlsx": _as_workbook,
    "pdf": _as_document,
}
BINARY = ("xlsx", "pdf")


@report.command("utilization")
@click.option("--from", "from_day", type=Day(), required=True, help="First local day.")
@click.option("--to", "to_day", type=Day(), required=True, help="Last local day, included.")
@click.option("--site", help="Code of one house; all houses by default.")
@click.option("--by", type=click.Choice(get_args(By)), default="machine", show_default=True)
@click.option(
    "--format", "form", type=click.Choice(tuple(FORMATS)), default="json", show_default=True
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@with_appcontext
def report_utilization(
    *, from_day: date, to_day: date, site: str | None, by: By, form: str, out: Path | None
) -> None:
    """Tell how much machine time was booked, used and productive."""
    now = clock.now()
    with refusals_told():
        if form in BINARY and out is None:
            raise Malformed("out_missing", value=form)
        period = Period(from_day, to_day, by, site)
        content = FORMATS[form](utilization(period=period, actor=SYSTEM, now=now), now)
    if out is None:
        click.echo(content, nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(out), error.strerror) from error
    click.echo(str(out), err=True)
