"""The flask commands: one module a feature, each with `register(app)`."""

from types import ModuleType

import click
from flask import Flask

from packhouse.cli import audit, businesses, machines, reports, seed, sites, users, worker

FEATURES: tuple[ModuleType, ...] = (
    audit, businesses, machines, reports, seed, sites, users, worker
)  # fmt: skip


@click.command("db", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def migrating(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Change the tables of the database: Flask-Migrate's commands."""
    from flask_migrate.cli import db  # Loaded when it is asked for: Alembic is heavy.

    db.main(args=list(arguments), prog_name="flask db", parent=ctx)


def init_app(app: Flask) -> None:
    """Add every command to the app."""
    for feature in FEATURES:
        feature.register(app)
    app.cli.add_command(migrating)
