from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.runs import DeviceClock
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import RuleBroken, Stale, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.runs import Run, StateInterval, Tap
from packhouse.queries.audit.verify import verify
from packhouse.queries.runs import changes_since, session_record
from packhouse.services import bookings, runs
from packhouse.services.bookings import Answer, Wish
from packhouse.services.runs import Counts, Tapped
from tests.factories import Make


class Floor:
    """A machine with a booking today at nine, and phones with clocks of their own."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine_id = make.machine(self.site, code="M3")
        self.business = make.business()
        self.product = make.product(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.colleague = make.user(Role.OPERATOR, sites=(self.site,))
        self.code = self.book(9)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int, *, product: int | None = None) -> str:
        wish = Wish(product or self.product, 400, "M3", self.at(hour))
        answer = bookings.book(wish=wish, actor=self.operator, now=self.make.now)
        return str(answer["code"])

    def start(self, at: datetime, **more: object) -> Answer:
        return runs.start(code=self.code, actor=self.operator, now=at, **more)  # type: ignore[arg-type]

    def finish(self, at: datetime, **more: object) -> Answer:
        counts = Counts(396, 4)
        return runs.finish(code=self.code, counts=counts, actor=self.operator, now=at, **more)  # type: ignore[arg-type]

    def states(self) -> list[tuple[str, datetime, datetime | None, bool]]:
        db.session.rollback()
        rows = db.session.scalars(select(StateInterval).order_by(StateInterval.starts_at))
        return [(row.reason, row.starts_at, row.ends_at, bool(row.estimated)) for row in rows]

    def run(self) -> Run:
        db.session.rollback()
        return db.session.scalars(select(Run)).one()

    def state(self) -> str:
        db.session.rollback()
        query = select(Booking.state).where(Booking.code == self.code)
        return db.session.scalars(query).one()

    def actions(self) -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Tap.action).order_by(Tap.number)))


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def phone(at: datetime, *, sent: datetime, wrong: timedelta = timedelta(0)) -> DeviceClock:
    return DeviceClock(at + wrong, sent + wrong)


def test_a_session_sent_half_an_hour_later_has_the_times_of_the_phone(floor: Floor) -> None:
    sent, wrong = floor.at(9, 40), timedelta(days=-400)
    taps = [("start", 0), ("pause", 20), ("resume", 25), ("finish", 35)]
    seen = 0
    for action, minute in taps:
        tapped = Tapped(
            key=action, clock=phone(floor.at(9, minute), sent=sent, wrong=wrong), seen=seen
        )
        told = {"code": floor.code, "actor": floor.operator, "now": sent, "tapped": tapped}
        if action == "pause":
            told["reason"] = "no_material"
        if action == "finish":
            told["counts"] = Counts(396, 4)
        seen = getattr(runs, action)(**told)["tap"]

    assert floor.states() == [
        ("setup", floor.at(9), floor.at(9, 10), False),
        ("running", floor.at(9, 10), floor.at(9, 20), False),
        ("no_material", floor.at(9, 20), floor.at(9, 25), False),
        ("running", floor.at(9, 25), floor.at(9, 35), False),
    ]
    tap = db.session.scalars(select(Tap).where(Tap.action == "start")).one()
    assert (tap.device_at, tap.at) == (floor.at(9) + wrong, floor.at(9))
    assert (tap.received_at, bool(tap.estimated)) == (sent, False)
    assert verify(now=sent) == ()


def test_a_tap_sent_again_is_the_same_tap(floor: Floor) -> None:
    tapped = Tapped(key="k1", clock=phone(floor.at(9), sent=floor.at(9, 30)), seen=0)

    first = floor.start(floor.at(9, 30), tapped=tapped)
    again = floor.start(floor.at(9, 31), tapped=tapped)

    assert first == again
    assert floor.actions() == ["start"]


def test_a_second_phone_is_told_what_changed_instead_of_overwriting_it(floor: Floor) -> None:
    seen = floor.start(floor.at(9))["tap"]
    runs.pause(code=floor.code, reason="no_material", actor=floor.colleague, now=floor.at(9, 12))
    before = floor.states()

    late = Tapped(key="k2", clock=phone(floor.at(9, 10), sent=floor.at(9, 30)), seen=seen)
    with pytest.raises(Stale) as refused:
        floor.finish(floor.at(9, 30), tapped=late)

    assert refused.value.problems[0].code == "session_changed"
    assert floor.states() == before
    changes = changes_since(code=floor.code, seen=seen, actor=floor.operator)
    assert [(each.action, each.reason, each.by) for each in changes] == [
        ("pause", "no_material", floor.colleague.name)
    ]


def test_a_phone_that_cannot_be_believed_leaves_an_estimate(floor: Floor) -> None:
    floor.start(floor.at(9))
    tapped = Tapped(clock=DeviceClock(floor.at(8, 50)))  # Before it began.
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 5), tapped=tapped)

    assert floor.states() == [
        ("setup", floor.at(9), floor.at(9, 5), True),
        ("running", floor.at(9, 5), None, True),
    ]
    record = session_record(code=floor.code, actor=floor.operator, now=floor.at(9, 6))
    assert [each.estimated for each in record.taps] == [False, True]


def test_an_estimated_start_or_end_marks_the_run(floor: Floor) -> None:
    floor.start(floor.at(9), tapped=Tapped(clock=DeviceClock(floor.at(9, 5))))

    assert floor.run().estimated
    assert floor.states() == [("setup", floor.at(9), None, True)]


def test_a_start_that_was_a_slip_is_taken_back_and_its_lot_is_kept(floor: Floor) -> None:
    floor.start(floor.at(9, 1))
    lot = floor.run().lot_code
    runs.undo(code=floor.code, actor=floor.operator, now=floor.at(9, 2))

    assert floor.state() == "arrived"
    assert floor.run().undone_at == floor.at(9, 2)
    assert floor.states() == [("waiting_customer", floor.at(9, 1), floor.at(9, 2), False)]
    assert verify(now=floor.at(9, 3)) == ()

    floor.start(floor.at(9, 4))
    floor.finish(floor.at(9, 40))

    run = floor.run()
    assert (run.started_at, run.ended_at, run.undone_at) == (floor.at(9, 4), floor.at(9, 40), None)
    assert run.lot_code == lot == "PTK-261124-M3-01"
    assert verify(now=floor.at(9, 41)) == ()


def test_a_pause_that_was_a_slip_leaves_no_pause(floor: Floor) -> None:
    floor.start(floor.at(9))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 5))
    runs.pause(code=floor.code, reason="no_material", actor=floor.operator, now=floor.at(9, 20))
    runs.undo(code=floor.code, actor=floor.operator, now=floor.at(9, 21))

    assert {each[0] for each in floor.states()} == {"setup", "running"}
    with pytest.raises(WrongState):
        runs.undo(code=floor.code, actor=floor.operator, now=floor.at(9, 21))
    assert floor.actions() == ["start", "resume", "pause", "undo"]


def test_after_three_minutes_a_tap_is_history(floor: Floor) -> None:
    floor.start(floor.at(9))

    with pytest.raises(WrongState) as refused:
        runs.undo(code=floor.code, actor=floor.operator, now=floor.at(9, 4))

    assert refused.value.problems[0].code == "nothing_to_undo"
    assert floor.state() == "running"


def test_counts_are_put_right_with_a_reason_and_what_stood_before(floor: Floor) -> None:
    floor.start(floor.at(9))
    floor.finish(floor.at(9, 40))
    told = {"code": floor.code, "actor": floor.operator, "now": floor.at(9, 50)}
    with pytest.raises(RuleBroken):
        runs.correct(counts=Counts(369, 4), reason=" ", **told)  # type: ignore[arg-type]
    runs.correct(counts=Counts(369, 4), reason="Angka tertukar", **told)  # type: ignore[arg-type]

    assert (floor.run().good, floor.run().rejected) == (369, 4)
    query = select(AuditEntry.facts).where(AuditEntry.action == "run:correct")
    facts = db.session.scalars(query).one()
    assert (facts["good_before"], facts["good"], facts["reason"]) == (396, 369, "Angka tertukar")


def test_after_a_week_only_who_manages_the_house_corrects(floor: Floor) -> None:
    floor.start(floor.at(9))
    floor.finish(floor.at(9, 40))
    late = floor.make.at(10, days=8)
    told = {"code": floor.code, "counts": Counts(1, 2), "reason": "salah", "now": late}

    with pytest.raises(RuleBroken) as refused:
        runs.correct(actor=floor.operator, **told)  # type: ignore[arg-type]
    assert refused.value.problems[0].code == "correction_too_late"
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    runs.correct(actor=manager, **told)  # type: ignore[arg-type]


def test_the_true_end_of_a_run_that_closed_itself_comes_from_the_phone(floor: Floor) -> None:
    seen = floor.start(floor.at(9))["tap"]
    closed = runs.close_forgotten(actor=SYSTEM, now=floor.at(14))
    assert (closed, floor.state(), bool(floor.run().estimated)) == (1, "finished", True)

    clock = phone(floor.at(9, 35), sent=floor.at(14, 5))
    floor.finish(floor.at(14, 5), tapped=Tapped(key="k", clock=clock, seen=seen))

    run = floor.run()
    assert (run.ended_at, run.good, bool(run.estimated)) == (floor.at(9, 35), 396, False)
    assert floor.states()[-1] == ("running", floor.at(9, 10), floor.at(9, 35), False)
    assert verify(now=floor.at(14, 6)) == ()


def test_nobody_is_noted_as_arrived_while_her_run_is_on(floor: Floor) -> None:
    floor.start(floor.at(9))

    with pytest.raises(WrongState):
        runs.check_in(code=floor.code, actor=floor.operator, now=floor.at(9, 1))
    assert floor.state() == "running"


def test_every_run_of_a_day_has_a_lot_of_its_own(floor: Floor) -> None:
    floor.start(floor.at(9))
    floor.finish(floor.at(9, 40))
    second = floor.book(11)
    runs.start(code=second, actor=floor.operator, now=floor.at(11), unclean="hanya satu petugas")

    lots = db.session.scalars(select(Run.lot_code).order_by(Run.id)).all()
    assert lots == ["PTK-261124-M3-01", "PTK-261124-M3-02"]
    assert db.session.scalar(select(func.count(func.distinct(Run.lot_code)))) == 2
