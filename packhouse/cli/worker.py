"""The worker, and its work done once by hand."""

import json
from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from packhouse.jobs.schedule import DUTIES, run_round, run_tick
from packhouse.jobs.worker import run_worker


def register(app: Flask) -> None:
    """Add ``worker`` and ``tick``."""
    app.cli.add_command(worker)
    app.cli.add_command(tick)


class Instant(click.ParamType[datetime]):
    """An instant as ISO 8601 with its offset: without it nobody could say which one is meant."""

    name = "iso"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the instant."""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an instant such as 2026-11-26T08:00:00+07:00", param, ctx)
        if at.tzinfo is None:
            self.fail(f"{value!r} lacks its offset, such as +07:00 or Z", param, ctx)
        return at


@click.command("worker")
@click.option(
    "--accept-clock", is_flag=True, help="Believe the clock although it has jumped by days."
)
@with_appcontext
def worker(accept_clock: bool) -> None:
    """Send messages and do everything else the house does by itself, until stopped."""
    run_worker(_app(), accept_clock=accept_clock)


@click.command("tick")
@click.option("--now", "at", type=Instant(), help="Do what is due at this instant instead of now.")
@with_appcontext
def tick(at: datetime | None) -> None:
    """Do all due work once and print how much of each duty was done, as JSON."""
    done = run_tick(_app(), at) if at else run_round(_app())
    click.echo(json.dumps(done))
    if len(done) < len(DUTIES):
        raise SystemExit(1)


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
