"""Run migrations: one transaction, foreign keys checked at the end, triggers created afresh."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from packhouse.db import Base, db
from packhouse.models import triggers


def run(connection: Connection) -> None:
    """Migrate on this connection; nothing stays behind if any step fails."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # Rebuilding a table drops it, which living foreign keys would forbid.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
    else:
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=sqlite,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        triggers.remove(connection)
        context.run_migrations()
        revision = context.get_context().get_current_revision()
        if revision and revision == context.script.get_current_head():
            triggers.install(connection)
        if sqlite:
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if dangling:
                raise RuntimeError(f"migration leaves dangling foreign keys: {dangling[:5]}")
    if sqlite:
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


if current_app:
    with db.engine.connect().execution_options(immediate=True) as connection:
        run(connection)
