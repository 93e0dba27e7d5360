"""The list of bookings, and the record of what was packed."""

import re

from flask.testing import FlaskClient

from packhouse import clock
from packhouse.domain.users import Role
from packhouse.services import bookings, runs
from tests.factories import Make
from tests.support.queries import CountQueries
from tests.web.bookings.conftest import House, LoginAs, words


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
