import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from packhouse import clock
from packhouse.db import db
from packhouse.domain.passwords import hash_password
from packhouse.domain.users import ACCOUNT_BACKOFF, IDLE_LIMIT, SYSTEM, Actor, Role
from packhouse.models.users import ServerSession, SignInFailure
from packhouse.services.sessions import end_sessions
from packhouse.services.users import create_token, deactivate_user
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

EMAIL = "siti@contoh.example"
PASSWORD = "hujan di kapuas"
KEPT = hash_password(PASSWORD)


@pytest.fixture
def siti(make: Make) -> Actor:
    return make.user(Role.PRODUCER, email=EMAIL, name="Siti", password_hash=KEPT)


def enter(client: FlaskClient, password: str = PASSWORD, **fields: str) -> TestResponse:
    return client.post("/sign-in", data={"email": EMAIL, "password": password, **fields})


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("packhouse")
    assert found is not None
    return found.value


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_a_person_signs_in_and_comes_to_where_she_was_going(
    siti: Actor, client: FlaskClient
) -> None:
    response = enter(client, next="/account")

    assert response.status_code == 303
    assert response.headers["Location"] == "/account"
    assert "Siti" in client.get("/account").text


def test_signing_in_leads_nobody_to_another_site(siti: Actor, client: FlaskClient) -> None:
    response = enter(client, next="//evil.example")

    assert response.headers["Location"] == "/"


def test_who_is_signed_in_needs_no_door(siti: Actor, client: FlaskClient) -> None:
    enter(client)

    response = client.get("/sign-in?next=/account")

    assert response.headers["Location"] == "/account"


def test_a_refusal_says_the_same_of_every_account(
    siti: Actor, make: Make, client: FlaskClient
) -> None:
    make.user(email="tutup@contoh.example", password_hash=KEPT, is_active=False)

    bodies = set()
    for email, password in (
        (EMAIL, "wrong password"),
        ("nobody@contoh.example", PASSWORD),
        ("tutup@contoh.example", PASSWORD),
    ):
        response = enter(client, password, email=email)
        assert response.status_code == 403
        # The token against forged forms is new on every page.
        bodies.add(re.sub(r'name="csrf_token" value="[^"]+"', "", response.text.replace(email, "")))

    assert len(bodies) == 1
    assert not is_signed_in(client)


def test_a_refused_password_is_not_sent_back(siti: Actor, client: FlaskClient) -> None:
    assert "wrong password" not in enter(client, "wrong password").text


@pytest.mark.parametrize("fields", [{"email": ""}, {"password": ""}, {"email": "a" * 300}])
def test_a_form_that_lacks_something_comes_back(
    siti: Actor, client: FlaskClient, fields: dict[str, str]
) -> None:
    response = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD} | fields)

    assert response.status_code == 422
    assert db.session.scalar(select(func.count()).select_from(SignInFailure)) == 0


def test_who_guesses_waits_and_is_told_how_long(siti: Actor, client: FlaskClient) -> None:
    for _ in range(ACCOUNT_BACKOFF.free):
        assert enter(client, "wrong password").status_code == 403

    refused = enter(client)

    assert refused.status_code == 429
    with clock.frozen(clock.now() + timedelta(seconds=ACCOUNT_BACKOFF.limit)):
        assert enter(client).status_code == 303


def test_an_old_cookie_is_worth_nothing_after_signing_out(siti: Actor, client: FlaskClient) -> None:
    enter(client)
    kept = cookie(client)

    client.post("/sign-out")
    client.set_cookie("packhouse", kept)

    assert not is_signed_in(client)


def test_an_old_cookie_is_worth_nothing_after_a_new_password(
    siti: Actor, client: FlaskClient, login_as: LoginAs
) -> None:
    elsewhere = login_as(siti)
    enter(client)

    response = client.post("/account/password", data={"old": PASSWORD, "new": "angin dari natuna"})

    assert response.status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


def test_an_old_cookie_is_worth_nothing_once_the_account_is_closed(
    siti: Actor, make: Make, login_as: LoginAs, now: datetime
) -> None:
    browser = login_as(siti)
    assert is_signed_in(browser)

    deactivate_user(user_id=siti.id or 0, actor=make.user(Role.ADMIN), now=now)

    assert not is_signed_in(browser)


def test_a_person_signs_out_everywhere(siti: Actor, login_as: LoginAs) -> None:
    here, elsewhere = login_as(siti), login_as(siti)

    here.post("/account/sign-out-everywhere")

    assert not is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_a_planted_session_is_not_the_one_that_is_signed_in(
    siti: Actor, make: Make, client: FlaskClient, login_as: LoginAs
) -> None:
    attacker = make.user()
    planted = cookie(login_as(attacker))
    client.set_cookie("packhouse", planted)

    enter(client)

    assert cookie(client) != planted
    client.set_cookie("packhouse", planted)
    assert not is_signed_in(client)  # Signing in ended the session this browser came with.


def test_every_sign_in_has_a_session_of_its_own(siti: Actor, client: FlaskClient) -> None:
    secrets = set()
    for _ in range(3):
        enter(client)
        with client.session_transaction() as session:
            secrets.add(session["_user_id"])
        client.post("/sign-out")

    assert len(secrets) == 3
    assert all(len(secret) >= 43 for secret in secrets)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    siti: Actor, client: FlaskClient
) -> None:
    header = enter(client).headers["Set-Cookie"]

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert re.search(r"Expires=", header)


def test_a_session_ends_when_nobody_uses_it(siti: Actor, login_as: LoginAs, now: datetime) -> None:
    browser = login_as(siti)

    with clock.frozen(now + IDLE_LIMIT):
        assert not is_signed_in(browser)


def test_a_session_in_use_is_noted_now_and_then(
    siti: Actor, login_as: LoginAs, now: datetime
) -> None:
    browser = login_as(siti)

    for minutes in (1, 4, 6, 7, 12):
        with clock.frozen(now + timedelta(minutes=minutes)):
            assert is_signed_in(browser)

    seen = db.session.scalars(select(ServerSession.seen_at)).one()
    assert seen == now + timedelta(minutes=12)


def test_a_change_of_role_is_felt_at_the_next_click(
    make: Make, login_as: LoginAs, now: datetime
) -> None:
    admin, other = make.user(Role.ADMIN), make.user(Role.ADMIN)
    browser = login_as(other)
    assert browser.get("/people").status_code == 200

    end_sessions(user_id=other.id or 0, actor=admin, now=now)

    assert browser.get("/people").status_code == 303


def test_a_forwarded_address_of_the_clients_own_making_changes_nothing(
    siti: Actor, login_as: LoginAs
) -> None:
    browser = login_as(siti)

    response = browser.get("/account", headers={"X-Forwarded-For": "203.0.113.9"})

    assert response.status_code == 200


def test_the_api_hears_tokens_and_never_cookies(
    siti: Actor, client: FlaskClient, login_as: LoginAs, now: datetime
) -> None:
    token = create_token(email=EMAIL, actor=SYSTEM, now=now)

    with_token = client.get("/api/v1/nowhere", headers={"Authorization": f"Bearer {token}"})
    on_a_page = client.get("/account", headers={"Authorization": f"Bearer {token}"})

    assert with_token.status_code == 404
    assert on_a_page.status_code == 303


@pytest.mark.parametrize("forged", ["", "x", "\ud800", "a" * 5000, "0"])
def test_a_forged_secret_is_nobody(client: FlaskClient, forged: str) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = forged

    assert not is_signed_in(client)
