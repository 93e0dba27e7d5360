"""A booking is moved, and cancelled in time or late."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update

from packhouse import clock
from packhouse.db import transaction
from packhouse.domain.bookings import State
from packhouse.models.bookings import Booking, Move
from packhouse.models.slots import Claim
from packhouse.services import bookings
from packhouse.services.bookings import Target
from tests.factories import Make
from tests.web.bookings.conftest import House, LoginAs, booking, count, words


def test_a_booking_moves_to_an_offered_time_in_one_tap(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    page = words(browser.get(f"/bookings/{code}/move"))
    forms = re.findall(r'<form method="post" action="[^"]+/move" class="one-tap".*?</form>', page,
                       re.DOTALL)  # fmt: skip
    assert forms
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0]))

    answer = browser.post(f"/bookings/{code}/move", data=sent)

    assert answer.status_code == 303
    assert count(Move) == 1
    shown = words(browser.get(answer.location))
    assert "Perpindahan jadwal" in shown
    assert "Jadwal dipindah" in shown


def test_a_time_that_closes_the_window_behind_her_says_so_and_is_the_last_move(
    house: House, browser: FlaskClient, login_as: LoginAs
) -> None:
    code = house.book(8)
    page = words(browser.get(f"/bookings/{code}/move"))
    cards = re.findall(r'<article class="panel.*?</article>', page, re.DOTALL)
    near = [each for each in cards if 'name="day" value="2026-11-24"' in each]

    assert near
    assert [each for each in cards if "Tidak dapat diubah lagi sesudah dipindah." in each] == near
    desk = words(login_as(house.operator).get(f"/bookings/{code}/move"))
    assert "Sesudah dipindah, pelanggan tidak dapat mengubahnya lagi." in desk

    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', near[0]))
    assert browser.post(f"/bookings/{code}/move", data=sent).status_code == 303
    back = {"day": "2026-11-26", "time": "08:00", "machine": "M3"}
    words(browser.post(f"/bookings/{code}/move", data=back), 403)


def test_a_near_request_moves_on_its_page_as_the_service_lets_it(
    make: Make, login_as: LoginAs
) -> None:
    house = House(make, needs_approval=True)
    code, browser = house.book(13, days=0), login_as(house.producer)

    assert "dapat dipindah atau dibatalkan kapan saja" in words(browser.get(f"/bookings/{code}"))
    page = words(browser.get(f"/bookings/{code}/move"))
    assert "Tidak dapat diubah lagi sesudah disetujui." in page
    sent = {"day": "2026-11-24", "time": "14:00", "machine": "M3"}
    assert browser.post(f"/bookings/{code}/move", data=sent).status_code == 303


def test_the_page_of_a_move_names_each_tariff_and_only_machines_that_close_the_pack(
    make: Make, login_as: LoginAs
) -> None:
    house = House(make, tariff=15_000)
    make.machine(house.site, code="M4", tariff=60_000)
    make.machine(house.site, code="C1", kind="coder")
    code = house.book(8)
    with transaction() as session:
        session.execute(text("UPDATE tariffs SET per_hour = 90000"))

    page = words(login_as(house.operator).get(f"/bookings/{code}/move"))

    options = re.findall(r'<option[^>]*value="(M3|M4|C1)"[^>]*>([^<]*)<', page)
    assert {each: said.rpartition(": ")[2].replace("\xa0", " ") for each, said in options} == {
        "M3": "Rp 15.000 per jam", "M4": "Rp 90.000 per jam",
    }  # fmt: skip
    assert "tetap seperti saat memesan" in page
    assert "(C1)" not in page


def test_a_booking_moves_to_a_time_of_her_own(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    sent = {"day": "27/11/2026", "time": "09.30", "machine": "M3", "version": 1}

    assert browser.post(f"/bookings/{code}/move", data=sent).status_code == 303

    assert booking(code).starts_at == house.make.at(9, 30, days=3)


@pytest.mark.parametrize(
    ("changes", "told", "status"),
    [
        ({"time": "10:00"}, "baru saja diambil", 409),
        ({"time": "08:32"}, "kelipatan lima menit", 422),
        ({"day": "2026-11-20"}, "Waktu ini sudah lewat.", 422),
        ({"day": "9999-12-31", "time": "23:59"}, "Terlalu jauh", 422),
        ({"day": "kapan-kapan"}, "Isi tanggal", 422),
        ({"time": "25:00"}, "Isi jam", 422),
        ({"machine": "M99"}, "Pilih salah satu dari daftar.", 422),
    ],
)
def test_a_move_that_cannot_be_keeps_the_old_time(
    house: House, browser: FlaskClient, changes: dict[str, str], told: str, status: int
) -> None:
    code, _other = house.book(8), house.book(10)
    sent = {"day": "2026-11-26", "time": "09:00", "machine": "M3", "version": "1"} | changes

    page = words(browser.post(f"/bookings/{code}/move", data=sent), status)

    assert told in page
    assert "Tulis waktu sendiri" in page
    assert booking(code).starts_at == house.make.at(8)
    assert count(Move) == 0


def test_inside_the_window_she_is_sent_to_the_staff(house: House, login_as: LoginAs) -> None:
    code = house.book(13, days=0)
    hers, desk = login_as(house.producer), login_as(house.operator)
    sent = {"day": "2026-11-24", "time": "14:00", "machine": "M3"}

    assert "Hubungi petugas" in words(hers.get(f"/bookings/{code}/move"))
    assert "Pindahkan jadwal" not in words(hers.get(f"/bookings/{code}")).split("<main", 1)[1]
    words(hers.post(f"/bookings/{code}/move", data=sent), 403)
    assert desk.post(f"/bookings/{code}/move", data=sent).status_code == 303


def test_a_page_left_open_shows_what_changed_meanwhile(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    target = Target(house.make.at(9), reason="Operator sakit")
    bookings.move(code=code, target=target, actor=house.operator, now=house.make.now)
    when = {"day": "2026-11-27", "time": "08:00", "machine": "M3", "version": 1}

    for path, sent in (("move", when), ("cancel", {"version": 1})):
        page = words(browser.post(f"/bookings/{code}/{path}", data=sent), 409)
        assert "berubah sejak Anda membukanya" in page
        assert "Jadwal dipindah" in page
        assert "09.00–09.40 WIB" in page

    assert booking(code).starts_at == house.make.at(9)
    assert booking(code).state == State.CONFIRMED


def test_cancelling_in_time_costs_nothing_and_says_so(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    assert "Masih tepat waktu" in words(browser.get(f"/bookings/{code}/cancel"))
    sent = {"version": 1, "reason": "Bahan belum siap"}

    answers = [browser.post(f"/bookings/{code}/cancel", data=sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert booking(code).state == State.CANCELLED
    assert not booking(code).cancelled_late
    assert count(Claim) == 0
    page = words(browser.get(f"/bookings/{code}"))
    assert "Bahan belum siap" in page
    assert "Pesan lagi" in page


def test_cancelling_late_is_told_before_it_is_done(house: House, browser: FlaskClient) -> None:
    code = house.book(8, days=1)

    with clock.frozen(house.make.now + timedelta(hours=1)):
        assert "Terlambat" in words(browser.get(f"/bookings/{code}/cancel"))
        assert browser.post(f"/bookings/{code}/cancel", data={}).status_code == 303

    assert booking(code).cancelled_late


def test_what_is_over_cannot_be_cancelled(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    for state in ("running", "finished"):
        with transaction() as session:
            session.execute(update(Booking).values(state=state))

    assert "tidak dapat dibatalkan lagi" in words(browser.get(f"/bookings/{code}/cancel"))
    words(browser.post(f"/bookings/{code}/cancel", data={"version": 1}), 409)
    words(browser.post(f"/bookings/{code}/cancel", data={"reason": "x" * 501}), 422)
