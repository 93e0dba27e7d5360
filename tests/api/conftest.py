"""Programs that speak to the API with a token, and a house for them to speak about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

import pytest
from flask import Flask

from packhouse.db import transaction
from packhouse.domain.users import Actor, Role, secret_hash
from packhouse.models.users import ApiToken
from tests.conftest import NOW
from tests.factories import Make

# What programs are promised of a booking.
BOOKING = {
    "code", "state", "machine", "product", "quantity", "starts_at", "ends_at", "occupied_from",
    "decide_by", "phases", "price", "version",
}  # fmt: skip


class Program:
    """A client with a bearer token; paths are those below /api/v1."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app = app
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, **more: Any) -> Any:
        headers = {**self.headers, **more.pop("headers", {})}
        with self.app.app_context():
            return self.app.test_client().open(
                f"/api/v1/{path}", method=method, headers=headers, **more
            )

    def get(self, path: str, **query: Any) -> Any:
        """Ask for something; ``from_`` stands for the word that Python keeps to itself."""
        query = {name.rstrip("_"): value for name, value in query.items()}
        return self.send("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.send("POST", path, json={} if body is None else body, headers=headers)


ProgramOf = Callable[[Actor | None], Program]


@pytest.fixture
def program(app: Flask, context: Flask) -> ProgramOf:
    """Give the program of a person: ``program(make.producer())``; of nobody for None."""

    def with_token(actor: Actor | None) -> Program:
        if actor is None:
            return Program(app, None)
        token = token_urlsafe()
        year = timedelta(days=365)
        with transaction() as session:
            session.add(
                ApiToken(
                    id_hash=secret_hash(token),
                    user_id=actor.id,
                    created_at=NOW,
                    expires_at=NOW + year,
                )
            )
        return Program(app, token)

    return with_token


@dataclass(frozen=True)
class House:
    """A house with one machine, M3, its staff, and its one customer with one product."""

    site: int
    machine: int
    business: int
    product: int
    producer: Program
    operator: Program
    manager: Program
    make: Make
    program: ProgramOf

    def wish(self, hour: int = 8, minute: int = 0, *, days: int = 2, **other: Any) -> Any:
        """The body of a booking of 400 pouches (40 minutes) on Thursday morning."""
        at = self.make.at(hour, minute, days=days).isoformat()
        return {"product": self.product, "quantity": 400, "machine": "M3", "starts_at": at} | other

    def book(self, hour: int = 8, minute: int = 0, *, days: int = 2, **other: Any) -> Any:
        """Book and return the answer."""
        answer = self.producer.post("bookings", self.wish(hour, minute, days=days, **other))
        assert answer.status_code == 201, answer.json
        return answer.json

    def stranger(self) -> Program:
        """The owner of another business."""
        return self.program(self.make.producer())


@pytest.fixture
def house(make: Make, program: ProgramOf) -> House:
    """The house, open and empty."""
    site = make.site(code="PTK")
    machine = make.machine(site, code="M3")
    business = make.business()
    return House(
        site,
        machine,
        business,
        make.product(business, name="Amplang ikan", allergens=["fish"]),
        program(make.producer(business)),
        program(make.user(Role.OPERATOR, sites=(site,))),
        program(make.user(Role.MANAGER, sites=(site,))),
        make,
        program,
    )


def codes(answer: Any) -> list[str]:
    """The codes of all problems an answer tells."""
    assert answer.mimetype == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status_code
    assert all(problem["detail"] for problem in answer.json["problems"])
    return [problem["code"] for problem in answer.json["problems"]]
