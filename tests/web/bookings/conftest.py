"""A house with one machine, the browser of its customer, and what is read of a page."""

import html
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from packhouse.models.bookings import Booking
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """One machine, a producer with one product, an operator and a manager."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", **machine)
        self.business = make.business(name="Ibu Sari")
        self.product = make.product(self.business, name="Amplang")
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.manager = make.user(Role.MANAGER, sites=(self.site,))

    def book(self, hour: int, minute: int = 0, *, days: int = 2) -> str:
        wish = Wish(self.product, 400, "M3", self.make.at(hour, minute, days=days))
        answer = bookings.book(wish=wish, actor=self.producer, now=self.make.now)
        return str(answer["code"])

    def chosen(self, starts_at: datetime, /, **changes: Any) -> dict[str, Any]:
        """What the page before the last tap sends."""
        return {
            "product": self.product,
            "quantity": 400,
            "machine": "M3",
            "starts_at": starts_at.isoformat(),
            **changes,
        }


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


@pytest.fixture
def browser(house: House, login_as: LoginAs) -> FlaskClient:
    return login_as(house.producer)


def words(answer: TestResponse, status: int = 200) -> str:
    """The page as its reader sees it: entities decoded, protected spaces as spaces."""
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def booking(code: str) -> Booking:
    db.session.rollback()
    return db.session.scalars(select(Booking).where(Booking.code == code)).one()


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(table)).one()
