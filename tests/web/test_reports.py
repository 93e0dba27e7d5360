import csv
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdf import PdfReader

from packhouse import clock
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services import bookings, reports, runs
from packhouse.services.runs import LogLine
from tests.conftest import NOW
from tests.factories import Make
from tests.support import worked_day
from tests.support.queries import CountQueries

LoginAs = Callable[[Actor], FlaskClient]
DAY = worked_day.DAY.isoformat()
AFTER = worked_day.at("24:00")
QUESTION = {"from": DAY, "to": DAY}


@pytest.fixture
def login_as(login_as: LoginAs, make: Make) -> LoginAs:
    """Sign in on the day of the report: a session does not last that long."""

    def signed_in(actor: Actor) -> FlaskClient:
        browser = login_as(actor)
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = Make(now=AFTER).session(actor)
        return browser

    return signed_in


def written(text: str) -> None:
    lines = [
        LogLine(number=number, **line)
        for number, line in enumerate(csv.DictReader(StringIO(text)), start=2)
    ]
    runs.import_log(lines=lines, actor=SYSTEM, now=AFTER)


@pytest.fixture
def site(make: Make) -> int:
    site = make.site(code="PTK")
    make.machine(site, code="M1", rate_per_minute=10.0)
    return site


@pytest.fixture
def worked(site: int) -> None:
    written(worked_day.as_csv(heater="C"))


@pytest.fixture
def reviewer(make: Make, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.REVIEWER))


def get(client: FlaskClient, path: str = "/reports/utilization", **query: str) -> Any:
    with clock.frozen(AFTER):
        return client.get(path, query_string={key.rstrip("_"): query[key] for key in query})


def words(answer: Any) -> str:
    """The text of a page as a person reads it."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\xa0", " "))


@pytest.mark.usefixtures("worked")
def test_the_worked_day_stands_on_the_page_as_in_its_files(reviewer: FlaskClient) -> None:
    """UTIL-01, on the page and in every file of it."""
    page = words(get(reviewer, **QUESTION))
    for text in ("100,0%", "76,9%", "56,4%", "6 jam 30 menit", "26 November 2026"):
        assert text in page
    assert re.search(r"M1 Continuous band sealer 100,0% 76,9% 56,4%", page)
    assert "Produksi 49% · Siaga 13% · Uji coba 7% · Henti terencana 19%" in page

    told = get(reviewer, "/reports/utilization.json", **QUESTION).json
    row = told["rows"][0]
    assert (row["booked_rate"], row["used_rate"]) == (1, 300 / 390)
    assert row["productive_rate"] == 220 / 390
    text = get(reviewer, "/reports/utilization.csv", **QUESTION)
    assert text.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"pemakaian-mesin_{DAY}_{DAY}.csv" in text.headers["Content-Disposition"]
    read, _ = csv.DictReader(StringIO(text.text))
    assert (read["machine"], float(read["used_rate"])) == ("M1", row["used_rate"])
    book = load_workbook(BytesIO(get(reviewer, "/reports/utilization.xlsx", **QUESTION).data))
    assert row["used_rate"] in [cell.value for cell in book["figures"][2]]
    printed = PdfReader(BytesIO(get(reviewer, "/reports/utilization.pdf", **QUESTION).data))
    assert "76,9%" in printed.pages[0].extract_text()


@pytest.mark.parametrize("by", ["machine", "site", "kind", "day"])
@pytest.mark.parametrize("sort", ["", "booked", "used", "productive", "overtime", "moon"])
@pytest.mark.usefixtures("worked")
def test_every_way_of_asking_is_answered(reviewer: FlaskClient, by: str, sort: str) -> None:
    for order in ("", "up"):
        answer = get(reviewer, **QUESTION, by=by, sort=sort, order=order, site="PTK")
        assert answer.status_code == 200
        assert "76,9%" in answer.text


def test_groups_stand_in_the_order_asked_for(make: Make, site: int, reviewer: FlaskClient) -> None:
    make.machine(site, code="M2")
    make.machine(site, code="M3", retired_at=worked_day.at("00:00"))
    written(
        "machine,starts_at,ends_at,reason,booking,good,rejected\n"
        f"M1,{DAY}T08:00,{DAY}T09:00,running,,,\nM2,{DAY}T08:00,{DAY}T10:00,running,,,\n"
    )

    def order(**more: str) -> list[str]:
        page = get(reviewer, **QUESTION, **more).text
        table = page.partition("<tbody>")[2].partition("</tbody>")[0]
        return re.findall(r">(M\d)</a>", table)

    assert order() == ["M1", "M2", "M3"]
    assert order(sort="productive") == ["M2", "M1", "M3"]
    assert order(sort="productive", order="up") == ["M1", "M2", "M3"]


def test_the_page_begins_with_the_last_thirty_days(site: int, reviewer: FlaskClient) -> None:
    page = get(reviewer)

    assert page.status_code == 200
    assert 'value="2026-10-29"' in page.text
    assert 'value="2026-11-27"' in page.text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"from": DAY, "to": "2026-11-01"}, "Tanggal akhir mendahului tanggal awal."),
        ({"from": "2016-11-26", "to": DAY}, "Rentang paling lama"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "Laporan hanya ada untuk tahun"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "Laporan hanya ada untuk tahun"),
        ({"from": "kemarin", "to": DAY}, "Isi tanggal, misalnya 26/11/2026."),
        ({"from": "", "to": DAY}, "Wajib diisi."),
        ({"by": "moon"}, "Pilih salah satu dari daftar."),
        ({"site": "moon"}, "Pilih salah satu dari daftar."),
    ],
)
def test_a_wrong_question_is_told_beside_its_field_and_kept(
    site: int, reviewer: FlaskClient, query: dict[str, str], told: str
) -> None:
    answer = get(reviewer, **query)

    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    assert told in answer.text
    for value in query.values():
        assert value in answer.text
    assert get(reviewer, "/reports/utilization.csv", **query).status_code == 422


def test_a_house_without_machines_says_so(reviewer: FlaskClient) -> None:
    assert "Belum ada mesin" in get(reviewer).text


def test_closed_days_are_a_dash_and_never_a_zero(site: int, reviewer: FlaskClient) -> None:
    """UTIL-06."""
    page = words(get(reviewer, from_="2026-11-22", to="2026-11-22"))

    assert "M1 Continuous band sealer – – – Tutup" in page


def test_machines_that_stood_still_are_named_and_broken_ones_apart(
    make: Make, site: int, reviewer: FlaskClient
) -> None:
    make.machine(site, code="M2")
    make.machine(site, code="M3", commissioned_at=AFTER + timedelta(days=9))
    written(
        "machine,starts_at,ends_at,reason,booking,good,rejected\n"
        f"M2,{DAY}T07:30,{DAY}T16:00,breakdown,,,\n"
    )

    page = words(get(reviewer, **QUESTION)).partition("Mesin menganggur")[2]

    assert re.search(r"tidak pernah produksi .*M1 .*sempat rusak .*M2 ", page)
    assert "M3" not in page


@pytest.mark.usefixtures("worked")
def test_a_machines_days_lead_to_the_rows_behind_their_figures(reviewer: FlaskClient) -> None:
    days = get(reviewer, "/reports/machines/M1", **QUESTION)
    assert f"/reports/machines/M1/{DAY}" in days.text

    page = words(get(reviewer, f"/reports/machines/M1/{DAY}"))
    for text in (
        "Kamis, 26 November 2026",
        "09.00–09.10 Rusak atau gangguan Rusak 10 menit dalam sesi, kerusakan",
        "12.00–13.00 Di luar jam buka Tutup 1 jam",
        "15.15–16.00 Siaga Pelanggan tidak hadir 45 menit",
    ):
        assert text in page
    assert page.count("PTK-") >= 4


def test_a_day_shows_names_only_to_who_may_know_them(
    make: Make, site: int, login_as: LoginAs, reviewer: FlaskClient
) -> None:
    business = make.business(name="Amplang Bu Siti")
    wish = bookings.Wish(make.product(business), 100, "M1", worked_day.at("08:00"))
    code = bookings.book(wish=wish, actor=make.producer(business), now=NOW)["code"]
    other = make.user(Role.MANAGER, sites=(make.site(),))
    own = make.user(Role.MANAGER, sites=(site,))

    for client, knows in (
        (reviewer, False),
        (login_as(other), False),
        (login_as(own), True),
        (login_as(make.user(Role.AUDITOR)), True),
    ):
        page = get(client, f"/reports/machines/M1/{DAY}").text
        assert code in page
        assert ("Amplang Bu Siti" in page) is knows


@pytest.mark.usefixtures("worked")
def test_a_label_on_paper_is_a_name_too(
    make: Make, site: int, login_as: LoginAs, reviewer: FlaskClient
) -> None:
    manager = login_as(make.user(Role.MANAGER, sites=(site,)))

    assert "<td>A</td>" in get(manager, f"/reports/machines/M1/{DAY}").text
    assert "<td>A</td>" not in get(reviewer, f"/reports/machines/M1/{DAY}").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("M1/2026-11-31", 400),
        ("M1/kemarin", 400),
        ("M1/0001-01-01", 400),
        ("M1/9999-12-31", 400),
        ("M9/2026-11-26", 404),
        ("M9", 404),
        ("M1/2026-12-24", 200),
    ],
)
def test_days_and_machines_that_are_none(
    site: int, reviewer: FlaskClient, path: str, status: int
) -> None:
    assert get(reviewer, f"/reports/machines/{path}").status_code == status
    assert get(reviewer, "/reports/machines/M1", from_="kemarin").status_code == 422


def test_refused_wishes_are_told_by_kind_pack_and_reason(
    make: Make, site: int, login_as: LoginAs, reviewer: FlaskClient
) -> None:
    assert "Semua permintaan terlayani" in get(reviewer, "/reports/demand").text
    business = make.business()
    bottles = make.product(business, pack="bottle_250")
    login_as(make.producer(business)).get(f"/quote?product={bottles}&quantity=100")

    page = words(get(reviewer, "/reports/demand", from_="2026-11-24", to="2026-11-24"))

    assert "Tidak ada mesin Botol 250 ml Tidak ada mesin untuk kemasan ini 1 – 100 1" in page
    assert get(reviewer, "/reports/demand", from_="2026-11-25", to="2026-11-24").status_code == 422
    assert get(reviewer, "/reports").status_code == 200


def test_figures_are_for_who_answers_for_them(make: Make, site: int, login_as: LoginAs) -> None:
    for role, status in (
        (Role.PRODUCER, 403),
        (Role.OPERATOR, 403),
        (Role.MANAGER, 200),
        (Role.AUDITOR, 200),
        (Role.ADMIN, 200),
    ):
        client = login_as(make.user(role))
        for path in (
            "/reports",
            "/reports/utilization",
            "/reports/utilization.csv",
            "/reports/demand",
            "/reports/machines/M1",
            f"/reports/machines/M1/{DAY}",
        ):
            assert get(client, path).status_code == status, (role, path)


def test_the_page_asks_the_database_as_often_for_many_as_for_few(
    make: Make, site: int, reviewer: FlaskClient, count_queries: CountQueries
) -> None:
    def queries() -> int:
        with clock.frozen(AFTER):
            while reports.roll_up(actor=SYSTEM, now=AFTER):
                pass
        with count_queries() as counted:
            assert get(reviewer, by="day").status_code == 200
        return counted.total

    few = queries()
    for _ in range(3):
        another = make.site()
        for _ in range(3):
            make.machine(another)
    assert queries() == few


def test_the_json_of_the_page_is_that_of_the_programs(worked: None, reviewer: FlaskClient) -> None:
    own = json.loads(get(reviewer, "/reports/utilization.json", **QUESTION, by="site").text)
    assert own["rows"][0]["site"] == "PTK"
    assert date.fromisoformat(own["from"]) == worked_day.DAY
