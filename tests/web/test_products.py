import html
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.products import Product
from packhouse.services.bookings import Wish, book
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
NEW: dict[str, Any] = {
    "name": "Amplang", "pack": "pouch_100", "allergens": ["fish", "egg"], "aroma": "none",
    "wet": "y", "lane": "halal", "idempotency_key": "k1",
}  # fmt: skip


@pytest.fixture
def business(make: Make) -> int:
    return make.business(name="Ibu Sari")


@pytest.fixture
def browser(make: Make, business: int, login_as: LoginAs) -> FlaskClient:
    return login_as(make.producer(business))


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data)
    assert answer.status_code == status, answer.text
    return answer.location or html.unescape(answer.text).replace("\u00a0", " ")


def product() -> Product:
    db.session.rollback()
    return db.session.scalars(select(Product).order_by(Product.id.desc())).first()  # type: ignore[return-value]


def test_a_producer_writes_a_product_down_once_and_is_led_to_its_times(
    browser: FlaskClient, business: int
) -> None:
    assert "Belum ada produk" in text(browser, "/products")
    text(browser, "/products/new")

    for _ in range(2):
        location = send(browser, "/products", **NEW, business=str(business))

    made = product()
    assert location == f"/quote?product={made.id}"
    assert (made.name, made.pack, made.allergens, made.wet) == (
        "Amplang", "pouch_100", ["egg", "fish"], True,
    )  # fmt: skip
    assert db.session.scalars(select(func.count()).select_from(Product)).one() == 1
    assert "Pouch 100 g · Telur, Ikan · basah" in text(browser, "/products")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"pack": ""}, "pack"),
        ({"pack": "barrel"}, "pack"),
        ({"allergens": ["durian"]}, "allergens"),
        ({"aroma": "fish"}, "aroma"),
        ({"lane": ""}, "lane"),
        ({"lane": "both"}, "lane"),
    ],
)
def test_a_wrong_product_is_shown_again_with_its_mistake_beside_it(
    browser: FlaskClient, business: int, data: dict[str, Any], field: str
) -> None:
    page = send(browser, "/products", 422, **(NEW | data), business=str(business))

    assert f'id="{field}-error"' in page
    if field != "name":
        assert 'value="Amplang"' in page


def test_a_product_that_was_never_booked_changes_freely(
    browser: FlaskClient, business: int
) -> None:
    send(browser, "/products", **NEW, business=str(business))
    path = f"/products/{product().id}/edit"
    assert "checked" in text(browser, path)

    send(browser, path, **(NEW | {"pack": "jar", "allergens": [], "wet": ""}))

    made = product()
    assert (made.pack, made.allergens, made.wet, made.business_id) == ("jar", [], False, business)
    assert 'id="pack-error"' in send(browser, path, 422, **(NEW | {"pack": ""}))


def test_a_booked_product_offers_its_name_and_a_copy(
    browser: FlaskClient, make: Make, business: int
) -> None:
    make.machine(code="BS-1")
    send(browser, "/products", **NEW, business=str(business))
    made = product().id
    book(wish=Wish(made, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)

    page = text(browser, f"/products/{made}/edit")
    assert "Hanya nama yang masih dapat diubah" in page
    assert 'name="pack"' not in page
    send(browser, f"/products/{made}/edit", name="Amplang baru", pack="jar")
    assert (product().name, product().pack) == ("Amplang baru", "pouch_100")

    copy = text(browser, f"/products/new?copy={made}")
    assert 'value="Amplang baru"' in copy
    assert '<option selected value="pouch_100">' in copy


def test_an_archived_product_leaves_the_list_and_keeps_its_bookings(
    browser: FlaskClient, business: int
) -> None:
    send(browser, "/products", **NEW, business=str(business))
    made = product().id

    send(browser, f"/products/{made}/archive")

    assert "Arsip" in text(browser, "/products")
    assert "sudah diarsipkan" in text(browser, f"/products/{made}/edit")
    send(browser, f"/products/{made}/edit", 422, **NEW)


def test_a_producer_without_a_business_learns_what_to_do(make: Make, login_as: LoginAs) -> None:
    browser = login_as(make.user())

    assert "belum terhubung" in text(browser, "/products")
    assert "belum terhubung" in text(browser, "/products/new")
    send(browser, "/products", 422, **NEW, business="1")


def test_the_front_desk_writes_products_down_for_others(
    make: Make, business: int, login_as: LoginAs
) -> None:
    clerk = login_as(make.user(Role.OPERATOR))
    assert "Belum ada produk" in text(clerk, "/products")
    assert "Pilih usahanya dahulu" in text(clerk, "/products/new")
    text(clerk, f"/products/new?business={business}")

    send(clerk, "/products", **NEW, business=str(business))

    assert "Ibu Sari" in text(clerk, "/products")
    assert "Amplang" in text(clerk, f"/products?business={business}")
    text(clerk, "/products?business=999999", 404)
    text(clerk, "/products?business=x")


def test_foreign_products_do_not_exist(make: Make, business: int, login_as: LoginAs) -> None:
    made = make.product(business)
    stranger = login_as(make.producer())

    text(stranger, f"/products/{made}/edit", 404)
    text(stranger, f"/products/new?copy={made}", 404)
    send(stranger, f"/products/{made}/edit", 404, **NEW)
    send(stranger, f"/products/{made}/archive", 404)
    send(stranger, "/products", 422, **NEW, business=str(business))


def test_the_business_she_chose_last_is_offered_first(
    make: Make, login_as: LoginAs, business: int
) -> None:
    other = make.business(name="Amplang Contoh")
    browser = login_as(make.user(businesses=(business, other)))

    def first() -> str:
        return text(browser, "/products/new").partition('<option selected value="')[2].split('"')[0]

    assert "Untuk usaha" in text(browser, "/products/new")
    for chosen in (business, other):
        send(browser, "/products", **NEW | {"idempotency_key": f"k{chosen}"}, business=str(chosen))
        assert first() == str(chosen)


def test_what_a_products_papers_lack_is_said_where_it_is_edited_and_quoted(
    make: Make, login_as: LoginAs
) -> None:
    made = make.business(level="trial")
    make.machine()
    product_id, browser = make.product(made), login_as(make.producer(made))

    assert "tidak untuk dijual" in text(browser, f"/products/{product_id}/edit")
    quoted = text(browser, f"/quote?product={product_id}&quantity=201")
    assert "tidak untuk dijual" in quoted
    assert "paling banyak 200 kemasan" in quoted
