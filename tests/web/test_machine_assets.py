import html
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient

from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services.bookings import Wish, book
from packhouse.services.downtime import report_breakdown
from tests.factories import Make
from tests.support.lessons import finish_runs

LoginAs = Callable[[Actor], FlaskClient]


@pytest.fixture
def house(make: Make) -> int:
    site = make.site(code="PTK")
    make.machine(
        site, code="BS-1", asset_code="1.3.2.08.01.41", asset_number="0007", fund_kind="tp",
        acquired_year=2025, acquisition_value=45_000_000, holder="UPTD Contoh",
    )  # fmt: skip
    return site


@pytest.fixture
def manager(make: Make, house: int, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.MANAGER, sites=(house,)))


@pytest.fixture
def operator(make: Make, house: int, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.OPERATOR, sites=(house,)))


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data, follow_redirects=status == 200)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_the_register_is_a_page_and_two_files(manager: FlaskClient) -> None:
    page = text(manager, "/machines/register")
    sheet = text(manager, "/machines/register.csv?site=PTK")
    book_ = manager.get("/machines/register.xlsx")

    assert "NUP 0007" in page
    assert "Tugas pembantuan (TP)" in page
    assert "Tidak ada mesin yang cocok" in text(manager, "/machines/register?condition=bad")
    heading, line = sheet.splitlines()
    told = dict(zip(heading.split(","), line.split(","), strict=True))
    assert (told["asset_code"], told["asset_number"], told["condition"]) == (
        "1.3.2.08.01.41", "0007", "B",
    )  # fmt: skip
    assert told["acquisition_value"] == "45000000"
    assert "xl/worksheets/sheet1.xml" in ZipFile(BytesIO(book_.data)).namelist()


def test_a_card_and_a_label_carry_the_code_of_the_machine(
    manager: FlaskClient, operator: FlaskClient, client: FlaskClient
) -> None:
    card, label = text(manager, "/machines/BS-1/card"), text(operator, "/machines/BS-1/label")

    assert "Kartu barang" in card
    assert 'class="qr"' in card
    assert "Baik (B)" in card
    assert 'class="qr"' in label
    text(operator, "/machines/BS-1/card", 403)
    assert client.get("/machines/BS-1/label").status_code == 303


def test_what_the_label_opens_depends_on_who_looks(
    client: FlaskClient, operator: FlaskClient
) -> None:
    staff = text(operator, "/machines/BS-1")
    send(operator, "/sign-out")

    assert '/machines/BS-1/breakdown">' in staff
    assert "Keandalan, 90 hari" in staff


def test_the_public_sees_a_machine_of_the_house_and_no_upkeep(
    client: FlaskClient, house: int
) -> None:
    page = text(client, "/machines/BS-1")

    assert "Continuous band sealer" in page
    for hidden in ("/breakdown", "Keandalan", "Riwayat tempat", "Untuk petugas"):
        assert hidden not in page


def test_a_machine_is_moved_and_its_deed_printed(
    manager: FlaskClient, make: Make, house: int
) -> None:
    text(manager, "/machines/BS-1/move")
    moved: dict[str, Any] = {"site": "PTK", "room": "Ruang 2", "kind": "own", "reason": "Terang"}

    answer = manager.post("/machines/BS-1/move", data=moved)
    deed = text(manager, answer.location)

    assert "Berita acara pemindahan barang" in deed
    assert "Ruang 2" in deed
    assert "Yang menyerahkan" in deed
    assert "Ruang 2" in text(manager, "/machines/BS-1")
    assert 'id="room-error"' in send(manager, "/machines/BS-1/move", 422, **moved)
    lent = moved | {"kind": "loan", "room": "Ruang 3"}
    page = send(manager, "/machines/BS-1/move", 422, **lent)
    assert 'id="due_on-error"' in page
    assert 'id="document-error"' in page


def test_a_booked_machine_stays_in_its_house_and_the_page_leads_on(
    make: Make, house: int, login_as: LoginAs
) -> None:
    other = make.site(code="SKW")
    browser = login_as(make.user(Role.MANAGER, sites=(house, other)))
    wish = Wish(make.product(make.business(name="Ibu Sari")), 100, "BS-1", make.at(9))
    code = str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])

    page = send(
        browser, "/machines/BS-1/move", 422, site="SKW", kind="own", reason="Pameran",
        document="BA-1",
    )  # fmt: skip

    assert "1 reservasi masih menunggu" in page
    assert f"/bookings/{code}" in page
    assert "/machines/BS-1/maintenance" in page
    assert "/machines/BS-1/maintenance" in send(
        browser, "/machines/BS-1/lane", 422, document="BA-2"
    )


def test_condition_and_lane_are_noted_with_their_reason(manager: FlaskClient) -> None:
    text(manager, "/machines/BS-1/condition")
    assert 'id="note-error"' in send(
        manager, "/machines/BS-1/condition", 422, condition="fair", note=""
    )
    send(manager, "/machines/BS-1/condition", condition="fair", note="Sabuk aus")
    text(manager, "/machines/BS-1/lane")
    send(manager, "/machines/BS-1/lane", document="BA-3")

    page = text(manager, "/machines/BS-1")
    assert "Rusak ringan (RR)" in page
    assert "Sabuk aus" in page
    assert "sudah diubah" in text(manager, "/machines/BS-1/lane")
    assert "sudah diubah" in send(manager, "/machines/BS-1/lane", 422, document="BA-4")


def test_a_technician_notes_a_part_and_when_the_machine_is_back(
    operator: FlaskClient, make: Make, house: int
) -> None:
    report_breakdown(
        machine="BS-1", reason="breakdown", expected_back_at=make.at(12, days=1), actor=SYSTEM,
        now=make.now,
    )  # fmt: skip
    wish = Wish(make.product(make.business(name="Ibu Sari")), 100, "BS-1", make.at(9))
    code = str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])
    assert "1 hari mati" in text(operator, "/sites/PTK/upkeep")
    assert 'value="2026-12-03"' in text(operator, "/machines/BS-1/parts/new")

    plan = send(
        operator, "/machines/BS-1/parts", 200, part="Pemanas", eta="2026-12-02", back="2026-12-03"
    )

    assert code in plan
    assert "1 reservasi kehilangan waktunya" in plan
    page = text(operator, "/sites/PTK/upkeep")
    assert "Pemanas" in page
    assert "Menunggu suku cadang" in page
    assert "3 Des" in page
    send(operator, "/parts/1/arrived")
    assert "Pemanas" not in text(operator, "/sites/PTK/upkeep")
    send(operator, "/parts/1/drop", 409)
    send(operator, "/machines/BS-1/parts", 422, part="")
    assert 'id="eta-error"' in send(
        operator, "/machines/BS-1/parts", 422, part="Sabuk", eta="2026-11-01"
    )


def test_another_houses_machines_are_nobodys_business(make: Make, login_as: LoginAs) -> None:
    make.machine(make.site(code="SKW"), code="LAIN")
    stranger = login_as(make.user(Role.MANAGER, sites=(make.site(),)))

    for path in ("/sites/SKW/upkeep", "/sites/SKW/rates", "/machines/LAIN/label"):
        text(stranger, path, 404)
    text(stranger, "/machines/LAIN/move", 403)


def test_a_manager_takes_a_rate_over_or_leaves_it_for_now(
    manager: FlaskClient, make: Make, house: int
) -> None:
    finish_runs(make, 1, [10] * 8 + [60])
    page = text(manager, "/sites/PTK/rates")
    assert "Pakai 10 per menit" in page
    assert "Jauh dari yang lain" in page
    shown: dict[str, Any] = {"pack": "pouch_100", "rate": "10.000"}
    stale = shown | {"rate": "9"}

    send(manager, "/machines/BS-1/rates/dismiss", **shown, wait="5")
    assert "ditunda" in text(manager, "/sites/PTK/rates")
    assert "berubah" in send(manager, "/machines/BS-1/rates/accept", 422, **stale)
    send(manager, "/machines/BS-1/rates/accept", **shown)

    assert "15 menjadi 10 per menit" in text(manager, "/machines/BS-1")
    send(manager, "/machines/BS-1/rates/dismiss", 400, **shown, wait="7")
    send(manager, "/machines/BS-1/rates/accept", 400, pack="pouch_100", rate="x")
