import html
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import RuleBroken
from packhouse.models.sites import (
    Closure,
    HoursChange,
    ServiceStandard,
    Shift,
    Site,
    SiteHours,
    load_calendar,
)
from packhouse.queries.audit import verify
from packhouse.services.bookings import Wish, book
from packhouse.services.sites import create_site
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30"
WEEK: dict[str, Any] = dict.fromkeys(
    ("mon", "tue", "wed", "thu", "fri"), "07.30–12.00, 13.00 - 16.00"
)


@pytest.fixture
def house(make: Make) -> int:
    return create_site(
        code="PTK", name="Rumah Kemasan Pontianak", regency="61.71", zone="Asia/Pontianak",
        hours=HOURS, operators=3, address="Jalan Contoh 1", actor=SYSTEM, now=make.now,
    )  # fmt: skip


@pytest.fixture
def browser(make: Make, house: int, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.MANAGER, sites=(house,)))


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def closure(day: date) -> Closure:
    db.session.rollback()
    return db.session.scalars(select(Closure).where(Closure.day_from == day)).one()


def test_everybody_sees_which_houses_there_are(client: FlaskClient, make: Make, house: int) -> None:
    make.machine(house)
    page = text(client, "/sites")

    assert "Rumah Kemasan Pontianak" in page
    assert "Kota Pontianak" in page
    assert "07.30–12.00" in page
    assert "1 mesin" in page
    assert "Buka rumah kemasan" not in page


def test_without_a_house_the_list_says_what_comes_next(client: FlaskClient) -> None:
    assert "Belum ada rumah kemasan" in text(client, "/sites")


def test_everybody_sees_hours_holidays_machines_and_tariffs(
    client: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1")
    page = text(client, "/sites/PTK")

    assert "Jalan Contoh 1" in page
    assert "07.30–11.30" in page
    assert "Kamis, 24 Desember 2026" in page
    assert "BS-1" in page
    assert "Rp 15.000" in page
    assert "Kelola kalender" not in page
    assert text(client, "/sites/TIDAK", 404)


def test_pages_are_read_in_english_too(client: FlaskClient, house: int) -> None:
    client.post("/language", data={"locale": "en"})
    for path in ("/sites", "/sites/PTK"):
        assert '<html lang="en">' in text(client, path)


def test_an_administrator_opens_a_house(make: Make, login_as: LoginAs) -> None:
    admin = login_as(make.user(Role.ADMIN))
    given: dict[str, Any] = {
        "code": "SBS", "name": "Rumah Kemasan Sambas", "regency": "61.01",
        "zone": "Asia/Pontianak", "owner": "city", "operators": "2",
        "hours": "sen-kam 07:30-12:00 13:00-16:00", "address": "",
    }  # fmt: skip
    assert "Buka rumah kemasan" in text(admin, "/sites/new")

    wrong = send(admin, "/sites", 422, **(given | {"code": "S B S", "hours": "sen 7"}))
    send(admin, "/sites", **given)

    assert 'value="S B S"' in wrong
    assert 'id="code-error"' in wrong
    assert 'id="hours-error"' in wrong
    assert db.session.scalars(select(Site.code)).all() == ["SBS"]


def test_a_manager_decides_each_holiday(browser: FlaskClient, house: int) -> None:
    day = date(2026, 12, 24)
    holiday = closure(day).id
    page = text(browser, "/sites/PTK/closures")
    assert "Perlu keputusan Anda" in page
    assert "Cuti bersama 2028 belum ditetapkan" in page

    send(browser, f"/sites/PTK/holidays/{holiday}", decision="open")
    assert closure(day).state == "rejected"
    assert "Tetap buka" in text(browser, "/sites/PTK/closures")

    send(browser, f"/sites/PTK/holidays/{holiday}", decision="confirm")
    assert closure(day).state == "confirmed"
    send(browser, f"/sites/PTK/holidays/{holiday}", 400, decision="maybe")
    send(browser, "/sites/PTK/holidays/999999", 404, decision="open")


def test_a_manager_closes_days_and_opens_them_again(browser: FlaskClient) -> None:
    send(browser, "/sites/PTK/closures", name="Cat ulang", day_from="2026-12-01")
    made = closure(date(2026, 12, 1))
    assert (made.day_to, made.state) == (date(2026, 12, 1), "confirmed")

    send(browser, f"/sites/PTK/closures/{made.id}/remove")
    assert closure(date(2026, 12, 1)).state == "rejected"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "day_from": "2026-12-01"}, "name"),
        ({"name": "Cat", "day_from": ""}, "day_from"),
        ({"name": "Cat", "day_from": "besok"}, "day_from"),
        ({"name": "Cat", "day_from": "0001-01-01"}, "day_from"),
        ({"name": "Cat", "day_from": "2026-12-05", "day_to": "2026-12-01"}, "day_to"),
        ({"name": "x" * 121, "day_from": "2026-12-01"}, "name"),
    ],
)
def test_a_wrong_closure_is_shown_again_with_its_mistake_beside_it(
    browser: FlaskClient, data: dict[str, Any], field: str
) -> None:
    page = send(browser, "/sites/PTK/closures", 422, **data)

    assert f'id="{field}-error"' in page
    assert all(f'value="{typed}"' in page for typed in data.values() if typed)


def test_bookings_that_no_longer_fit_are_listed_on_every_page_of_the_calendar(
    make: Make, house: int, browser: FlaskClient
) -> None:
    make.machine(house, code="BS-1")
    product = make.product(make.business(name="Ibu Sari"))
    code = book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)["code"]

    closed: dict[str, Any] = {"name": "Banjir", "day_from": "2026-11-26"}
    page = send(browser, "/sites/PTK/closures", 422, **closed)
    assert "Belum disimpan: 1 reservasi" in page
    assert 'value="Banjir"' in page
    send(browser, "/sites/PTK/closures", **closed, seen=str(code))

    for page in ("closures", "hours", "shifts"):
        shown = text(browser, f"/sites/PTK/{page}")
        assert str(code) in shown
        assert "Ibu Sari" in shown


def test_a_manager_changes_the_week_line_by_line(browser: FlaskClient, house: int) -> None:
    page = text(browser, "/sites/PTK/hours")
    assert 'value="07.30–12.00 13.00–16.00"' in page

    send(browser, "/sites/PTK/hours", **WEEK, valid_from="2027-02-08", valid_to="2027-03-09")

    calendar = load_calendar(db.session(), house)
    assert calendar.working_day(date(2027, 2, 12)).length == 7.5 * 3600
    shown = text(browser, "/sites/PTK/hours")
    assert "8 Februari 2027 – 9 Maret 2027" in shown

    send(browser, "/sites/PTK/hours/remove", valid_from="2027-02-08", valid_to="2027-03-09")
    db.session.rollback()
    assert set(db.session.scalars(select(SiteHours.valid_to))) == {None}
    last = send(browser, "/sites/PTK/hours/remove", 422, valid_from="2000-01-01", valid_to="")
    assert "terakhir" in last


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"mon": "07.30"}, "mon"),
        ({"wed": "12.00-07.30"}, "wed"),
        ({"thu": "07.31-12.00"}, "thu"),
        ({"fri": "07.30-12.00 11.00-13.00"}, "fri"),
        ({"fri": "07.30-25.00"}, "fri"),
        ({"sun": "tutup"}, "sun"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_to": "2026-01-01"}, "valid_to"),
    ],
)
def test_a_mistake_in_the_week_stands_beside_its_day(
    browser: FlaskClient, data: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {**WEEK, "valid_from": "2027-01-01", **data}
    page = send(browser, "/sites/PTK/hours", 422, **given)

    assert f'id="{field}-error"' in page
    assert page.count('-error"') == 2  # Beside the field, and named by it.
    assert 'value="07.30–12.00, 13.00 - 16.00"' in page


def test_a_week_without_a_single_open_day_is_refused(browser: FlaskClient) -> None:
    assert "masih kosong" in send(browser, "/sites/PTK/hours", 422, valid_from="2027-01-01")


def test_a_manager_sets_operators_for_a_day_and_for_all(
    browser: FlaskClient, make: Make, house: int
) -> None:
    shift: dict[str, Any] = {
        "day": "2026-11-26",
        "from_time": "07:30",
        "to_time": "12.00",
        "operators": "1",
    }
    send(browser, "/sites/PTK/shifts", **shift)
    row = db.session.scalars(select(Shift)).one()
    assert (row.from_at, row.to_at, row.operators) == (make.at(7, 30), make.at(12), 1)
    assert "1 operator" in text(browser, "/sites/PTK/shifts")

    send(browser, f"/sites/PTK/shifts/{row.id}/remove")
    send(browser, "/sites/PTK/operators", usual="5")

    db.session.rollback()
    assert db.session.scalars(select(Site.operators)).one() == 5
    assert db.session.scalars(select(Shift)).all() == []


def test_fewer_operators_than_booked_are_explained_beside_the_number(
    browser: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1", attended=True)
    product = make.product(make.business())
    book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)

    page = send(browser, "/sites/PTK/operators", 422, usual="0")
    assert "Belum disimpan: 1 reservasi" in page
    assert 'value="0"' in page
    assert db.session.scalars(select(Site.operators)).one() == 3

    shift: dict[str, Any] = {
        "day": "2026-11-26",
        "from_time": "09:00",
        "to_time": "08:00",
        "operators": "-1",
    }
    page = send(browser, "/sites/PTK/shifts", 422, **shift)
    assert 'id="operators-error"' in page
    page = send(browser, "/sites/PTK/shifts", 422, **(shift | {"operators": "1"}))
    assert 'id="to_time-error"' in page


def test_fewer_operators_leave_what_was_promised_and_offer_a_new_time(
    browser: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1", attended=True)
    product = make.product(make.business())
    wish = Wish(product, 300, "BS-1", make.at(9))
    code = str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])

    send(browser, "/sites/PTK/operators", usual="0", seen=code)

    page = text(browser, "/sites/PTK/shifts")
    assert "1 reservasi tidak sesuai jam kerja lagi" in page
    assert "/sites/PTK/plans" in page or "Carikan waktu baru" in page
    assert code in text(browser, "/sites/PTK")
    with pytest.raises(RuleBroken):
        book(wish=Wish(product, 300, "BS-1", make.at(10)), actor=SYSTEM, now=make.now)


def test_the_same_shift_on_several_days_is_one_form(
    browser: FlaskClient, make: Make, house: int
) -> None:
    shift: dict[str, Any] = {
        "day": "2026-11-26", "from_time": "08:00", "to_time": "12:00", "operators": "1",
        "last_day": "2026-11-28",
    }  # fmt: skip
    send(browser, "/sites/PTK/shifts", **shift)

    db.session.rollback()
    kept = db.session.scalars(select(Shift).order_by(Shift.from_at)).all()
    assert [each.from_at for each in kept] == [make.at(8, days=day) for day in (2, 3, 4)]
    page = send(browser, "/sites/PTK/shifts", 422, **(shift | {"last_day": "2026-11-25"}))
    assert 'id="last_day-error"' in page


def test_taps_fill_in_the_week_and_nothing_is_saved(browser: FlaskClient, house: int) -> None:
    typed = {"mon": "08.00–12.00", "fri": "08.00-16.00", "sat": "08.00-10.00"}
    page = send(browser, "/sites/PTK/hours", 200, **typed, ready="copy")
    assert page.count('value="08.00–12.00"') == 4
    assert 'value="08.00-10.00"' in page
    page = send(browser, "/sites/PTK/hours", 200, **typed, ready="friday")
    assert 'value="08.00–11.30 13.00–16.00"' in page
    page = send(browser, "/sites/PTK/hours", 200, **typed, ready="ramadan", valid_from="")
    assert 'value="2027-02-08"' in page
    assert "32 jam 30 menit" in page
    assert len(db.session.scalars(select(SiteHours.valid_from).distinct()).all()) == 1


def test_the_last_change_of_hours_is_undone(browser: FlaskClient, house: int) -> None:
    before = hours_kept()
    send(browser, "/sites/PTK/hours", **WEEK, valid_from="2027-02-08", valid_to="2027-03-09")
    send(browser, "/sites/PTK/hours", **WEEK, valid_from="2027-04-01")
    newest, oldest = sorted(changes(), reverse=True)
    assert "Batalkan perubahan terakhir" in text(browser, "/sites/PTK/hours")

    send(browser, f"/sites/PTK/hours/{oldest}/undo", 409)
    send(browser, f"/sites/PTK/hours/{newest}/undo")
    send(browser, f"/sites/PTK/hours/{newest}/undo")
    send(browser, f"/sites/PTK/hours/{oldest}/undo")

    assert hours_kept() == before
    assert "Batalkan perubahan terakhir" not in text(browser, "/sites/PTK/hours")
    send(browser, "/sites/PTK/hours/999/undo", 404)


def hours_kept() -> list[Any]:
    db.session.rollback()
    rows = db.session.scalars(select(SiteHours)).all()
    return sorted((each.weekday, each.opens, each.closes, each.valid_from) for each in rows)


def changes() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(HoursChange.id)))


def test_a_manager_changes_what_the_house_promises(browser: FlaskClient) -> None:
    text(browser, "/sites/PTK/edit")
    given: dict[str, Any] = {
        "name": "Rumah Kemasan Kota", "address": "Jalan Contoh 2", "owner": "city",
        "horizon_days": "30", "notice_minutes": "0", "cancel_hours": "48", "request_hours": "24",
        "grace_minutes": "15", "overrun_minutes": "20", "absence_minutes": "5",
        "delay_minutes": "30", "inform_minutes": "20",
    }  # fmt: skip
    wrong = send(browser, "/sites/PTK/edit", 422, **(given | {"horizon_days": "0"}))
    assert 'id="horizon_days-error"' in wrong

    send(browser, "/sites/PTK/edit", **given)

    db.session.rollback()
    site = db.session.scalars(select(Site)).one()
    assert (site.name, site.horizon_days, site.notice_minutes) == ("Rumah Kemasan Kota", 30, 0)


def test_another_houses_calendar_is_not_a_managers_business(
    make: Make, house: int, login_as: LoginAs
) -> None:
    stranger = login_as(make.user(Role.MANAGER))

    for page in ("closures", "hours", "shifts", "edit"):
        text(stranger, f"/sites/PTK/{page}", 403)
    send(stranger, "/sites/PTK/closures", 403, name="Cat", day_from="2026-12-01")
    send(stranger, "/sites/PTK/operators", 403, usual="1")


def test_a_house_promises_in_its_own_words_and_every_version_stays(
    browser: FlaskClient, client: FlaskClient, house: int, make: Make
) -> None:
    assert "Janji rumah kemasan ini" not in text(client, "/service-standard?site=PTK")

    for words in ("Air minum tersedia.\nRuang tunggu ada.", "Air minum dan kopi tersedia.", ""):
        send(browser, "/sites/PTK/standard", text=words)
        send(browser, "/sites/PTK/standard", text=words)
        public = text(client, "/service-standard?site=PTK")
        assert (words in public) if words else ("Janji rumah kemasan ini" not in public)

    assert len(db.session.scalars(select(ServiceStandard)).all()) == 3
    shown = text(browser, "/sites/PTK/standard")
    assert shown.index("Dicabut.") < shown.index("kopi") < shown.index("Ruang tunggu")
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(ServiceStandard).values(text="lain"))
    assert verify(now=make.now) == ()


def test_only_who_manages_a_house_writes_its_promise(
    house: int, make: Make, login_as: LoginAs
) -> None:
    other = login_as(make.user(Role.MANAGER, sites=(make.site(),)))

    assert other.get("/sites/PTK/standard").status_code == 403
    send(other, "/sites/PTK/standard", 403, text="Janji.")
    mine = login_as(make.user(Role.MANAGER, sites=(house,)))
    send(mine, "/sites/PTK/standard", 422, text="x" * 4001)
