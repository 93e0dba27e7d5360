from datetime import timedelta

import pytest
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import (
    Malformed,
    NotAllowed,
    NotFound,
    RuleBroken,
    SlotTaken,
    WrongState,
)
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown, Outage
from packhouse.models.machines import Machine
from packhouse.models.runs import StateInterval
from packhouse.models.slots import Occupation
from packhouse.queries.audit import verify
from packhouse.queries.runs import day_board
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.services.test_runs import Floor, state_of


@pytest.fixture
def floor(make: Make) -> Floor:
    floor = Floor(make)
    make.machine(floor.site, code="M4")
    by_hand = make.machine(floor.site, code="M5")
    downtime.set_utilities(
        machine="M5", utilities=[], actor=make.user(Role.MANAGER, sites=(floor.site,)), now=make.now
    )
    assert by_hand
    return floor


def out(
    floor: Floor, hour: int, until: int, *, begin: int | None = None, utility: str = "electricity"
) -> downtime.Down:
    return downtime.report_outage(
        site="PTK", utility=utility, until=floor.at(until), actor=floor.operator,
        now=floor.at(hour), from_at=floor.at(begin) if begin else None,
    )  # fmt: skip


def follow(floor: Floor, hour: int, minute: int = 0) -> None:
    now = floor.at(hour, minute)
    downtime.follow_outages(actor=SYSTEM, now=now)
    downtime.release_past(actor=SYSTEM, now=now)


def down() -> dict[str, str]:
    rows = db.session.execute(
        select(Breakdown.machine_id, Breakdown.reason).where(Breakdown.ended_at.is_(None))
    )
    return {str(row.machine_id): row.reason for row in rows}


def book(floor: Floor, machine: str, hour: int, minute: int = 0) -> str:
    wish = Wish(floor.product, 100, machine, floor.at(hour, minute))
    return str(bookings.book(wish=wish, actor=floor.operator, now=floor.make.now)["code"])


def reasons() -> list[str]:
    return list(db.session.scalars(select(StateInterval.reason).order_by(StateInterval.id)))


def test_one_command_takes_all_machines_that_need_what_is_out(floor: Floor) -> None:
    other = book(floor, "M4", 10)
    by_hand = book(floor, "M5", 10)

    told = out(floor, 8, 12)

    assert told.machines == ("M3", "M4")
    assert sorted(each.code for each in told.affected) == sorted([floor.code, other])
    assert (state_of(floor.code), state_of(other), state_of(by_hand)) == (
        "displaced", "displaced", "confirmed",
    )  # fmt: skip
    assert reasons() == ["power_outage", "power_outage"]
    for machine in ("M3", "M4"):
        with pytest.raises(SlotTaken):
            book(floor, machine, 9)
    assert verify(now=floor.at(8)) == ()


def test_one_command_ends_it_and_gives_the_time_back(floor: Floor) -> None:
    told = out(floor, 8, 15)

    ended = downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(9, 2))

    assert ended.machines == ("M3", "M4")
    assert down() == {}
    assert book(floor, "M3", 9, 10)
    assert set(db.session.scalars(select(StateInterval.ends_at))) == {floor.at(9, 2)}
    with pytest.raises(WrongState):
        downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(9, 3))
    assert verify(now=floor.at(9, 5)) == ()


def test_an_outage_interrupts_a_run_which_goes_on_afterwards(floor: Floor) -> None:
    floor.start(floor.at(9))
    told = out(floor, 9, 12)
    with pytest.raises(WrongState):
        runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 5))
    downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(9, 20))
    runs.resume(code=floor.code, actor=floor.operator, now=floor.at(9, 22))
    floor.finish(floor.at(9, 50))

    assert "power_outage" in reasons()
    assert reasons()[-2:] == ["no_operator", "running"]
    assert verify(now=floor.at(10)) == ()


def test_an_announced_outage_takes_its_time_begins_and_ends_by_itself(floor: Floor) -> None:
    early = book(floor, "M4", 8)
    assert [each.code for each in out(floor, 8, 12, begin=9).affected] == [floor.code]

    assert down() == {}
    assert state_of(early) == "confirmed"
    lost = select(Booking.reason).where(Booking.code == floor.code)
    assert db.session.scalar(lost) == "power_outage"
    with pytest.raises(SlotTaken):
        book(floor, "M3", 10)
    assert book(floor, "M3", 13)
    follow(floor, 9)
    assert set(down().values()) == {"power_outage"}
    follow(floor, 12)
    assert down() == {}
    assert reasons() == ["power_outage", "power_outage"]
    assert set(db.session.scalars(select(Occupation.status).where(
        Occupation.kind == "breakdown"))) == {"done"}  # fmt: skip
    assert verify(now=floor.at(12)) == ()


def test_an_outage_that_was_told_lasts_until_somebody_ends_it(floor: Floor) -> None:
    out(floor, 8, 9)
    assert state_of(floor.code) == "confirmed"

    follow(floor, 9, 1)

    assert state_of(floor.code) == "displaced"
    assert db.session.scalars(select(Outage.to_at)).one() == floor.at(10, 5)
    assert len(down()) == 2


def test_an_announced_outage_that_does_not_come_is_called_off(floor: Floor) -> None:
    told = out(floor, 8, 12, begin=10)

    downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(8, 30))
    follow(floor, 10)

    assert down() == {}
    assert book(floor, "M3", 10, 30)


def test_a_broken_machine_stays_broken_after_the_outage(floor: Floor) -> None:
    downtime.report_breakdown(
        machine="M3", reason="waiting_parts", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(8),
    )  # fmt: skip
    told = out(floor, 9, 15)
    downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(10))

    assert list(down().values()) == ["waiting_parts"]
    with pytest.raises(SlotTaken):
        book(floor, "M3", 13)
    assert book(floor, "M3", 14, 10)


def test_a_machine_repaired_during_an_outage_waits_for_its_end(floor: Floor) -> None:
    out(floor, 8, 12)
    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=floor.at(15),
        actor=floor.operator, now=floor.at(9),
    )  # fmt: skip

    downtime.repair(machine="M3", actor=floor.operator, now=floor.at(10))

    assert set(down().values()) == {"power_outage"}
    with pytest.raises(SlotTaken):
        book(floor, "M3", 11)
    assert book(floor, "M3", 13)
    with pytest.raises(WrongState):
        downtime.repair(machine="M3", actor=floor.operator, now=floor.at(10, 5))
    assert verify(now=floor.at(10, 5)) == ()


def test_telling_again_changes_the_end_and_gives_time_back(floor: Floor) -> None:
    first = out(floor, 8, 14)

    again = out(floor, 9, 11)

    assert again.id == first.id
    assert book(floor, "M4", 11, 30)
    assert db.session.scalars(select(Outage.to_at)).one() == floor.at(11)


def test_one_that_comes_before_it_was_announced_is_one_outage(floor: Floor) -> None:
    out(floor, 8, 12, begin=10)
    out(floor, 9, 10)
    follow(floor, 10)

    assert len(down()) == 2
    assert db.session.scalars(select(Outage.to_at).where(Outage.ended_at.is_(None))).one() == (
        floor.at(12)
    )


def test_two_outages_at_once_both_must_end(floor: Floor) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    downtime.set_utilities(
        machine="M3", utilities=["electricity", "water"], actor=manager, now=floor.make.now
    )
    power, water = out(floor, 8, 12), out(floor, 8, 11, utility="water")

    downtime.end_outage(outage_id=power.id, actor=floor.operator, now=floor.at(9))
    assert list(down().values()) == ["utility_outage"]
    with pytest.raises(SlotTaken):
        book(floor, "M3", 10)
    downtime.end_outage(outage_id=water.id, actor=floor.operator, now=floor.at(9, 30))

    assert down() == {}
    assert reasons() == ["power_outage", "power_outage", "utility_outage"]


def test_who_says_that_a_machine_needs_no_power_has_it_back(floor: Floor) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    out(floor, 8, 12)

    downtime.set_utilities(machine="M3", utilities=["gas"], actor=manager, now=floor.at(9))

    assert len(down()) == 1
    assert book(floor, "M3", 10)


def test_a_machine_that_comes_or_leaves_in_the_dark_is_caught_up_with(floor: Floor) -> None:
    told = out(floor, 8, 12)
    new = floor.make.machine(floor.site, code="M6")
    with transaction() as session:
        session.get_one(Machine, floor.machine_id).retired_at = floor.at(9)

    downtime.follow_outages(actor=SYSTEM, now=floor.at(9, 1))
    assert down()[str(new)] == "power_outage"
    assert verify(now=floor.at(9, 1)) == ()
    downtime.end_outage(outage_id=told.id, actor=floor.operator, now=floor.at(10))
    downtime.follow_outages(actor=SYSTEM, now=floor.at(10, 1))

    assert down() == {}
    assert downtime.follow_outages(actor=SYSTEM, now=floor.at(10, 2)) == 0


def test_wrong_outages_are_refused(floor: Floor) -> None:
    producer = floor.make.producer(floor.business)
    stranger = floor.make.user(Role.OPERATOR, sites=(floor.make.site(code="SKW"),))
    late = floor.at(8) + timedelta(days=90)
    for site, utility, until, actor, error in (
        ("PTK", "coffee", floor.at(11), floor.operator, Malformed),
        ("PTK", "water", floor.at(7), floor.operator, RuleBroken),
        ("PTK", "water", late, floor.operator, RuleBroken),
        ("PTK", "water", floor.at(11), producer, NotAllowed),
        ("PTK", "water", floor.at(11), stranger, NotAllowed),
        ("XXX", "water", floor.at(11), floor.operator, NotFound),
    ):
        with pytest.raises(error):
            downtime.report_outage(
                site=site, utility=utility, until=until, actor=actor, now=floor.at(8)
            )
    told = out(floor, 8, 12)
    with pytest.raises(NotFound):
        downtime.end_outage(outage_id=told.id, actor=stranger, now=floor.at(9))
    with pytest.raises(Malformed):
        downtime.set_utilities(machine="M3", utilities=["coffee"], actor=SYSTEM, now=floor.at(9))


def test_the_board_says_why_a_machine_will_be_down(floor: Floor) -> None:
    out(floor, 8, 12, begin=10)
    downtime.report_breakdown(
        machine="M5", reason="breakdown", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(8),
    )  # fmt: skip

    board = day_board(
        site_id=floor.site, day=floor.at(8).date(), now=floor.at(8, 5), actor=floor.operator
    )

    why = {each.code: [block.reason for block in each.blocks] for each in board.machines}
    assert why == {"M3": ["power_outage"], "M4": ["power_outage"], "M5": [""]}
