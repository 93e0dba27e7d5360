"""The page of a house's week."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from packhouse.db import db
from packhouse.models.sites import HoursChange, SiteHours, load_calendar
from tests.web.sites.conftest import send, text

WEEK: dict[str, Any] = dict.fromkeys(
    ("mon", "tue", "wed", "thu", "fri"), "07.30–12.00, 13.00 - 16.00"
)


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
