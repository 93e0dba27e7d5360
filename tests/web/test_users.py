import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.passwords import hash_password
from packhouse.domain.users import Actor, Role
from packhouse.models.users import User
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

PASSWORD = "hujan di kapuas"
KEPT = hash_password(PASSWORD)


@pytest.fixture
def admin(make: Make, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.ADMIN, name="Ani", password_hash=KEPT))


def shown_password(text: str) -> str:
    found = re.search(r"<dd>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</dd>", text)
    assert found is not None
    return found.group(1)


def test_an_administrator_gives_somebody_an_account(
    admin: FlaskClient, make: Make, client: FlaskClient
) -> None:
    make.site(code="PTK")

    made = admin.post(
        "/people",
        data={"name": "Budi", "email": "budi@contoh.example", "role": "operator", "sites": "PTK"},
    )

    signing_in = {"email": "budi@contoh.example", "password": shown_password(made.text)}
    assert client.post("/sign-in", data=signing_in).status_code == 303
    assert "Rumah Kemasan" in client.get("/account").text
    assert made.cache_control.no_store


def test_what_is_wrong_with_a_new_person_is_said_on_the_form(admin: FlaskClient) -> None:
    response = admin.post("/people", data={"name": "Budi", "email": "budi", "role": "producer"})

    assert response.status_code == 422
    assert "Alamat surel ini tidak benar" in response.text
    assert 'value="budi"' in response.text


@pytest.mark.parametrize("fields", [{"role": "king"}, {"name": ""}, {"sites": "NOWHERE"}])
def test_a_form_that_does_not_fit_comes_back(admin: FlaskClient, fields: dict[str, str]) -> None:
    data = {"name": "Budi", "email": "budi@contoh.example", "role": "producer"} | fields

    assert admin.post("/people", data=data).status_code == 422
    assert db.session.scalars(select(User.name)).all() == ["Ani"]


def test_an_account_is_closed_and_opened_again(admin: FlaskClient, make: Make) -> None:
    user_id = make.user(name="Budi").id

    admin.post(f"/people/{user_id}/deactivate")
    assert "Ditutup" in admin.get("/people").text

    admin.post(f"/people/{user_id}/activate")
    assert "Ditutup" not in admin.get("/people").text


def test_a_forgotten_password_is_replaced(
    admin: FlaskClient, make: Make, client: FlaskClient
) -> None:
    user_id = make.user(email="budi@contoh.example").id

    page = admin.post(f"/people/{user_id}/reset-password").text

    signing_in = {"email": "budi@contoh.example", "password": shown_password(page)}
    assert client.post("/sign-in", data=signing_in).status_code == 303


@pytest.mark.parametrize("verb", ["deactivate", "activate", "reset-password"])
def test_nothing_happens_to_people_who_do_not_exist(admin: FlaskClient, verb: str) -> None:
    assert admin.post(f"/people/999999/{verb}").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_else_manages_people(make: Make, login_as: LoginAs, role: Role) -> None:
    browser, other = login_as(make.user(role)), make.user(name="Budi").id

    for method, path in (
        ("GET", "/people"),
        ("GET", "/people/new"),
        ("POST", "/people"),
        ("POST", f"/people/{other}/deactivate"),
        ("POST", f"/people/{other}/activate"),
        ("POST", f"/people/{other}/reset-password"),
    ):
        assert browser.open(path, method=method).status_code == 403


def test_an_administrator_cannot_close_her_own_account(make: Make, login_as: LoginAs) -> None:
    actor = make.user(Role.ADMIN)

    response = login_as(actor).post(f"/people/{actor.id}/deactivate")

    assert response.status_code == 422
    assert db.session.get_one(User, actor.id).is_active


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", "angin dari natuna", "tidak cocok"),
        (PASSWORD, "pendek", "sedikitnya 10"),
        (PASSWORD, "1234567890", "mudah ditebak"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    admin: FlaskClient, old: str, new: str, words: str
) -> None:
    response = admin.post("/account/password", data={"old": old, "new": new})

    assert response.status_code == 422
    assert words in response.text
    assert new not in response.text


def test_no_field_reaches_a_column_it_does_not_name(admin: FlaskClient, make: Make) -> None:
    forged = dict.fromkeys(User.__table__.c.keys(), "1")
    told = {"name": "Budi", "email": "budi@contoh.example", "role": "producer", "phone": ""}

    admin.post("/people", data=forged | told)
    admin.post("/account/password", data=forged | {"old": PASSWORD, "new": "angin dari natuna"})

    ani, budi = db.session.scalars(select(User).order_by(User.id)).all()
    assert (ani.role, ani.name, ani.is_demo) == ("admin", "Ani", False)
    assert (budi.is_demo, budi.locale, len(budi.password_hash) > 1) == (False, "id", True)
