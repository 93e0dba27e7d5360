"""Every address is declared, named and guarded as the house rules say; read off the url_map."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from packhouse.domain.permissions import Access, may_enter
from packhouse.domain.users import Actor, Role
from packhouse.web.access import OF_LIBRARIES, declared_access
from packhouse.web.home import MENU, START
from tests.factories import Make

KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?$")
READING = {"GET", "HEAD", "OPTIONS"}
# A code is read by people and has its own shape; a token is longer than any other converter says.
UNTYPED = {"code", "token"}


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
    adapter = app.url_map.bind("")

    for rule, endpoint, method, access in declared(app):
        if rule.startswith("/api/") or access is None or method != "GET":
            continue
        values = {name: _sample(rule, name) for name in _parameters(rule)}
        with browser.get(adapter.build(endpoint, values, method=method)) as response:
            pass
        to_the_door = (response.location or "").startswith("/sign-in")
        turned_away = response.status_code == 403 or to_the_door
        assert turned_away != may_enter(actor, access), f"{role} {rule}: {response.status}"


def _parameters(rule: str) -> list[str]:
    return [part.rpartition(":")[2] for part in re.findall(r"<([^>]*)>", rule)]


def _sample(rule: str, name: str) -> object:
    return 999_999 if f"<int:{name}>" in rule else "nowhere"
