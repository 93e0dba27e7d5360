"""A house with a machine that may break, and what is read of a page."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown
from packhouse.services import bookings, downtime
from packhouse.services.bookings import Wish
from tests.factories import Make

Login = Callable[[Any], FlaskClient]
PLAN = {
    "reason": "calibration",
    "from_day": "2026-11-26",
    "from_time": "08:00",
    "to_day": "2026-11-26",
    "to_time": "10:00",
}


class Floor:
    """A house with a machine, a booking at nine, and the browsers of operator and manager."""

    def __init__(self, make: Make, login_as: Login) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", name="Sealer biru")
        self.business = make.business(name="Dapur Rasa")
        self.product = make.product(self.business, name="Keripik")
        self.actor = make.user(Role.OPERATOR, sites=(self.site,))
        self.operator = login_as(self.actor)
        self.manager = login_as(make.user(Role.MANAGER, sites=(self.site,)))
        self.code = self.book(self.at(9))

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        return self.make.at(hour, minute, days=days)

    def book(self, starts_at: datetime) -> str:
        wish = Wish(self.product, 400, "M3", starts_at)
        return str(bookings.book(wish=wish, actor=self.actor, now=self.make.now)["code"])

    def broken(self, until: datetime) -> None:
        downtime.report_breakdown(
            machine="M3", reason="breakdown", expected_back_at=until,
            actor=self.actor, now=self.make.now,
        )  # fmt: skip


@pytest.fixture
def floor(make: Make, login_as: Login) -> Floor:
    return Floor(make, login_as)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page).replace("\xa0", " "))


def state_of(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def breakdown() -> Breakdown:
    db.session.rollback()
    return db.session.scalars(select(Breakdown)).one()


def offered(page: str) -> list[str]:
    radios = re.findall(r'<input[^>]*name="back"[^>]*>', page)
    values = [re.findall(r'value="([^"]+)"', each)[0] for each in radios]
    assert values.pop() == "picked"
    return values
