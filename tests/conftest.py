"""What every test may ask for: an app on either database, a client, people, and a fixed now."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Testing
from packhouse import clock, create_app
from packhouse.db import db
from packhouse.domain.users import Actor
from tests.factories import Make
from tests.support import postgres
from tests.support.queries import CountQueries, counting

# Tuesday, 24 November 2026, 08.00 WIB.
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

# What lies here reaches the database through services and queries only, whose own tests run on
# both kinds: each of these tests runs on one of them.
ABOVE_SERVICES = (
    "tests/api/", "tests/channels/", "tests/forms/", "tests/i18n/", "tests/web/",
    "tests/architecture/test_routes.py",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let every test run on both kinds of database when asked to."""
    parser.addoption(
        "--both-engines", action="store_true", help="run tests of pages and API on both databases"
    )


@pytest.hookimpl(trylast=True)  # What -k and -m leave is chosen from.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test above the services that would run on both kinds of database, keep one.

    Which one follows from the test's name alone, so a test keeps its database from run to run.
    Asked for by one of its two names, or marked ``both_engines``, a test runs as asked.
    """
    if config.getoption("both_engines"):
        return
    modules: dict[str, dict[str, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        callspec: Any = getattr(item, "callspec", None)
        engine = callspec.params.get("store") if callspec else None
        if engine and _is_for_one(item):
            module, _, test = item.nodeid.partition("::")
            others = f"-{callspec.id}-".replace(f"-{engine}-", "-", 1)
            modules[module][test.partition("[")[0] + others].append(item)
    left_out = [item for tests in modules.values() for item in _other_engines(tests)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _is_for_one(item: pytest.Item) -> bool:
    """Say whether one kind of database is enough for a test: by where it lies, or as marked."""
    if item.get_closest_marker("one_engine") is not None:
        return True
    above = item.nodeid.startswith(ABOVE_SERVICES)
    return above and item.get_closest_marker("both_engines") is None


def _other_engines(tests: dict[str, list[pytest.Item]]) -> list[pytest.Item]:
    """Return what not to run of a module's tests, each of which is there once or twice."""
    pairs = {name: pair for name, pair in tests.items() if len(pair) == 2}
    turns = {name: crc32(name.encode()) % 2 for name in pairs}
    if len(set(turns.values())) == 1 and len(turns) > 1:
        turns[max(turns)] ^= 1  # A module of few tests still has some on either.
    return [sorted(pair, key=_nodeid)[turns[name]] for name, pair in pairs.items()]


def _nodeid(item: pytest.Item) -> str:
    return item.nodeid


class SqliteStore:
    """A database file that is laid back to its migrated state for every test."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "packhouse.db"
        self.template = folder / "template.db"
        self.url = f"sqlite:///{self.path}"

    def keep_template(self) -> None:
        """Remember the migrated file."""
        shutil.copy(self.path, self.template)

    def reset(self) -> None:
        """Lay the migrated file back."""
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.template, self.path)


class PostgresStore:
    """A PostgreSQL database that is made as its migrated template is for every test."""

    def __init__(self, cluster: postgres.Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.url = cluster.create_database(name)
        self.fresh: postgres.Shape | None = None

    def keep_template(self) -> None:
        """Remember the migrated database."""
        self.cluster.rename_database(self.name, f"{self.name}_template")

    def reset(self) -> None:
        """Delete the rows; where that will not do, clone the migrated database anew."""
        if self.fresh and self.cluster.empty_database(self.name, self.fresh):
            return
        self.cluster.drop_database(self.name)
        self.cluster.clone_database(f"{self.name}_template", self.name)
        self.fresh = self.cluster.shape(self.name)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """One PostgreSQL server for the whole run; its absence fails, it never skips."""
    cluster = postgres.start_cluster()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> SqliteStore | PostgresStore:
    """Either kind of database, empty."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path_factory.mktemp("sqlite"))
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    return PostgresStore(cluster, f"test_{worker_id}")


@pytest.fixture(scope="session")
def shared_app(
    store: SqliteStore | PostgresStore, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    """One app per kind of database, migrated once."""
    app = create_app(Testing(DATABASE_URL=store.url, INSTANCE=tmp_path_factory.mktemp("instance")))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    # Else whichever test comes first would count the statements that look at it.
    app.extensions["packhouse_guarded"] = True
    store.keep_template()
    return app


@pytest.fixture
def app(shared_app: Flask, store: SqliteStore | PostgresStore) -> Iterator[Flask]:
    """The app on a freshly migrated, empty database."""
    store.reset()
    yield shared_app
    with shared_app.app_context():
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The app inside an application context: for tests of services and queries."""
    with app.app_context():
        yield app


class Browser(FlaskClient):
    """A browser without JavaScript; each request has an application context of its own.

    Otherwise ``g``, and with it who asks and in which language, would be that of the test.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send one request."""
        with self.application.app_context():
            return super().open(*args, **kwargs)


def bare(**settings: Any) -> Flask:
    """Build an app that stands on no database, so that there is nothing to guard."""
    app = create_app(Testing(**settings))
    app.extensions["packhouse_guarded"] = True
    return app


@pytest.fixture(scope="session")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app without a database: for what is decided before anything is read from it."""
    return bare(INSTANCE=tmp_path_factory.mktemp("bare"))


@pytest.fixture
def stranger(bare_app: Flask) -> FlaskClient:
    """A browser at the door of an app without a database."""
    return Browser(bare_app, bare_app.response_class)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of somebody who has not signed in."""
    return Browser(app, app.response_class)


@pytest.fixture
def login_as(app: Flask, context: Flask) -> Callable[[Actor], FlaskClient]:
    """Give the browser of a signed-in person: ``login_as(make.producer())``."""

    def signed_in(actor: Actor) -> FlaskClient:
        browser = Browser(app, app.response_class)
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = Make(now=NOW).session(actor)
        return browser

    return signed_in


@pytest.fixture
def make(context: Flask) -> Make:
    """Make people, houses, machines and products."""
    return Make(now=NOW)


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen unless they say otherwise."""
    return NOW


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    """Stop the clock: nothing in a test depends on the day it runs."""
    with clock.frozen(NOW):
        yield


@pytest.fixture
def count_queries(context: Flask) -> CountQueries:
    """Count the statements in a block: ``with count_queries() as counted: …; counted.total``."""
    return lambda: counting(db.engine)
