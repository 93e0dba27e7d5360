"""Commands of the auditor and of the keeper of backups."""

import json
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from packhouse import clock
from packhouse.cli import backups
from packhouse.queries.audit import verify as find_broken_rules


@click.command("verify")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_appcontext
def verify(*, form: str) -> None:
    """Check every rule of the house; exit 1 and show the rows that break one."""
    findings = find_broken_rules(now=clock.now())
    if form == "json":
        found = [{"rule": each.rule, "rows": list(each.rows)} for each in findings]
        click.echo(json.dumps({"ok": not found, "findings": found}, default=str))
    else:
        for finding in findings:
            click.echo(finding.rule)
            for row in finding.rows:
                click.echo("  " + ", ".join(f"{name}={value}" for name, value in row.items()))
        click.echo("All rules hold." if not findings else f"{len(findings)} rules broken.")
    sys.exit(1 if findings else 0)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(*, file: Path) -> None:
    """Write a consistent copy of the database to FILE while the house works on."""
    backups.write(file)
    click.echo(f"{file}", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before the present data are replaced.")
@with_appcontext
def restore(*, file: Path, yes: bool) -> None:
    """Put the database back to FILE, bring it up to date, and send nothing that was due since."""
    if not yes and sys.stdin.isatty():
        click.confirm("Replace all present data?", abort=True)
    parked = backups.read(file, now=clock.now())
    click.echo(f"restored; {parked} messages that were due before now are not sent", err=True)


def register(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (verify, backup, restore):
        app.cli.add_command(command)
