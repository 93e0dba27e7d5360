"""Fresh, migrated databases of both kinds, as the house would have them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
from flask import Flask

from config import Production
from packhouse import create_app
from packhouse.db import db
from tests.support.postgres import running_cluster

ENGINES = ("sqlite", "postgresql")
# As safe as a house has it: every commit reaches the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
SECRET = "only-for-benchmarks-0123456789abcdefghijklmnop"


@dataclass(frozen=True, slots=True)
class Store:
    """One database: its engine, its URL, and a folder for what belongs to it."""

    engine: str
    url: str
    folder: Path

    def app(self, **settings: object) -> Flask:
        """Return an app on this database, migrated, with production's settings."""
        given = {
            "SECRET_KEY": SECRET,
            "DATABASE_URL": self.url,
            "INSTANCE": self.folder,
            "RATELIMIT": False,
            "LOG_LEVEL": "ERROR",
            **settings,
        }
        app = create_app(Production(**given))  # type: ignore[arg-type]
        with app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()
        return app


@contextmanager
def stores(*engines: str, name: str = "bench") -> Iterator[list[Store]]:
    """Yield one empty store an engine; servers and files are gone afterwards.

    ``name`` keeps stores apart that are open at the same time on a server that was lent.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    wanted = engines or ENGINES
    try:
        if "postgresql" not in wanted:
            yield [_sqlite(folder)]
            return
        with running_cluster(DURABLE) as cluster:
            postgres = Store("postgresql", cluster.create_database(name), folder / "pg")
            postgres.folder.mkdir()
            yield [_sqlite(folder), postgres] if "sqlite" in wanted else [postgres]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sqlite(folder: Path) -> Store:
    return Store("sqlite", f"sqlite:///{folder / 'packhouse.db'}", folder)
