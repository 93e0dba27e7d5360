from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import Actor, Role
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


def test_a_stranger_reads_what_the_house_is_and_where(make: Make, client: FlaskClient) -> None:
    make.site(code="PTK", address="Jalan Contoh 1")

    text = client.get("/").text

    assert "Rumah Kemasan" in text
    assert "Jalan Contoh 1" in text
    assert 'href="/sites/PTK"' in text
    assert 'href="/sign-in"' in text
    assert 'href="/bookings"' not in text


@pytest.mark.parametrize("role", Role)
def test_everybody_is_led_to_where_her_day_begins(
    make: Make, login_as: LoginAs, role: Role
) -> None:
    browser = login_as(make.user(role))

    response = browser.get("/")

    assert response.status_code == 303
    assert browser.get(response.headers["Location"]).status_code == 200


def test_a_stranger_chooses_a_language_and_keeps_it(client: FlaskClient) -> None:
    response = client.post("/language", data={"locale": "en", "next": "/sign-in"})

    assert response.headers["Location"] == "/"
    assert '<html lang="en">' in client.get("/sign-in").text


def test_a_person_is_spoken_to_in_her_language_everywhere(make: Make, login_as: LoginAs) -> None:
    user = make.user()

    login_as(user).post("/language", data={"locale": "en", "next": "/account"})

    assert '<html lang="en">' in login_as(user).get("/account").text


@pytest.mark.parametrize("locale", ["", "fr", "../id", "id\x00"])
def test_other_languages_are_refused(client: FlaskClient, locale: str) -> None:
    assert client.post("/language", data={"locale": locale}).status_code == 400


def test_the_menu_offers_what_a_person_may_enter(make: Make, login_as: LoginAs) -> None:
    admin = login_as(make.user(Role.ADMIN)).get("/account").text
    producer = login_as(make.user(Role.PRODUCER)).get("/account").text

    assert 'href="/people"' in admin
    assert 'href="/people"' not in producer
