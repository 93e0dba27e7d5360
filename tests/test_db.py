"""A database that cannot answer is told as such, whatever the reason, and nothing is changed."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from packhouse.db import db, transaction
from packhouse.errors import Unavailable
from packhouse.models.users import User
from tests.factories import Make

SQLITE_BUSY_MS = 20


def is_sqlite(context: Flask) -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def test_a_full_disk_is_not_a_bug(make: Make, context: Flask) -> None:
    filling = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"
    if is_sqlite(context):
        filling = "CREATE TABLE filler AS SELECT zeroblob(10000000) AS filling"

    with transaction() as session:
        if is_sqlite(context):
            session.execute(text("PRAGMA max_page_count=1"))
        with pytest.raises(Unavailable):
            session.execute(text(filling))
        session.rollback()

    db.engine.dispose()
    assert db.session.scalars(select(User)).all() == []


def test_a_lock_that_is_not_given_is_not_a_bug(make: Make, context: Flask) -> None:
    if not is_sqlite(context):
        return
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
        raw = connection.connection.dbapi_connection
    assert raw is not None
    other = db.engine.dialect.loaded_dbapi.connect(db.engine.url.database)
    other.isolation_level = None
    other.execute("BEGIN IMMEDIATE")

    try:
        with pytest.raises(Unavailable), transaction():
            pass
    finally:
        other.close()


def test_a_database_that_is_gone_is_not_a_bug(make: Make, context: Flask) -> None:
    if is_sqlite(context):
        return
    db.session.execute(select(User))
    with db.engine.connect() as other:
        other.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    with pytest.raises(Unavailable):
        db.session.execute(select(User))
    db.session.rollback()
    assert db.session.scalars(select(User)).all() == []
