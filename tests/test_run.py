"""The starter: what it decides, how it supervises, and that its own words stay off stdout."""

import importlib.machinery
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FAIL = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The starter as a module, its root and environment in a directory of the test."""
    loader = importlib.machinery.SourceFileLoader("run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run", loader)
    assert spec is not None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    module.ROOT = tmp_path  # type: ignore[attr-defined]
    return module


@pytest.fixture
def quiet_signals() -> Iterator[None]:
    """Give the signals back as they were."""
    names = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = {name: signal.getsignal(name) for name in names}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- what is stale -------------------------------------------------------------------------------


def test_a_lock_is_installed_again_only_when_it_changes(run: ModuleType, tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt", "flask==1")
    target = tmp_path / "env"
    stamp = target / ".requirements.txt.sha256"

    assert run.is_stale(target, "requirements.txt")
    write(stamp, run.lock_digest("requirements.txt"))
    assert not run.is_stale(target, "requirements.txt")
    write(tmp_path / "requirements.txt", "flask==2")
    assert run.is_stale(target, "requirements.txt")


def test_a_catalog_is_compiled_when_its_source_is_newer(run: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "packhouse/i18n/translations/en/LC_MESSAGES"
    source = write(folder / "messages.po")
    assert run.stale_catalogs() == [source]

    compiled = write(folder / "messages.mo")
    os.utime(source, (1000, 1000))
    assert run.stale_catalogs() == []

    os.utime(compiled, (500, 500))
    assert run.stale_catalogs() == [source]


def test_a_port_in_use_is_seen(run: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert run.is_answered(port)
    assert not run.is_answered(port)


# --- words ---------------------------------------------------------------------------------------


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run"), *arguments], capture_output=True, text=True, check=False
    )


def test_help_names_every_command_and_leaves_stdout_empty(run: ModuleType) -> None:
    answer = ask("help")

    assert answer.returncode == 0
    assert answer.stdout == ""
    for command in set(run.COMMANDS) - {"serve"}:
        assert f"./run {command}" in answer.stderr


def test_an_unknown_word_is_refused_with_the_help() -> None:
    answer = ask("tset")

    assert answer.returncode == 2
    assert "./run test" in answer.stderr


def test_an_older_python_is_told_what_is_needed(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit, match=r"3\.11 or newer"):
        run.main([])


def test_a_missing_system_package_is_named_when_it_cannot_be_installed(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(run.shutil, "which", lambda name: "/apt" if name == "apt-get" else None)

    with pytest.raises(SystemExit, match=r"sudo apt-get install python3\.\d+-venv"):
        run.install_venv_package()


# --- supervising ---------------------------------------------------------------------------------


@pytest.fixture
def supervise(
    run: ModuleType, quiet_signals: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[str], list[str]], ModuleType]:
    """Make the starter watch these two commands, on a port nobody answers."""

    def prepare(web: list[str], worker: list[str]) -> ModuleType:
        monkeypatch.setattr(run, "web_command", lambda _port: web)
        monkeypatch.setattr(run, "flask_command", lambda *_words: worker)
        monkeypatch.setattr(run, "is_answered", lambda _port: False)
        monkeypatch.setattr(run, "RESTART_SECONDS", 0)
        return run

    return prepare


def record_starts(supervisor: Any, then: Callable[[int], None]) -> list[subprocess.Popen[bytes]]:
    """Keep every process the supervisor starts, and call ``then`` with their number."""
    started: list[subprocess.Popen[bytes]] = []
    start = supervisor.start

    def recording(command: list[str]) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] = start(command)
        started.append(process)
        then(len(started))
        return process

    supervisor.start = recording
    return started


def is_alive(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def test_a_dead_web_ends_all_with_its_status(
    supervise: Callable[[list[str], list[str]], ModuleType],
) -> None:
    supervisor = supervise(FAIL, SLEEP).Supervisor(1)
    started = record_starts(supervisor, lambda _count: None)

    assert supervisor.run() == 3
    assert not any(is_alive(process) for process in started)


def test_a_dead_worker_is_started_again_and_a_signal_ends_both(
    supervise: Callable[[list[str], list[str]], ModuleType],
) -> None:
    supervisor = supervise(SLEEP, FAIL).Supervisor(1)
    started = record_starts(
        supervisor, lambda count: os.kill(os.getpid(), signal.SIGTERM) if count == 4 else None
    )

    assert supervisor.run() == 0
    assert len(started) == 4
    assert not any(is_alive(process) for process in started)


def test_a_process_that_will_not_end_is_killed(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True)"
    command = [sys.executable, "-c", f"{deaf}; time.sleep(60)"]
    monkeypatch.setattr(run, "STOP_SECONDS", 0.2)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        begun = time.monotonic()

        run.Supervisor(1).end([process])

        assert process.returncode == -signal.SIGKILL
        assert time.monotonic() - begun < 30
