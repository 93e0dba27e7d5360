from datetime import timedelta

import pytest
from sqlalchemy import select, text

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, NotAllowed, RuleBroken, SlotTaken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Maintenance
from packhouse.models.reminders import Message
from packhouse.models.runs import StateInterval
from packhouse.models.slots import Occupation
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime, runs, waitlist
from packhouse.services.bookings import Target, Wish
from packhouse.services.waitlist import Wanted
from tests.factories import Make
from tests.services.test_runs import Floor, state_of


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def broken(floor: Floor, hour: int, until: int) -> tuple[downtime.Affected, ...]:
    return downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(until),
        actor=floor.operator, now=floor.at(hour),
    )  # fmt: skip


def states() -> list[str]:
    return list(db.session.scalars(select(StateInterval.reason).order_by(StateInterval.starts_at)))


def test_a_breakdown_displaces_whom_it_hits_and_tells_them(floor: Floor) -> None:
    floor.make.producer(floor.business)
    later = floor.book(floor.at(14))

    affected = broken(floor, 8, until=11)

    assert [each.code for each in affected] == [floor.code]
    assert (state_of(floor.code), state_of(later)) == ("displaced", "confirmed")
    assert "booking_displaced" in set(db.session.scalars(select(Message.kind)))
    with pytest.raises(SlotTaken):
        floor.book(floor.at(9))


def test_a_breakdown_does_not_run_into_the_cleaning_of_who_comes_after_it(make: Make) -> None:
    """Without the middle one the last needs a fuller clean, which reaches into the lost time."""
    make.machine(make.site(code="PTK"), code="M3")
    business = make.business()
    fish, plain = make.product(business, allergens=["fish"]), make.product(business)
    operator = make.user(Role.MANAGER, sites=(1,))
    times = ((fish, make.at(8)), (plain, make.at(10)), (plain, make.at(10, 35)))
    codes = [
        bookings.book(wish=Wish(each, 150, "M3", at), actor=operator, now=make.now)["code"]
        for each, at in times
    ]

    affected = downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=make.at(10, 30),
        actor=operator, now=make.at(9),
    )  # fmt: skip

    assert [each.code for each in affected] == [codes[1]]
    assert state_of(codes[2]) == "confirmed"
    assert verify(now=make.at(9)) == ()


def test_a_displaced_booking_moves_back_to_confirmed_with_its_code(floor: Floor) -> None:
    producer = floor.make.producer(floor.business)
    broken(floor, 8, until=11)

    moved = bookings.move(
        code=floor.code, target=Target(floor.at(14)), actor=producer, now=floor.make.now
    )

    assert (moved["code"], moved["state"]) == (floor.code, "confirmed")


def test_a_repair_frees_the_machine_and_ends_the_state(floor: Floor) -> None:
    broken(floor, 8, until=15)
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(9, 2))

    assert floor.book(floor.at(9, 10))
    interval = db.session.scalars(select(StateInterval)).one()
    assert (interval.reason, interval.ends_at) == ("breakdown", floor.at(9, 2))
    with pytest.raises(WrongState):
        downtime.repair(machine="M3", actor=floor.operator, now=floor.at(9, 3))


def test_a_run_that_breaks_goes_on_after_the_repair(floor: Floor) -> None:
    floor.start(floor.at(9))
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(9, 30),
        actor=floor.operator, now=floor.at(9, 15),
    )  # fmt: skip
    with pytest.raises(WrongState):
        runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 16))
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(9, 20))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 22))
    floor.finish(floor.at(9, 50))

    assert states() == ["setup", "running", "breakdown", "no_operator", "running"]
    assert all(db.session.scalars(select(StateInterval.run_id)))


def test_what_an_interrupted_run_leaves_is_nobodys_while_the_machine_is_broken(
    floor: Floor,
) -> None:
    floor.start(floor.at(9))
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(9, 10),
    )  # fmt: skip

    floor.finish(floor.at(9, 15))

    with pytest.raises((SlotTaken, RuleBroken)):
        floor.book(floor.at(9, 25))
    assert not verify(now=floor.at(9, 15))
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(9, 20))
    assert floor.book(floor.at(9, 25))


def test_nothing_starts_on_a_broken_machine(floor: Floor) -> None:
    later = floor.book(floor.at(14))
    broken(floor, 8, until=11)

    with pytest.raises(WrongState) as refused:
        runs.start(code=later, actor=floor.operator, now=floor.at(13, 50))

    assert refused.value.problems[0].code == "machine_broken"


def test_saying_another_time_moves_the_block(floor: Floor) -> None:
    broken(floor, 8, until=9)
    assert broken(floor, 8, until=10)
    later = floor.book(floor.at(14))

    affected = broken(floor, 10, until=15)

    assert [each.code for each in affected] == [later]
    assert len(states()) == 1


def test_a_breakdown_that_outlasts_its_time_keeps_the_machine(floor: Floor) -> None:
    assert broken(floor, 8, until=9) == ()

    downtime.release_past(actor=SYSTEM, now=floor.at(9, 1))

    assert state_of(floor.code) == "displaced"
    assert states() == ["breakdown"]


def planned(floor: Floor, start: int, end: int) -> downtime.Planned:
    return downtime.plan_maintenance(
        machine="M3", from_at=floor.at(start), to_at=floor.at(end), reason="maintenance",
        actor=floor.make.user(Role.MANAGER, sites=(floor.site,)), now=floor.make.now,
    )  # fmt: skip


def test_maintenance_takes_free_time_and_gives_it_back(floor: Floor) -> None:
    work = planned(floor, 13, 14)

    assert (work.state, work.in_the_way) == ("taken", ())
    with pytest.raises(SlotTaken):
        floor.book(floor.at(13, 30))
    downtime.cancel_maintenance(maintenance_id=work.id, actor=SYSTEM, now=floor.make.now)
    assert floor.book(floor.at(13, 30))


def test_maintenance_over_bookings_is_proposed_and_taken_once_they_are_gone(floor: Floor) -> None:
    work = planned(floor, 9, 11)

    assert (work.state, [each.code for each in work.in_the_way]) == ("proposed", [floor.code])
    assert state_of(floor.code) == "confirmed"
    with pytest.raises(RuleBroken) as refused:
        downtime.claim_maintenance(maintenance_id=work.id, actor=SYSTEM, now=floor.make.now)
    assert [each.facts["code"] for each in refused.value.problems] == [floor.code]

    bookings.move(code=floor.code, target=Target(floor.at(14)), actor=SYSTEM, now=floor.make.now)
    downtime.claim_maintenance(maintenance_id=work.id, actor=SYSTEM, now=floor.make.now)

    with pytest.raises(SlotTaken):
        floor.book(floor.at(10))
    with pytest.raises(WrongState):
        downtime.claim_maintenance(maintenance_id=work.id, actor=SYSTEM, now=floor.make.now)


def test_a_proposal_that_nobody_decides_lapses_when_its_time_comes(floor: Floor) -> None:
    planned(floor, 9, 11)

    assert downtime.release_past(actor=SYSTEM, now=floor.at(9, 1)) == 1

    assert db.session.scalars(select(Maintenance.state)).one() == "cancelled"
    assert state_of(floor.code) == "confirmed"


def test_planned_work_becomes_a_state_once_it_is_over(floor: Floor) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    downtime.plan_maintenance(
        machine="M3", from_at=floor.at(13), to_at=floor.at(14), reason="maintenance",
        actor=manager, now=floor.make.now,
    )  # fmt: skip

    assert downtime.release_past(actor=SYSTEM, now=floor.at(14)) == 1
    assert downtime.release_past(actor=SYSTEM, now=floor.at(14)) == 0

    assert floor.states() == [("maintenance", floor.at(13), floor.at(14), False)]
    assert set(db.session.scalars(select(Occupation.status))) == {"live", "done"}


def test_a_machine_breaks_across_planned_work_and_stays_kept_when_it_outlasts_it(
    floor: Floor,
) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    downtime.plan_maintenance(
        machine="M3", from_at=floor.at(11), to_at=floor.at(12), reason="maintenance",
        actor=manager, now=floor.make.now,
    )  # fmt: skip

    broken(floor, 8, until=13)
    for hour in (11, 12, 13):
        downtime.release_past(actor=SYSTEM, now=floor.at(hour))

    with pytest.raises(SlotTaken):
        floor.book(floor.at(13, 30))
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(13, 20))
    assert floor.book(floor.at(13, 20))
    assert not verify(now=floor.at(13, 30))


def test_wrong_reports_are_refused_and_change_nothing(floor: Floor) -> None:
    producer = floor.make.producer(floor.business)
    for reason, back, actor, error in (
        ("coffee", floor.at(11), floor.operator, Malformed),
        ("breakdown", floor.at(7), floor.operator, RuleBroken),
        ("breakdown", floor.at(8) + timedelta(days=90), floor.operator, RuleBroken),
        ("breakdown", floor.at(11), producer, NotAllowed),
    ):
        with pytest.raises(error):
            downtime.report_breakdown(
                machine="M3", reason=reason, expected_back_at=back, actor=actor, now=floor.at(8)
            )

    assert db.session.scalars(select(Booking.state)).one() == "confirmed"
    assert states() == []


def test_a_plan_that_takes_the_closing_clean_is_refused(floor: Floor) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    floor.book(floor.at(14, 55))

    with pytest.raises(RuleBroken) as refused:
        downtime.plan_maintenance(
            machine="M3", from_at=floor.at(15, 40), to_at=floor.at(16), reason="maintenance",
            actor=manager, now=floor.make.now,
        )  # fmt: skip

    assert [each.code for each in refused.value.problems] == ["cleaning_in_the_way"]


def test_planned_work_may_be_done_while_the_machine_is_broken(floor: Floor) -> None:
    broken(floor, 8, until=14)

    work = planned(floor, 11, 12)

    assert work.state == "taken"
    assert verify(now=floor.at(8)) == ()
    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(10))
    assert floor.book(floor.at(13, 5))
    with pytest.raises(SlotTaken):
        floor.book(floor.at(11, 10))


def test_an_offer_of_the_waitlist_gives_way_to_planned_work(floor: Floor) -> None:
    wanted = Wanted(floor.product, 400, floor.at(13), floor.at(15))
    producer = floor.make.producer(floor.business)
    waitlist.enter(wanted=wanted, actor=producer, now=floor.make.now)
    waitlist.look_around(actor=SYSTEM, now=floor.make.now)
    assert waitlist.promote(actor=SYSTEM, now=floor.make.now)

    work = planned(floor, 13, 15)

    assert work.state == "taken"
    assert "offer_withdrawn" in set(db.session.scalars(select(Message.kind)))
    assert verify(now=floor.make.now) == ()


@pytest.mark.parametrize(
    ("wrong", "rule_name"),
    [
        (
            "UPDATE maintenances SET to_at = to_at + 300",
            "planned work holds its time exactly while it is taken",
        ),
        (
            "UPDATE breakdowns SET ended_at = started_at + 60",
            "machines are down while an outage is on, and no longer",
        ),
        (
            "UPDATE outages SET ended_at = from_at",
            "machines are down while an outage is on, and no longer",
        ),
    ],
)
def test_the_auditor_names_downtime_that_is_not_kept(
    floor: Floor, wrong: str, rule_name: str
) -> None:
    planned(floor, 13, 14)
    downtime.report_outage(
        site="PTK", utility="electricity", until=floor.at(10), actor=floor.operator,
        now=floor.at(8),
    )  # fmt: skip
    assert verify(now=floor.at(8)) == ()

    with transaction() as session:
        session.execute(text(wrong))

    assert rule_name in {finding.rule for finding in verify(now=floor.at(8))}
