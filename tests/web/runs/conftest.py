"""A house with a machine and two bookings today, and what is read of a page."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make

Login = Callable[[Any], FlaskClient]


class Floor:
    """A house with a machine and two bookings today, and the browser of its operator."""

    def __init__(self, make: Make, login_as: Login) -> None:
        self.make, self.login_as = make, login_as
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", name="Sealer biru")
        self.business = make.business(name="Dapur Rasa")
        self.product = make.product(self.business, name="Keripik")
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.browser = login_as(self.operator)
        self.code = self.book(9)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int, *, machine: str = "M3") -> str:
        wish = Wish(self.product, 400, machine, self.at(hour))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def time(self, hour: int, minute: int = 0) -> AbstractContextManager[None]:
        return clock.frozen(self.at(hour, minute))

    def tap(self, verb: str, data: dict[str, str] | None = None, code: str | None = None) -> Any:
        return self.browser.post(f"/bookings/{code or self.code}/{verb}", data=data or {})

    def screen(self, code: str | None = None) -> str:
        response = self.browser.get(f"/bookings/{code or self.code}/session")
        assert response.status_code == 200
        return str(response.text)


@pytest.fixture
def floor(make: Make, login_as: Login) -> Iterator[Floor]:
    built = Floor(make, login_as)
    with built.time(8):
        yield built


def words(page: str) -> str:
    """The text of a page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page).replace("\xa0", " "))


def state_of(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()
