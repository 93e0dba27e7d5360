"""A house, the browser of its manager, and what is read of a page."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services.sites import create_site
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30"


@pytest.fixture
def house(make: Make) -> int:
    return create_site(
        code="PTK", name="Rumah Kemasan Pontianak", regency="61.71", zone="Asia/Pontianak",
        hours=HOURS, operators=3, address="Jalan Contoh 1", actor=SYSTEM, now=make.now,
    )  # fmt: skip


@pytest.fixture
def browser(make: Make, house: int, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.MANAGER, sites=(house,)))


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")
