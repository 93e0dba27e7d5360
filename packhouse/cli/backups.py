"""Copies of the database: SQLite by its online backup, PostgreSQL by its own tools."""

import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import update

from packhouse.db import db, transaction
from packhouse.models.reminders import Message

DRAFT = ".part"
PAGES = 4096  # A few milliseconds of work at a time, so that writers get their turn.


def write(file: Path) -> None:
    """Write a consistent, checked copy; the file appears only when it is whole."""
    draft = file.with_name(file.name + DRAFT)
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if db.engine.dialect.name == "sqlite":
            _copy(_path(), draft)
            _check(draft)
        else:
            _run("pg_dump", "--format=custom", f"--file={draft}", _url())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def read(file: Path, *, now: datetime) -> int:
    """Replace the database by a copy, migrate it, and park what fell due since; return how many.

    What was due when the copy was made may have been sent since then: nobody is told twice.
    """
    if db.engine.dialect.name == "sqlite":
        _check(file)
        db.session.remove()
        db.engine.dispose()
        _copy(file, _path())
    else:
        db.session.remove()
        db.engine.dispose()
        _run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
            f"--dbname={_url()}", str(file),
        )  # fmt: skip
    from flask_migrate import upgrade  # Not before: Alembic is heavy.

    upgrade()
    with transaction() as session:
        parked: Any = session.execute(
            update(Message)
            .where(Message.state.in_(("due", "sending", "unknown")), Message.due_at <= now)
            .values(state="suppressed", finished_at=now, lease_token=None, lease_until=None)
        )
        return int(parked.rowcount)


def _path() -> Path:
    path = db.engine.url.database
    if not path or path == ":memory:":
        raise click.ClickException("a database in memory cannot be copied")
    return Path(path)


def _driver() -> Any:
    """Return the SQLite the app runs on, whose file format and fixes the copy must have."""
    return db.engine.dialect.loaded_dbapi


def _url() -> str:
    url = db.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _copy(source: Path, target: Path) -> None:
    """Copy page by page under SQLite's own locks; the write-ahead log is part of it."""
    driver = _driver()
    origin = driver.connect(f"file:{source}?mode=ro", uri=True)
    copy = driver.connect(target)
    try:
        origin.backup(copy, pages=PAGES)
        if target.suffix == DRAFT:
            # One file, with no log beside it; the next start of the house sets its own mode.
            copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
        origin.close()


def _check(file: Path) -> None:
    driver = _driver()
    connection = driver.connect(f"file:{file}?mode=ro", uri=True)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except driver.DatabaseError:
        sound, tables = False, set()
    finally:
        connection.close()
    if not sound or "alembic_version" not in tables:
        raise click.ClickException(f"{file} is not a sound packhouse database")


def _run(tool: str, *arguments: str) -> None:
    path = shutil.which(tool)
    if path is None:
        raise click.ClickException(f"{tool} is needed; install the PostgreSQL client")
    done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"{tool} failed: {done.stderr.strip()[-500:]}")
