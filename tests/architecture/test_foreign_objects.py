"""Every address that names a thing, asked by everybody whose thing it is not.

The cases are read off the url_map: a new address with a parameter is tried by itself, and fails
here until it is said whose things it names.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from packhouse.db import db
from packhouse.domain import permissions
from packhouse.domain.permissions import may_enter
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services.users import create_token
from packhouse.web.access import OF_LIBRARIES, declared_access
from tests.factories import Make
from tests.support.routes import address
from tests.support.strangers import LoginAs, Stranger, encoded

May = Callable[[Actor, Stranger], bool]
REFUSED = {403, 404}


def _of_business(actor: Actor, them: Stranger) -> bool:
    return permissions.may_act_for_business(actor, them.business)


def _of_booking(actor: Actor, them: Stranger) -> bool:
    return permissions.may_see_booking(actor, them.business, them.site)


def _of_site(actor: Actor, them: Stranger) -> bool:
    return permissions.may_operate(actor, them.site)


def _traced(actor: Actor, them: Stranger) -> bool:
    return permissions.may_trace(actor, them.site)


def _of_desk(actor: Actor, _them: Stranger) -> bool:
    return permissions.may_serve_businesses(actor)


def _nobody(_actor: Actor, _them: Stranger) -> bool:
    return False


def _everybody(_actor: Actor, _them: Stranger) -> bool:
    return True


# By the beginning of the address, the most exact first: to whom the things it names belong.
# Reading a house, its machines and its figures is everybody's who may enter.
OWNERS: tuple[tuple[str, str, May], ...] = (
    ("GET", "/api/v1/machines/", _everybody),
    ("GET", "/machines/<code>/cleanings", _traced),
    ("GET", "/machines/<code>/card", _everybody),
    ("GET", "/machines/<code>/placements/", _everybody),
    ("GET", "/machines/<code>/", _of_site),
    ("GET", "/machines/<code>", _everybody),
    ("GET", "/sites/<code>/", _of_site),
    ("GET", "/sites/<code>", _everybody),
    ("GET", "/reports/", _everybody),
    ("*", "/api/v1/bookings/", _of_booking),
    ("*", "/api/v1/machines/", _of_site),
    ("*", "/api/v1/jobs/", _of_booking),
    ("*", "/api/v1/products/", _of_business),
    ("*", "/api/v1/complaints/", _nobody),
    ("*", "/api/v1/offers/", _nobody),
    ("*", "/api/v1/waitlist/", _nobody),
    ("*", "/bookings/", _of_booking),
    ("*", "/check-in/", _of_booking),
    ("*", "/jobs/", _of_booking),
    ("*", "/orders/", _of_booking),
    ("*", "/series/", _of_booking),
    ("*", "/businesses/", _of_business),
    ("*", "/complaints/", _nobody),
    ("*", "/products/", _of_business),
    ("*", "/machines/", _of_site),
    ("*", "/parts/", _of_site),
    ("*", "/maintenance/", _of_site),
    ("*", "/maintenance-schedules/", _of_site),
    ("*", "/outages/", _of_site),
    ("*", "/photos/", _of_site),
    ("*", "/api/v1/maintenance/", _of_site),
    ("*", "/api/v1/outages/", _of_site),
    ("*", "/api/v1/sites/", _of_site),
    ("*", "/messages/", _nobody),
    ("*", "/plans/", _of_site),
    ("*", "/api/v1/plans/", _of_site),
    ("*", "/sites/", _of_site),
    ("*", "/waitlist/", _nobody),
    ("POST", "/people/<int:user_id>/code", _of_desk),
    ("*", "/people/", _nobody),
    ("*", "/reductions/", _nobody),
)
# That a house and its machines are there is no secret: there a refusal may say that it is one.
KNOWN = ("/api/v1/machines/", "/machines/", "/sites/")
# Whoever holds the secret of such an address is meant by it.
SECRETS = {"token", "secret"}


def named(app: Flask) -> list[tuple[Rule, str]]:
    """Every address with a parameter that names a thing, once for each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in OF_LIBRARIES
        and rule.arguments - {"form", "filename"}
        and not rule.arguments & SECRETS
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def owner_of(rule: Rule, method: str) -> May | None:
    """Return who may touch what an address names; None when nobody has said."""
    for verb, start, may in OWNERS:
        if verb in ("*", method) and rule.rule.startswith(start):
            return may
    return None


def test_it_is_said_of_every_address_whose_things_it_names(bare_app: Flask) -> None:
    unsaid = {rule.rule for rule, method in named(bare_app) if owner_of(rule, method) is None}

    assert unsaid == set()


FOREIGN: dict[str, Callable[[Make], Actor]] = {
    "a producer of another business": lambda make: make.producer(),
    "a producer without a business": lambda make: make.user(Role.PRODUCER),
    "an operator of another site": lambda make: make.user(Role.OPERATOR, sites=(make.site(),)),
    "a manager of another site": lambda make: make.user(Role.MANAGER, sites=(make.site(),)),
    "a manager of no site": lambda make: make.user(Role.MANAGER),
    "a reviewer": lambda make: make.user(Role.REVIEWER),
}


@pytest.mark.parametrize("who", FOREIGN)
def test_what_is_not_hers_is_not_there_for_her(
    app: Flask, stranger_inside: Stranger, login_as: LoginAs, make: Make, who: str
) -> None:
    them, actor = stranger_inside, FOREIGN[who](make)
    browser = login_as(actor)
    with app.app_context():
        email = db.session.execute(
            db.text("SELECT email FROM users WHERE id = :id"), {"id": actor.id}
        ).scalar_one()
        db.session.rollback()
    token = create_token(email=email, actor=SYSTEM, now=make.now)
    wrong = []
    for rule, method in named(app):
        may = owner_of(rule, method)
        access = declared_access(app, rule.endpoint, method)
        if may is None or access is None or may(actor, them):
            continue
        sent = _sent(them, rule, method, token)
        path = address(app, rule, them.things(rule), method)
        before = them.rows()
        answer = browser.open(path, method=method, **sent)
        status, answered = answer.status_code, answer.location or ""
        answer.close()
        if status not in REFUSED or answered:
            wrong.append(f"{method} {rule.rule}: {status}")
        known = rule.rule.startswith(KNOWN) or not may_enter(actor, access)
        if status == 403 and not known:
            wrong.append(f"{method} {rule.rule}: tells that it is there")
        if them.rows() != before:
            wrong.append(f"{method} {rule.rule}: changed something")

    assert wrong == []


def _sent(them: Stranger, rule: Rule, method: str, token: str) -> dict[str, Any]:
    """Return headers and a body with which the owner would be served."""
    if rule.rule.startswith("/api/"):
        headers = {"Authorization": f"Bearer {token}"}
        return {"headers": headers, "json": API_BODIES.get(rule.endpoint)}
    if method != "POST":
        return {}
    kind = "application/x-www-form-urlencoded"
    return {"data": encoded(them.good()), "content_type": kind}


API_BODIES: dict[str, dict[str, Any]] = {
    "api-bookings.move": {"starts_at": "2026-12-01T08:00:00+07:00"},
    "api-bookings.reject": {"reason": "penuh"},
    "api-bookings.ask": {"question": "Berapa?"},
    "api-bookings.answer": {"answer": "Sepuluh"},
    "api-runs.pause": {"reason": "no_material"},
    "api-runs.finish": {"good": 1, "rejected": 0},
    "api-downtime.report": {
        "reason": "breakdown",
        "expected_back_at": "2026-12-01T08:00:00+07:00",
    },
    "api-downtime.go_out": {"utility": "water", "until": "2026-12-01T08:00:00+07:00"},
    "api-downtime.plan": {
        "from": "2026-12-01T08:00:00+07:00",
        "to": "2026-12-01T09:00:00+07:00",
        "reason": "maintenance",
    },
}
