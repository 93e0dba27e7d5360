"""A real server on a free port of 127.0.0.1, and clients that talk to it."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from threading import Barrier, Lock, Thread
from typing import Any

from bench.report import percentile
from bench.stores import SECRET, Store

START_SECONDS = 30
CONTEXT = multiprocessing.get_context("spawn")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(store: Store) -> dict[str, str]:
    """Return the settings of a house on this store, as its processes read them."""
    return os.environ | {
        "PACKHOUSE_DATABASE_URL": store.url,
        "PACKHOUSE_INSTANCE": str(store.folder),
        "PACKHOUSE_SECRET_KEY": SECRET,
        "PACKHOUSE_RATELIMIT": "0",
        "PACKHOUSE_LOG_LEVEL": "ERROR",
        "BENCH_DATABASE_URL": store.url,
        "MALLOC_ARENA_MAX": "2",
    }


@contextmanager
def server(
    store: Store, app: str = "wsgi:app", *, preload: bool = False, workers: int = 1
) -> Iterator[tuple[int, int]]:
    """Serve an app as a house does (one process of eight threads); yield port and process id.

    With ``preload`` a killed process is replaced at once, without loading the app again.
    """
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "--workers", str(workers), "--threads", "8",
            "--no-control-socket", "--log-level", "critical", "--bind", f"127.0.0.1:{port}", app,
            *(["--preload"] if preload else []),
        ],
        env=environment(store),
    )  # fmt: skip
    try:
        _await(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _await(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
                connection.request("GET", "/healthz")
                with connection.getresponse() as answer:
                    answer.read()
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def post_all(
    port: int, path: str, bodies: Sequence[dict[str, Any]], *, token: str, clients: int
) -> dict[str, Any]:
    """Send every body once from so many clients; return rate, latencies and statuses.

    The clients live in a process of their own, so that they do not slow the server's threads.
    """
    queue = CONTEXT.Queue()
    runner = CONTEXT.Process(
        target=_post_all, args=(port, path, bodies, token, clients, queue), daemon=True
    )
    runner.start()
    result: dict[str, Any] = queue.get(timeout=600)
    runner.join(30)
    return result


def _post_all(
    port: int, path: str, bodies: Sequence[dict[str, Any]], token: str, clients: int, queue: Any
) -> None:
    spent: list[float] = []
    statuses: dict[int, int] = {}
    shares = [bodies[number::clients] for number in range(clients)]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def work(share: Sequence[dict[str, Any]]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for body in share:
            begun = time.perf_counter()
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            spent.append((time.perf_counter() - begun) * 1000)
            statuses[answer.status] = statuses.get(answer.status, 0) + 1

    threads = [Thread(target=work, args=(share,)) for share in shares]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    queue.put(
        {
            "per_second": round(len(bodies) / seconds, 1),
            "p50_ms": round(percentile(spent, 0.5), 1),
            "p95_ms": round(percentile(spent, 0.95), 1),
            "statuses": statuses,
        }
    )


def post_together(
    port: int, path: str, bodies: Sequence[dict[str, Any]], *, token: str, clients: int
) -> dict[int, int]:
    """Send each body from all clients at the same moment; return how often each status came."""
    statuses: dict[int, int] = {}
    barrier, lock = Barrier(clients), Lock()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def work() -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for body in bodies:
                barrier.wait(60)
                connection.request("POST", path, json.dumps(body), headers)
                answer = connection.getresponse()
                answer.read()
                with lock:
                    statuses[answer.status] = statuses.get(answer.status, 0) + 1

    threads = [Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses
