"""A house is opened, promises something, and is changed by its own manager only."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.sites import Closure, Site, load_calendar
from packhouse.services.sites import create_site, edit_site, set_operators
from packhouse.services.sites.houses import Policy
from tests.factories import Make
from tests.services.sites.conftest import HOUSE, actions, codes


def test_a_new_house_knows_its_hours_and_proposes_four_years_of_holidays(house: int) -> None:
    calendar = load_calendar(db.session(), house)
    years = {each.year for each in db.session.scalars(select(Closure.day_from))}

    assert years == {2025, 2026, 2027, 2028}
    assert calendar.is_open_day(date(2026, 11, 26))
    assert not calendar.is_open_day(date(2026, 12, 24))
    assert not calendar.is_open_day(date(2026, 11, 28))
    assert set(db.session.scalars(select(Closure.state))) == {"proposed"}
    assert actions(house) == ["site:created"]


def test_a_house_worked_before_packhouse_knew_it(house: int) -> None:
    assert load_calendar(db.session(), house).is_open_day(date(2019, 3, 5))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": ""}, ["site_code_malformed"]),
        ({"code": "A B"}, ["site_code_malformed"]),
        ({"code": "A" * 41}, ["site_code_malformed"]),
        ({"code": "RK\x00"}, ["site_code_malformed"]),
        ({"name": "  "}, ["name_missing"]),
        ({"name": "x" * 121}, ["name_long"]),
        ({"address": "x" * 501}, ["text_long"]),
        ({"owner": "nobody"}, ["owner_unknown"]),
        ({"regency": "61.99"}, ["regency_unknown"]),
        ({"regency": "61.1"}, ["regency_unknown"]),
        ({"zone": "Asia/Nowhere"}, ["zone_unknown"]),
        ({"zone": "../../etc/passwd"}, ["zone_unknown"]),
        ({"zone": "Europe/Berlin"}, ["zone_has_summer_time"]),
        ({"hours": ""}, ["hours_empty"]),
        ({"hours": "mon 12:00-07:30"}, ["hours_reversed"]),
        ({"hours": "someday 07:30-12:00"}, ["hours_weekday_unknown"]),
        ({"operators": -1}, ["operators_out_of_range"]),
        ({"operators": 501}, ["operators_out_of_range"]),
        ({"code": "?", "name": "", "regency": "x", "zone": "y", "hours": "z", "operators": -5},
         ["name_missing", "site_code_malformed", "regency_unknown", "operators_out_of_range",
          "zone_unknown", "hours_weekday_unknown"]),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_new_house_is_told_at_once(
    context: object, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(RuleBroken) as broken:
        create_site(**(HOUSE | fields), actor=SYSTEM, now=now)

    assert codes(broken) == expected


def test_a_code_names_one_house(house: int, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        create_site(**HOUSE, actor=SYSTEM, now=now)

    assert codes(broken) == ["site_code_taken"]


@pytest.mark.parametrize(
    "role", [Role.PRODUCER, Role.OPERATOR, Role.MANAGER, Role.REVIEWER, Role.AUDITOR]
)
def test_only_an_administrator_opens_a_house(make: Make, now: datetime, role: Role) -> None:
    with pytest.raises(NotAllowed):
        create_site(**HOUSE, actor=make.user(role), now=now)


def test_what_a_house_promises_can_be_changed(house: int, manager: Actor, now: datetime) -> None:
    edit_site(
        code="PTK", name="Rumah Kemasan Kota", address="Jalan Contoh 1", owner="city",
        policy=Policy(grace_minutes=30), actor=manager, now=now,
    )  # fmt: skip

    site = db.session.scalars(select(Site)).one()
    assert (site.name, site.owner, site.grace_minutes) == ("Rumah Kemasan Kota", "city", 30)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "site:edited")).one()
    assert entry.facts["changed"]["grace_minutes"] == [20, 30]


def test_an_impossible_policy_is_refused_field_by_field(
    house: int, manager: Actor, now: datetime
) -> None:
    with pytest.raises(RuleBroken) as broken:
        edit_site(
            code="PTK", name="", address="", owner="city",
            policy=Policy(horizon_days=0, grace_minutes=-1), actor=manager, now=now,
        )  # fmt: skip

    assert codes(broken) == ["name_missing", "policy_out_of_range", "policy_out_of_range"]


def test_a_house_is_changed_by_its_own_manager_only(make: Make, house: int, now: datetime) -> None:
    strangers = [make.user(Role.MANAGER), make.user(Role.OPERATOR, sites=(house,)), make.user()]

    for actor in strangers:
        with pytest.raises(NotAllowed):
            set_operators(code="PTK", operators=1, actor=actor, now=now)
    with pytest.raises(NotFound):
        set_operators(code="TIDAK", operators=1, actor=SYSTEM, now=now)
