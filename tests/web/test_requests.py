"""The queue of requests, the decision, and her answer, as people click through them."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.users import Actor, Role
from packhouse.models.bookings import Booking, RuleException
from packhouse.models.sites import Site
from packhouse.services import bookings, waitlist
from packhouse.services.bookings import Wish
from packhouse.services.waitlist import Wanted
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """A house with one machine that needs approval, two requests, and who decides them."""

    def __init__(self, make: Make, login_as: LoginAs) -> None:
        self.make, self.login_as = make, login_as
        self.site = make.site(code="PTK")
        self.machine = make.code(make.machine(self.site, needs_approval=True))
        self.business = make.business(name="Ibu Sari")
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.manager = make.user(Role.MANAGER, sites=(self.site,))
        self.later, self.sooner = self.request(6), self.request(3)

    def request(self, days: int) -> str:
        wish = Wish(self.product, 400, self.machine, self.make.at(8, days=days))
        made = bookings.book(
            wish=wish, actor=self.producer, now=self.make.now - timedelta(hours=6 - days)
        )
        return str(made["code"])


@pytest.fixture
def house(make: Make, login_as: LoginAs) -> House:
    return House(make, login_as)


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def state(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def test_the_queue_begins_with_the_nearest_deadline_and_goes_on_with_the_next(
    house: House,
) -> None:
    make, browser = house.make, house.login_as(house.manager)
    waiting = make.product(make.business(name="Bu Rini"))
    wanted = Wanted(waiting, 100, make.at(0, days=3), make.at(0, days=4))
    waitlist.enter(wanted=wanted, actor=make.user(Role.ADMIN), now=make.now)
    page = text(browser, "/bookings/requests")

    assert "2 permohonan" in page
    assert f'action="/bookings/{house.sooner}/approve"' in page
    assert "Belum, ini yang pertama" in page
    assert "Bu Rini" in page
    answer = browser.post(f"/bookings/{house.sooner}/approve", data={"version": 1, "queue": "1"})
    assert answer.location == "/bookings/requests?site=PTK"
    assert f'action="/bookings/{house.later}/approve"' in text(browser, answer.location)
    assert state(house.sooner) == "confirmed"


def test_a_limit_wants_a_reason_and_what_was_typed_stays(house: House) -> None:
    browser = house.login_as(house.manager)
    with transaction() as session:
        session.get_one(Site, house.site).limit_open = 0
    assert "Setujui dengan alasan" in text(browser, f"/bookings/requests?code={house.later}")

    page = send(browser, f"/bookings/{house.later}/approve", 422, queue="1", override="")
    assert 'id="override-error"' in page
    send(browser, f"/bookings/{house.later}/approve", queue="1", override="Pameran provinsi")

    kept = db.session.scalars(select(RuleException.reason)).one()
    assert kept == "Pameran provinsi"
    assert "Pameran provinsi" in text(browser, "/reports/exceptions")
    answer = browser.get("/reports/exceptions.csv")
    assert "approved,Permohonan disetujui di luar aturan,Pameran provinsi" in answer.text


def test_a_question_is_answered_on_her_own_page(house: House) -> None:
    browser = house.login_as(house.manager)
    send(browser, f"/bookings/{house.later}/ask", question="Berapa karton?", version=1)
    hers = house.login_as(house.producer)
    assert "Berapa karton?" in text(hers, f"/bookings/{house.later}")
    send(hers, f"/bookings/{house.later}/answer", 422, answer="")
    send(hers, f"/bookings/{house.later}/answer", answer="Sepuluh saja")

    assert "Sepuluh saja" in text(hers, "/privacy/data.json")
    browser = house.login_as(house.manager)
    assert "2 permohonan menunggu keputusan Anda" in text(browser, "/board")
    assert "Sepuluh saja" in text(browser, f"/bookings/requests?code={house.later}")


def test_who_decides_by_an_old_page_is_told_what_changed(house: House) -> None:
    browser = house.login_as(house.manager)
    send(browser, f"/bookings/{house.later}/ask", question="Berapa karton?", version=1)

    page = send(browser, f"/bookings/{house.later}/approve", 409, version=1)
    assert "Rumah kemasan bertanya" in page
    assert state(house.later) == "requested"


def test_a_refusal_has_ready_reasons_and_tells_other_times(house: House) -> None:
    browser = house.login_as(house.manager)
    page = send(browser, f"/bookings/{house.later}/reject", 422, version=1)
    assert "Pilih atau tulis alasannya." in page
    send(browser, f"/bookings/{house.later}/reject", version=1, ready="training", reason="Maaf.")

    hers = house.login_as(house.producer)
    page = text(hers, f"/bookings/{house.later}")
    assert "Mesin dipakai untuk pelatihan atau uji coba. Maaf." in page
    assert page.count("/bookings/new?") == 3


def test_the_queue_is_the_staffs_and_only_managers_decide(house: House) -> None:
    operator = house.login_as(house.make.user(Role.OPERATOR, sites=(house.site,)))
    page = text(operator, "/bookings/requests")
    assert "Hanya kepala rumah kemasan ini yang memutuskan." in page
    send(operator, f"/bookings/{house.later}/ask", 403, question="Berapa?")
    elsewhere = house.make.user(Role.MANAGER, sites=(house.make.site(),))
    stranger = house.login_as(elsewhere)
    text(stranger, "/bookings/requests?site=PTK", 404)
    send(stranger, f"/bookings/{house.later}/approve", 404)
    text(house.login_as(house.producer), "/bookings/requests", 403)


def test_a_reviewer_reads_reasons_without_names(house: House) -> None:
    with transaction() as session:
        session.get_one(Site, house.site).limit_open = 0
    bookings.approve(code=house.later, actor=house.manager, now=house.make.now, override="Pameran")
    reviewer = house.login_as(house.make.user(Role.REVIEWER))
    page = text(reviewer, "/reports/exceptions")

    assert "Pameran" in page
    assert "Ibu Sari" not in page
    elsewhere = house.make.user(Role.MANAGER, sites=(house.make.site(),))
    assert "Pameran" not in text(house.login_as(elsewhere), "/reports/exceptions")
    text(house.login_as(elsewhere), "/reports/exceptions?site=PTK", 404)
