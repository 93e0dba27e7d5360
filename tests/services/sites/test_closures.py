"""Days are closed and opened again, and holidays are proposed and decided."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.sites import indonesian_holidays
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken
from packhouse.models.sites import Closure, load_calendar
from packhouse.services.sites import add_closure, decide_holiday, propose_holidays, remove_closure
from tests.factories import Make
from tests.services.sites.conftest import codes
from tests.support.queries import CountQueries


def closure_on(day: date) -> Closure:
    return db.session.scalars(select(Closure).where(Closure.day_from == day)).one()


def test_a_closure_closes_its_days_and_opens_them_again(
    house: int, manager: Actor, now: datetime
) -> None:
    days: dict[str, Any] = {"day_from": date(2026, 12, 1), "day_to": date(2026, 12, 3)}
    closure = add_closure(code="PTK", **days, name="Cat ulang", actor=manager, now=now)
    assert not load_calendar(db.session(), house).is_open_day(date(2026, 12, 2))

    remove_closure(code="PTK", closure_id=closure, actor=manager, now=now)
    db.session.rollback()
    assert load_calendar(db.session(), house).is_open_day(date(2026, 12, 2))

    again = add_closure(code="PTK", **days, name="Cat ulang", actor=manager, now=now)
    assert again == closure


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": " "}, ["name_missing"]),
        ({"day_to": date(2026, 11, 30)}, ["closure_reversed"]),
        ({"day_to": date(2028, 12, 1)}, ["closure_long"]),
        ({"name": "", "day_to": date(2026, 11, 30)}, ["name_missing", "closure_reversed"]),
    ],
)
def test_a_wrong_closure_is_refused(
    house: int, manager: Actor, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    given = {"day_from": date(2026, 12, 1), "day_to": date(2026, 12, 1), "name": "Cat", **fields}
    with pytest.raises(RuleBroken) as broken:
        add_closure(code="PTK", **given, actor=manager, now=now)

    assert codes(broken) == expected


def test_a_closure_is_added_once(house: int, manager: Actor, now: datetime) -> None:
    day = date(2026, 12, 1)
    given: dict[str, Any] = {"day_from": day, "day_to": day, "name": "Cat"}
    add_closure(code="PTK", **given, actor=manager, now=now)

    with pytest.raises(RuleBroken) as broken:
        add_closure(code="PTK", **given, actor=manager, now=now)

    assert codes(broken) == ["closure_exists"]


def test_the_manager_opens_or_confirms_a_holiday(house: int, manager: Actor, now: datetime) -> None:
    day = date(2026, 12, 24)
    closure = closure_on(day).id

    decide_holiday(code="PTK", closure_id=closure, decision="open", actor=manager, now=now)
    db.session.rollback()
    assert load_calendar(db.session(), house).is_open_day(day)

    decide_holiday(code="PTK", closure_id=closure, decision="confirm", actor=manager, now=now)
    db.session.rollback()
    assert not load_calendar(db.session(), house).is_open_day(day)
    assert closure_on(day).decided_by == manager.id


def test_holidays_of_another_house_cannot_be_decided(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    other = make.site(code="LAIN")
    make.closure(other, date(2026, 12, 1))
    closure = closure_on(date(2026, 12, 1)).id

    with pytest.raises(NotFound):
        remove_closure(code="PTK", closure_id=closure, actor=manager, now=now)
    with pytest.raises(NotAllowed):
        remove_closure(code="LAIN", closure_id=closure, actor=manager, now=now)


def test_proposing_again_adds_nothing_and_respects_decisions(
    house: int, manager: Actor, now: datetime
) -> None:
    closure = closure_on(date(2026, 12, 24)).id
    decide_holiday(code="PTK", closure_id=closure, decision="open", actor=manager, now=now)

    assert propose_holidays(actor=SYSTEM, now=now) == 0

    db.session.rollback()
    assert closure_on(date(2026, 12, 24)).state == "rejected"


def test_a_year_later_the_next_year_is_proposed_to_every_house(
    make: Make, house: int, now: datetime
) -> None:
    make.site()
    later = now + timedelta(days=365)

    added = propose_holidays(actor=SYSTEM, now=later)

    whole = sum(len(indonesian_holidays(year)) for year in range(2026, 2030))
    assert added == whole + len(indonesian_holidays(2029))


def test_a_proposal_whose_day_moved_is_withdrawn(make: Make, house: int, now: datetime) -> None:
    estimated = {"source": "holiday", "state": "proposed", "estimated": True}
    make.closure(house, date(2027, 3, 13), name="Hari Raya Idul Fitri", **estimated)

    propose_holidays(actor=SYSTEM, now=now)

    assert closure_on(date(2027, 3, 13)).state == "rejected"


def test_proposing_for_many_houses_takes_few_queries_each(
    make: Make, now: datetime, count_queries: CountQueries
) -> None:
    for _ in range(12):
        make.site()

    with count_queries() as counted:
        propose_holidays(actor=SYSTEM, now=now)

    assert counted.total < 12 * 8


def test_only_a_holiday_is_decided_and_only_in_two_ways(
    house: int, manager: Actor, now: datetime
) -> None:
    day = date(2026, 12, 1)
    own = add_closure(code="PTK", day_from=day, day_to=day, name="Cat", actor=manager, now=now)
    holiday = closure_on(date(2026, 12, 24)).id

    with pytest.raises(NotFound):
        decide_holiday(code="PTK", closure_id=own, decision="open", actor=manager, now=now)
    with pytest.raises(Malformed):
        decide_holiday(code="PTK", closure_id=holiday, decision="maybe", actor=manager, now=now)
    with pytest.raises(NotAllowed):
        propose_holidays(actor=manager, now=now)
