"""The pages of a person's rights over her data."""

from collections.abc import Callable

from flask.testing import FlaskClient

from packhouse.domain.users import Actor
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


def test_she_agrees_and_withdraws_with_one_tap(login_as: LoginAs, make: Make) -> None:
    browser = login_as(make.producer())

    browser.post("/privacy/purposes", data={"purpose": "story", "given": "yes"})
    agreed = browser.get("/privacy").text
    browser.post("/privacy/purposes", data={"purpose": "story", "given": "no"})
    withdrawn = browser.get("/privacy").text

    assert agreed.count("Anda setuju") == 1
    assert "Anda setuju" not in withdrawn
    assert browser.post("/privacy/purposes", data={"purpose": "x"}).status_code == 400


def test_her_data_are_a_page_and_a_file(login_as: LoginAs, make: Make) -> None:
    producer = make.producer()
    browser = login_as(producer)

    page = browser.get("/privacy/data")
    file = browser.get("/privacy/data.json")

    assert "Data usaha" in page.text
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.json is not None
    assert file.json["account"]["id"] == producer.id


def test_closing_asks_once_more_and_ends_the_session(login_as: LoginAs, make: Make) -> None:
    browser = login_as(make.producer())

    assert browser.post("/privacy/close").status_code == 422
    assert browser.get("/privacy").status_code == 200
    assert browser.post("/privacy/close", data={"sure": "y"}).status_code == 303
    assert browser.get("/privacy").status_code == 303
