"""How long a house takes to start, and how much memory its two processes keep."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.report import progress, tell
from bench.serving import environment, server
from bench.stores import Store, stores

STARTS = 3
# A worker's first round does all duties there are.
ROUND_SECONDS = 12
PAGES = ("/", "/sign-in", "/machines", "/api/v1/openapi.json", "/healthz")


def run() -> None:
    """Measure both databases."""
    with stores() as both:
        for store in both:
            progress(f"start: {store.engine}")
            store.app()
            _measure(store)


def _measure(store: Store) -> None:
    seconds = []
    for _ in range(STARTS):
        begun = time.monotonic()
        with server(store):
            seconds.append(round(time.monotonic() - begun, 2))
    with server(store) as (port, pid), _worker(store) as worker:
        answers = {page: _get(port, page) for page in PAGES * 3}
        time.sleep(ROUND_SECONDS)
        web, work = _memory(pid), _memory(worker)
    tell(
        "start",
        engine=store.engine,
        seconds_to_healthz=sorted(seconds),
        web=web,
        worker=work,
        total_rss_mib=round(web["rss_mib"] + work["rss_mib"], 1),
        total_pss_mib=round(web["pss_mib"] + work["pss_mib"], 1),
        answers=answers,
    )


@contextmanager
def _worker(store: Store) -> Iterator[int]:
    command = [sys.executable, "worker.py"]
    process = subprocess.Popen(command, env=environment(store), start_new_session=True)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _memory(pid: int) -> dict[str, float]:
    """Return the memory of a process and its children: counted whole, and shared pages shared."""
    family = [pid, *_children(pid)]
    found = {"rss_mib": 0.0, "pss_mib": 0.0}
    for each in family:
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in {"Rss", "Pss"}:
                found[f"{name.lower()}_mib"] += int(value.split()[0]) / 1024
    return {name: round(mib, 1) for name, mib in found.items()} | {"processes": len(family)}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _get(port: int, page: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
