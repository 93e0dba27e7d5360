"""Commands about people: an account, and a token for a program."""

import sys

import click
from flask import Flask
from flask.cli import with_appcontext

from packhouse import clock
from packhouse.domain.users import LOCALES, SYSTEM, Role
from packhouse.errors import PackhouseError
from packhouse.i18n.messages import problem_text
from packhouse.services import users


@click.command("create-user")
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--name", default="", help="What the person is called; her address if left out.")
@click.option("--phone", default="", help="Mobile number.")
@click.option("--locale", type=click.Choice(LOCALES), default="id", show_default=True)
@click.option(
    "--site",
    "sites",
    multiple=True,
    help="Code of a site where an operator or manager works; again for more. All if left out.",
)
@with_appcontext
def create_user(
    *,
    email: str,
    role: str,
    password_stdin: bool,
    name: str,
    phone: str,
    locale: str,
    sites: tuple[str, ...],
) -> None:
    """Create a person who may sign in with EMAIL.

    The password comes from standard input (--password-stdin) or is asked for: on the command
    line other people of the machine could read it.
    """
    password = _piped() if password_stdin else click.prompt("Password", hide_input=True)
    try:
        users.create_user(
            email=email,
            name=name or email.partition("@")[0],
            role=role,
            password=password,
            locale=locale,
            phone=phone,
            site_codes=sites or None,
            actor=SYSTEM,
            now=clock.now(),
        )
    except PackhouseError as refusal:
        raise _told(refusal) from refusal
    click.echo(f"{role} {email}", err=True)


@click.command("create-token")
@click.argument("email")
@with_appcontext
def create_token(*, email: str) -> None:
    """Print a new API token of EMAIL, alone and this once: only its hash is kept."""
    try:
        token = users.create_token(email=email, actor=SYSTEM, now=clock.now())
    except PackhouseError as refusal:
        raise _told(refusal) from refusal
    click.echo(token)


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(create_user)
    app.cli.add_command(create_token)


def _piped() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _told(refusal: PackhouseError) -> click.ClickException:
    words = [problem_text(problem.code, problem.facts) for problem in refusal.problems]
    return click.ClickException(" ".join(words))
