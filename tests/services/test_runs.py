from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import Malformed, NotAllowed, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Claim, Occupation
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from packhouse.services.runs import Counts
from tests.factories import Make


class Floor:
    """A machine with a booking today at nine, and the operator who runs it."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine_id = make.machine(self.site, code="M3")
        self.business = make.business()
        self.product = make.product(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.code = self.book(self.at(9))

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, starts_at: datetime, *, product: int | None = None) -> str:
        wish = Wish(product or self.product, 400, "M3", starts_at)
        answer = bookings.book(wish=wish, actor=self.operator, now=self.make.now)
        return str(answer["code"])

    def start(self, at: datetime, code: str | None = None) -> dict[str, object]:
        return runs.start(code=code or self.code, actor=self.operator, now=at)

    def finish(self, at: datetime, *, actor: Actor | None = None) -> dict[str, object]:
        return runs.finish(
            code=self.code, counts=Counts(396, 4), actor=actor or self.operator, now=at
        )

    def states(self) -> list[tuple[str, datetime, datetime | None, bool]]:
        rows = db.session.scalars(select(StateInterval).order_by(StateInterval.starts_at))
        return [(row.reason, row.starts_at, row.ends_at, row.estimated) for row in rows]


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def state_of(code: str) -> str:
    return db.session.scalars(select(Booking.state).where(Booking.code == code)).one()


def claims() -> int:
    return db.session.scalars(select(func.count()).select_from(Claim)).one()


def test_a_run_from_check_in_to_the_count_leaves_its_states(floor: Floor) -> None:
    runs.check_in(code=floor.code, actor=floor.operator, now=floor.at(8, 50))
    floor.start(floor.at(9))
    runs.pause(code=floor.code, reason="no_material", actor=floor.operator, now=floor.at(9, 20))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 25))
    answer = floor.finish(floor.at(9, 38))

    assert answer["state"] == "finished"
    assert floor.states() == [
        ("setup", floor.at(9), floor.at(9, 10), False),
        ("running", floor.at(9, 10), floor.at(9, 20), False),
        ("no_material", floor.at(9, 20), floor.at(9, 25), False),
        ("running", floor.at(9, 25), floor.at(9, 38), False),
    ]
    run = db.session.scalars(select(Run)).one()
    assert (run.good, run.rejected, run.ended_at) == (396, 4, floor.at(9, 38))
    assert claims() == 0


def test_saying_that_production_begins_ends_the_setup(floor: Floor) -> None:
    floor.start(floor.at(9))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 4))

    assert floor.states() == [
        ("setup", floor.at(9), floor.at(9, 4), False),
        ("running", floor.at(9, 4), None, False),
    ]


def test_second_taps_change_nothing(floor: Floor) -> None:
    for minute in (0, 1):
        runs.check_in(code=floor.code, actor=floor.operator, now=floor.at(8, 50 + minute))
    for minute in (0, 1):
        floor.start(floor.at(9, minute))

    assert db.session.scalars(select(func.count()).select_from(Run)).one() == 1
    assert len(floor.states()) == 1


def test_a_finish_sent_twice_with_one_key_gives_the_same_answer(floor: Floor) -> None:
    floor.start(floor.at(9))
    answers = [
        runs.finish(code=floor.code, counts=Counts(396, 4), actor=floor.operator, now=at, key="k")
        for at in (floor.at(9, 30), floor.at(9, 31))
    ]

    assert answers[0] == answers[1]
    with pytest.raises(WrongState):
        floor.finish(floor.at(9, 40))


def test_an_early_finish_gives_time_back_at_once(floor: Floor) -> None:
    floor.start(floor.at(9))
    floor.finish(floor.at(9, 21))

    occupation = db.session.scalars(select(Occupation)).one()
    assert (occupation.status, occupation.to_at) == ("done", floor.at(9, 25))
    assert floor.book(floor.at(9, 30))


def test_only_one_run_is_open_on_a_machine(floor: Floor) -> None:
    second = floor.book(floor.at(10))
    floor.start(floor.at(9))

    with pytest.raises(WrongState) as refused:
        floor.start(floor.at(10), second)

    assert refused.value.problems[0].code == "machine_running"


def test_starting_before_somebody_elses_time_is_refused(floor: Floor) -> None:
    second = floor.book(floor.at(10))

    with pytest.raises(RuleBroken) as refused:
        floor.start(floor.at(8, 30), second)

    assert refused.value.problems[0].code == "too_early"
    assert state_of(second) == "confirmed"


def test_the_houses_cleaning_before_a_run_is_noted_as_an_estimate(floor: Floor) -> None:
    fish = floor.make.product(floor.business, allergens=["fish"])
    first = floor.book(floor.at(8), product=fish)
    floor.start(floor.at(8), first)
    runs.finish(code=first, counts=Counts(1, 0), actor=floor.operator, now=floor.at(8, 40))

    runs.start(code=floor.code, actor=floor.operator, now=floor.at(9), unclean="satu petugas")

    assert ("changeover", floor.at(8, 45), floor.at(9), True) in floor.states()


def test_another_day_is_refused_with_the_day_it_is_for(floor: Floor) -> None:
    tomorrow = floor.book(floor.make.at(8, days=1))

    for act in (runs.check_in, runs.start):
        with pytest.raises(RuleBroken) as refused:
            act(code=tomorrow, actor=floor.operator, now=floor.at(9))
        assert refused.value.problems[0].code == "another_day"


def test_nobody_is_missed_before_the_grace_is_over(floor: Floor) -> None:
    with pytest.raises(RuleBroken):
        runs.no_show(code=floor.code, actor=floor.operator, now=floor.at(9, 19))

    runs.no_show(code=floor.code, actor=floor.operator, now=floor.at(9, 20))

    assert state_of(floor.code) == "no_show"
    assert claims() == 0


def test_the_worker_notes_no_shows_but_not_those_who_came_or_wait_for_the_house(
    floor: Floor,
) -> None:
    waiting = floor.book(floor.at(10))
    floor.start(floor.at(9))
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(10, 30)) == 0

    floor.finish(floor.at(10, 31))
    # Her grace begins when the machine is clean, and the desk may decide for five minutes more.
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(11)) == 0
    assert runs.mark_no_shows(actor=SYSTEM, now=floor.at(11, 1)) == 1

    assert state_of(waiting) == "no_show"


def test_a_forgotten_run_is_closed_as_an_estimate(floor: Floor) -> None:
    floor.start(floor.at(9))
    assert runs.close_forgotten(actor=SYSTEM, now=floor.at(10, 9)) == 0

    assert runs.close_forgotten(actor=SYSTEM, now=floor.at(11)) == 1

    assert state_of(floor.code) == "finished"
    run = db.session.scalars(select(Run)).one()
    assert (run.ended_at, run.estimated) == (floor.at(10, 10), True)
    assert floor.states()[-1] == ("running", floor.at(9, 10), floor.at(10, 10), True)


def test_wrong_counts_and_reasons_are_refused(floor: Floor) -> None:
    floor.start(floor.at(9))
    for good, rejected in ((-1, 0), (0, -1), (10**9, 0)):
        with pytest.raises(Malformed):
            Counts(good, rejected)
    with pytest.raises(Malformed):
        runs.pause(code=floor.code, reason="coffee", actor=floor.operator, now=floor.at(9, 5))
    assert len(floor.states()) == 1


def test_a_producer_cannot_operate(floor: Floor) -> None:
    producer = floor.make.producer(floor.business)

    with pytest.raises(NotAllowed):
        runs.check_in(code=floor.code, actor=producer, now=floor.at(8, 50))


def test_two_states_within_one_second_do_not_clash(floor: Floor) -> None:
    floor.start(floor.at(9))
    runs.pause(code=floor.code, reason="no_material", actor=floor.operator, now=floor.at(9))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9))
    floor.finish(floor.at(9) + timedelta(seconds=1))

    assert state_of(floor.code) == "finished"
