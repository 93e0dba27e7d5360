from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models import triggers
from packhouse.models.sites import Closure, Site
from packhouse.models.users import User

SITE = [
    "create-site", "PTK", "Rumah Kemasan Pontianak", "--regency", "61.71",
    "--zone", "Asia/Pontianak",
    "--hours", "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30",
    "--operators", "3",
]  # fmt: skip


@pytest.fixture
def flask(context: Flask) -> Any:
    def run(*arguments: str, stdin: bytes | str | None = None) -> Result:
        return context.test_cli_runner().invoke(args=list(arguments), input=stdin)

    return run


def changed(option: str, value: str) -> list[str]:
    place = SITE.index(option) + 1
    return [*SITE[:place], value, *SITE[place + 1 :]]


def test_a_database_is_made_and_its_rules_are_there(context: Flask, flask: Any) -> None:
    for _ in range(2):
        assert flask("init-db").exit_code == 0

    with db.engine.connect() as connection:
        dialect = connection.dialect.name
        assert triggers.expected(dialect) <= triggers.present(connection)


def test_a_house_is_opened(flask: Any) -> None:
    done = flask(*SITE)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "PTK Rumah Kemasan Pontianak\n")
    assert db.session.scalars(select(Site.code)).one() == "PTK"
    assert db.session.scalars(select(func.count()).select_from(Closure)).one() > 60


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--regency", "61.99", "61.99"),
        ("--zone", "Asia/Nowhere", "Asia/Nowhere"),
        ("--hours", "mon 12:00", "12:00"),
        ("--operators", "-1", "500"),
        ("--operators", "many", "many"),
    ],
)
def test_wrong_input_is_told_on_standard_error(
    flask: Any, option: str, value: str, said: str
) -> None:
    done = flask(*changed(option, value))

    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert db.session.scalars(select(Site)).all() == []


def test_every_problem_has_its_own_line(flask: Any) -> None:
    done = flask("create-site", "?", "", "--regency", "x", "--zone", "y", "--hours", "",
                 "--operators", "1")  # fmt: skip

    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 5


def test_a_business_may_come_before_or_after_its_owner(flask: Any) -> None:
    given = ["create-business", "Amplang Contoh", "--regency", "61.04", "--size", "mikro",
             "--level", "nib", "--owner", "ibu@contoh.example"]  # fmt: skip
    first = flask(*given)
    person = flask("create-user", "ibu@contoh.example", "--role", "producer", "--password-stdin",
                   stdin="sepeda-biru-di-jembatan\n")  # fmt: skip
    second = flask(*given)

    assert [each.exit_code for each in (first, person, second)] == [0, 0, 0]
    assert int(second.stdout) > int(first.stdout)
    assert db.session.scalars(select(func.count()).select_from(User)).one() == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("--size", "besar"), ("--level", "vip"), ("--regency", "nowhere"), ("--owner", "no address"),
     ("--nib", "12")],
)  # fmt: skip
def test_a_wrong_business_is_refused(flask: Any, option: str, value: str) -> None:
    given = {"--regency": "61.04", "--size": "mikro", option: value}

    done = flask("create-business", "Amplang", *(word for pair in given.items() for word in pair))

    assert done.exit_code == 2
    assert done.stderr
