import html
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.tariffs import Tariff
from packhouse.services.bookings import Wish, book
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
NEW: dict[str, Any] = {
    "site": "PTK", "kind": "band_sealer", "code": "BS-1", "name": "Band sealer", "lane": "halal",
    "packs": ["pouch_100", "pouch_250"], "rate_per_minute": "12,5", "rates": "pouch_250 = 8,5",
    "setup_minutes": "10", "cleaning_minutes_1": "5", "cleaning_minutes_2": "10",
    "cleaning_minutes_3": "15", "attended": "y", "commissioned_on": "2026-01-05",
    "tariff_per_hour": "15.000", "legal_basis": "Perda 1/2026", "condition": "good",
}  # fmt: skip


@pytest.fixture
def house(make: Make) -> int:
    return make.site(code="PTK")


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


def machine() -> Machine:
    db.session.rollback()
    return db.session.scalars(select(Machine)).one()


def test_everybody_sees_machines_by_house_and_kind(
    client: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1")
    make.machine(make.site(code="SBS"), code="VF-1", kind="vffs", tariff=0)
    make.machine(house, code="TUA", retired_at=make.now)

    assert all(code in text(client, "/machines") for code in ("BS-1", "VF-1", "Gratis"))
    assert "TUA" not in text(client, "/machines")
    assert "VF-1" not in text(client, "/machines?site=PTK")
    assert "BS-1" not in text(client, "/machines?kind=vffs")
    assert "Tidak ada mesin yang cocok" in text(client, "/machines?kind=retort")
    assert text(client, "/machines?cursor=x", 400)


def test_a_public_page_says_what_a_machine_does_and_costs_but_not_for_whom(
    client: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1")
    product = make.product(make.business(name="Ibu Sari"))
    wish = Wish(product, 300, "BS-1", make.at(9))
    code = book(wish=wish, actor=SYSTEM, now=make.now)["code"]

    page = text(client, "/machines/BS-1")

    assert "Pouch 100 g" in page
    assert "Rp 15.000" in page
    assert "sekitar 15 kemasan per menit" in page
    assert "Bersih alergen" in page
    assert "09.00–09.30" in page
    assert "<b>Kamis, 26 November 2026</b>: <time" in page
    assert "Ibu Sari" not in page
    assert str(code) not in page
    assert "Riwayat perubahan" not in page
    assert text(client, "/machines/TIDAK", 404)


def test_a_page_changes_its_language_with_its_reader(
    client: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="BS-1")
    client.post("/language", data={"locale": "en"})
    english = text(client, "/machines/BS-1")

    client.post("/language", data={"locale": "id"})

    assert "Bersih alergen" not in english
    assert "Bersih alergen" in text(client, "/machines/BS-1")


def test_the_staff_see_who_has_the_machine(make: Make, house: int, login_as: LoginAs) -> None:
    make.machine(house, code="BS-1")
    product = make.product(make.business(name="Ibu Sari"))
    book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)

    page = text(login_as(make.user(Role.OPERATOR, sites=(house,))), "/machines/BS-1")

    assert "Ibu Sari" in page


@pytest.mark.parametrize(
    "query",
    ["from=2027-01-01", "from=kemarin", "from=0001-01-01", "from=9999-12-31", "from=2026-11-28"],
)
def test_any_week_can_be_asked_for(client: FlaskClient, make: Make, house: int, query: str) -> None:
    make.machine(house, code="BS-1")

    assert "Tujuh hari" in text(client, f"/machines/BS-1?{query}")


def test_a_house_without_hours_has_no_week(client: FlaskClient, make: Make, house: int) -> None:
    make.machine(house, code="BS-1")
    make.closure(house, date(2026, 11, 1), day_to=date(2026, 12, 31))

    assert "tutup sepanjang pekan" in text(client, "/machines/BS-1")


def test_broken_retired_and_coming_machines_say_so(
    client: FlaskClient, make: Make, house: int
) -> None:
    make.machine(house, code="TUA", retired_at=make.now)
    make.machine(house, code="BARU", commissioned_at=make.now + timedelta(days=9))

    assert "tidak dipakai lagi" in text(client, "/machines/TUA")
    assert "baru beroperasi mulai" in text(client, "/machines/BARU")


def test_a_new_machine_begins_with_the_values_of_its_kind(browser: FlaskClient) -> None:
    assert "Pilih jenisnya dahulu" in text(browser, "/machines/new")

    form = text(browser, "/machines/new?site=PTK&kind=vffs")

    assert 'name="setup_minutes" type="text" value="30"' in form or 'value="30"' in form
    assert 'value="VFFS mini (sachet)"' in form


def test_a_manager_adds_a_machine(browser: FlaskClient) -> None:
    send(browser, "/machines", **NEW)

    made = machine()
    packs = {each.pack: each.rate_per_minute for each in db.session.scalars(select(MachinePack))}
    assert (made.code, made.rate_per_minute, made.attended) == ("BS-1", 12.5, True)
    assert made.commissioned_at == datetime(2026, 1, 4, 17, tzinfo=UTC)
    assert packs == {"pouch_100": None, "pouch_250": 8.5}
    assert db.session.scalars(select(Tariff.per_hour)).one() == 15_000


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "B S"}, "code"),
        ({"name": ""}, "name"),
        ({"lane": "both"}, "lane"),
        ({"packs": []}, "packs"),
        ({"packs": ["barrel"]}, "packs"),
        ({"rate_per_minute": ""}, "rate_per_minute"),
        ({"rate_per_minute": "cepat"}, "rate_per_minute"),
        ({"rate_per_minute": "0"}, "rate_per_minute"),
        ({"rate_per_minute": "1e30"}, "rate_per_minute"),
        ({"rates": "pouch_250"}, "rates"),
        ({"setup_minutes": "-1"}, "setup_minutes"),
        ({"cleaning_minutes_1": "20"}, "cleaning_minutes_1"),
        ({"commissioned_on": "31/02/2026"}, "commissioned_on"),
        ({"commissioned_on": "0001-01-01"}, "commissioned_on"),
        ({"tariff_per_hour": "-1"}, "tariff_per_hour"),
        ({"tariff_per_hour": "9" * 18}, "tariff_per_hour"),
        ({"acquired_year": "1800"}, "acquired_year"),
        ({"acquisition_value": "9" * 18}, "acquisition_value"),
    ],
)
def test_a_wrong_machine_is_shown_again_with_its_mistake_beside_it(
    browser: FlaskClient, data: dict[str, Any], field: str
) -> None:
    page = send(browser, "/machines", 422, **(NEW | data))

    assert f'id="{field}-error"' in page
    assert 'value="Perda 1/2026"' in page
    typed = data.get(field)
    if isinstance(typed, str) and typed and field not in ("lane", "tariff_per_hour"):
        assert f'value="{typed}"' in page


def test_a_machine_is_changed_without_losing_what_was_not_asked(browser: FlaskClient) -> None:
    send(browser, "/machines", **NEW)
    before = machine().commissioned_at
    form = text(browser, "/machines/BS-1/edit")
    assert 'value="12,5"' in form
    assert 'value="pouch_250 = 8,5"' in form

    send(browser, "/machines/BS-1/edit", **(NEW | {"name": "Band sealer baru", "attended": ""}))

    made = machine()
    assert (made.name, made.attended, made.commissioned_at) == ("Band sealer baru", False, before)
    assert (made.kind, made.lane) == ("band_sealer", "halal")


def test_what_is_booked_forbids_a_change_and_says_why(browser: FlaskClient, make: Make) -> None:
    send(browser, "/machines", **(NEW | {"attended": ""}))
    product = make.product(make.business())
    book(wish=Wish(product, 300, "BS-1", make.at(9)), actor=SYSTEM, now=make.now)

    change = {"packs": ["pouch_250"], "lane": "non_halal", "attended": "y"}
    page = send(browser, "/machines/BS-1/edit", 422, **(NEW | change))
    assert 'id="packs-error"' in page
    assert 'id="attended-error"' in page
    assert "alat satu jalur tidak berpindah" in page

    left: dict[str, Any] = {"day": "2026-11-25", "time": "08:00", "reason": "Tua"}
    assert 'id="day-error"' in send(browser, "/machines/BS-1/retire", 422, **left)


def test_a_tariff_is_set_for_later_or_from_now_on(browser: FlaskClient, make: Make) -> None:
    send(browser, "/machines", **NEW)
    text(browser, "/machines/BS-1/tariff")
    later: dict[str, Any] = {
        "per_hour": "20.000",
        "valid_from": "2027-01-01",
        "legal_basis": "Perda 2/2026",
    }

    send(browser, "/machines/BS-1/tariff", **later)
    send(browser, "/machines/BS-1/tariff", **(later | {"valid_from": "2026-11-24"}))

    starts = set(db.session.scalars(select(Tariff.valid_from)))
    assert {datetime(2026, 12, 31, 17, tzinfo=UTC), make.now} <= starts
    for wrong, field in (
        ({"valid_from": "2026-11-23"}, "valid_from"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"per_hour": "-1"}, "per_hour"),
    ):
        page = send(browser, "/machines/BS-1/tariff", 422, **(later | wrong))
        assert f'id="{field}-error"' in page


def test_a_machine_leaves_and_stays_on_record(browser: FlaskClient, make: Make) -> None:
    send(browser, "/machines", **NEW)
    text(browser, "/machines/BS-1/retire")

    send(browser, "/machines/BS-1/retire", day="2026-11-25", time="00:00", reason="Diganti")

    assert machine().retired_at == make.at(0, days=1)
    assert "Mesin berhenti dipakai" in text(browser, "/machines/BS-1")


def test_machines_of_another_house_are_not_a_managers_business(
    make: Make, house: int, login_as: LoginAs
) -> None:
    make.machine(house, code="BS-1")
    stranger = login_as(make.user(Role.MANAGER))

    for page in ("edit", "tariff", "retire"):
        text(stranger, f"/machines/BS-1/{page}", 403)
    send(stranger, "/machines", 404, **NEW)
    assert "Belum ada rumah kemasan" in text(stranger, "/machines/new")
