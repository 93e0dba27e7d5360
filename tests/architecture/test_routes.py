"""Every address is declared, named and guarded as the house rules say; read off the url_map."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from packhouse.domain.permissions import Access, may_enter
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services.users import create_token
from packhouse.web.access import OF_LIBRARIES, declared_access
from packhouse.web.home import MENU, START
from tests.factories import Make

KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?$")
READING = {"GET", "HEAD", "OPTIONS"}
# Codes, days and tokens have shapes of their own, which their views read.
UNTYPED = {"code", "day", "token"}
SAMPLES = {"int": 999_999, "day": "2026-11-24"}


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OF_LIBRARIES]


def declared(app: Flask) -> list[tuple[str, str, str, Access | None]]:
    """Every (rule, endpoint, method) with who may enter."""
    return [
        (rule.rule, rule.endpoint, method, declared_access(app, rule.endpoint, method))
        for rule in rules(app)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_view_declares_who_may_enter(bare_app: Flask) -> None:
    undeclared = [each for each in declared(bare_app) if not isinstance(each[3], Access)]

    assert undeclared == []


def test_what_libraries_serve_can_only_be_read(bare_app: Flask) -> None:
    for rule in bare_app.url_map.iter_rules():
        if rule.endpoint in OF_LIBRARIES:
            assert (rule.methods or set()) <= READING


def test_addresses_are_written_in_kebab_case(bare_app: Flask) -> None:
    odd = [
        rule.rule
        for rule in rules(bare_app)
        for part in re.sub(r"<[^>]*>", "x", rule.rule).strip("/").split("/")
        if part and not KEBAB.match(part)
    ]

    assert odd == []


def test_parameters_of_addresses_have_a_type(bare_app: Flask) -> None:
    untyped = [
        rule.rule
        for rule in rules(bare_app)
        for parameter in re.findall(r"<([^>]*)>", rule.rule)
        if ":" not in parameter and not any(parameter.endswith(name) for name in UNTYPED)
    ]

    assert untyped == []


def test_pages_change_things_only_by_post(bare_app: Flask) -> None:
    for rule in rules(bare_app):
        if rule.rule.startswith("/api/"):
            continue
        methods = (rule.methods or set()) - READING
        assert methods <= {"POST"}, rule.rule
        assert not (methods and "GET" in (rule.methods or ())), rule.rule


def test_the_menu_and_the_first_pages_exist(bare_app: Flask) -> None:
    wanted = {endpoint for _, endpoint in MENU} | set(START.values())

    assert wanted - set(bare_app.view_functions) == set()


@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_enters_what_is_declared_for_it_and_nothing_else(
    app: Flask,
    client: FlaskClient,
    make: Make,
    login_as: Callable[[Actor], FlaskClient],
    role: Role | None,
) -> None:
    actor = None if role is None else make.user(role)
    browser = client if actor is None else login_as(actor)

    for rule, endpoint, method, access in declared(app):
        assert access is not None
        admitted = may_enter(actor, access)
        if rule.startswith("/api/") or (admitted and method == "POST"):
            continue  # What a form then does, the tests of its feature say.
        with browser.open(_address(app, rule, endpoint, method), method=method) as response:
            to_the_door = (response.location or "").startswith("/sign-in")
        turned_away = response.status_code == 403 or to_the_door
        assert turned_away != admitted, f"{role} {method} {rule}: {response.status}"
        assert response.status_code != 500, f"{role} {method} {rule}"


@pytest.mark.parametrize("role", [None, *Role])
def test_every_token_opens_what_is_declared_for_its_role_and_nothing_else(
    app: Flask, client: FlaskClient, make: Make, now: datetime, role: Role | None
) -> None:
    actor = None if role is None else make.user(role, email="siti@contoh.example")
    headers = {}
    if actor is not None:
        token = create_token(email="siti@contoh.example", actor=SYSTEM, now=now)
        headers["Authorization"] = f"Bearer {token}"

    for rule, endpoint, method, access in declared(app):
        assert access is not None
        if not rule.startswith("/api/"):
            continue
        path = _address(app, rule, endpoint, method)
        response = client.open(path, method=method, headers=headers)
        refused = response.status_code == (401 if actor is None else 403)
        assert refused != may_enter(actor, access), f"{role} {method} {rule}: {response.status}"
        assert response.status_code != 500, f"{role} {method} {rule}"


def _address(app: Flask, rule: str, endpoint: str, method: str) -> str:
    """Return an address of the rule, of a thing that does not exist."""
    values: dict[str, object] = {}
    for kind, _, name in (part.rpartition(":") for part in re.findall(r"<([^>]*)>", rule)):
        listed = re.findall(r"\w+", kind.removeprefix("any"))
        values[name] = SAMPLES.get(kind or name, listed[0] if listed else "NOWHERE")
    return str(app.url_map.bind("").build(endpoint, values, method=method))
