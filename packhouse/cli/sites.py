"""The database and the houses in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_babel import gettext as _

from packhouse import clock
from packhouse.db import db
from packhouse.domain.users import SYSTEM
from packhouse.errors import PackhouseError, Problem
from packhouse.i18n.messages import problem_text
from packhouse.models import triggers
from packhouse.services import sites
from packhouse.services.sites.houses import OWNERS


def register(app: Flask) -> None:
    """Add ``init-db`` and ``create-site``."""
    app.cli.add_command(init_db)
    app.cli.add_command(create_site)


class Refused(click.ClickException):
    """Everything that is wrong with what was typed, one line each, on standard error."""

    exit_code = 2

    def __init__(self, refusal: PackhouseError) -> None:
        self.lines = [told(problem) for problem in refusal.problems]
        super().__init__("\n".join(self.lines))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines as they are."""
        for line in self.lines:
            click.echo(line, file=file, err=file is None)


def told(problem: Problem) -> str:
    """Return the sentence of a problem, with the line of the file it is about."""
    text = problem_text(problem.code, problem.facts)
    line = problem.facts.get("line")
    return text if line is None else _("Baris %(line)s: %(text)s", line=line, text=text)


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with the sentences of a refusal and exit code 2."""
    try:
        yield
    except PackhouseError as refusal:
        raise Refused(refusal) from refusal


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Create the tables, or bring them up to date, and check the rules the database keeps."""
    from flask_migrate import upgrade  # Not before: Alembic is heavy.

    upgrade()
    with db.engine.connect() as connection:
        missing = triggers.expected(connection.dialect.name) - triggers.present(connection)
    if missing:
        raise click.ClickException(f"the database lacks its rules: {', '.join(sorted(missing))}")


@click.command("create-site")
@click.argument("code")
@click.argument("name")
@click.option("--regency", required=True, help="Code of the regency, such as 61.71.")
@click.option("--zone", required=True, help="Time zone, such as Asia/Pontianak.")
@click.option(
    "--hours", required=True, help='Such as "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30".'
)
@click.option("--operators", type=int, required=True, help="How many are usually on shift.")
@click.option("--owner", type=click.Choice(OWNERS), default=OWNERS[0], show_default=True)
@click.option("--address", default="", help="Where it is.")
@with_appcontext
def create_site(
    *,
    code: str,
    name: str,
    regency: str,
    zone: str,
    hours: str,
    operators: int,
    owner: str,
    address: str,
) -> None:
    """Open a house CODE called NAME; its holidays are proposed for four years."""
    with refusals_told():
        sites.create_site(
            code=code,
            name=name,
            regency=regency,
            zone=zone,
            hours=hours,
            operators=operators,
            owner=owner,
            address=address,
            actor=SYSTEM,
            now=clock.now(),
        )
    click.echo(f"{code} {name}", err=True)
