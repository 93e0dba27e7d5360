"""The database: base class, column types, and the one way to write.

Every use case is one transaction. On SQLite the write lock is taken first (a fair ticket, then
``BEGIN IMMEDIATE``), on PostgreSQL rows are locked and a victim of a deadlock is tried again.
"""

import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    Dialect,
    Double,
    Engine,
    ExceptionContext,
    Float,
    Integer,
    MetaData,
    String,
    Text,
    event,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from packhouse.errors import Unavailable

try:
    import fcntl
except ImportError:  # Windows has no flock; the busy timeout alone orders the writers there.
    fcntl = None  # type: ignore[assignment]

try:
    from pysqlite3 import dbapi2 as sqlite_driver
except ImportError:
    sqlite_driver = sqlite3

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 6
BUSY_TIMEOUT_MS = 5000
STRICT = {"sqlite_strict": True}
# What SQLite says when it cannot work now, and PostgreSQL's classes and codes for the same.
SQLITE_UNAVAILABLE = ("is full", "is locked", "disk I/O error", "unable to open")
POSTGRES_UNAVAILABLE = ("08", "53", "57P", "57014")
# Serialization failure, deadlock, lock timeout: nothing happened, so the command may run again.
TRANSIENT = {"40001", "40P01", "55P03"}
POSTGRES_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=3000 -c statement_timeout=10000"
    " -c idle_in_transaction_session_timeout=15000"
)


class Base(DeclarativeBase):
    """Base of all tables; every constraint has a name so that a migration can find it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # Rupiah and slots outgrow 32 bits.
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}


db = SQLAlchemy(metadata=Base.metadata)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, whole epoch seconds in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive value: nobody could say which instant it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Json(TypeDecorator[Any]):
    """A small document as canonical JSON text (sorted keys), the same on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the document."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the document."""
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    """Return the one spelling of a document, fit to be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _strict_type(name: str, *types: type[TypeEngine[Any]]) -> None:
    """Spell these types as SQLite's STRICT tables want them."""
    for type_ in types:
        compiles(type_, "sqlite")(lambda *_args, **_kw: name)


_strict_type("INTEGER", BigInteger, Integer, Boolean)
_strict_type("TEXT", String, Text, Date)
_strict_type("REAL", Float, Double)


# --- connecting ---------------------------------------------------------------------------------


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite is free of the WAL-reset bug (fixed in 3.51.3, 3.50.7, 3.44.6)."""
    return (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )


def engine_options(url: str) -> dict[str, Any]:
    """Return what the engine needs beyond the URL."""
    if url.startswith("sqlite"):
        return {
            "module": sqlite_driver,
            "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            "pool_size": 16,
            "max_overflow": 16,
        }
    return {
        "connect_args": {"options": POSTGRES_OPTIONS},
        "pool_pre_ping": True,
        "pool_size": 8,
        "max_overflow": 8,
    }


def init_db(app: Flask) -> None:
    """Bind the database to the app."""
    app.config.setdefault(
        "SQLALCHEMY_ENGINE_OPTIONS", engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    )
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def setting(name: str) -> Any:
    """Return a setting of the app whose database this is: services know no web framework."""
    return current_app.config[name]


def prepare_engine(engine: Engine) -> None:
    """Pin every connection's settings, begin explicitly (SQLite), and name what only time heals."""
    event.listen(engine, "handle_error", _name_unavailable)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pin_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _pin_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    mode = "WAL" if wal_is_safe(sqlite_driver.sqlite_version_info) else "TRUNCATE"
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"journal_mode={mode}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "mmap_size=0",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    writing = bool(connection.get_execution_options().get("immediate"))
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.execute(f"PRAGMA query_only={0 if writing else 1}")
    try:
        driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
    except sqlite_driver.OperationalError as error:  # SQLAlchemy does not see this one.
        raise Unavailable from error


def _name_unavailable(context: ExceptionContext) -> None:
    """Raise Unavailable for a full disk, a busy or a vanished database: our fault, not a bug."""
    error = context.original_exception
    if context.is_pre_ping or not isinstance(error, context.dialect.loaded_dbapi.OperationalError):
        return
    if context.dialect.name == "sqlite":
        unavailable = any(words in str(error) for words in SQLITE_UNAVAILABLE)
    else:
        state = str(getattr(error, "sqlstate", None) or "")
        gone = context.is_disconnect or context.connection is None
        unavailable = gone or state.startswith(POSTGRES_UNAVAILABLE)
    if unavailable:
        raise Unavailable from error


def wrong_settings(connection: Connection) -> list[str]:
    """Return the settings of a SQLite connection that are not as pinned; none on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return []
    wanted = {
        "journal_mode": "wal" if wal_is_safe(sqlite_driver.sqlite_version_info) else "truncate",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "busy_timeout": BUSY_TIMEOUT_MS,
    }
    found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
    return [f"{name}={found[name]}" for name in wanted if found[name] != wanted[name]]


def reading() -> Session:
    """Return the session for reading; on SQLite it cannot write."""
    return db.session()


# --- writing ------------------------------------------------------------------------------------


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the one transaction of a use case; commit at the end, roll back on any error.

    It refuses to nest, so that one use case can never run inside another by accident.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a use case may not call another use case")
    session.rollback()
    session.info["writing"] = True
    try:
        with _ticket(session.get_bind()):
            session.connection(execution_options={"immediate": True})
            yield session
            session.flush()
            for finish in session.info.pop("before_commit", {}).values():
                finish(session)
            session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("before_commit", None)
        session.info.pop("writing", None)
        session.info.pop("held", None)


def hold(session: Session, *rows: object) -> None:
    """Keep rows in the session until this transaction ends: a step need not read them again.

    By itself a session forgets a row as soon as nobody in Python refers to it.
    """
    session.info.setdefault("held", []).extend(rows)


def before_commit(session: Session, name: str, finish: Callable[[Session], None]) -> None:
    """Run ``finish`` once, as the last thing before this transaction commits."""
    session.info.setdefault("before_commit", {}).setdefault(name, finish)


@contextmanager
def _ticket(bind: Engine | Connection) -> Iterator[None]:
    """Queue the writers of a SQLite file fairly: the kernel hands on the lock, also on death."""
    path = bind.engine.url.database if bind.dialect.name == "sqlite" else None
    if fcntl is None or not path or path == ":memory:":
        yield
        return
    ticket = os.open(Path(f"{path}.ticket"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(ticket, fcntl.LOCK_EX)
        yield
    finally:
        os.close(ticket)


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a service function as one transaction that may be tried again when the database asks.

    PostgreSQL picks a victim on a deadlock; nothing of it happened, so the whole use case runs
    again, a bounded number of times and after a random short wait.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in TRANSIENT:
                    raise
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311
        try:
            return function(*args, **kwargs)
        except OperationalError as error:
            raise Unavailable from error

    return run


def violated(error: IntegrityError) -> str:
    """Return the name of the constraint or trigger rule that refused the write."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or diagnosis.message_primary)
    return str(error.orig)
