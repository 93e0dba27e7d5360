from datetime import datetime

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message
from packhouse.queries.audit import verify
from packhouse.services import bookings, runs, waitlist
from packhouse.services.bookings import Wish
from packhouse.services.runs import Counts
from packhouse.services.waitlist import Wanted
from tests.factories import Make


class Floor:
    """A machine booked today at nine, at ten and at eleven, each by another business."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.nine, self.ten, self.eleven = (self.book(hour) for hour in (9, 10, 11))
        runs.start(code=self.nine, actor=self.operator, now=self.at(9))

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int) -> str:
        business = self.make.business()
        self.make.user(businesses=(business,))
        wish = Wish(self.make.product(business), 660, "M3", self.at(hour))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def finish(self, at: datetime) -> None:
        runs.finish(code=self.nine, counts=Counts(660, 0), actor=self.operator, now=at)


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def told(kind: str) -> list[tuple[str, int]]:
    """Whose message of a kind there is, and the time it names."""
    fact = {"run_overran": "expected", "may_come_earlier": "earlier"}[kind]
    rows = db.session.scalars(
        select(Message.payload)
        .where(Message.kind == kind, Message.channel == "in_app")
        .order_by(Message.id)
    )
    return [(row["code"], row[fact]) for row in rows]


def test_an_overrun_tells_everybody_it_reaches_the_new_time_and_once(floor: Floor) -> None:
    assert runs.warn_of_overruns(now=floor.at(9, 30)) == 0

    assert runs.warn_of_overruns(now=floor.at(10, 20)) == 2
    assert runs.warn_of_overruns(now=floor.at(10, 40)) == 0

    (ten, first), (eleven, second) = told("run_overran")
    assert (ten, eleven) == (floor.ten, floor.eleven)
    assert first == to_epoch(floor.at(10, 25))  # A brush of five minutes.
    assert to_epoch(floor.at(11, 15)) <= second <= to_epoch(floor.at(11, 30))


def test_a_pause_is_foreseen_before_it_is_an_overrun(floor: Floor) -> None:
    runs.pause(code=floor.nine, reason="no_material", actor=floor.operator, now=floor.at(9, 10))
    assert runs.warn_of_overruns(now=floor.at(9, 15)) == 0

    assert runs.warn_of_overruns(now=floor.at(9, 40)) >= 1

    assert told("run_overran")[0][0] == floor.ten


def test_who_is_there_sees_it_herself(floor: Floor) -> None:
    runs.check_in(code=floor.ten, actor=floor.operator, now=floor.at(9, 50))

    runs.warn_of_overruns(now=floor.at(10, 20))

    assert [code for code, _ in told("run_overran")] == [floor.eleven]


def test_an_early_finish_lets_the_next_one_come_earlier_if_she_wishes(floor: Floor) -> None:
    floor.finish(floor.at(9, 20))

    assert told("may_come_earlier") == [(floor.ten, to_epoch(floor.at(9, 25)))]


def test_a_few_minutes_are_not_worth_leaving_home_for(floor: Floor) -> None:
    floor.finish(floor.at(9, 48))

    assert told("may_come_earlier") == []


def test_freed_time_goes_to_the_waitlist_before_the_next_one_is_asked(floor: Floor) -> None:
    business = floor.make.business()
    wanted = Wanted(
        product_id=floor.make.product(business), quantity=60, site="PTK",
        from_at=floor.at(0), to_at=floor.at(10),
    )  # fmt: skip
    waitlist.enter(wanted=wanted, actor=floor.operator, now=floor.at(8))

    floor.finish(floor.at(9, 18))

    assert told("may_come_earlier") == []


# --- given another time -------------------------------------------------------------------------


def state_of(code: str) -> str:
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def set_aside(floor: Floor, at: datetime) -> tuple[str, ...]:
    return runs.set_aside_slipping(site="PTK", actor=floor.operator, now=at)


def test_who_would_wait_too_long_loses_her_time_and_helps_those_behind(floor: Floor) -> None:
    assert set_aside(floor, floor.at(10, 10)) == ()

    assert set_aside(floor, floor.at(10, 50)) == (floor.ten,)
    assert set_aside(floor, floor.at(10, 50)) == ()

    assert (state_of(floor.ten), state_of(floor.eleven)) == ("displaced", "confirmed")
    told_of = select(Message.kind).where(Message.kind == "booking_displaced")
    assert db.session.scalars(told_of).all()
    assert verify(now=floor.at(10, 50)) == ()


def test_who_is_there_is_not_sent_away(floor: Floor) -> None:
    runs.check_in(code=floor.ten, actor=floor.operator, now=floor.at(9, 50))

    assert floor.ten not in set_aside(floor, floor.at(10, 50))
    assert state_of(floor.ten) == "arrived"


def test_another_houses_day_is_not_changed(floor: Floor) -> None:
    stranger = floor.make.user(Role.OPERATOR, sites=(floor.make.site(),))

    with pytest.raises(NotFound):
        runs.set_aside_slipping(site="PTK", actor=stranger, now=floor.at(10, 50))
