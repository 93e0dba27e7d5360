import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from packhouse.models.audit import AuditEntry
from packhouse.models.users import User
from packhouse.web.security import HEADERS, limiter
from tests.conftest import bare
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


@pytest.fixture
def csrf(app: Flask) -> Iterator[None]:
    """Ask for the token of a form, as a house at work does."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sign-in"),
        ("GET", "/account"),
        ("GET", "/nowhere"),
        ("GET", "/api/v1/nowhere"),
        ("GET", "/static/nowhere.css"),
        ("GET", "/bootstrap/static/css/bootstrap.min.css"),
        ("POST", "/sign-in"),
        ("POST", "/"),
        ("GET", "/?q=%00"),
    ],
)
def test_every_answer_is_protected(stranger: FlaskClient, method: str, path: str) -> None:
    with stranger.open(path, method=method) as response:
        headers = response.headers

    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "Server" not in headers


def test_no_cache_keeps_what_one_person_sees(
    make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    seen = login_as(make.user()).get("/account")
    public = client.get("/")
    with client.get("/bootstrap/static/css/bootstrap.min.css") as asset:
        pass

    assert seen.cache_control.no_store
    assert public.cache_control.private
    assert not asset.cache_control.no_store
    assert asset.cache_control.max_age == 365 * 24 * 3600


def test_https_is_kept_to_once_the_house_has_it(tmp_path: Path) -> None:
    app = bare(INSTANCE=tmp_path, PUBLIC_URL="https://kemas.example")

    response = app.test_client().get("/sign-in", base_url="https://kemas.example")

    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-packhouse=")
    assert "; Secure;" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


# --- forged forms -------------------------------------------------------------------------------


def every_post(app: Flask) -> list[str]:
    """Every address of a page that changes something, with 1 for its parameters."""
    with app.test_request_context():
        adapter = app.url_map.bind("")
        return [
            adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method="POST")
            for rule in app.url_map.iter_rules()
            if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        ]


def test_a_form_of_another_site_changes_nothing(
    app: Flask, make: Make, login_as: LoginAs, csrf: None
) -> None:
    admin = make.user(Role.ADMIN)
    browser = login_as(admin)
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))

    for path in every_post(app):
        response = browser.post(path, data={"csrf_token": "forged"})
        assert response.status_code == 400, path
        assert "lama terbuka" in response.text

    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before
    assert db.session.scalar(select(func.count()).select_from(User)) == 1
    assert browser.get("/account").status_code == 200


def test_a_form_of_ours_is_accepted(make: Make, login_as: LoginAs, csrf: None) -> None:
    browser = login_as(make.user())
    page = browser.get("/account").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]

    response = browser.post("/language", data={"csrf_token": token, "locale": "en"})

    assert response.status_code == 303


def test_a_program_needs_no_token_of_a_form(client: FlaskClient, csrf: None) -> None:
    assert client.post("/api/v1/nowhere", json={}).status_code == 404


# --- what cannot be read ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/?q=a%00b", "/?a%00b=q", "/sign-in?next=%00", "/nowhere%00"])
def test_a_nul_byte_in_an_address_is_refused(stranger: FlaskClient, path: str) -> None:
    assert stranger.get(path).status_code == 400


@pytest.mark.parametrize("field", ["email", "password", "next", "unknown", "na\x00me"])
def test_a_nul_byte_in_a_form_is_refused(stranger: FlaskClient, field: str) -> None:
    response = stranger.post("/sign-in", data={"email": "a@b.example", field: "a\x00b"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "\\u0000"}',
        '{"a\\u0000": 1}',
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        '[["\\ud800"]]',
        '{"a": NaN}',
        '{"a": 1e309}',
        '{"a": -Infinity}',
        '{"a": 9223372036854775808}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        "{",
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_json_that_no_database_could_hold_is_refused(stranger: FlaskClient, body: str) -> None:
    response = stranger.post(
        "/api/v1/nowhere", data=body.encode("latin-1"), content_type="application/json"
    )

    assert response.status_code == 400
    assert json.loads(response.text)["code"] == "malformed"


def test_a_number_in_an_address_that_outgrows_the_database_is_nothing(
    make: Make, login_as: LoginAs
) -> None:
    response = login_as(make.user(Role.ADMIN)).post(f"/people/{2**63}/deactivate")

    assert response.status_code == 404


def test_a_post_that_is_too_large_is_refused(stranger: FlaskClient) -> None:
    response = stranger.post("/sign-in", data=b"x" * (7 * 1024 * 1024))

    assert response.status_code == 413


# --- where a request comes from -----------------------------------------------------------------


def test_a_host_that_is_not_ours_is_refused(app: Flask, client: FlaskClient) -> None:
    app.config["TRUSTED_HOSTS"] = ["kemas.example"]
    try:
        ours = client.get("/sign-in", headers={"Host": "kemas.example"})
        forged = client.get("/sign-in", headers={"Host": "evil.example"})
    finally:
        app.config["TRUSTED_HOSTS"] = None

    assert ours.status_code == 200
    assert forged.status_code == 400


@pytest.mark.parametrize(
    ("hops", "address"), [(0, "127.0.0.1"), (1, "203.0.113.3"), (2, "203.0.113.2")]
)
def test_as_many_proxies_are_believed_as_there_are(tmp_path: Path, hops: int, address: str) -> None:
    app = bare(INSTANCE=tmp_path, PROXY_HOPS=hops)
    seen = []
    app.before_request(lambda: seen.append(request.remote_addr))

    app.test_client().get(
        "/nowhere",
        headers={
            "X-Forwarded-For": "203.0.113.1, 203.0.113.2, 203.0.113.3",
            "X-Forwarded-Host": "evil.example",
        },
    )

    assert seen == [address]


def test_who_floods_the_door_is_asked_to_wait(tmp_path: Path) -> None:
    client = bare(INSTANCE=tmp_path, RATELIMIT=True).test_client()
    try:
        answers = [client.post("/sign-in", data={}) for _ in range(121)]
    finally:
        limiter.enabled = False  # One limiter serves every app of the process.

    assert answers[0].status_code == 422
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].mimetype == "text/html"


# --- the log ------------------------------------------------------------------------------------


def test_the_log_holds_no_personal_data(
    make: Make, login_as: LoginAs, capsys: pytest.CaptureFixture[str]
) -> None:
    actor = make.user(name="Siti Aminah", email="siti@contoh.example")
    browser = login_as(actor)
    capsys.readouterr()

    browser.get("/account?q=rahasia", headers={"User-Agent": "Ponsel Siti"})
    browser.post("/sign-in", data={"email": "siti@contoh.example", "password": "hujan di kapuas"})

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["status"] for line in lines] == [200, 403]
    assert lines[0]["rule"] == "/account"
    assert lines[0]["role"] == "producer"
    for word in ("Siti", "siti", "contoh", "rahasia", "kapuas", "127.0.0.1", "Ponsel"):
        assert word not in str(lines)


def test_a_request_knows_nothing_of_the_one_before(
    make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    login_as(make.user()).get("/account")

    client.get("/")

    assert "actor" not in g
