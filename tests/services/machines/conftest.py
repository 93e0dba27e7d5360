"""A house with its manager and one sealer."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.services.bookings import Wish, book
from packhouse.services.machines import Draft, create_machine, edit_machine
from tests.factories import COMMISSIONED, Make

SEALER = Draft(
    code="BS-1",
    name="Band sealer",
    kind="band_sealer",
    lane="halal",
    packs={"pouch_100": None, "pouch_250": Decimal(10)},
    rate_per_minute=Decimal(15),
    setup_minutes=10,
    cleaning_minutes=(5, 10, 15),
    attended=False,
    commissioned_at=COMMISSIONED,
)


@pytest.fixture
def house(make: Make) -> int:
    return make.site(code="PTK")


@pytest.fixture
def manager(make: Make, house: int) -> Actor:
    return make.user(Role.MANAGER, sites=(house,))


@pytest.fixture
def sealer(house: int, now: datetime) -> int:
    return create_machine(site="PTK", draft=SEALER, tariff_per_hour=15_000, actor=SYSTEM, now=now)


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def actions() -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.subject_kind == "machine")
    return list(db.session.scalars(query.order_by(AuditEntry.seq)))


def booked(make: Make, hour: int, minute: int = 0, **product: Any) -> str:
    wish = Wish(make.product(make.business(), **product), 300, "BS-1", make.at(hour, minute))
    return str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])


def edit(actor: Actor, now: datetime, **changes: Any) -> None:
    edit_machine(draft=replace(SEALER, **changes), actor=actor, now=now)
