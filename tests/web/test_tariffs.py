"""The pages of reductions."""

from collections.abc import Callable

from flask.testing import FlaskClient

from packhouse.domain.users import Actor, Role
from packhouse.queries.tariffs import reductions
from tests.conftest import NOW
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
RULE = {
    "kind": "micro",
    "percent": "50",
    "valid_from": "2026-11-24",
    "legal_basis": "Pergub contoh",
}


def test_a_manager_adds_a_reduction_and_ends_it(login_as: LoginAs, make: Make) -> None:
    site = make.site(code="PTK")
    browser = login_as(make.user(Role.MANAGER, sites=(site,)))

    added = browser.post("/reductions", data=RULE | {"site": "PTK"})
    page = browser.get("/reductions").text
    ended = browser.post(f"/reductions/{reductions(now=NOW)[0].id}/end")

    assert added.status_code == ended.status_code == 303
    assert "Pergub contoh" in page
    assert "50" in page
    assert "Yang sudah berakhir" in browser.get("/reductions").text


def test_a_reduction_without_a_decree_is_not_saved(login_as: LoginAs, make: Make) -> None:
    make.site(code="PTK")
    browser = login_as(make.user(Role.ADMIN))

    answer = browser.post("/reductions", data=RULE | {"site": "", "legal_basis": ""})

    assert answer.status_code == 422
    assert reductions(now=NOW) == ()


def test_everybody_reads_the_rules_and_only_managers_change_them(
    login_as: LoginAs, make: Make
) -> None:
    browser = login_as(make.producer())

    assert browser.get("/reductions").status_code == 200
    assert "/reductions/new" not in browser.get("/reductions").text
    assert browser.get("/reductions/new").status_code == 403


def test_the_price_names_tariff_and_reduction_before_and_after_booking(
    login_as: LoginAs, make: Make
) -> None:
    site = make.site(code="PTK")
    machine = make.code(make.machine(site, tariff=15_000))
    business = make.business(size="mikro")
    product = make.product(business)
    login_as(make.user(Role.ADMIN)).post("/reductions", data=RULE | {"site": ""})
    browser = login_as(make.producer(business))

    offers = browser.get(f"/quote?product={product}&quantity=300").text
    recap = browser.get(
        f"/bookings/new?product={product}&quantity=300&machine={machine}"
        "&starts_at=2026-11-26T08:00:00%2B07:00"
    ).text

    for page in (offers, recap):
        assert "Keringanan 50% · Usaha mikro" in page or "Usaha mikro" in page
        assert "15.000" in page
