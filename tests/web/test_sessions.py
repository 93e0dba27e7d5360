"""What waits on a phone, who signs for a clean, and what is printed of a lot."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse import clock
from packhouse.db import db, transaction
from packhouse.domain.passwords import hash_password
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.businesses import Document
from packhouse.models.runs import Cleaning, Run, StateInterval
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from packhouse.services.runs import Counts
from tests.factories import Make

PASSWORD = "rumah kemasan contoh 26"


class Floor:
    """A machine with a fish job at nine and a plain one at eleven, and two operators."""

    def __init__(self, make: Make, login_as: Callable[[Any], FlaskClient]) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", name="Sealer biru")
        self.business = make.business(name="Dapur Rasa")
        self.fish = make.product(self.business, name="Amplang", allergens=["fish"])
        self.plain = make.product(self.business, name="Keripik")
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.colleague = make.user(
            Role.OPERATOR, sites=(self.site,), email="rekan@contoh.example",
            password_hash=hash_password(PASSWORD),
        )  # fmt: skip
        self.login_as = login_as
        self.browser = login_as(self.operator)
        self.code, self.second = self.book(self.fish, 9), self.book(self.plain, 11)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def time(self, hour: int, minute: int = 0) -> AbstractContextManager[None]:
        return clock.frozen(self.at(hour, minute))

    def book(self, product: int, hour: int) -> str:
        wish = Wish(product, 400, "M3", self.at(hour))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def pack(self) -> None:
        runs.start(code=self.code, actor=self.operator, now=self.at(9))
        counts = Counts(396, 4)
        runs.finish(code=self.code, counts=counts, actor=self.operator, now=self.at(9, 40))

    def ms(self, hour: int, minute: int = 0) -> int:
        return int(self.at(hour, minute).timestamp() * 1000)

    def tap(self, action: str, hour: int, minute: int = 0, **more: object) -> dict[str, object]:
        tap = {"key": f"k-{action}-{minute}", "code": self.code, "action": action, "seen": None}
        return tap | {"at": self.ms(hour, minute), "ahead": 0} | more

    def send(self, *taps: dict[str, object], hour: int = 9, minute: int = 45) -> list[Any]:
        body = {"sent_at": self.ms(hour, minute), "device": "hp-1", "taps": list(taps)}
        with self.time(hour, minute):
            answer = self.browser.post("/taps", json=body)
        assert answer.status_code == 200, answer.text
        told: Any = answer.json
        return list(told["answers"])

    def page(self, path: str, status: int = 200) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == status
        return str(answer.text)


@pytest.fixture
def floor(make: Make, login_as: Callable[[Any], FlaskClient]) -> Iterator[Floor]:
    built = Floor(make, login_as)
    with built.time(8):
        yield built


def states() -> list[tuple[str, datetime]]:
    db.session.rollback()
    rows = db.session.scalars(select(StateInterval).order_by(StateInterval.starts_at))
    return [(row.reason, row.starts_at) for row in rows]


def test_a_whole_session_is_sent_at_once_and_again_with_the_same_answers(floor: Floor) -> None:
    taps = [
        floor.tap("start", 9, seen=0),
        floor.tap("pause", 9, 20, reason="no_material"),
        floor.tap("resume", 9, 25),
        floor.tap("finish", 9, 40, good=396, rejected=4),
    ]
    first = floor.send(*taps[:2])
    again = floor.send(*taps, minute=50)

    assert [each["state"] for each in again] == ["done"] * 4
    assert again[:2] == first
    assert [each["tap"] for each in again] == [1, 2, 3, 4]
    assert states() == [
        ("setup", floor.at(9)),
        ("running", floor.at(9, 10)),
        ("no_material", floor.at(9, 20)),
        ("running", floor.at(9, 25)),
    ]


def test_what_follows_a_refused_tap_is_held_and_the_rest_goes_on(floor: Floor) -> None:
    answers = floor.send(
        floor.tap("pause", 9, 5, reason="no_material", seen=0),
        floor.tap("finish", 9, 6, good=1, rejected=0),
        floor.tap("start", 9, 7, code="PTK-TIADA2", seen=0),
    )

    assert [each["state"] for each in answers] == ["refused", "held", "refused"]
    assert "tidak sedang berjalan" in answers[0]["problems"][0]


def test_a_changed_session_is_told_with_what_changed(floor: Floor) -> None:
    runs.start(code=floor.code, actor=floor.colleague, now=floor.at(9))
    answer = floor.send(floor.tap("start", 9, 1, seen=0))[0]

    assert answer["state"] == "changed"
    assert answer["changes"] == [f"09.00 Mulai, {floor.colleague.name}"]


def test_who_was_marked_as_absent_while_the_phone_was_silent_was_there(floor: Floor) -> None:
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(9, 40)) == 1
    answer = floor.send(floor.tap("start", 9, 2, seen=0))[0]

    assert answer["state"] == "done"
    assert states()[0] == ("setup", floor.at(9, 2))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"taps": 1, "sent_at": 0},
        {"taps": [], "sent_at": "9"},
        {"taps": [{"key": "k"}], "sent_at": 0},
        {"taps": [{}] * 201, "sent_at": 0},
        {"taps": [], "sent_at": 10**18},
    ],
)
def test_what_no_phone_of_ours_sends_is_refused(floor: Floor, body: dict[str, object]) -> None:
    assert floor.browser.post("/taps", json=body).status_code == 400


def test_a_colleague_proves_on_the_same_phone_that_she_looked(floor: Floor) -> None:
    floor.pack()
    path = f"/bookings/{floor.second}"
    with floor.time(10):
        screen = floor.page(f"{path}/session")
        assert "Bersihkan dahulu" in screen
        assert "sisa ikan dari Amplang" in screen
        floor.browser.post(f"{path}/clean")
        assert "Perlu orang kedua" in floor.page(f"{path}/session")
        own = floor.browser.post(f"{path}/clean-check")
        assert "Yang memeriksa harus orang lain" in own.text
        told = {"contact": "rekan@contoh.example", "password": "salah sama sekali"}
        wrong = floor.browser.post(f"{path}/clean-check", data=told)
        assert (wrong.status_code, "tidak cocok" in wrong.text) == (422, True)
        right = told | {"password": PASSWORD}
        assert floor.browser.post(f"{path}/clean-check", data=right).status_code == 303
        assert f"Diperiksa {floor.colleague.name}." in floor.page(f"{path}/session")

    row = db.session.scalars(select(Cleaning)).one()
    assert (row.done_by, row.checked_by) == (floor.operator.id, floor.colleague.id)


def test_a_run_without_a_signature_needs_a_reason_that_the_log_shows(floor: Floor) -> None:
    floor.pack()
    with floor.time(11):
        refused = floor.browser.post(f"/bookings/{floor.second}/start")
        assert (refused.status_code, "belum ditandatangani" in refused.text) == (422, True)
        reason = {"reason": "Hanya satu petugas hari ini"}
        floor.browser.post(f"/bookings/{floor.second}/start", data=reason)
        log = floor.page("/machines/M3/cleanings")

    assert "Mulai tanpa bersih alergen" in log
    assert "Hanya satu petugas hari ini" in log


def test_a_slip_is_taken_back_and_a_count_put_right(floor: Floor) -> None:
    with floor.time(9):
        floor.browser.post(f"/bookings/{floor.code}/start")
        assert "Batalkan mulai" in floor.page(f"/bookings/{floor.code}/session")
        floor.browser.post(f"/bookings/{floor.code}/undo")
        assert "Batalkan mulai" not in floor.page(f"/bookings/{floor.code}/session")
    floor.pack()
    with floor.time(9, 45):
        path = f"/bookings/{floor.code}/counts"
        assert "396 baik, 4 gagal" in floor.page(path)
        counts = {"good": "369", "rejected": "4"}
        assert floor.browser.post(path, data=counts).status_code == 422
        told = counts | {"reason": "Angka tertukar"}
        assert floor.browser.post(path, data=told).status_code == 303
        assert "369 baik, 4 gagal" in floor.page(f"/bookings/{floor.code}/session")


def test_a_label_says_what_is_on_file_and_what_is_missing(floor: Floor) -> None:
    with transaction() as session:
        paper = {"business_id": floor.business, "product_id": floor.fish, "state": "verified"}
        paper |= {"created_at": floor.at(8), "checked_at": floor.at(8)}
        session.add(Document(kind="pirt", number="2026171010123-31", **paper))
    path = f"/bookings/{floor.code}/label"
    assert "Kode lot terbit saat sesi dimulai" in floor.page(path)
    floor.pack()
    label = floor.page(f"{path}?net=100+g&copies=3")

    assert label.count("PTK-261124-M3-01</b>") == 3
    assert "2026171010123-31" in label
    assert "Isi bersih: 100 g" in label
    assert "Nomor halal" in label
    assert "Nomor P-IRT atau MD" not in label
    assert 'class="qr"' in label
    floor.page(f"{path}?copies=9999", 422)
    assert "PTK-261124-M3-01" in floor.page(f"/bookings/{floor.code}/run-sheet")


def test_lots_are_traced_by_staff_and_auditor_alone(floor: Floor, make: Make) -> None:
    floor.pack()
    reason = "satu petugas"
    runs.start(code=floor.second, actor=floor.operator, now=floor.at(11), unclean=reason)
    lot = db.session.scalars(select(Run.lot_code).order_by(Run.id)).first()
    with floor.time(11, 30):
        traced = floor.page(f"/lots?lot={lot}")
        file = floor.browser.get(f"/lots.csv?lot={lot}")
        unknown = floor.page("/lots?lot=PTK-TIADA")
        auditor = floor.login_as(make.user(Role.AUDITOR)).get("/lots?machine=M3")
        producer = floor.login_as(make.producer(floor.business)).get("/lots")

    assert "PTK-261124-M3-02" in traced
    assert [line.split(",")[0] for line in file.text.splitlines()] == [
        "lot",
        "PTK-261124-M3-01",
        "PTK-261124-M3-02",
    ]
    assert (auditor.status_code, "PTK-261124-M3-01" in auditor.text) == (200, True)
    assert producer.status_code == 403
    assert "Tidak ada lot atau reservasi" in unknown


def test_the_phone_of_an_operator_keeps_her_session_and_nothing_else(floor: Floor) -> None:
    session = floor.browser.get(f"/bookings/{floor.code}/session")
    board = floor.browser.get("/board")

    assert session.headers.get("X-Packhouse-Keep") == "1"
    assert "X-Packhouse-Keep" not in board.headers
    assert session.text.count("<!-- private -->") == session.text.count("<!-- /private -->") == 1
