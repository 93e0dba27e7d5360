from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from packhouse.db import db, transaction
from packhouse.domain.slots import BREATHING_MINUTES
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import NotAllowed, NotFound, Stale, WrongState
from packhouse.models.bookings import Booking, Move, never_agreed
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.models.replanning import PlanAnswer, PlanRow, ReplanningPlan
from packhouse.models.waitlist import Offer
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime, replanning, runs, waitlist
from packhouse.services.bookings import Part, Target, Wish
from packhouse.services.replanning import Change, Mark
from packhouse.services.waitlist import Wanted
from tests.factories import Make


class House:
    """Two band sealers; the first has three bookings today, the second one of them at nine."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machines = [make.machine(self.site, code=code) for code in ("M1", "M2")]
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.businesses = [make.business() for _ in range(3)]
        self.producers = [make.producer(each) for each in self.businesses]
        self.products = [make.product(each) for each in self.businesses]
        self.codes = [
            self.book(product, "M1", self.at(hour))
            for product, hour in zip(self.products, (9, 10, 11), strict=True)
        ]
        self.other = self.book(self.products[0], "M2", self.at(9))

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        return self.make.at(hour, minute, days=days)

    def book(self, product: int, machine: str, starts_at: datetime, quantity: int = 400) -> str:
        wish = Wish(product, quantity, machine, starts_at)
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def break_down(self, until: datetime) -> None:
        downtime.report_breakdown(
            machine="M1", reason="breakdown", expected_back_at=until,
            actor=self.operator, now=self.make.now,
        )  # fmt: skip

    def propose(self, **told: int) -> int:
        return replanning.propose(site="PTK", actor=self.operator, now=self.make.now, **told)

    def apply(self, plan: int, key: str | None = None) -> dict[str, object]:
        return replanning.apply_plan(plan_id=plan, actor=self.operator, now=self.make.now, key=key)

    def revised(self, plan: int, change: Change) -> int:
        self.revise(plan, change)
        return plan

    def revise(self, plan: int, change: Change | None = None, version: int | None = None) -> int:
        return replanning.revise(
            plan_id=plan, change=change, version=version, actor=self.operator, now=self.make.now
        )


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def rows(plan: int) -> dict[str, PlanRow]:
    found = db.session.execute(
        select(Booking.code, PlanRow)
        .join(Booking, Booking.id == PlanRow.booking_id)
        .where(PlanRow.plan_id == plan)
    )
    return {each.code: each[1] for each in found}


def booking(code: str) -> Booking:
    db.session.rollback()
    return db.session.scalars(select(Booking).where(Booking.code == code)).one()


def stands(code: str) -> str:
    db.session.rollback()
    return db.session.scalars(
        select(PlanAnswer.state)
        .join(Booking, Booking.id == PlanAnswer.booking_id)
        .where(Booking.code == code)
        .order_by(PlanAnswer.plan_id.desc())
        .limit(1)
    ).one()


def told(code: str) -> set[str]:
    db.session.rollback()
    return set(
        db.session.scalars(
            select(Message.kind)
            .join(Booking, Booking.id == Message.booking_id)
            .where(Booking.code == code, Message.state == "due")
        )
    )


def test_a_plan_gives_everybody_a_time_and_says_why(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()

    found = rows(plan)
    assert set(found) == set(house.codes)
    assert all(each.result == "move" and each.reasons for each in found.values())
    assert [booking(each).state for each in house.codes] == ["displaced"] * 3


def test_applying_moves_all_asks_them_and_clears_the_auditor(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    planned = {code: (row.machine_id, row.starts_at) for code, row in rows(plan).items()}

    answer = house.apply(plan)

    assert answer == {"plan": plan, "state": "applied", "moved": 3, "to_call": 0}
    for code in house.codes:
        moved = booking(code)
        assert (moved.state, moved.machine_id, moved.starts_at) == ("confirmed", *planned[code])
        assert told(code) & {"new_time_asked", "new_time_told"}
        assert stands(code) in {"asked", "informed"}
    assert len(db.session.scalars(select(Move)).all()) == 3
    assert verify(now=house.make.now) == ()


def test_a_second_click_and_a_second_operator_change_nothing_more(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()

    first = house.apply(plan, key="kunci")

    assert house.apply(plan, key="kunci") == first
    other = house.make.user(Role.OPERATOR, sites=(house.site,))
    assert replanning.apply_plan(plan_id=plan, actor=other, now=house.make.now) == first
    assert len(db.session.scalars(select(Move)).all()) == 3


def test_a_plan_that_was_overtaken_is_refused_whole_with_what_changed(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    bookings.move(
        code=house.codes[1], target=Target(house.at(8, days=2)), actor=house.producers[1],
        now=house.make.now,
    )  # fmt: skip

    with pytest.raises(Stale) as refused:
        house.apply(plan)

    assert [each.facts.get("code") for each in refused.value.problems] == [None, house.codes[1]]
    assert booking(house.codes[0]).state == "displaced"
    house.revise(plan)
    assert house.apply(plan)["moved"] == 2
    assert verify(now=house.make.now) == ()


def test_a_plan_whose_time_was_taken_by_somebody_else_is_refused_whole(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    row = rows(plan)[house.codes[0]]
    machine = db.session.get_one(Machine, row.machine_id).code
    assert row.starts_at is not None
    house.book(house.products[2], machine, row.starts_at, quantity=15)

    with pytest.raises(Stale):
        house.apply(plan)

    assert {booking(each).state for each in house.codes} == {"displaced"}


def test_a_time_that_only_the_database_knows_to_be_taken_refuses_the_plan(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    with transaction() as session:
        row = session.scalars(select(PlanRow).order_by(PlanRow.position)).first()
        assert row is not None
        assert row.starts_at is not None
        held = session.scalar(select(Booking.occupation_id).where(Booking.code == house.other))
        session.execute(
            text("INSERT INTO claims (machine_id, slot, occupation_id) VALUES (:on, :slot, :held)"),
            {"on": row.machine_id, "slot": int(row.starts_at.timestamp()) // 300, "held": held},
        )
        code = session.get_one(Booking, row.booking_id).code

    with pytest.raises(Stale) as refused:
        house.apply(plan)

    assert [each.code for each in refused.value.problems] == ["plan_outdated", "slot_taken"]
    assert refused.value.problems[1].facts["code"] == code


def test_the_operator_pins_rules_out_and_calls(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    first, second, third = house.codes

    house.revise(plan, Change(first, Mark.PIN, "M2", house.at(14, days=2)))
    house.revise(plan, Change(second, Mark.EXCLUDE_MACHINE, "M2", house.at(10)))
    version = house.revise(plan, Change(third, Mark.CALL))

    found = rows(plan)
    assert (version, found[first].starts_at) == (4, house.at(14, days=2))
    assert found[second].machine_id == house.machines[0]
    assert (found[third].result, found[third].reasons) == ("call", ["asked_to_call"])
    with pytest.raises(Stale):
        house.revise(plan, version=2)
    house.revise(plan, Change(third, Mark.CLEAR))
    assert rows(plan)[third].result == "move"


def test_who_has_no_time_is_called_and_keeps_her_place(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    house.revise(plan, Change(house.codes[2], Mark.CALL))
    house.apply(plan)

    assert booking(house.codes[2]).state == "displaced"
    assert stands(house.codes[2]) == "to_call"
    with pytest.raises(WrongState):
        replanning.note_call(
            code=house.codes[2], result="agreed", actor=house.operator, now=house.make.now
        )
    assert set(rows(house.propose())) == {house.codes[2]}


def test_a_small_shift_is_told_and_a_large_one_asked(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    first, second, _ = house.codes
    house.revise(plan, Change(first, Mark.PIN, "M2", house.at(13, days=3)))
    house.revise(plan, Change(second, Mark.PIN, "M2", house.at(10, 15)))
    house.apply(plan)

    assert (stands(first), stands(second)) == ("asked", "informed")


def test_she_accepts_declines_or_wants_a_call(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    house.apply(plan)
    now = house.make.now

    for code, answer, whose in zip(
        house.codes, ("accept", "decline", "call"), house.producers, strict=True
    ):
        replanning.answer(code=code, answer=answer, actor=whose, now=now)
        replanning.answer(code=code, answer=answer, actor=whose, now=now)

    assert [stands(each) for each in house.codes] == ["accepted", "declined", "call_wanted"]
    declined = booking(house.codes[1])
    assert declined.state == "displaced"
    with pytest.raises(WrongState):
        replanning.answer(code=house.codes[1], answer="accept", actor=house.producers[1], now=now)
    bookings.cancel(code=house.codes[1], actor=house.producers[1], now=now)
    assert not booking(house.codes[1]).cancelled_late
    replanning.note_call(code=house.codes[2], result="agreed", actor=house.operator, now=now)
    assert stands(house.codes[2]) == "called"
    assert verify(now=now) == ()


def test_a_time_she_never_agreed_to_is_no_promise_of_hers(house: House) -> None:
    house.break_down(house.at(16))
    house.apply(house.propose())
    first, second, _ = house.codes

    bookings.cancel(code=first, actor=house.producers[0], now=house.make.now)
    start = booking(second).starts_at
    runs.no_show(code=second, actor=house.operator, now=start + timedelta(hours=1))

    assert not booking(first).cancelled_late
    with transaction() as session:
        missed = session.scalars(
            select(Booking.id).where(Booking.state == "no_show", ~never_agreed())
        ).all()
    assert missed == []


def test_who_lost_her_time_comes_before_the_waitlist(house: House) -> None:
    other, now = house.make.business(), house.make.now
    whole = house.book(house.products[0], "M2", house.at(8, days=1), quantity=5000)
    wanted = Wanted(house.make.product(other), 4000, house.at(7, days=1), house.at(16, days=1))
    waitlist.enter(wanted=wanted, actor=house.make.producer(other), now=now)
    house.break_down(house.at(16))
    house.apply(house.revised(house.propose(), Change(house.codes[0], Mark.CALL)))
    bookings.cancel(code=whole, actor=house.operator, now=now)

    def offers(at: datetime) -> int:
        while waitlist.promote(actor=SYSTEM, now=at):
            pass
        db.session.rollback()
        return len(db.session.scalars(select(Offer)).all())

    assert offers(now) == 0
    assert offers(now + timedelta(hours=24, minutes=1)) == 1


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ("DELETE FROM plan_answers", "nobody who lost her time is forgotten"),
        (
            "UPDATE plan_rows SET starts_at = starts_at + 300",
            "an applied plan stands as it was written, or was changed since",
        ),
    ],
)
def test_the_auditor_finds_who_is_forgotten_and_what_stands_elsewhere(
    house: House, broken: str, rule: str
) -> None:
    house.break_down(house.at(16))
    house.apply(house.propose())
    assert verify(now=house.make.now) == ()

    with transaction() as session:
        session.execute(text(broken))

    assert [each.rule for each in verify(now=house.make.now)] == [rule]


def test_others_neither_apply_nor_answer(house: House) -> None:
    house.break_down(house.at(16))
    plan = house.propose()
    stranger, now = house.make.user(Role.OPERATOR, sites=(house.make.site(),)), house.make.now

    with pytest.raises(NotFound):
        replanning.apply_plan(plan_id=plan, actor=stranger, now=now)
    with pytest.raises(NotFound):
        replanning.revise(plan_id=plan, actor=stranger, now=now)
    with pytest.raises(NotAllowed):
        replanning.propose(site="PTK", actor=stranger, now=now)
    house.apply(plan)
    with pytest.raises(NotFound):
        replanning.answer(code=house.codes[0], answer="accept", actor=house.producers[1], now=now)


def test_work_over_bookings_takes_its_time_when_the_plan_is_applied(house: House) -> None:
    manager = house.make.user(Role.MANAGER, sites=(house.site,))
    work = downtime.plan_maintenance(
        machine="M1", from_at=house.at(9), to_at=house.at(12), reason="maintenance",
        actor=manager, now=house.make.now,
    )  # fmt: skip
    plan = house.propose(maintenance_id=work.id)
    assert set(rows(plan)) == set(house.codes)

    house.apply(plan)

    assert {booking(each).state for each in house.codes} == {"confirmed"}
    assert db.session.get_one(ReplanningPlan, plan).cause == "maintenance"
    assert verify(now=house.make.now) == ()


def test_a_closed_day_is_re_planned_like_a_breakdown(house: House) -> None:
    far = house.book(house.products[0], "M1", house.at(9, days=2))
    house.make.closure(house.site, house.at(9, days=2).date())
    plan = house.propose()
    assert set(rows(plan)) == {far}

    house.apply(plan)

    assert booking(far).starts_at.date() != house.at(9, days=2).date()
    assert verify(now=house.make.now) == ()


def test_steps_of_one_job_stay_in_their_order(house: House) -> None:
    house.make.machine(house.site, code="C1", kind="coder")
    made = bookings.book_job(
        product_id=house.products[0], quantity=300,
        parts=[Part("M2", house.at(9, days=2), 300), Part("C1", house.at(10, days=2), 300)],
        actor=house.operator, now=house.make.now,
    )  # fmt: skip
    house.make.closure(house.site, house.at(9, days=2).date())
    plan = house.propose()

    assert house.apply(plan)["moved"] == 2
    first, second = (booking(each["code"]) for each in made["bookings"])
    assert second.starts_at >= first.ends_at + timedelta(minutes=BREATHING_MINUTES)
    assert verify(now=house.make.now) == ()


def test_nobody_pays_more_because_the_house_moved_her(house: House) -> None:
    dear = house.make.machine(house.site, code="M3", tariff=90_000)
    before = booking(house.codes[0]).price
    house.break_down(house.at(16))
    plan = house.propose()
    house.revise(plan, Change(house.codes[0], Mark.PIN, "M3", house.at(9)))
    house.apply(plan)

    moved = booking(house.codes[0])
    assert (moved.machine_id, moved.price <= before) == (dear, True)
    assert verify(now=house.make.now) == ()
