import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.bookings import Booking
from packhouse.queries.audit import verify
from packhouse.services import bookings, sites
from packhouse.services.bookings import Part, Wish
from packhouse.services.sites.houses import Policy
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


class House:
    """Two machines, and somebody who packs more there than a day holds."""

    def __init__(self, make: Make, login_as: LoginAs) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.business = make.business()
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.browser = login_as(self.producer)

    def book(self, *parts: Part) -> dict[str, Any]:
        return bookings.book_job(
            product_id=self.product, quantity=sum(part.quantity for part in parts), parts=parts,
            actor=self.producer, now=self.make.now,
        )  # fmt: skip

    def page(self, path: str, **query: Any) -> str:
        answer = self.browser.get(path, query_string=query or None)
        assert answer.status_code == 200
        return unescape(answer.text)

    def send(self, path: str, page: str, **fields: Any) -> Any:
        hidden = dict(re.findall(r'type="hidden" value="([^"]*)" name="(\w+)"', page))
        data = {value: name for name, value in hidden.items()}
        data |= dict(re.findall(r'name="(\w+)" type="hidden" value="([^"]*)"', page))
        return self.browser.post(path, data=data | fields, follow_redirects=True)


@pytest.fixture
def house(make: Make, login_as: LoginAs) -> House:
    return House(make, login_as)


def count() -> int:
    return db.session.scalars(select(func.count()).select_from(Booking)).one()


def test_the_desk_books_a_long_job_beyond_the_limits_with_a_reason(
    house: House, make: Make, login_as: LoginAs
) -> None:
    sites.edit_site(
        code="PTK", name="Rumah Kemasan", address="", owner="province",
        policy=Policy(limit_open=1), actor=SYSTEM, now=make.now,
    )  # fmt: skip
    sent = {
        "product": house.product, "quantity": 700, "idempotency_key": "a",
        "part": ["M3|2026-11-26T08:00:00+07:00|400", "M3|2026-11-27T08:00:00+07:00|300"],
    }  # fmt: skip
    hers = house.browser.post("/jobs", data=sent | {"override": "saya mau"})
    assert hers.status_code == 422
    assert "Alasan pengecualian" not in unescape(hers.text)

    house.browser = login_as(make.user(Role.OPERATOR, sites=(house.site,)))
    refused = house.browser.post("/jobs", data=sent)
    assert refused.status_code == 422
    assert "Alasan pengecualian dari batas pemakaian" in unescape(refused.text)
    done = house.browser.post("/jobs", data=sent | {"override": "Panen raya"})
    assert done.status_code == 303
    assert count() == 2


def test_a_job_is_shown_moved_and_cancelled_as_one(house: House, make: Make) -> None:
    made = house.book(Part("M3", make.at(8), 400), Part("M3", make.at(8, days=3), 300))
    path = f"/jobs/{made['code']}"
    first, second = (each["code"] for each in made["bookings"])

    shown = house.page(path)
    assert f"Pekerjaan {made['code']}: 2 bagian" in house.page("/bookings")
    assert path in house.page(f"/bookings/{first}")
    assert shown.index(first) < shown.index(second)
    assert "26 Nov 2026" in shown
    assert "27 Nov 2026" in shown

    asked = house.page(f"{path}/move")
    near = re.findall(r'<li class="row-item">.*?</li>', asked, re.DOTALL)
    labelled = ["Tidak dapat diubah lagi sesudah dipindah." in each for each in near]
    assert any(labelled)
    assert labelled == ['name="day" value="2026-11-24"' in each for each in near]
    moved = house.send(f"{path}/move", asked, day="2026-11-30", time="09:00")
    assert "Semua bagian sudah dipindah." in moved.text
    assert "30 Nov 2026" in moved.text
    assert "1 Des 2026" in moved.text

    one = house.page(f"{path}/cancel", booking=second)
    assert "tinggal 400" in one
    left = house.send(f"{path}/cancel", one)
    assert "400" in left.text
    gone = house.send(f"{path}/cancel", house.page(f"{path}/cancel"))
    assert gone.text.count("Dibatalkan") >= 2


def test_no_part_moves_to_where_one_of_them_cannot(house: House, make: Make) -> None:
    made = house.book(Part("M3", make.at(8), 400), Part("M3", make.at(8, days=3), 300))
    rival = Wish(make.product(make.business()), 400, "M3", make.at(8, days=7))
    bookings.book(wish=rival, actor=make.user(Role.ADMIN), now=make.now)
    path = f"/jobs/{made['code']}/move"

    refused = house.send(path, house.page(path), day="2026-11-30", time="08:00")

    assert refused.status_code == 409
    assert "Bagian 2: " in unescape(refused.text)
    assert "26 Nov 2026" in refused.text


def test_a_foreign_job_is_not_found(house: House, make: Make, login_as: LoginAs) -> None:
    made = house.book(Part("M3", make.at(8), 400), Part("M3", make.at(9), 300))
    stranger = login_as(make.producer())

    for path in ("", "/move", "/cancel"):
        assert stranger.get(f"/jobs/{made['code']}{path}").status_code == 404


def chosen(page: str) -> str:
    found = re.search(r'href="(/jobs/new\?[^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def test_what_no_day_holds_is_spread_over_days_and_booked_once(house: House) -> None:
    page = house.page(
        "/quote", product=house.product, quantity=15000, site="PTK", **{"from": "2026-11-30"}
    )
    assert "Dibagi 3 hari" in page
    recap = house.page(chosen(page))
    assert "Pesan semuanya" in recap
    parts = re.findall(r'name="part" value="([^"]+)"', recap)
    assert len(parts) == 3

    done = house.send("/jobs", recap, part=parts)
    again = house.send("/jobs", recap, part=parts)

    assert done.request.path == again.request.path
    assert done.request.path.startswith("/jobs/J-")
    assert "15.000" in done.text
    assert count() == 3
    # Another tap with a page of its own finds the time taken, and says so part by part.
    other = house.send("/jobs", recap, part=parts, idempotency_key="lain")
    assert other.status_code == 409
    assert "Bagian 1: " in unescape(other.text)
    assert count() == 3


def test_packs_go_on_to_the_next_machine_on_the_same_day(house: House, make: Make) -> None:
    make.machine(house.site, code="K1", kind="coder", rate_per_minute=30.0)
    asked = {"product": house.product, "quantity": 400, "site": "PTK", "from": "2026-12-01"}
    page = house.page("/quote", **asked)
    assert "Segel + cetak kode" in page
    assert "/jobs/new" not in page

    recap = house.page(chosen(house.page("/quote", **asked, **{"with": "coder"})))
    parts = re.findall(r'name="part" value="([^"]+)"', recap)
    assert [each.split("|")[0] for each in parts] == ["M3", "K1"]
    done = house.send("/jobs", recap, part=parts)

    assert "Setiap bagian mengerjakan semua kemasan" in done.text
    assert count() == 2


def test_three_machines_follow_each_other_in_the_order_of_the_work(
    house: House, make: Make
) -> None:
    make.machine(house.site, code="K1", kind="coder", rate_per_minute=30.0)
    make.machine(house.site, code="L1", kind="labeller", rate_per_minute=30.0)
    asked = {"product": house.product, "quantity": 400, "site": "PTK", "from": "2026-12-01"}
    page = house.page("/quote", **asked, **{"with": "labeller"})
    assert "with=labeller&with=coder" in page

    recap = house.page(chosen(house.page("/quote", **asked, **{"with": ["coder", "labeller"]})))
    parts = re.findall(r'name="part" value="([^"]+)"', recap)
    assert [each.split("|")[0] for each in parts] == ["M3", "L1", "K1"]
    house.send("/jobs", recap, part=parts)

    assert count() == 3
    assert verify(now=make.now) == ()


def test_parts_that_nobody_can_read_are_refused(house: House) -> None:
    asked = {"product": house.product, "quantity": 10}
    for part in ("", "M3", "M3|kapan|10", "M3|2026-12-01T01:00:00Z|-1", "M3|2026-12-01T01:00|10"):
        answer = house.browser.get("/jobs/new", query_string={**asked, "part": part})
        assert answer.status_code == 400


def test_a_job_moves_to_an_offered_time_in_one_tap(house: House, make: Make) -> None:
    made = house.book(Part("M3", make.at(8), 400), Part("M3", make.at(8, days=3), 300))
    page = house.page(f"/jobs/{made['code']}/move")
    forms = re.findall(r'<form method="post" action="[^"]+/move" class="one-tap".*?</form>', page,
                       re.DOTALL)  # fmt: skip
    assert len(forms) == 3
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0]))

    answer = house.browser.post(f"/jobs/{made['code']}/move", data=sent)

    assert answer.status_code == 303
    assert verify(now=make.now) == ()
