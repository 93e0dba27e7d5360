"""The second story: a beginner without NIB, on a phone, from the front page to her trial."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, Membership
from packhouse.models.products import Product
from packhouse.models.users import User
from tests.journeys.conftest import PASSWORD, House
from tests.support import browsers

OpenPage = Callable[..., Page]
MOST_FIELDS = 9
NOT_FIELDS = "[type=hidden], [type=submit], button"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def button(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def link(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()


def told(page: Page, **other: str) -> None:
    """Fill in the form as she would; `other` is what she tells differently."""
    fields = {"name": "Markus Contoh", "phone": "wa.me/6281256781234", "village": "Kedamin",
              "product": "Madu hutan", "quantity": "100", "password": PASSWORD} | other  # fmt: skip
    for name, text in fields.items():
        page.fill(f"main [name={name}]", text)
    page.select_option("[name=regency]", label="Kab. Kapuas Hulu")
    page.select_option("[name=pack]", "pouch_100")


def count(model: type) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_beginner_comes_to_her_trial_with_nine_fields_and_nothing_retyped(
    house: House, open_page: OpenPage, javascript: bool
) -> None:
    people, bookings = count(User), count(Booking)
    page = open_page(width=360, javascript=javascript)
    page.goto("/")
    link(page, "Daftar")
    fields = page.locator(f"main form :is(input, select, textarea):not({NOT_FIELDS})")
    assert fields.count() <= MOST_FIELDS
    assert browsers.sideways(page) <= 1 if javascript else True

    told(page, phone="0561-730062")
    button(page, "Daftar")
    expect(page.locator("main")).to_contain_text("Tulis nomor HP")
    assert page.input_value("[name=village]") == "Kedamin"
    assert page.input_value("[name=quantity]") == "100"
    assert page.input_value("main [name=password]") == ""

    told(page)
    button(page, "Daftar")
    page.wait_for_url("**/quote?**")
    expect(page.locator("main")).to_contain_text("tidak untuk dijual")
    link(page, "Pilih waktu ini")
    button(page, "Pesan waktu ini")
    page.wait_for_url("**/bookings/*")

    assert (count(User), count(Booking)) == (people + 1, bookings + 1)
    user = db.session.scalars(select(User).order_by(User.id.desc())).first()
    assert user is not None
    assert (user.name, user.phone, user.email) == ("Markus Contoh", "+6281256781234", None)
    business = db.session.scalars(
        select(Business).join(Membership).where(Membership.user_id == user.id)
    ).one()
    assert (business.level, business.regency_code, business.nib) == ("trial", "61.06", None)

    page.goto("/first-steps")
    expect(page.locator("main")).to_contain_text("NIB (Nomor Induk Berusaha)")


def test_a_second_click_makes_one_account(house: House, open_page: OpenPage) -> None:
    people, products = count(User), count(Product)
    page = open_page(width=360)
    page.goto("/sign-up")
    told(page)
    sent = page.evaluate(
        """async () => {
            const body = new URLSearchParams(new FormData(document.querySelector("main form")));
            body.set("lane", "halal");
            const twice = [1, 2].map(() => fetch("/sign-up", { method: "POST", body }));
            return (await Promise.all(twice)).map((each) => each.url);
        }"""
    )

    assert all("/quote?" in each for each in sent), sent
    assert (count(User), count(Product)) == (people + 1, products + 1)


def test_the_pages_of_the_door_read_well_on_a_phone(house: House, open_page: OpenPage) -> None:
    page = open_page(width=360)
    complaints = []
    for address in ("/sign-up", "/sign-in", "/forgotten-password", "/code", "/password-links/x"):
        page.goto(address)
        complaints += [f"{address}: {each}" for each in browsers.findings(page)]
        if browsers.sideways(page) > 1:
            complaints.append(f"{address} is too wide")

    assert not complaints
