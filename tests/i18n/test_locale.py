import pytest
from flask import Flask, g, session

from packhouse.domain.users import Actor, Role
from packhouse.i18n.locale import choose_locale, current_locale, force_locale


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "id"),
        ("id-ID,id;q=0.9,en;q=0.8", "id"),
        ("in-ID", "id"),
        ("en-GB", "en"),
        ("ms,zh", "id"),
        ("fr,en;q=0.3", "en"),
    ],
)
def test_the_browser_decides_for_a_stranger(app: Flask, header: str, locale: str) -> None:
    with app.test_request_context(headers={"Accept-Language": header}):
        assert choose_locale() == locale


def test_a_choice_in_the_session_outweighs_the_browser(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "id"}):
        session["locale"] = "en"
        assert choose_locale() == "en"
        session["locale"] = "klingon"
        assert choose_locale() == "id"


def test_a_signed_in_person_reads_her_own_language(app: Flask) -> None:
    with app.test_request_context():
        session["locale"] = "id"
        g.actor = Actor(1, Role.PRODUCER, "Siti", locale="en")
        assert choose_locale() == "en"


def test_without_a_request_the_house_decides(app: Flask) -> None:
    with app.app_context():
        assert choose_locale() == "id"


def test_a_message_is_in_the_language_of_its_reader(app: Flask) -> None:
    with app.app_context():
        with force_locale("en"):
            assert current_locale() == "en"
        assert current_locale() == "id"
