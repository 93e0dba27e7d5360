"""The page of one booking: what it tells, whom, and what they may do."""

from flask.testing import FlaskClient

from packhouse.domain.bookings import State
from packhouse.domain.users import Role
from tests.factories import Make
from tests.web.bookings.conftest import House, LoginAs, booking, words


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


def test_who_lives_far_reads_when_to_leave(house: House, login_as: LoginAs) -> None:
    far = house.make.business(regency_code="61.05")
    product = house.make.product(far)
    browser = login_as(house.make.producer(far))
    chosen = house.chosen(house.make.at(8)) | {"product": product}

    page = words(browser.get("/bookings/new", query_string=chosen))

    assert "Berangkatlah sehari sebelumnya." in page
