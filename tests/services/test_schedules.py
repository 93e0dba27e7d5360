from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Maintenance, Schedule, load_counts
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.models.runs import Run, StateInterval
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime
from packhouse.services.bookings import Wish
from tests.factories import Make


class Care:
    """A house with one machine and its manager."""

    def __init__(self, make: Make) -> None:
        self.make, self.now = make, make.now
        self.site = make.site(code="PTK")
        self.machine_id = make.machine(self.site, code="M3")
        self.manager: Actor = make.user(Role.MANAGER, sites=(self.site,))

    def add(self, **changed: Any) -> int:
        told: dict[str, Any] = {
            "machine": "M3", "reason": "maintenance", "basis": "days", "every": 30,
            "minutes": 60, "lead_days": 7, "actor": self.manager, "now": self.now,
        }  # fmt: skip
        return downtime.add_schedule(**(told | changed))

    def ran(self, begins: datetime, hours: float, pieces: int = 0) -> None:
        ends = begins + timedelta(hours=hours)
        with transaction() as session:
            run = Run(
                machine_id=self.machine_id, started_at=begins, ended_at=ends, good=pieces,
                planned_rate=1.0,
            )  # fmt: skip
            session.add(run)
            session.flush()
            session.add(
                StateInterval(
                    machine_id=self.machine_id, run_id=run.id, reason="running",
                    starts_at=begins, ends_at=ends,
                )
            )  # fmt: skip

    def plan(self, now: datetime | None = None) -> int:
        return downtime.plan_due_work(actor=SYSTEM, now=now or self.now)

    def work(self) -> Maintenance:
        db.session.rollback()
        return db.session.scalars(
            select(Maintenance).order_by(Maintenance.id.desc()).limit(1)
        ).one()


@pytest.fixture
def care(make: Make) -> Care:
    return Care(make)


def test_work_by_the_calendar_is_planned_on_free_time_before_its_day(care: Care) -> None:
    care.add(counts_from=care.now - timedelta(days=26))

    assert (care.plan(), care.plan()) == (1, 0)

    work = care.work()
    # 28 November is a Saturday: the house is closed, and Friday is the last day in time.
    assert (work.state, work.from_at) == ("taken", care.make.at(7, 30, days=3))
    assert verify(now=care.now) == ()


def test_work_that_is_not_due_soon_waits(care: Care) -> None:
    care.add(counts_from=care.now - timedelta(days=20))

    assert care.plan() == 0
    assert care.plan(care.now + timedelta(days=4)) == 1


def test_hours_of_running_are_counted_since_it_was_done(care: Care) -> None:
    began = care.now - timedelta(days=20)
    schedule = care.add(basis="running_hours", every=40, counts_from=began, lead_days=3)
    care.ran(began - timedelta(hours=1), 2)
    for day in range(1, 10):
        care.ran(began + timedelta(days=day), 4, pieces=100)

    with transaction() as session:
        counted = load_counts(
            session, schedules=[session.get_one(Schedule, schedule)], now=care.now
        )[schedule]

    assert (counted.seconds, counted.pieces) == (37 * 3600, 900)
    assert counted.seconds_per_day == pytest.approx(38 * 3600 / 28)
    assert care.plan() == 1


def test_a_counter_of_pieces_is_due_when_it_is_full(care: Care) -> None:
    care.add(basis="pieces", every=1000, counts_from=care.now - timedelta(days=9), lead_days=0)
    care.ran(care.now - timedelta(days=2), 4, pieces=999)
    assert care.plan() == 0

    care.ran(care.now - timedelta(days=1), 1, pieces=1)

    assert care.plan() == 1
    assert care.work().from_at == care.make.at(7, 30, days=1)


def test_over_bookings_it_is_proposed_and_the_count_begins_again_when_it_was_done(
    care: Care,
) -> None:
    schedule = care.add(minutes=480, counts_from=care.now - timedelta(days=29))
    business = care.make.business()
    product = care.make.product(business)
    for days in range(1, 16):
        if (care.now + timedelta(days=days)).weekday() < 5:
            wish = Wish(product, 60, "M3", care.make.at(9, days=days))
            bookings.book(wish=wish, actor=care.manager, now=care.now)

    assert care.plan() == 1

    work = care.work()
    assert (work.state, work.from_at) == ("proposed", care.make.at(7, 30, days=1))
    told = db.session.execute(
        select(Message.kind, Message.user_id).where(Message.kind == "work_proposed")
    ).all()
    assert [row.user_id for row in told] == [care.manager.id]
    for code in db.session.scalars(select(Booking.code)):
        bookings.cancel(code=code, actor=care.manager, now=care.now)
    downtime.claim_maintenance(maintenance_id=work.id, actor=care.manager, now=care.now)
    done_at = work.to_at
    downtime.release_past(actor=SYSTEM, now=done_at)
    db.session.rollback()
    assert care.work().state == "done"
    assert db.session.get_one(Schedule, schedule).counts_from == done_at
    assert care.plan(done_at) == 0


def test_what_was_called_off_is_not_proposed_again_for_that_time(care: Care) -> None:
    care.add(counts_from=care.now - timedelta(days=26))
    care.plan()
    work = care.work()

    downtime.cancel_maintenance(maintenance_id=work.id, actor=care.manager, now=care.now)

    assert care.plan() == 0
    assert care.plan(work.to_at) == 1


def test_work_that_ends_early_is_done_and_gives_its_time_back(care: Care) -> None:
    care.add(counts_from=care.now - timedelta(days=26))
    care.plan()
    work = care.work()
    half = work.from_at + timedelta(minutes=32)

    downtime.cancel_maintenance(maintenance_id=work.id, actor=care.manager, now=half)

    assert (care.work().state, care.work().to_at) == ("done", work.from_at + timedelta(minutes=35))
    assert db.session.scalars(select(StateInterval.reason)).all() == ["maintenance"]
    assert verify(now=half) == ()


def test_a_schedule_ends_and_takes_its_proposal_back(care: Care) -> None:
    schedule = care.add(counts_from=care.now - timedelta(days=40))
    downtime.end_schedule(schedule_id=schedule, actor=care.manager, now=care.now)
    downtime.end_schedule(schedule_id=schedule, actor=care.manager, now=care.now)

    assert care.plan() == 0
    with pytest.raises(NotFound):
        downtime.end_schedule(schedule_id=999, actor=care.manager, now=care.now)


def test_nothing_is_planned_on_a_machine_that_left(care: Care) -> None:
    care.add(counts_from=care.now - timedelta(days=40))
    with transaction() as session:
        session.get_one(Machine, care.machine_id).retired_at = care.now - timedelta(days=1)

    assert care.plan() == 0


def test_odd_schedules_are_refused_with_all_that_is_odd(care: Care) -> None:
    with pytest.raises(RuleBroken) as refused:
        care.add(every=0, minutes=7, lead_days=61, counts_from=care.now + timedelta(days=1))
    assert [each.code for each in refused.value.problems] == [
        "every_out_of_range", "work_minutes_out_of_range", "lead_days_out_of_range",
        "done_in_the_future",
    ]  # fmt: skip
    with pytest.raises(Malformed):
        care.add(basis="moons")
    with pytest.raises(NotAllowed):
        care.add(actor=care.make.user(Role.OPERATOR, sites=(care.site,)))
