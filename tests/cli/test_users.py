import pytest
from flask import Flask
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db
from packhouse.models.users import User, UserSite
from packhouse.queries.users import actor_for_token
from packhouse.services.sessions import sign_in
from tests.factories import Make

PASSWORD = "hujan di kapuas"


def create(app: Flask, *arguments: str, password: str = PASSWORD) -> tuple[int, str]:
    line = ["create-user", "op@contoh.example", "--role", "operator", "--password-stdin"]
    result = app.test_cli_runner().invoke(args=[*line, *arguments], input=password + "\n")
    return result.exit_code, result.output


def test_a_person_made_on_the_command_line_can_sign_in(app: Flask, make: Make) -> None:
    site = make.site(code="PTK")

    code, output = create(app, "--name", "Budi")

    assert code == 0
    assert PASSWORD not in output
    assert sign_in(
        contact="op@contoh.example", password=PASSWORD, network="", now=clock.now()
    ).user_id
    assert db.session.scalars(select(UserSite.site_id)).all() == [site]


def test_a_person_works_at_the_named_sites(app: Flask, make: Make) -> None:
    make.site(code="PTK")
    second = make.site(code="SBS")

    create(app, "--site", "SBS")

    assert db.session.scalars(select(UserSite.site_id)).all() == [second]


@pytest.mark.parametrize(
    ("arguments", "password"),
    [(["--site", "NOWHERE"], PASSWORD), ([], "pendek"), ([], ""), (["--phone", "12"], PASSWORD)],
)
def test_what_is_wrong_is_said_and_nobody_made(
    app: Flask, make: Make, arguments: list[str], password: str
) -> None:
    code, output = create(app, *arguments, password=password)

    assert code == 1
    assert output.startswith("Error: ")
    assert db.session.scalars(select(User)).all() == []


def test_a_token_is_printed_alone(app: Flask, make: Make) -> None:
    user = make.user(email="op@contoh.example")

    result = app.test_cli_runner().invoke(args=["create-token", "OP@contoh.example"])

    actor = actor_for_token(secret=result.stdout.removesuffix("\n"), now=clock.now())
    assert actor is not None
    assert actor.id == user.id


def test_there_is_no_token_for_nobody(app: Flask, make: Make) -> None:
    result = app.test_cli_runner().invoke(args=["create-token", "nobody@contoh.example"])

    assert result.exit_code == 1
    assert result.stdout == ""
