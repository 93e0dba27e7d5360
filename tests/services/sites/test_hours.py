"""Hours hold between their days, and the last of a house stay."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, RuleBroken
from packhouse.models.sites import SiteHours, load_calendar
from packhouse.services.sites import change_hours, remove_hours
from tests.services.sites.conftest import HOURS, actions, codes

RAMADAN = "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30"


def test_ramadan_hours_hold_between_their_days_only(
    house: int, manager: Actor, now: datetime
) -> None:
    start, end = date(2027, 2, 8), date(2027, 3, 9)
    change_hours(code="PTK", hours=RAMADAN, valid_from=start, valid_to=end, actor=manager, now=now)

    calendar = load_calendar(db.session(), house)
    lengths = {
        day: calendar.working_day(day).length / 3600
        for day in (date(2027, 2, 2), date(2027, 2, 9), date(2027, 3, 16))
    }
    assert lengths == {date(2027, 2, 2): 7.5, date(2027, 2, 9): 6.5, date(2027, 3, 16): 7.5}
    assert actions(house) == ["site:created", "site:hours_changed"]


def test_hours_for_the_same_days_are_replaced(house: int, manager: Actor, now: datetime) -> None:
    for hours in (RAMADAN, "mon 09:00-10:00"):
        change_hours(code="PTK", hours=hours, valid_from=date(2027, 1, 1), actor=manager, now=now)

    calendar = load_calendar(db.session(), house)
    assert not calendar.is_open_day(date(2027, 1, 26))
    assert calendar.working_day(date(2027, 1, 25)).length == 3600


def test_hours_taken_away_uncover_those_beneath(house: int, manager: Actor, now: datetime) -> None:
    day = date(2027, 1, 1)
    change_hours(code="PTK", hours="mon 09:00-10:00", valid_from=day, actor=manager, now=now)

    remove_hours(code="PTK", valid_from=day, valid_to=None, actor=manager, now=now)

    assert load_calendar(db.session(), house).is_open_day(date(2027, 1, 26))


def test_the_last_hours_of_a_house_stay(house: int, manager: Actor, now: datetime) -> None:
    base = db.session.scalars(select(SiteHours.valid_from).limit(1)).one()

    with pytest.raises(RuleBroken) as broken:
        remove_hours(code="PTK", valid_from=base, valid_to=None, actor=manager, now=now)

    assert codes(broken) == ["hours_last"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"hours": ""}, "hours_empty"),
        ({"hours": "mon 07:30-12:00 11:00-13:00"}, "hours_overlap"),
        ({"hours": "mon 07:31-12:00"}, "hours_off_grid"),
        ({"valid_to": date(2026, 12, 31)}, "hours_validity_reversed"),
    ],
)
def test_wrong_hours_are_refused(
    house: int, manager: Actor, now: datetime, fields: dict[str, Any], expected: str
) -> None:
    given = {"hours": HOURS, "valid_from": date(2027, 1, 1), **fields}
    with pytest.raises(RuleBroken) as broken:
        change_hours(code="PTK", **given, actor=manager, now=now)

    assert codes(broken) == [expected]


def test_hours_that_are_not_there_cannot_be_taken_away(
    house: int, manager: Actor, now: datetime
) -> None:
    with pytest.raises(NotFound):
        remove_hours(code="PTK", valid_from=date(2027, 1, 1), valid_to=None, actor=manager, now=now)
