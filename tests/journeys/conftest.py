"""A served house and a real browser."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import flask_migrate
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from config import Testing
from packhouse import clock, create_app
from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.services import users
from tests.conftest import NOW
from tests.factories import Make
from tests.support import browsers

PASSWORD = "rumah kemasan contoh 26"


@dataclass(slots=True)
class Hands:
    """The clock that the served house goes by, which a test sets forward, and a bad line.

    ``losing`` holds what is lost of the next posts: "request" (it never arrives) or "answer".
    """

    now: datetime = NOW
    losing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class House:
    """A served house with one person of each role; ``make`` adds to it."""

    url: str
    hands: Hands
    make: Make
    site: int
    business: int
    product: int

    def email(self, role: Role) -> str:
        """The address of the person with a role."""
        return f"{role}@contoh.example"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the run: skipped where there is none, failing where it is required."""
    path = browsers.chromium()
    if path is None:
        browsers.refuse_to_skip()
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=browsers.FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Serve a small house on a free port of 127.0.0.1, by a clock that only the test moves."""
    app = create_app(
        Testing(
            DATABASE_URL=f"sqlite:///{tmp_path / 'packhouse.db'}",
            INSTANCE=tmp_path,
            MAIL_HOST="",
        )
    )
    app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context():
        flask_migrate.upgrade()
        hands = Hands()
        with serving(app, hands) as url:
            yield _furnish(url, hands)
        db.session.remove()
        db.engine.dispose()


def _furnish(url: str, hands: Hands) -> House:
    make = Make(now=NOW)
    site = make.site(code="PTK", operators=2)
    make.machine(site, code="M3", name="Sealer kontinu")
    make.machine(site, code="V1", name="Vakum", needs_approval=True, attended=True)
    business = make.business(name="Dapur Contoh")
    product = make.product(business, name="Amplang contoh", allergens=["fish"])
    for role in Role:
        user_id = users.create_user(
            email=f"{role}@contoh.example", name=f"Contoh {role}", role=role, password=PASSWORD,
            locale="id", phone="", site_codes=("PTK",) if role in browsers.STAFF else None,
            actor=SYSTEM, now=NOW,
        )  # fmt: skip
        if role == Role.PRODUCER:
            make.member(user_id, business)
    db.session.remove()
    return House(url, hands, make, site, business, product)


def nothing(_environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    """Answer with something that will not arrive."""
    start("503 Service Unavailable", [])
    return [b""]


@contextmanager
def serving(app: Flask, hands: Hands) -> Iterator[str]:
    """Serve an app whose clock stands where the hands show."""

    def frozen(environ: WSGIEnvironment, start: StartResponse) -> Any:
        lost = hands.losing.pop(0) if hands.losing and environ["REQUEST_METHOD"] == "POST" else ""
        with clock.frozen(hands.now):
            answer = app(environ, start) if lost != "request" else nothing(environ, start)
        if lost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer

    server = make_server("127.0.0.1", 0, frozen, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_page(chromium: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Give a page of a phone or a desk: ``open_page(width=360, role=Role.PRODUCER)``."""
    contexts = []

    def opened(
        *,
        width: int = 360,
        role: Role | None = None,
        language: str = "id",
        javascript: bool = True,
        worker: bool = False,  # Bytes and requests are counted without one: it hides some.
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 740},
            locale="id-ID" if language == "id" else "en-GB",
            java_script_enabled=javascript,
            base_url=house.url,
            service_workers="allow" if worker else "block",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if role is not None:
            page.goto("/sign-in")
            page.fill("[name=email]", house.email(role))
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_load_state()
        return page

    yield opened
    for context in contexts:
        context.close()
