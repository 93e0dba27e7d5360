"""Programs that speak to the API with a token."""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from packhouse.db import transaction
from packhouse.domain.users import Actor, secret_hash
from packhouse.models.users import ApiToken
from tests.conftest import NOW


class Program:
    """A client with a bearer token; paths are those below /api/v1."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app = app
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        with self.app.app_context():
            return self.app.test_client().open(
                f"/api/v1/{path}", method=method, headers=headers, **more
            )

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
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
        with transaction() as session:
            session.add(
                ApiToken(
                    id_hash=secret_hash(token),
                    user_id=actor.id,
                    created_at=NOW,
                    expires_at=NOW + timedelta(days=365),
                )
            )
        return Program(app, token)

    return with_token
