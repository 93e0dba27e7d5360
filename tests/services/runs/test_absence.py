from datetime import datetime

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message
from packhouse.models.slots import Claim
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from packhouse.services.runs import Counts
from tests.factories import Make


class Floor:
    """A machine with bookings today at nine and at ten, and the operator who runs it."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.business = make.business()
        self.product = make.product(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        make.user(businesses=(self.business,))
        self.nine, self.ten = self.book(9), self.book(10)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int, minute: int = 0) -> str:
        wish = Wish(self.product, 400, "M3", self.at(hour, minute))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def no_show(self, code: str, at: datetime) -> None:
        runs.no_show(code=code, actor=self.operator, now=at)

    def back(self, code: str, at: datetime) -> None:
        runs.came_after_all(code=code, actor=self.operator, now=at)


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def state_of(code: str) -> str:
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def claims() -> int:
    return db.session.scalars(select(func.count()).select_from(Claim)).one()


def refused(act: object) -> str:
    with pytest.raises(RuleBroken) as found:
        act()  # type: ignore[operator]
    return found.value.problems[0].code


def test_who_comes_after_all_has_her_time_again(floor: Floor) -> None:
    held = claims()
    floor.no_show(floor.nine, floor.at(9, 20))
    assert claims() < held

    for _repeat in range(2):
        floor.back(floor.nine, floor.at(9, 24))

    assert state_of(floor.nine) == "arrived"
    assert claims() == held
    open_news = select(Message.state).where(Message.kind == MessageKind.NO_SHOW)
    assert set(db.session.scalars(open_news)) == {"cancelled"}
    runs.start(code=floor.nine, actor=floor.operator, now=floor.at(9, 25))


def test_a_check_in_that_had_no_signal_takes_the_mark_back(floor: Floor) -> None:
    held = claims()
    floor.no_show(floor.nine, floor.at(9, 20))

    runs.check_in(code=floor.nine, actor=floor.operator, now=floor.at(9, 40))

    assert (state_of(floor.nine), claims()) == ("arrived", held)


def test_a_mark_stands_once_her_time_is_somebody_elses(floor: Floor) -> None:
    floor.no_show(floor.nine, floor.at(9, 20))
    walk_in = Wish(floor.product, 200, "M3", floor.at(9, 25))
    bookings.book(wish=walk_in, actor=floor.operator, now=floor.at(9, 21))

    assert refused(lambda: floor.back(floor.nine, floor.at(9, 26))) == "time_given_away"
    assert state_of(floor.nine) == "no_show"


def test_a_mark_can_be_taken_back_for_half_an_hour(floor: Floor) -> None:
    floor.no_show(floor.nine, floor.at(9, 20))

    assert refused(lambda: floor.back(floor.nine, floor.at(9, 50))) == "back_too_late"


def test_only_a_missed_visit_can_be_taken_back(floor: Floor) -> None:
    with pytest.raises(WrongState):
        floor.back(floor.nine, floor.at(9, 5))


def test_nobody_is_missed_while_the_house_is_not_ready(floor: Floor) -> None:
    runs.start(code=floor.nine, actor=floor.operator, now=floor.at(9, 20))

    assert refused(lambda: floor.no_show(floor.ten, floor.at(10, 30))) == "house_not_ready"
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(10, 40)) == 0

    runs.finish(code=floor.nine, counts=Counts(400, 0), actor=floor.operator, now=floor.at(10, 40))
    assert refused(lambda: floor.no_show(floor.ten, floor.at(11, 4))) == "grace_running"
    floor.no_show(floor.ten, floor.at(11, 5))  # A brush of five minutes, and the grace.


def test_nobody_is_missed_behind_somebody_who_still_waits_for_the_house(floor: Floor) -> None:
    runs.check_in(code=floor.nine, actor=floor.operator, now=floor.at(8, 55))

    assert refused(lambda: floor.no_show(floor.ten, floor.at(10, 30))) == "house_not_ready"
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(12)) == 0


def test_a_repaired_machine_gives_everybody_her_grace_anew(floor: Floor) -> None:
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(9, 10),
        actor=floor.operator, now=floor.at(8, 50),
    )  # fmt: skip
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(10, 15))
    assert state_of(floor.ten) == "confirmed"

    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(10, 39)) == 0
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(10, 40)) == 1
