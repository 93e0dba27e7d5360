"""Two who decide one request, one who decides as it expires, and hours that change under it."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import PackhouseError, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import RequestQuestion
from packhouse.queries.audit import verify
from packhouse.queries.replanning import misfits
from packhouse.services import bookings, sites
from packhouse.services.bookings import Wish
from tests.concurrency.test_replanning import at_once
from tests.factories import Make
from tests.services.test_requests import House, booking


def decided(code: str) -> Sequence[str]:
    """Return what was decided about a request, as the trail has it."""
    wanted = ("booking:confirmed", "booking:rejected", "booking:expired")
    db.session.rollback()
    return db.session.scalars(
        select(AuditEntry.action).where(
            AuditEntry.subject_kind == "booking",
            AuditEntry.subject_id == booking(code).id,
            AuditEntry.action.in_(wanted),
        )
    ).all()


def second_manager(house: House) -> Actor:
    return house.make.user(Role.MANAGER, sites=(house.site,))


def test_of_two_who_decide_one_prevails_and_the_other_is_told(app: Flask, make: Make) -> None:
    house = House(make)
    other = second_manager(house)
    for day in (6, 7, 8):
        code = house.request(days=day)
        yes, no = at_once(
            app,
            partial(bookings.approve, code=code, actor=house.manager, now=make.now),
            partial(bookings.reject, code=code, reason="x", actor=other, now=make.now),
        )

        refused = [each for each in (yes, no) if isinstance(each, PackhouseError)]
        assert [type(each) for each in refused] == [WrongState]
        assert len(decided(code)) == 1
    assert verify(now=make.now) == ()


def test_a_yes_at_the_deadline_is_a_yes_or_too_late_and_never_both(app: Flask, make: Make) -> None:
    house = House(make)
    for day in (6, 7, 8):
        code = house.request(days=day)
        late = booking(code).decide_by
        assert late is not None
        at_once(
            app,
            partial(bookings.approve, code=code, actor=house.manager, now=late),
            partial(bookings.expire_requests, actor=SYSTEM, now=late),
            partial(
                bookings.ask,
                code=code,
                question="?",
                actor=house.manager,
                now=late - timedelta(minutes=1),
            ),
        )

        state, trail = booking(code).state, decided(code)
        assert trail == ([] if state == "requested" else [f"booking:{state}"])
        if state == "requested":  # The question came first and gave it more time.
            asked = select(func.count()).where(RequestQuestion.booking_id == booking(code).id)
            assert db.session.scalars(asked).one() == 1
    assert verify(now=make.now) == ()


def test_whoever_closes_a_day_has_seen_who_books_it_meanwhile(app: Flask, make: Make) -> None:
    house = House(make)
    machine = make.code(make.machine(house.site))
    for day in (6, 7, 8):
        start = make.at(9, days=day)
        date = start.date()
        wish = Wish(house.product, 100, machine, start)
        made, closed = at_once(
            app,
            partial(bookings.book, wish=wish, actor=house.manager, now=make.now),
            partial(
                sites.add_closure, code="PTK", day_from=date, day_to=date, name="Banjir",
                actor=house.manager, now=make.now, seen=(),
            ),
        )  # fmt: skip

        one_refused = [isinstance(each, RuleBroken) for each in (made, closed)]
        assert sorted(one_refused) == [False, True]
        assert misfits(house.site, make.now) == ()
    assert verify(now=make.now) == ()
