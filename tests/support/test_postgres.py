"""The launcher itself: a server starts, copies databases, and never outlives its process."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.support import postgres

STARTER = """
import sys, time
from tests.support.postgres import start_cluster
print(start_cluster().url_admin, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.running_cluster() as running:
        yield running


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.fixture(scope="module")
def template(cluster: postgres.Cluster) -> str:
    with connect(cluster.create_database("draft")) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('amplang')")
    cluster.rename_database("draft", "template")
    return "template"


def test_a_clone_holds_what_its_template_holds(cluster: postgres.Cluster, template: str) -> None:
    with connect(cluster.clone_database(template, "clone")) as connection:
        assert connection.execute("SELECT name FROM things").fetchall() == [("amplang",)]


def test_clones_do_not_see_each_other(cluster: postgres.Cluster, template: str) -> None:
    one, other = (cluster.clone_database(template, name) for name in ("one", "other"))

    with connect(one) as connection:
        connection.execute("DELETE FROM things")

    with connect(other) as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1,)


def test_creating_a_database_replaces_what_an_earlier_run_left(cluster: postgres.Cluster) -> None:
    with connect(cluster.create_database("left")) as connection:
        connection.execute("CREATE TABLE old (name TEXT)")

    with connect(cluster.create_database("left")) as connection:
        assert connection.execute("SELECT to_regclass('old')").fetchone() == (None,)


def test_a_database_is_dropped_under_people_who_are_connected(cluster: postgres.Cluster) -> None:
    with connect(cluster.create_database("busy")) as connection:
        cluster.drop_database("busy")

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.mark.skipif(sys.platform == "win32", reason="the wheel is started on Unix only")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_goes_with_its_process_however_it_dies(
    how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        base = Path(str(make_url(starter.stdout.readline().decode().strip()).query["host"]))
        assert base.exists()

        starter.send_signal(how)
        starter.wait(10)

    until = time.monotonic() + 20
    while base.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not base.exists()


def test_a_named_server_is_used_and_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.SERVER_VARIABLE, "postgresql://somebody@127.0.0.1/postgres")

    cluster = postgres.start_cluster()
    cluster.stop()

    assert cluster.url_admin == "postgresql+psycopg://somebody@127.0.0.1/postgres"


def test_without_any_server_the_tests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(postgres.NoServer, match="requirements-dev"):
        postgres.start_cluster()
