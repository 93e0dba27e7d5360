"""Two operators with one plan, and a producer who moves while it is applied."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.errors import PackhouseError, Stale
from packhouse.models.bookings import Move
from packhouse.queries.audit import verify
from packhouse.services import bookings, replanning
from packhouse.services.bookings import Target
from tests.factories import Make
from tests.services.test_replanning import House, booking

Act = Callable[[], object]


def at_once(app: Flask, *acts: Act) -> list[object]:
    """Do several things at the same moment; return what each gave, or how it was refused."""
    barrier, results = Barrier(len(acts)), [object()] * len(acts)

    def do(number: int, act: Act) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[number] = act()
            except PackhouseError as refused:
                results[number] = refused

    threads = [Thread(target=do, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def house(make: Make) -> House:
    built = House(make)
    built.break_down(built.at(16))
    return built


def moves() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(Move)).one()


def test_two_operators_apply_one_plan_once(app: Flask, house: House) -> None:
    plan, now = house.propose(), house.make.now
    operators = [house.operator, house.make.user(Role.OPERATOR, sites=(house.site,))]

    def apply(number: int) -> Act:
        actor = operators[number]
        return lambda: replanning.apply_plan(plan_id=plan, actor=actor, now=now, key=f"k{number}")

    first, second = at_once(app, apply(0), apply(1))

    assert first == second == {"plan": plan, "state": "applied", "moved": 3, "to_call": 0}
    assert moves() == 3
    assert verify(now=now) == ()


def test_a_producer_who_moves_meanwhile_loses_nothing(app: Flask, house: House) -> None:
    now, code = house.make.now, house.codes[1]
    plan, target = house.propose(), Target(house.at(8, days=2))

    applied, moved = at_once(
        app,
        lambda: replanning.apply_plan(plan_id=plan, actor=house.operator, now=now),
        lambda: bookings.move(code=code, target=target, actor=house.operator, now=now),
    )

    if isinstance(moved, PackhouseError):  # The plan took it to another machine in between.
        assert isinstance(moved, Stale)
        assert not isinstance(applied, PackhouseError), applied
        assert moves() == 3
    else:
        assert booking(code).starts_at == target.starts_at
        assert moves() == (1 if isinstance(applied, Stale) else 4)
    assert verify(now=now) == ()
