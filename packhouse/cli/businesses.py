"""Businesses at the command line."""

import click
from flask import Flask
from flask.cli import with_appcontext

from packhouse import clock
from packhouse.cli.sites import refusals_told
from packhouse.domain.businesses import BusinessKind, Level, Size
from packhouse.domain.users import SYSTEM
from packhouse.services import businesses
from packhouse.services.businesses import Papers


def register(app: Flask) -> None:
    """Add ``create-business``."""
    app.cli.add_command(create_business)


@click.command("create-business")
@click.argument("name")
@click.option("--regency", required=True, help="Code of the regency, such as 61.71.")
@click.option("--size", type=click.Choice([str(each) for each in Size]), required=True)
@click.option("--level", type=click.Choice([str(each) for each in Level]), default="trial")
@click.option("--owner", default="", help="E-mail address of the producer it belongs to.")
@click.option("--kind", type=click.Choice([str(each) for each in BusinessKind]), default="umkm")
@click.option("--nib", default="", help="The 13 digits of its NIB.")
@with_appcontext
def create_business(
    *, name: str, regency: str, size: str, level: str, owner: str, kind: str, nib: str
) -> None:
    """Register a business called NAME, and print its number.

    An owner without an account gets one that cannot sign in until create-user sets a password.
    """
    with refusals_told():
        business_id = businesses.create_business(
            papers=Papers(name=name, regency=regency, size=size, kind=kind, nib=nib),
            level=level,
            owner_email=owner,
            actor=SYSTEM,
            now=clock.now(),
        )
    click.echo(business_id)
