from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.sites import indonesian_holidays
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.sites import Closure, Shift, Site, SiteHours, load_calendar
from packhouse.models.slots import OperatorLoad
from packhouse.services.bookings import Wish, book
from packhouse.services.sites import (
    add_closure,
    change_hours,
    create_site,
    decide_holiday,
    edit_site,
    propose_holidays,
    remove_closure,
    remove_hours,
    remove_shift,
    set_operators,
    set_shift,
)
from packhouse.services.sites.houses import Policy
from tests.factories import Make
from tests.support.queries import CountQueries

HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30"
RAMADAN = "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30"
HOUSE: dict[str, Any] = {
    "code": "PTK",
    "name": "Rumah Kemasan Pontianak",
    "regency": "61.71",
    "zone": "Asia/Pontianak",
    "hours": HOURS,
    "operators": 3,
}


@pytest.fixture
def house(make: Make, now: datetime) -> int:
    return create_site(**HOUSE, actor=SYSTEM, now=now)


@pytest.fixture
def manager(make: Make, house: int) -> Actor:
    return make.user(Role.MANAGER, sites=(house,))


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def actions(subject_id: int) -> list[str]:
    query = select(AuditEntry.action).where(
        AuditEntry.subject_kind == "site", AuditEntry.subject_id == subject_id
    )
    return list(db.session.scalars(query.order_by(AuditEntry.seq)))


def closure_on(day: date) -> Closure:
    return db.session.scalars(select(Closure).where(Closure.day_from == day)).one()


def book_attended(make: Make, site_id: int, hour: int, now: datetime) -> None:
    machine = make.machine(site_id, attended=True)
    product = make.product(make.business())
    wish = Wish(product, 400, make.code(machine), make.at(hour))
    book(wish=wish, actor=SYSTEM, now=now)


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


def test_fewer_operators_than_booked_are_refused_with_the_bookings_in_the_way(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    for _ in range(2):
        book_attended(make, house, 9, now)

    with pytest.raises(RuleBroken) as broken:
        set_operators(code="PTK", operators=1, actor=manager, now=now)

    problem = broken.value.problems[0]
    assert problem.code == "operators_booked"
    assert problem.facts["bookings"] == 2
    assert problem.facts["needed"] == 2
    assert problem.facts["starts_at"] == make.at(9)
    assert db.session.scalars(select(Site.operators)).one() == 3


def test_more_operators_count_at_once_in_slots_that_are_booked(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    for _ in range(3):
        book_attended(make, house, 9, now)

    set_operators(code="PTK", operators=4, actor=manager, now=now)
    book_attended(make, house, 9, now)

    assert db.session.scalars(select(func.max(OperatorLoad.used))).one() == 4


def test_a_shift_changes_only_its_own_time(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    book_attended(make, house, 9, now)
    book_attended(make, house, 13, now)

    set_shift(
        code="PTK", from_at=make.at(7), to_at=make.at(12), operators=1, actor=manager, now=now
    )
    book_attended(make, house, 13, now)
    set_operators(code="PTK", operators=2, actor=manager, now=now)

    capacities = {row.slot * 300: row.capacity for row in db.session.scalars(select(OperatorLoad))}
    assert capacities[int(make.at(9).timestamp())] == 1
    assert capacities[int(make.at(13).timestamp())] == 2


def test_a_shift_below_what_is_booked_is_refused(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    book_attended(make, house, 9, now)

    with pytest.raises(RuleBroken) as broken:
        set_shift(
            code="PTK", from_at=make.at(7), to_at=make.at(12), operators=0, actor=manager, now=now
        )

    assert codes(broken) == ["operators_booked"]
    assert db.session.scalars(select(func.count()).select_from(Shift)).one() == 0


def test_a_later_shift_takes_its_time_out_of_an_earlier_one(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    for hours, operators in (((7, 16), 1), ((9, 10), 2)):
        from_at, to_at = (make.at(hour) for hour in hours)
        set_shift(
            code="PTK", from_at=from_at, to_at=to_at, operators=operators, actor=manager, now=now
        )

    shifts = db.session.scalars(select(Shift).order_by(Shift.from_at)).all()
    assert [(each.from_at, each.to_at, each.operators) for each in shifts] == [
        (make.at(7), make.at(9), 1),
        (make.at(9), make.at(10), 2),
        (make.at(10), make.at(16), 1),
    ]


def test_a_shift_taken_away_brings_the_usual_number_back(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    shift = set_shift(
        code="PTK", from_at=make.at(7), to_at=make.at(12), operators=1, actor=manager, now=now
    )
    book_attended(make, house, 9, now)

    remove_shift(code="PTK", shift_id=shift, actor=manager, now=now)
    book_attended(make, house, 9, now)

    assert set(db.session.scalars(select(OperatorLoad.capacity))) == {3}
    with pytest.raises(NotFound):
        remove_shift(code="PTK", shift_id=shift, actor=manager, now=now)


@pytest.mark.parametrize(
    ("minutes", "operators", "expected"),
    [
        ((0, 0), 1, "shift_reversed"),
        ((1, 30), 1, "off_grid"),
        ((0, 30), -1, "operators_out_of_range"),
    ],
)
def test_a_wrong_shift_is_refused(
    make: Make, house: int, minutes: tuple[int, int], operators: int, expected: str
) -> None:
    from_at, to_at = (make.at(8, minute) for minute in minutes)
    with pytest.raises(RuleBroken) as broken:
        set_shift(
            code="PTK",
            from_at=from_at,
            to_at=to_at,
            operators=operators,
            actor=SYSTEM,
            now=make.now,
        )

    assert codes(broken) == [expected]


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


def test_hours_that_are_not_there_cannot_be_taken_away(
    house: int, manager: Actor, now: datetime
) -> None:
    with pytest.raises(NotFound):
        remove_hours(code="PTK", valid_from=date(2027, 1, 1), valid_to=None, actor=manager, now=now)


def test_a_shift_beyond_the_new_one_is_left_alone(make: Make, house: int, now: datetime) -> None:
    for hours in ((13, 16), (7, 12)):
        from_at, to_at = (make.at(hour) for hour in hours)
        set_shift(code="PTK", from_at=from_at, to_at=to_at, operators=1, actor=SYSTEM, now=now)

    starts = db.session.scalars(select(Shift.from_at).order_by(Shift.from_at)).all()
    assert starts == [make.at(7), make.at(13)]
