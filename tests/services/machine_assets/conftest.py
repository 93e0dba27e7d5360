"""A house with one machine, and what is read of it."""

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.errors import RuleBroken
from packhouse.models.machines import Machine
from tests.factories import Make


def codes(refused: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [each.code for each in refused.value.problems]


def machine() -> Machine:
    db.session.rollback()
    found = db.session.scalars(select(Machine).where(Machine.code == "A")).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


@pytest.fixture
def house(make: Make) -> int:
    site = make.site(code="PTK")
    make.machine(site, code="A")
    return site
