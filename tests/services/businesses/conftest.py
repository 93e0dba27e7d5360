"""Somebody at the front desk, and how businesses are registered and read."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from packhouse.errors import RuleBroken
from packhouse.models.businesses import Business
from packhouse.models.users import User
from packhouse.services.businesses import Papers, Told, create_business, note_paper
from tests.factories import Make

PAPERS = Papers(name="Amplang Contoh", regency="61.04", size="mikro", nib="0123456789012")


@pytest.fixture
def clerk(make: Make) -> Actor:
    return make.user(Role.OPERATOR)


def create(actor: Actor, now: datetime, *, owner: str = "", **fields: Any) -> int:
    papers = replace(PAPERS, **{k: v for k, v in fields.items() if k != "level"})
    return create_business(
        papers=papers,
        level=fields.get("level", "nib"),
        owner_email=owner,
        actor=actor,
        now=now,
    )


def business(business_id: int) -> Business:
    db.session.rollback()
    return db.session.get_one(Business, business_id)


def email_of(actor: Actor) -> str:
    return db.session.scalars(select(User.email).where(User.id == actor.id)).one() or ""


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def paper(actor: Actor, now: datetime, made: int, kind: str, **fields: Any) -> int:
    seen = fields.pop("seen", False)
    told = Told(kind, fields.pop("number", "1"), **fields)
    return note_paper(business_id=made, told=told, seen=seen, actor=actor, now=now)
