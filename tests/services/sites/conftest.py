"""A house with its manager, and what is read of it."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.services.sites import create_site
from tests.factories import Make

HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30"
HOUSE: dict[str, Any] = {
    "code": "PTK",
    "name": "Rumah Kemasan Pontianak",
    "regency": "61.71",
    "zone": "Asia/Pontianak",
    "hours": HOURS,
    "operators": 3,
}


@pytest.fixture
def house(make: Make, now: datetime) -> int:
    return create_site(**HOUSE, actor=SYSTEM, now=now)


@pytest.fixture
def manager(make: Make, house: int) -> Actor:
    return make.user(Role.MANAGER, sites=(house,))


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def actions(subject_id: int) -> list[str]:
    query = select(AuditEntry.action).where(
        AuditEntry.subject_kind == "site", AuditEntry.subject_id == subject_id
    )
    return list(db.session.scalars(query.order_by(AuditEntry.seq)))
