"""The number of operators, usually and in a period, and what is booked with them."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import NotFound, RuleBroken
from packhouse.models.sites import Shift, Site
from packhouse.models.slots import OperatorLoad
from packhouse.services.bookings import Wish, book
from packhouse.services.sites import remove_shift, set_operators, set_shift
from tests.factories import Make
from tests.services.sites.conftest import codes


def book_attended(make: Make, site_id: int, hour: int, now: datetime) -> None:
    machine = make.machine(site_id, attended=True)
    product = make.product(make.business())
    wish = Wish(product, 400, make.code(machine), make.at(hour))
    book(wish=wish, actor=SYSTEM, now=now)


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


def test_a_shift_beyond_the_new_one_is_left_alone(make: Make, house: int, now: datetime) -> None:
    for hours in ((13, 16), (7, 12)):
        from_at, to_at = (make.at(hour) for hour in hours)
        set_shift(code="PTK", from_at=from_at, to_at=to_at, operators=1, actor=SYSTEM, now=now)

    starts = db.session.scalars(select(Shift.from_at).order_by(Shift.from_at)).all()
    assert starts == [make.at(7), make.at(13)]
