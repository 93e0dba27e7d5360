"""The pages of a house: who sees it, who opens it and what it promises."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from packhouse.db import db, transaction
from packhouse.domain.users import Role
from packhouse.models.sites import ServiceStandard, Site
from packhouse.queries.audit import verify
from tests.factories import Make
from tests.web.sites.conftest import LoginAs, send, text


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
