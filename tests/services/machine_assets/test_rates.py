"""Runs teach how fast a machine is; its manager takes it over or not."""

from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.machines import MachinePack, RateDecision
from packhouse.queries.machines.rates import HouseRates, house_rates
from packhouse.services.bookings import Wish, book
from packhouse.services.machines import Asked, accept_rate, dismiss_rate, note_lessons
from packhouse.services.slots import Ask, quote
from tests.factories import Make
from tests.services.machine_assets.conftest import codes, machine
from tests.support.lessons import finish_runs
from tests.support.queries import CountQueries


def _rates(now: datetime) -> HouseRates:
    return house_rates(site="PTK", actor=SYSTEM, now=now)


def test_runs_suggest_a_rate_and_name_the_odd_one(make: Make, house: int, now: datetime) -> None:
    finish_runs(make, machine().id, [10, 10, 11, 9, 10, 10, 60])

    (line,) = _rates(now).suggested

    assert (line.lesson.planned, line.lesson.estimate.rate) == (Decimal("15"), Decimal("10.5"))
    assert [each.rate for each in line.outliers] == [60]
    assert line.lesson.estimate.count == 7


def test_an_accepted_rate_holds_for_new_bookings_alone(
    make: Make, house: int, now: datetime
) -> None:
    wish = Wish(make.product(make.business()), 600, "A", make.at(9))
    before = book(wish=wish, actor=SYSTEM, now=now)
    finish_runs(make, machine().id, [10] * 9)
    (line,) = _rates(now).suggested
    asked = Asked("A", "pouch_100", line.lesson.estimate.rate)

    assert accept_rate(asked=asked, actor=SYSTEM, now=now) == 10

    kept = db.session.scalars(select(Booking).where(Booking.code == before["code"])).one()
    assert kept.run_minutes == 40
    assert kept.ends_at == make.at(9, 50)
    db.session.rollback()
    later = book(wish=Wish(wish.product_id, 600, "A", make.at(13)), actor=SYSTEM, now=now)
    assert later["ends_at"].startswith("2026-11-26T14:10")
    assert _rates(now).suggested == ()
    decided = db.session.scalars(select(RateDecision)).one()
    assert (decided.action, decided.rate_before, decided.rate, decided.runs) == (
        "accepted", 15, 10, 9,
    )  # fmt: skip


def test_a_suggestion_that_moved_on_is_not_taken_over_unseen(
    make: Make, house: int, now: datetime
) -> None:
    finish_runs(make, machine().id, [10] * 9)

    with pytest.raises(RuleBroken) as refused:
        accept_rate(asked=Asked("A", "pouch_100", Decimal(11)), actor=SYSTEM, now=now)

    assert codes(refused) == ["rate_moved_on"]
    assert db.session.scalars(select(MachinePack.rate_per_minute)).one() is None


def test_a_dismissed_suggestion_waits_for_more_runs(make: Make, house: int, now: datetime) -> None:
    finish_runs(make, machine().id, [10] * 9)
    asked = Asked("A", "pouch_100", Decimal(10))
    with pytest.raises(Malformed):
        dismiss_rate(asked=asked, wait_runs=3, actor=SYSTEM, now=now)

    dismiss_rate(asked=asked, wait_runs=5, actor=SYSTEM, now=now)
    assert _rates(now).suggested == ()
    finish_runs(make, machine().id, [10] * 4, after=10)
    assert _rates(now).suggested == ()
    finish_runs(make, machine().id, [10], after=20)
    assert len(_rates(now).suggested) == 1


def test_rates_of_a_house_are_told_in_a_constant_number_of_queries(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    finish_runs(make, machine().id, [10] * 5)
    with count_queries() as few:
        _rates(now)
    for _ in range(3):
        finish_runs(make, make.machine(house), [10] * 5)

    with count_queries() as many:
        assert len(_rates(now).lines) == 4
    assert few.total == many.total


def test_a_quote_tells_how_long_such_jobs_usually_take_and_asks_no_more(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    product = make.product(make.business())
    owner = make.user(Role.MANAGER, sites=(house,))
    ask = Ask(product_id=product, quantity=300)
    with count_queries() as before:
        first = quote(ask=ask, actor=owner, now=now).offers[0]
    assert first.usual_minutes is None
    finish_runs(make, machine().id, [8, 9, 10, 11, 12, 13, 14])

    assert note_lessons(now=now) == 1
    assert note_lessons(now=now) == 0
    with count_queries() as after:
        first = quote(ask=ask, actor=owner, now=now).offers[0]

    assert first.usual_minutes == (30, 40)
    assert after.total == before.total
