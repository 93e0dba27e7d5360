"""The house that the tests of the whole map of addresses share."""

from typing import Any

import pytest
from flask import Flask

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from tests.factories import Make
from tests.support.strangers import LoginAs, Noted, Stranger


@pytest.fixture
def stranger_inside(
    app: Flask, make: Make, login_as: LoginAs, monkeypatch: pytest.MonkeyPatch
) -> Stranger:
    """A small house with a bit of everything, and one person of each role."""
    site = make.site(code="PTK")
    make.machine(site, code="M3")
    make.machine(site, code="V1", needs_approval=True)
    make.machine(make.site(code="ASING"), code="A1")
    business = make.business()
    product = make.product(business)
    make.product(make.business())
    where: dict[Role, dict[str, Any]] = {
        Role.PRODUCER: {"businesses": (business,)},
        Role.OPERATOR: {"sites": (site,)},
        Role.MANAGER: {"sites": (site,)},
    }
    people: dict[Role | None, Actor | None] = {
        role: make.user(role, **where.get(role, {}), email=f"{role}@contoh.example")
        for role in Role
    }
    people[None] = None
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noted)
    first = 0 if db.engine.dialect.name == "sqlite" else 17  # Half of what is sent.
    return Stranger(app, make, login_as, site, product, business, people, first)
