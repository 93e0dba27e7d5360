import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.passwords import hash_password
from packhouse.domain.users import Actor, Role, derived_secret
from packhouse.jobs.reminders import deliver_messages
from packhouse.models.reminders import Message
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

EMAIL, PHONE = "siti@contoh.example", "+6281234567890"
PASSWORD, NEW = "hujan di kapuas", "perahu ke sintang"
KEPT = hash_password(PASSWORD)


@pytest.fixture
def siti(make: Make) -> Actor:
    return make.user(
        email=EMAIL, phone=PHONE, name="Siti", password_hash=KEPT, businesses=(make.business(),)
    )


def enters(client: FlaskClient, password: str, contact: str = EMAIL) -> bool:
    answer = client.post("/sign-in", data={"email": contact, "password": password})
    return answer.status_code == 303


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrf_token"[^>]*>', "", page)


def test_asking_for_a_link_is_answered_alike_whoever_it_is(
    siti: Actor, client: FlaskClient
) -> None:
    answers = set()
    for contact in (EMAIL, "nobody@contoh.example", PHONE, "0812 9999 9999", "bukan apa-apa"):
        answer = client.post("/forgotten-password", data={"contact": contact})
        answers.add((answer.status_code, answer.location, without_tokens(answer.text)))

    assert len(answers) == 1
    assert client.get("/forgotten-password/sent").status_code == 200


def test_the_letter_holds_the_link_and_the_link_opens_the_account(
    app: Flask, siti: Actor, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_HOST", "")  # Each letter is a file.
    client.post("/forgotten-password", data={"contact": EMAIL})
    assert deliver_messages() == 1
    letter = next(app.config["MAIL_DIRECTORY"].glob("*.eml")).read_text()
    path = re.search(r"/password-links/[\w-]+", letter.replace("=\n", ""))
    assert path is not None

    assert client.get(path.group(0)).status_code == 200
    bad = client.post(path.group(0), data={"password": "pendek"})
    assert bad.status_code == 422
    response = client.post(path.group(0), data={"password": NEW})

    assert response.location == "/sign-in"
    assert enters(client, NEW)
    assert client.get(path.group(0)).status_code == 404


def test_a_strange_link_leads_to_a_new_one(client: FlaskClient) -> None:
    for address in ("/password-links/x", "/email-links/x"):
        assert client.get(address).status_code == 404
    assert client.post("/email-links/x").status_code == 422
    assert "/forgotten-password" in client.get("/password-links/x").text


def test_the_desk_finds_a_person_masked_and_gives_a_code_once(
    siti: Actor, make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    desk = login_as(make.user(Role.OPERATOR))

    found = desk.get("/people/codes?q=sit").text
    assert "Siti" in found
    assert PHONE not in found
    assert "Siti" in desk.get("/people/codes?q=0812-3456-7890").text
    page = desk.post(f"/people/{siti.id}/code").text
    code = re.search(r"\b(\d{4}) (\d{4})\b", page)
    assert code is not None

    told = {"contact": "0812 3456 7890", "code": code.group(0), "password": NEW}
    assert client.post("/code", data=told | {"code": "00000000"}).status_code == 422
    assert client.post("/code", data=told).location == "/sign-in"
    assert enters(client, NEW, PHONE)


def test_a_wrong_code_is_answered_alike_whoever_it_is_for(siti: Actor, client: FlaskClient) -> None:
    answers = set()
    for contact in (PHONE, "+6281299999999"):
        told = {"contact": contact, "code": "12345678", "password": NEW}
        answer = client.post("/code", data=told)
        page = without_tokens(answer.text).replace(contact, "")
        answers.add((answer.status_code, page))

    assert len(answers) == 1


def test_a_producer_gives_nobody_a_code(siti: Actor, login_as: LoginAs) -> None:
    browser = login_as(siti)

    assert browser.get("/people/codes").status_code == 403
    assert browser.post(f"/people/{siti.id}/code").status_code == 403


def test_who_shares_a_telephone_and_a_password_is_asked_who_she_is(
    siti: Actor, make: Make, client: FlaskClient
) -> None:
    sister = make.user(email=None, phone=PHONE, name="Adik", password_hash=KEPT)
    told = {"email": PHONE, "password": PASSWORD}

    asked = client.post("/sign-in", data=told)
    assert asked.status_code == 409
    assert "Siti" in asked.text
    assert "Adik" in asked.text
    wrong = client.post("/sign-in", data=told | {"password": "salah sama sekali"})
    assert "Adik" not in wrong.text

    assert client.post("/sign-in", data=told | {"who": str(sister.id)}).status_code == 303
    assert "Adik" in client.get("/account").text


def test_one_changes_ones_contact_and_confirms_the_address_from_its_mailbox(
    app: Flask, siti: Actor, login_as: LoginAs
) -> None:
    browser = login_as(siti)
    told = {"phone": "0857 1234 5678", "email": "baru@contoh.example", "confirm": PASSWORD}

    assert browser.post("/account/contact", data=told | {"confirm": "salah"}).status_code == 422
    assert browser.post("/account/contact", data=told).location == "/account"
    page = browser.get("/account").text
    assert EMAIL in page
    assert "+6285712345678" in page

    with app.app_context():
        letter = db.session.scalars(select(Message)).one()
        token = derived_secret(app.config["SECRET_KEY"], letter.kind, letter.payload["nonce"])
    assert "Ya, ini surel saya" in browser.get(f"/email-links/{token}").text
    assert browser.post(f"/email-links/{token}").status_code == 303
    assert "baru@contoh.example" in browser.get("/account").text
