"""Invented houses to look at, to practise with and to measure: DATA CONTOH throughout."""

import sys
from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from packhouse import clock
from packhouse.cli.seeds import demo, nation, province
from packhouse.cli.seeds.catalogue import PASSWORD
from packhouse.db import reading
from packhouse.domain.users import Role
from packhouse.models.sites import Site
from packhouse.models.users import User

PROFILES: dict[str, tuple[Callable[..., None], int]] = {
    "demo": (demo.seed_demo, demo.STEPS),
    "kalbar": (province.seed_province, province.STEPS),
    "nasional": (nation.seed_nation, nation.STEPS),
}


def register(app: Flask) -> None:
    """Add ``seed`` and ``demo-accounts``."""
    app.cli.add_command(seed)
    app.cli.add_command(demo_accounts)


@click.command("seed")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="demo", show_default=True)
@click.option("--seed", "number", default=1, show_default=True, help="Another one, other chances.")
@click.option("--if-empty", is_flag=True, help="Do nothing, and succeed, where a site exists.")
@click.option("--scale", type=float, hidden=True, help="A part of a large profile, for tests.")
@with_appcontext
def seed(*, profile: str, number: int, if_empty: bool, scale: float | None) -> None:
    """Fill an empty database with invented houses, people and bookings.

    demo is one house around today, kalbar a province with a year behind it, nasional 514 houses.
    """
    if if_empty and not current_app.config["DEMO"]:
        return
    if reading().scalar(select(Site.id).limit(1)) is not None:
        if if_empty:
            return
        click.echo(
            "The database holds a site already: examples are never mixed with real data."
            " Use an empty one (PACKHOUSE_DATABASE_URL or PACKHOUSE_INSTANCE).",
            err=True,
        )
        raise SystemExit(2)
    fill, steps = PROFILES[profile]
    sizes = {"scale": scale} if scale and profile != "demo" else {}
    with click.progressbar(length=steps, label=f"DATA CONTOH ({profile})", file=sys.stderr) as bar:
        fill(now=clock.now(), seed=number, tell=bar.update, **sizes)


@click.command("demo-accounts")
@with_appcontext
def demo_accounts() -> None:
    """Print one invented account per role, with the password that opens all of them."""
    people = reading().execute(
        select(User.role, User.email).where(User.is_demo, User.is_active).order_by(User.id)
    )
    found: dict[str, str] = {}
    for role, email in people:
        found.setdefault(role, email or "")
    for role in (str(each) for each in Role):
        if role in found:
            click.echo(f"{role:<10} {found[role]:<30} {PASSWORD}")
