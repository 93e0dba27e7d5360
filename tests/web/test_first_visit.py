import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from packhouse.db import db
from packhouse.domain.users import Actor
from packhouse.models.products import Product
from packhouse.models.users import User
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

pytestmark = pytest.mark.usefixtures("context")

TOLD = {
    "name": "Markus", "phone": "0812 3456 7890", "village": "Kedamin", "regency": "61.06",
    "product": "Madu <hutan>", "pack": "pouch_100", "quantity": "1.000", "lane": "halal",
    "password": "madu dari putussibau", "nib": "", "idempotency_key": "kunci",
}  # fmt: skip


def sign_up(client: FlaskClient, **other: str) -> TestResponse:
    return client.post("/sign-up", data=TOLD | other)


def people() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(User)).scalar_one()


def wrong(page: str) -> list[str]:
    """Return the fields that a page says are wrong."""
    return re.findall(r'id="(\w+)-error"', page)


def test_the_form_asks_for_nine_things_and_no_address(client: FlaskClient) -> None:
    page = client.get("/sign-up").text

    asked = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page.partition("<main")[2])
    assert [each for each in asked if each not in ("csrf_token", "idempotency_key")] == [
        "name", "phone", "village", "regency", "product", "pack", "quantity", "password", "nib",
    ]  # fmt: skip


def test_a_first_visit_leads_to_the_times_and_says_what_was_assumed(
    client: FlaskClient, make: Make
) -> None:
    make.machine()

    response = sign_up(client)

    product = db.session.scalars(select(Product.id)).one()
    assert response.status_code == 303
    assert response.location == f"/quote?product={product}&quantity=200"
    page = client.get(response.location).text
    assert f"/products/{product}/edit" in page
    assert "dianggap basah" in page
    assert "paling banyak 200 kemasan" in page
    assert "/first-steps" in page
    assert "<hutan>" not in page
    assert client.get("/first-steps").status_code == 200


def test_who_is_called_as_another_in_her_regency_is_told_gently(
    client: FlaskClient, make: Make
) -> None:
    make.machine()
    make.business(name="Markus", regency_code="61.71")
    alone = client.get(sign_up(client).location).text
    client.post("/sign-out")
    make.business(name="UD Markus", regency_code="61.06")

    alike = client.get(sign_up(client, idempotency_key="lain", nib="").location).text

    assert "dengan nama ini sudah ada" not in alone
    assert "dengan nama ini sudah ada di Kab. Kapuas Hulu" in alike


def test_the_fourth_person_of_a_telephone_is_told_to_sign_in_by_address(
    client: FlaskClient, make: Make
) -> None:
    make.machine()
    for _ in range(3):
        make.user(phone="+6281234567890", created_at=make.now - timedelta(days=3))

    page = client.get(sign_up(client).location).text

    assert "masuk dengan surel" in page
    assert "Isi surel di bawah" in client.get("/account").text


def test_everything_wrong_is_said_at_once_and_nothing_typed_is_lost(client: FlaskClient) -> None:
    response = sign_up(
        client, phone="0561-730062", regency="", product="Sate babi", quantity="banyak",
        password="pendek", nib="12",
    )  # fmt: skip

    assert response.status_code == 422
    assert set(wrong(response.text)) == {
        "phone", "regency", "product", "quantity", "password", "nib",
    }  # fmt: skip
    for kept in ("Markus", "0561-730062", "Kedamin", "Sate babi"):
        assert f'value="{kept}"' in response.text
    assert "pendek" not in response.text
    assert people() == 0


def test_a_form_without_its_button_is_asked_which_lane(client: FlaskClient) -> None:
    response = sign_up(client, lane="")

    assert response.status_code == 422
    assert people() == 0


def test_a_second_click_comes_to_the_same_page(client: FlaskClient) -> None:
    assert sign_up(client).location == sign_up(client).location
    assert people() == 1


def test_a_used_form_with_another_name_may_be_sent_once_more(client: FlaskClient) -> None:
    sign_up(client)

    refused = sign_up(client, name="Adik")
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', refused.text)

    assert refused.status_code == 409
    assert key is not None
    assert sign_up(client, name="Adik", idempotency_key=key.group(1)).status_code == 303
    assert people() == 2


def test_who_is_signed_in_signs_up_nobody_by_mistake(make: Make, login_as: LoginAs) -> None:
    response = login_as(make.producer()).get("/sign-up")

    assert response.location == "/"


@pytest.mark.parametrize("address", ["/", "/sign-in"])
def test_a_visitor_finds_where_to_sign_up(client: FlaskClient, address: str) -> None:
    assert 'href="/sign-up"' in client.get(address).text
