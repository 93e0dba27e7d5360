import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import Actor, Role
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
PAGES = ("/help", "/service-standard?site=PTK", "/prices", "/complaints/new", "/sites/PTK")


@pytest.fixture
def house(make: Make) -> int:
    site = make.site(
        code="PTK", address="Jalan Contoh 1", phone="0812 3456", directions="Turun di dermaga."
    )
    make.machine(site, code="M3", tariff=15_000)
    make.machine(site, code="M4", tariff=0, kind="retort")
    return site


@pytest.mark.parametrize("path", PAGES)
def test_anybody_reads_the_public_pages(house: int, client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert len(answer.data) < 50 * 1024


@pytest.mark.parametrize("path", PAGES[:3])
def test_a_public_page_may_be_kept_by_any_cache_while_nobody_is_known(
    house: int, client: FlaskClient, make: Make, login_as: LoginAs, path: str
) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    known = login_as(make.user()).get(path)

    assert first.cache_control.public
    assert "Set-Cookie" not in first.headers
    assert "csrf_token" not in first.text
    assert {"Cookie", "Accept-Language"} <= first.vary.as_set(preserve_casing=True)
    assert again.status_code == 304
    assert known.cache_control.no_store


def test_a_link_changes_the_language_of_who_has_no_cookie_yet(
    house: int, client: FlaskClient
) -> None:
    link = re.search(r'href="(\?lang=en)"', client.get("/help").text)
    assert link

    english = client.get(f"/help{link.group(1)}")

    assert '<html lang="en">' in english.text
    assert english.cache_control.private
    assert '<html lang="en">' in client.get("/prices").text
    assert '<html lang="en">' in client.get("/help?lang=xx").text


def test_the_service_standard_shows_the_figures_of_the_house(
    house: int, client: FlaskClient
) -> None:
    text = client.get("/service-standard").text

    assert text.count("<h3>") == 14
    for told in ("0812 3456", "Turun di dermaga.", "1 mesin gratis", "48 jam"):
        assert told in text


def test_prices_are_told_with_a_range_that_finished_runs_teach(
    house: int, make: Make, client: FlaskClient
) -> None:
    operator = make.user(Role.OPERATOR, sites=(house,))
    wish = Wish(make.product(make.business()), 400, "M3", make.at(8, days=0))
    code = str(bookings.book(wish=wish, actor=operator, now=make.now)["code"])
    before = client.get("/prices").text

    runs.start(code=code, actor=operator, now=make.at(8, days=0))
    runs.finish(code=code, counts=runs.Counts(400, 20), actor=operator, now=make.at(9, days=0))

    assert "13,5–16,5" in before
    assert "Gratis" in before
    after = client.get("/prices").text
    assert "Dari 1 pekerjaan" in after
    assert (before.count("13,5–16,5"), after.count("13,5–16,5")) == (2, 1)


def test_a_house_that_is_not_there_has_no_prices(house: int, client: FlaskClient) -> None:
    assert client.get("/prices?site=XX").status_code == 404
    assert client.get("/service-standard?site=XX").status_code == 404
