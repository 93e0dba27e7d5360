"""Clients that book, retry and remember, while the process that serves them is killed."""

import json
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models.audit import IdempotencyKey
from packhouse.models.bookings import Booking

PATIENCE = 60
SHORTEST, LONGEST = 0.02, 0.25


@dataclass
class Raging:
    """What the clients were told: the code of each key, and how often they had to ask again."""

    codes: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    kills: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """What the database says: acknowledged bookings it lacks, and such as nobody was told of."""

    lost: int
    doubled: int
    unasked: int


class Storm:
    """A server, a way to book, and as many wishes as there will ever be time for."""

    def __init__(self, port: int, path: str, token: str, bodies: Sequence[dict[str, Any]]) -> None:
        self.port, self.path, self.token = port, path, token
        self.bodies = list(bodies)
        self.lock = Lock()
        self.over = False

    def rage(self, master: int, *, kills: int, clients: int) -> Raging:
        """Kill the serving child of a master process so many times under load."""
        outcome = Raging()
        threads = [Thread(target=self._book_on, args=(outcome,)) for _ in range(clients)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        chance = random.Random(7)
        last = 0
        while outcome.kills < kills:
            self._await_progress(outcome, len(outcome.codes))
            time.sleep(chance.uniform(SHORTEST, LONGEST))
            child = _child_of(master)
            if child and child != last:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                    last, outcome.kills = child, outcome.kills + 1
        time.sleep(0.5)
        self.over = True
        for thread in threads:
            thread.join(PATIENCE)
        outcome.seconds = time.monotonic() - begun
        return outcome

    def _await_progress(self, outcome: Raging, before: int) -> None:
        """Let the new process serve somebody first: killing it at its birth would prove less."""
        until = time.monotonic() + PATIENCE
        while len(outcome.codes) == before and time.monotonic() < until:
            time.sleep(0.005)

    def _book_on(self, outcome: Raging) -> None:
        while not self.over:
            with self.lock:
                if not self.bodies:
                    return
                body = self.bodies.pop()
                key = f"key-{len(self.bodies)}"
            self._book(outcome, key, body)

    def _book(self, outcome: Raging, key: str, body: dict[str, Any]) -> None:
        """Ask until there is an answer: the same key makes it the same booking."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                status, text = self._post(key, body)
            except (OSError, HTTPException):
                with self.lock:
                    outcome.retries += 1
                time.sleep(0.02)
                continue
            if status == 201:
                with self.lock:
                    outcome.codes[key] = json.loads(text)["code"]
                return
            raise AssertionError(f"{status}: {text[:200]!r}")
        raise AssertionError("the server did not come back")

    def _post(self, key: str, body: dict[str, Any]) -> tuple[int, bytes]:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key,
        }
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", self.path, json.dumps(body), headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def check(self, outcome: Raging) -> Found:
        """Compare what was told with what is stored."""
        stored = set(db.session.scalars(select(Booking.code)))
        keys = db.session.scalars(select(func.count()).select_from(IdempotencyKey)).one()
        db.session.rollback()
        told = set(outcome.codes.values())
        return Found(
            lost=len(told - stored),
            doubled=len(outcome.codes) - len(told),
            unasked=max(len(stored) - keys, len(stored - told)),
        )


def _child_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children")
    with suppress(OSError, ValueError, IndexError):
        return int(children.read_text().split()[-1])
    return 0
