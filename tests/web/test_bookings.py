import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from packhouse import clock
from packhouse.db import db, transaction
from packhouse.domain.bookings import State
from packhouse.domain.users import Actor, Role
from packhouse.models.bookings import Booking, Job, Move
from packhouse.models.slots import Claim
from packhouse.services import bookings, runs
from packhouse.services.bookings import Target, Wish
from tests.factories import Make
from tests.support.queries import CountQueries

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """One machine, a producer with one product, an operator and a manager."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", **machine)
        self.business = make.business(name="Ibu Sari")
        self.product = make.product(self.business, name="Amplang")
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.manager = make.user(Role.MANAGER, sites=(self.site,))

    def book(self, hour: int, minute: int = 0, *, days: int = 2) -> str:
        wish = Wish(self.product, 400, "M3", self.make.at(hour, minute, days=days))
        answer = bookings.book(wish=wish, actor=self.producer, now=self.make.now)
        return str(answer["code"])

    def chosen(self, starts_at: datetime, /, **changes: Any) -> dict[str, Any]:
        """What the page before the last tap sends."""
        return {
            "product": self.product,
            "quantity": 400,
            "machine": "M3",
            "starts_at": starts_at.isoformat(),
            **changes,
        }


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


@pytest.fixture
def browser(house: House, login_as: LoginAs) -> FlaskClient:
    return login_as(house.producer)


def words(answer: TestResponse, status: int = 200) -> str:
    """The page as its reader sees it: entities decoded, protected spaces as spaces."""
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def booking(code: str) -> Booking:
    db.session.rollback()
    return db.session.scalars(select(Booking).where(Booking.code == code)).one()


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(table)).one()


# --- the list -----------------------------------------------------------------------------------


def test_the_next_booking_stands_on_top_and_says_that_it_is_safe_to_leave(
    house: House, browser: FlaskClient
) -> None:
    house.book(8)
    house.book(9, days=3)

    page = words(browser.get("/bookings"))

    assert page.index("Berikutnya") < page.index("Aman berangkat") < page.index("Akan datang")
    assert "Kamis, 26 November 2026" in page
    assert "08.00–08.40 WIB" in page
    assert "07.45 WIB" in page
    assert "Ulangi: Amplang" in page
    assert f"/quote?product={house.product}&quantity=400" in page


def test_a_request_says_not_to_leave_yet(make: Make, login_as: LoginAs) -> None:
    house = House(make, needs_approval=True)
    house.book(8)

    page = words(login_as(house.producer).get("/bookings"))

    assert "Jangan berangkat dahulu" in page
    assert "Aman berangkat" not in page


def test_who_has_nothing_is_shown_the_next_step(make: Make, login_as: LoginAs) -> None:
    house = House(make)

    assert "Cari jadwal mesin" in words(login_as(house.producer).get("/bookings"))
    page = words(login_as(make.producer()).get("/bookings"))
    assert "Mulai dari produk Anda" in page


def test_what_is_past_is_read_page_by_page(house: House, browser: FlaskClient) -> None:
    for hour, minute in [(8 + n // 2, 45 * (n % 2)) for n in range(6)] * 2:
        code = house.book(hour, minute)
        bookings.cancel(code=code, actor=house.producer, now=house.make.now)

    first = words(browser.get("/bookings"))
    found = re.search(r'href="(/bookings\?cursor=[^"]+)"', first)
    assert found
    second = words(browser.get(found[1]))

    codes = [set(re.findall(r"PTK-[0-9A-Z]{6}", page)) for page in (first, second)]
    assert [len(each) for each in codes] == [10, 2]
    assert not codes[0] & codes[1]
    words(browser.get("/bookings?cursor=x"), 400)


def test_the_list_asks_a_constant_number_of_questions(
    house: House, browser: FlaskClient, count_queries: CountQueries
) -> None:
    house.book(8)
    with count_queries() as few:
        browser.get("/bookings")
    for hour in (9, 10, 11, 13):
        house.book(hour)
    with count_queries() as many:
        browser.get("/bookings")

    assert few.total == many.total


def test_the_staff_find_bookings_by_code_business_state_and_day(
    house: House, login_as: LoginAs
) -> None:
    first, second = house.book(8), house.book(8, days=3)
    bookings.cancel(code=second, actor=house.producer, now=house.make.now)
    desk = login_as(house.operator)

    def found(**query: str) -> set[str]:
        page = words(desk.get("/bookings", query_string=query))
        return set(re.findall(r"/bookings/(PTK-\w+)", page))

    assert found() == {first}
    assert found(q=second[-4:].lower()) == {second}
    assert found(q="ibu") == {first, second}
    assert found(state="cancelled") == {second}
    assert found(day="2026-11-27") == {second}
    assert found(day="9999-12-31") == {first, second}
    assert found(q="siapa") == set()
    words(desk.get("/bookings?state=lost"), 422)


# --- a new one ----------------------------------------------------------------------------------


def test_booking_takes_a_look_and_one_tap(house: House, browser: FlaskClient) -> None:
    chosen = house.chosen(house.make.at(8))
    page = words(browser.get("/bookings/new", query_string=chosen))
    assert "Kamis, 26 November 2026" in page
    assert "Rp 10.000" in page
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]{10,})"', page)
    assert key

    answer = browser.post("/bookings", data=chosen | {"idempotency_key": key[1]})

    assert answer.status_code == 303
    shown = words(browser.get(answer.location))
    assert "Aman berangkat" in shown
    assert answer.location.rsplit("/", 1)[1] in shown
    assert booking(answer.location.rsplit("/", 1)[1]).source == "online"


def test_a_retried_tap_is_the_same_booking(house: House, browser: FlaskClient) -> None:
    sent = house.chosen(house.make.at(8), idempotency_key="k" * 20)

    answers = [browser.post("/bookings", data=sent) for _ in range(3)]

    assert {answer.location for answer in answers} == {answers[0].location}
    assert count(Booking) == 1
    changed = browser.post("/bookings", data=sent | {"quantity": 300})
    assert "sudah dipakai untuk permintaan lain" in words(changed, 409)
    assert count(Booking) == 1


def test_the_front_desk_books_for_whoever_stands_there(house: House, login_as: LoginAs) -> None:
    answer = login_as(house.operator).post("/bookings", data=house.chosen(house.make.at(8)))

    assert booking(answer.location.rsplit("/", 1)[1]).source == "desk"


def test_a_time_that_is_gone_offers_others_in_one_tap(house: House, browser: FlaskClient) -> None:
    house.book(8)

    page = words(browser.post("/bookings", data=house.chosen(house.make.at(8, 20))), 409)

    assert "Orang lain lebih dahulu mengambil waktu ini." in page
    forms = re.findall(r'<form method="post" action="/bookings".*?</form>', page, re.DOTALL)
    assert len(forms) == 3
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0]))
    assert browser.post("/bookings", data=sent).status_code == 303
    assert count(Booking) == 2


@pytest.mark.parametrize(
    ("hour", "minute", "days", "told"),
    [
        (8, 2, 2, "kelipatan lima menit"),
        (8, 0, -1, "Waktu ini sudah lewat."),
        (8, 30, 0, "Terlalu dekat"),
        (8, 0, 90, "Terlalu jauh"),
        (6, 0, 2, "Di luar jam buka"),
        (8, 0, 4, "Rumah kemasan tutup"),
        (15, 45, 2, "tidak selesai sebelum tutup"),
    ],
)
def test_a_broken_rule_is_told_and_nothing_changes(
    house: House, browser: FlaskClient, hour: int, minute: int, days: int, told: str
) -> None:
    chosen = house.chosen(house.make.at(hour, minute, days=days))

    assert told in words(browser.get("/bookings/new", query_string=chosen), 422)
    page = words(browser.post("/bookings", data=chosen), 422)

    assert told in page
    assert "Lihat waktu lain" in page
    assert (count(Booking), count(Job), count(Claim)) == (0, 0, 0)


def test_every_broken_rule_is_told_at_once(house: House, browser: FlaskClient) -> None:
    jars = house.make.product(house.business, pack="jar", lane="non_halal")
    chosen = house.chosen(house.make.at(8, 2), product=jars)

    page = words(browser.post("/bookings", data=chosen), 422)

    for told in ("tidak dapat memakai kemasan Stoples", "jalur lain", "kelipatan lima menit"):
        assert told in page


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "9" * 40},
        {"quantity": "x"},
        {"product": ""},
        {"product": "9" * 40},
        {"machine": ""},
        {"machine": "M" * 500},
        {"starts_at": ""},
        {"starts_at": "besok"},
        {"starts_at": "2026-11-26T08:00:00"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"starts_at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(
    house: House, browser: FlaskClient, changes: dict[str, str]
) -> None:
    sent = house.chosen(house.make.at(8), **changes)

    words(browser.get("/bookings/new", query_string=sent), 400)
    words(browser.post("/bookings", data=sent), 400)

    assert count(Booking) == 0


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:55:00Z"])
def test_the_ends_of_time_are_only_refused(
    house: House, browser: FlaskClient, starts_at: str
) -> None:
    sent = house.chosen(house.make.at(8), starts_at=starts_at)

    words(browser.get("/bookings/new", query_string=sent), 422)
    words(browser.post("/bookings", data=sent), 422)


def test_nothing_is_booked_for_strangers_or_on_unknown_machines(
    house: House, browser: FlaskClient, login_as: LoginAs
) -> None:
    stranger = login_as(house.make.producer())
    chosen = house.chosen(house.make.at(8))

    for asking, sent in ((stranger, chosen), (browser, chosen | {"machine": "M99"})):
        words(asking.get("/bookings/new", query_string=sent), 404)
        words(asking.post("/bookings", data=sent), 404)
    assert count(Booking) == 0


# --- one ----------------------------------------------------------------------------------------


def test_a_booking_tells_when_where_how_long_how_much_and_until_when_it_can_change(
    house: House, browser: FlaskClient
) -> None:
    page = words(browser.get(f"/bookings/{house.book(8)}"))

    for told in (
        "Dipastikan",
        "08.00–08.40 WIB",
        "Persiapan mesin",
        "Rp 10.000",
        "Rabu, 25 November 2026, 08.00 WIB",
        "Reservasi dibuat",
        "Pengingat H-1",
        "Pindahkan jadwal",
        "Batalkan",
    ):
        assert told in page
    assert "Setujui" not in page


def test_a_strangers_booking_is_not_found_whatever_is_done_to_it(
    house: House, login_as: LoginAs
) -> None:
    code = house.book(8)
    stranger = login_as(house.make.producer())
    when = {"day": "2026-11-27", "time": "08:00", "machine": "M3"}

    for asked in (code, "PTK-XXXXXX"):
        for path in (asked, f"{asked}/move", f"{asked}/cancel"):
            words(stranger.get(f"/bookings/{path}"), 404)
        words(stranger.post(f"/bookings/{asked}/move", data=when), 404)
        words(stranger.post(f"/bookings/{asked}/cancel", data={}), 404)
    assert booking(code).state == State.CONFIRMED


def test_the_auditor_reads_a_booking_and_changes_nothing(house: House, login_as: LoginAs) -> None:
    code = house.book(8)
    auditor = login_as(house.make.user(Role.AUDITOR))

    page = words(auditor.get(f"/bookings/{code}"))

    assert "Pindahkan jadwal" not in page
    words(auditor.post(f"/bookings/{code}/cancel", data={}), 403)
    words(login_as(house.make.user(Role.REVIEWER)).get(f"/bookings/{code}"), 404)


def test_the_manager_decides_a_request_and_a_refusal_needs_a_reason(
    make: Make, login_as: LoginAs
) -> None:
    house = House(make, needs_approval=True)
    yes, no = house.book(8), house.book(9)
    manager, desk = login_as(house.manager), login_as(house.operator)

    assert "Setujui" not in words(desk.get(f"/bookings/{yes}"))
    words(desk.post(f"/bookings/{yes}/approve"), 403)
    assert "Setujui" in words(manager.get(f"/bookings/{yes}"))
    assert manager.post(f"/bookings/{yes}/approve").status_code == 303
    assert "Pilih atau tulis alasannya." in words(
        manager.post(f"/bookings/{no}/reject", data={}), 422
    )
    assert booking(no).state == State.REQUESTED
    sent = {"reason": "Mesin dipakai pelatihan"}
    assert manager.post(f"/bookings/{no}/reject", data=sent).status_code == 303

    assert (booking(yes).state, booking(no).state) == (State.CONFIRMED, State.REJECTED)
    page = words(login_as(house.producer).get(f"/bookings/{no}"))
    assert "Mesin dipakai pelatihan" in page
    words(manager.post(f"/bookings/{no}/approve"), 409)


# --- moved --------------------------------------------------------------------------------------


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


# --- cancelled ----------------------------------------------------------------------------------


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


def test_a_time_that_is_already_hers_is_shown_as_hers(house: House, browser: FlaskClient) -> None:
    code = house.book(8)
    chosen = house.chosen(house.make.at(8))

    for answer in (
        browser.post("/bookings", data=chosen),
        browser.get("/bookings/new", query_string=chosen),
    ):
        page = words(answer, 409)
        assert "Waktu ini sudah milik Anda" in page
        assert f"/bookings/{code}" in page
    assert count(Booking) == 1


def test_who_lives_far_reads_when_to_leave(house: House, login_as: LoginAs) -> None:
    far = house.make.business(regency_code="61.05")
    product = house.make.product(far)
    browser = login_as(house.make.producer(far))
    chosen = house.chosen(house.make.at(8)) | {"product": product}

    page = words(browser.get("/bookings/new", query_string=chosen))

    assert "Berangkatlah sehari sebelumnya." in page


def test_her_record_counts_what_was_packed_and_a_paper_names_the_tariff(
    house: House, browser: FlaskClient
) -> None:
    code = house.book(11, days=0)
    operator = house.make.user(Role.OPERATOR, sites=(house.site,))
    runs.start(code=code, actor=operator, now=house.make.at(11, days=0))
    done = runs.Counts(391, 9)
    runs.finish(code=code, counts=done, actor=operator, now=house.make.at(11, 30, days=0))

    with clock.frozen(house.make.at(11, 45, days=0)):
        record = words(browser.get("/bookings/record"))
        receipt = words(browser.get(f"/bookings/{code}/receipt"))

    assert "391 baik, 9 gagal" in record
    assert "1 datang, 0 tidak" in record
    assert "Rp" in receipt
    assert "bukan bukti pembayaran" in receipt
