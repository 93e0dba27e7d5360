from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from packhouse.domain.permissions import ADMITTED, Access, may_enter
from packhouse.domain.users import Actor, Role
from packhouse.web.access import safe_next
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("role", [None, *Role])
def test_a_level_admits_the_roles_it_names_and_nobody_else(
    access: Access, role: Role | None
) -> None:
    actor = None if role is None else Actor(id=1, role=role)

    admitted = access is Access.PUBLIC or role in ADMITTED.get(access, ())
    assert may_enter(actor, access) == admitted


def test_a_stranger_is_sent_to_the_door_and_back(stranger: FlaskClient) -> None:
    response = stranger.get("/account?tab=1")

    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in?next=/account?tab%3D1"


def test_a_stranger_who_sends_a_form_is_sent_to_the_door(stranger: FlaskClient) -> None:
    response = stranger.post("/account/password", data={"old": "a", "new": "b"})

    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in"


def test_a_form_sent_too_late_leads_back_to_its_page(stranger: FlaskClient) -> None:
    response = stranger.post(
        "/account/password", headers={"Referer": "https://kemas.example/account?tab=1"}
    )

    assert response.headers["Location"] == "/sign-in?next=/account?tab%3D1"


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(stranger: FlaskClient) -> None:
    response = stranger.get(
        "/account",
        headers={"HX-Request": "true", "HX-Current-URL": "https://kemas.example/people"},
    )

    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/sign-in?next=/people"


def test_the_wrong_role_is_refused(make: Make, login_as: LoginAs) -> None:
    response = login_as(make.user(Role.PRODUCER)).get("/people")

    assert response.status_code == 403


def test_a_program_without_a_token_reads_a_problem(client: FlaskClient) -> None:
    response = client.get("/api/v1/nowhere", headers={"Authorization": "Bearer forged"})

    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert response.get_json()["code"] == "unauthorized"


FORGED = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "/.evil.example",
    "/@evil.example",
    "/account@evil.example",
    "/account/../..//evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "HTTPS://evil.example/account",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,hello",
    "vbscript:x",
    "mailto:a@evil.example",
    "ftp://evil.example",
    " //evil.example",
    " https://evil.example",
    "\u00a0//evil.example",
    "/\u2215evil.example",
    "/\uff0fevil.example",
    "\uff0f\uff0fevil.example",
    "/\x00/evil.example",
    "/\x0b/evil.example",
    "/account\r\nLocation: https://evil.example",
    "/account\x00",
    "evil.example",
    "account",
    "./account",
    "../account",
    "?next=//evil.example",
    "#//evil.example",
    ";//evil.example",
    ".//evil.example",
    "/;/evil.example",
    "/nowhere",
    "/account/password",
    "/language",
    "/sign-out",
    "/sign-in",
    "/sign-in?next=//evil.example",
    "/static/js/packhouse.js",
    "/account/",
    "//account",
    "///account",
    "/account//",
    "http://localhost/account",
    "http://localhost@evil.example/account",
    "//localhost/account",
    "",
    "/" * 5000,
]


def test_nobody_is_led_away_after_signing_in(bare_app: Flask) -> None:
    with bare_app.test_request_context():
        assert [target for target in FORGED if safe_next(target) is not None] == []


def test_a_page_of_ours_is_where_a_person_returns_to(bare_app: Flask) -> None:
    ours = ["/", "/account", "/account?tab=1&x=//evil.example", "/people"]

    with bare_app.test_request_context():
        assert [safe_next(target) for target in ours] == ours


def test_a_view_without_a_declaration_refuses_everybody(
    app: Flask, make: Make, login_as: LoginAs
) -> None:
    def undeclared() -> str:
        raise AssertionError("nobody may get here")

    admin = login_as(make.user(Role.ADMIN))
    kept = app.view_functions["users.account"]
    app.view_functions["users.account"] = undeclared
    try:
        response = admin.get("/account")
    finally:
        app.view_functions["users.account"] = kept

    assert response.status_code == 403
