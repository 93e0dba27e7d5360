"""A cooperative's order on its pages: rows pasted and ticked, looked at, booked, read."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.bookings import Booking
from packhouse.models.businesses import CooperativeMember
from packhouse.models.products import Product
from packhouse.models.reminders import Message
from packhouse.queries.audit import verify
from packhouse.services import bookings, sites
from packhouse.services.bookings import OrderRow, Wish
from packhouse.services.sites.houses import Policy
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', re.DOTALL)


class Office:
    """A cooperative of two, its secretary's browser, and a house with two sealers."""

    def __init__(self, make: Make, login_as: LoginAs) -> None:
        self.make, self.login_as = make, login_as
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        make.machine(self.site, code="M4")
        self.id = make.business(name="Koperasi Contoh", kind="cooperative", size="kecil")
        self.sari = make.business(name="Dapur Bu Sari")
        self.rini = make.business(name="Rini")
        with transaction() as session:
            session.add_all(
                CooperativeMember(cooperative_id=self.id, member_id=each)
                for each in (self.sari, self.rini)
            )
        self.chips = make.product(self.sari, name="Keripik Pisang")
        self.secretary = make.producer(self.id)
        self.browser = login_as(self.secretary)

    def check(self, **more: Any) -> tuple[int, str]:
        asked = {"cooperative": self.id, "site": "PTK", "day": "2026-11-26", "time": "08:00",
                 "machines": "2", "pasted": ""}  # fmt: skip
        answer = self.browser.post("/orders/new", data=asked | more)
        return answer.status_code, unescape(answer.text)

    def confirm(self, page: str, override: str = "", as_if: Actor | None = None) -> Any:
        form = page[page.index('action="/orders"') : page.index("Pesan semua baris")]
        fields: dict[str, list[str]] = {}
        for name, value in FIELD.findall(form):
            fields.setdefault(name, []).append(value)
        browser = self.login_as(as_if) if as_if else self.browser
        return browser.post("/orders", data=fields | {"override": [override]})


@pytest.fixture
def office(make: Make, login_as: LoginAs) -> Office:
    return Office(make, login_as)


def count() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(Booking)).one()


def test_every_bad_row_is_told_with_its_number_and_nothing_typed_is_lost(office: Office) -> None:
    pasted = (
        "Dapur Bu Sari; keripik  PISANG; 1.200\nSiapa; Abon; 5\nRini; Abon; banyak\nRini, Abon\n"
        "Rini\tStik keju\t200"
    )

    status, page = office.check(pasted=pasted)

    assert status == 422
    assert "Baris 1" not in page
    for told in ("Baris 2: Siapa", "Baris 3: Jumlah banyak", "Baris 4: Tulis", "Baris 5: Pilih"):
        assert told in page
    assert pasted in page.replace("\r\n", "\n")
    assert "Produk baru: Stik keju" in page


def test_rows_are_planned_booked_once_and_read_by_those_they_concern(office: Office) -> None:
    key = re.findall(r'name="(new-[^"]+)-pack"', office.check(pasted="rini; Stik keju; 200")[1])[0]
    fresh = {f"{key}-pack": "pouch_100", f"{key}-lane": "halal", f"{key}-aroma": "none"}
    fresh |= {f"{key}-name": "Stik keju", f"quantity-{office.chips}": "1.200"}

    status, page = office.check(pasted="rini; Stik keju; 200", **fresh)
    assert status == 200
    assert count() == 0
    done, again = office.confirm(page), office.confirm(page)

    assert done.status_code == again.status_code == 303
    assert done.location == again.location
    assert count() == 2
    served = set(db.session.scalars(select(Booking.business_id)))
    names = set(db.session.scalars(select(Product.name).where(Product.business_id == office.rini)))
    db.session.rollback()
    assert served == {office.sari, office.rini}
    assert names == {"Stik keju"}
    code = done.location.rpartition("/")[2]
    whole = office.browser.get(done.location).text
    assert f"{code}-01" in whole
    assert f"{code}-02" in whole
    assert code in office.browser.get("/orders").text
    member = office.login_as(office.make.producer(office.rini)).get(done.location).text
    assert "Stik keju" in member
    assert "Keripik Pisang" not in member
    stranger = office.login_as(office.make.producer())
    assert stranger.get(done.location).status_code == 404
    staff = office.login_as(office.make.user(Role.OPERATOR, sites=(office.site,)))
    assert "Keripik Pisang" in staff.get(done.location).text
    assert f"{code}-01" in staff.get("/board?cetak=1&day=2026-11-26").text


def test_who_was_faster_costs_a_look_at_a_new_plan_and_no_typing(office: Office) -> None:
    page = office.check(pasted="Dapur Bu Sari; Keripik Pisang; 400", machines="1")[1]
    rival = Wish(office.make.product(office.make.business()), 400, "M3", office.make.at(8))
    admin = office.make.user(Role.ADMIN)
    bookings.book(wish=rival, actor=admin, now=office.make.now)

    late = office.confirm(page)
    told = unescape(late.text)

    assert late.status_code == 409
    assert "Dapur Bu Sari: " in told
    assert "Dapur Bu Sari; Keripik Pisang; 400" in told
    assert office.confirm(told).status_code == 303
    assert count() == 2


def test_rows_of_several_packs_share_a_machine_without_meeting(office: Office) -> None:
    make = office.make
    make.machine(office.site, code="B1", packs=("pouch_100", "pouch_500"), rate_per_minute=30.0)
    make.product(office.rini, name="Abon", pack="pouch_500", allergens=["fish"])
    make.product(office.rini, name="Stik", pack="pouch_100", allergens=["egg"])
    pasted = (
        "anggota\tproduk\tjumlah\nRini\tAbon\t300\nrini\tstik\t200\n"
        "DAPUR BU SARI\tkeripik pisang\t1.200"
    )

    status, page = office.check(pasted=pasted)

    assert status == 200
    assert office.confirm(page).status_code == 303
    assert count() == 3


def test_who_runs_no_cooperative_is_told_so(office: Office) -> None:
    page = office.login_as(office.make.producer(office.sari)).get("/orders/new").text

    assert "Tidak ada koperasi" in page


def test_a_secretary_calls_off_one_row_or_the_whole_order(office: Office) -> None:
    _, page = office.check(
        pasted="Dapur Bu Sari; keripik pisang; 1.200\nDapur Bu Sari; keripik pisang; 300"
    )
    shown = str(office.confirm(page).location)
    first, second = db.session.scalars(select(Booking).order_by(Booking.id)).all()
    codes = first.code, second.code
    db.session.rollback()

    asked = office.browser.get(f"{shown}/cancel?booking={codes[0]}")
    one = office.browser.post(f"{shown}/cancel", data={"only": codes[0], "reason": ""})
    stranger = office.login_as(office.make.producer(office.sari)).get(f"{shown}/cancel")
    rest = office.browser.post(f"{shown}/cancel", data={"only": "", "reason": ""})

    assert (asked.status_code, one.status_code, rest.status_code) == (200, 303, 303)
    assert stranger.status_code == 404
    assert {each.state for each in db.session.scalars(select(Booking))} == {"cancelled"}
    assert "Batalkan seluruh pesanan" not in office.browser.get(shown).text


def two_rows(office: Office, make: Make) -> str:
    product = make.product(office.rini, name="Abon")
    rows = [
        OrderRow(office.sari, 400, "M3", make.at(8), product_id=office.chips),
        OrderRow(office.rini, 300, "M3", make.at(9), product_id=product),
    ]
    owner = make.user(businesses=(office.id,))
    answer = bookings.book_order(
        cooperative_id=office.id, site="PTK", rows=rows, actor=owner, now=make.now
    )
    return str(answer["code"])


def starts() -> list[datetime]:
    db.session.rollback()
    return list(db.session.scalars(select(Booking.starts_at).order_by(Booking.id)))


def test_the_desk_books_an_order_beyond_the_limits_with_a_reason(
    office: Office, make: Make
) -> None:
    sites.edit_site(
        code="PTK", name="Rumah Kemasan", address="", owner="province",
        policy=Policy(limit_open=1), actor=SYSTEM, now=make.now,
    )  # fmt: skip
    make.product(office.rini, name="Stik keju")
    make.product(office.id, name="Abon")
    rows = {"pasted": "Dapur Bu Sari; Keripik Pisang; 400\nRini; Stik keju; 300\n"
                      "Koperasi Contoh; Abon; 200\nRini; Stik keju; 250"}  # fmt: skip

    status, page = office.check(**rows)
    assert status == 422
    assert "Alasan pengecualian" not in page

    office.browser = office.login_as(make.user(Role.MANAGER, sites=(office.site,)))
    status, page = office.check(**rows)
    assert status == 422
    assert "Alasan pengecualian dari batas pemakaian" in page
    assert office.confirm(page, "saya mau", as_if=office.secretary).status_code == 422
    assert office.confirm(page).status_code == 422
    assert count() == 0
    assert office.confirm(page, "Panen raya").status_code == 303
    assert count() == 4

    told = office.browser.get(
        "/reports/exceptions.csv", query_string={"from_day": "2026-11-01", "to_day": "2026-11-30"}
    )
    assert "Panen raya" in told.text
    assert verify(now=make.now) == ()


def test_a_whole_order_is_looked_at_and_moved_in_two_taps(office: Office, make: Make) -> None:
    code = two_rows(office, make)
    page = unescape(office.browser.get(f"/orders/{code}/move").text)
    assert page.count("yang pertama mulai") == 3
    form = page[page.index('class="one-tap"') :]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))
    before = starts()

    looked = office.browser.post(f"/orders/{code}/move", data=sent)
    assert looked.status_code == 200
    assert "Belum ada yang dipindah" in looked.text
    assert starts() == before
    answer = office.browser.post(f"/orders/{code}/move", data=sent | {"sure": "y"})

    assert answer.status_code == 303
    moved = starts()
    assert moved != before
    assert moved[1] - moved[0] == before[1] - before[0]
    assert verify(now=make.now) == ()


def test_an_order_that_cannot_move_whole_stays_whole(office: Office, make: Make) -> None:
    code = two_rows(office, make)
    wish = Wish(office.chips, 300, "M3", make.at(10, days=6))
    bookings.book(wish=wish, actor=make.user(businesses=(office.sari,)), now=make.now)
    before = starts()
    sent = {"day": "2026-11-30", "time": "09:00", "version": "2"}

    for more in ({}, {"sure": "y"}):
        answer = office.browser.post(f"/orders/{code}/move", data=sent | more)
        assert answer.status_code in (409, 422)
        assert "Jadwal lama semua baris tetap berlaku" in answer.text
    assert starts() == before


def test_what_limits_refuse_is_told_before_an_order_is_sent(office: Office, make: Make) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sites SET limit_open = 0"))

    status, page = office.check(pasted="Dapur Bu Sari; Keripik Pisang; 400")

    assert status == 422
    assert "Dapur Bu Sari:" in page
    assert count() == 0


def test_the_inbox_lists_a_day_of_an_order_in_one_reminder(office: Office, make: Make) -> None:
    rows = [
        OrderRow(office.sari, 200, "M3", make.at(hour), product_id=office.chips)
        for hour in (9, 10, 13)
    ]
    bookings.book_order(
        cooperative_id=office.id, site="PTK", rows=rows, actor=office.secretary, now=make.now
    )
    with transaction() as session:
        for each in session.scalars(select(Message).where(Message.state == "due")):
            each.state, each.finished_at = "sent", each.due_at

    page = unescape(office.browser.get("/messages").text).replace("\xa0", " ")

    reminders = page.split('<article class="panel')[1:]
    day_before = [each for each in reminders if "Aman berangkat: reservasi" in each]
    assert len(day_before) == 1
    told = day_before[0]
    assert "Juga pada hari itu, dari pesanan yang sama:" in told
    assert told.count("<li>10.00") == 1
    assert told.count("<li>13.00") == 1
