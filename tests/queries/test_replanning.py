from datetime import date, datetime

import pytest

from packhouse.db import transaction
from packhouse.domain.users import SYSTEM
from packhouse.models.sites import Site
from packhouse.queries.replanning import misfits
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make


@pytest.fixture
def house(make: Make) -> int:
    return make.site(code="PTK")


def booked(make: Make, product: int, machine: str, starts_at: datetime) -> str:
    made = bookings.book(
        wish=Wish(product, 150, machine, starts_at), actor=SYSTEM, now=make.now, source="desk"
    )
    return str(made["code"])


def found(house: int, make: Make) -> dict[str, list[str]]:
    return {
        each.code: [problem.code for problem in each.problems] for each in misfits(house, make.now)
    }


def test_nothing_is_a_misfit_as_it_was_booked(house: int, make: Make) -> None:
    product, machine = make.product(make.business()), make.code(make.machine(house))
    booked(make, product, machine, make.at(8))
    booked(make, product, machine, make.at(15))

    assert found(house, make) == {}


def test_a_closed_day_makes_its_bookings_misfits(house: int, make: Make) -> None:
    product, machine = make.product(make.business()), make.code(make.machine(house))
    code = booked(make, product, machine, make.at(8))
    booked(make, product, machine, make.at(8, days=3))
    make.closure(house, date(2026, 11, 26))

    assert found(house, make) == {code: ["closed_day"]}


def test_who_booked_last_yields_where_an_operator_is_missing(make: Make) -> None:
    house = make.site(operators=2)
    first, second = (make.code(make.machine(house, attended=True)) for _ in range(2))
    product = make.product(make.business())
    early = booked(make, product, first, make.at(9))
    late = booked(make, product, second, make.at(9))
    with transaction() as session:
        session.get_one(Site, house).operators = 1

    assert found(house, make) == {late: ["operators_full"]}
    assert early != late
