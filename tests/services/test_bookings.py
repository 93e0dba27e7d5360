from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.domain.bookings import State
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import (
    KeyReused,
    NotAllowed,
    NotFound,
    RuleBroken,
    SlotTaken,
    Stale,
    WrongState,
)
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking, Job, Move
from packhouse.models.reminders import Message
from packhouse.models.slots import Claim, Occupation
from packhouse.services import bookings
from packhouse.services.bookings import Target, Wish
from tests.factories import Make


class House:
    """One machine, one producer with a plain and a fishy product, one operator and manager."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine_id = make.machine(self.site, code="M3", **machine)
        self.business = make.business()
        self.plain = make.product(self.business)
        self.fish = make.product(self.business, allergens=["fish"])
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.manager = make.user(Role.MANAGER, sites=(self.site,))

    def book(
        self,
        starts_at: datetime,
        *,
        product: int | None = None,
        quantity: int = 400,
        actor: Actor | None = None,
        key: str | None = None,
        machine: str = "M3",
    ) -> dict[str, Any]:
        wish = Wish(product or self.plain, quantity, machine, starts_at)
        return bookings.book(wish=wish, actor=actor or self.producer, now=self.make.now, key=key)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def booking(code: str) -> Booking:
    return db.session.scalars(select(Booking).where(Booking.code == code)).one()


def occupied_from(code: str) -> datetime:
    return db.session.scalars(
        select(Occupation.from_at)
        .join(Booking, Booking.occupation_id == Occupation.id)
        .where(Booking.code == code)
    ).one()


def claims() -> int:
    return db.session.scalars(select(func.count()).select_from(Claim)).one()


def test_booking_answers_with_phases_price_and_times_in_the_sites_zone(house: House) -> None:
    answer = house.book(house.make.at(8))

    assert answer["state"] == "confirmed"
    assert answer["starts_at"] == "2026-11-26T08:00:00+07:00"
    # 10 minutes of setup and ceil(400 / 15) = 27 of run, rounded up to the grid: 40 minutes.
    assert answer["ends_at"] == "2026-11-26T08:40:00+07:00"
    assert answer["occupied_from"] == answer["starts_at"]
    assert {phase["phase"]: phase["minutes"] for phase in answer["phases"]} == {
        "changeover": 0, "setup": 10, "run": 30, "break": 0, "closing_clean": 15,
    }  # fmt: skip
    assert answer["price"] == 10_000
    assert claims() == 8


def test_a_booking_writes_its_audit_entry_and_its_messages_with_it(house: House) -> None:
    answer = house.book(house.make.at(8))

    actions = db.session.scalars(select(AuditEntry.action)).all()
    kinds = set(db.session.scalars(select(Message.kind)))
    assert actions == ["booking:create"]
    assert {"booking_confirmed", "reminder_1_day", "reminder_2_hours"} <= kinds
    assert booking(answer["code"]).state == State.CONFIRMED


def test_a_taken_time_is_refused_and_changes_nothing(house: House) -> None:
    house.book(house.make.at(8))

    with pytest.raises(SlotTaken):
        house.book(house.make.at(8, 20))

    assert db.session.scalars(select(func.count()).select_from(Job)).one() == 1
    assert claims() == 8


def test_a_retried_command_gives_the_same_answer_and_books_once(house: House) -> None:
    first = house.book(house.make.at(8), key="abc")
    second = house.book(house.make.at(8), key="abc")

    assert second == first
    assert db.session.scalars(select(func.count()).select_from(Booking)).one() == 1


def test_a_key_that_comes_back_with_another_command_is_refused(house: House) -> None:
    house.book(house.make.at(8), key="abc")

    with pytest.raises(KeyReused):
        house.book(house.make.at(10), key="abc")


def test_all_broken_rules_are_listed_at_once(house: House) -> None:
    with pytest.raises(RuleBroken) as refused:
        house.book(house.make.at(3, 2, days=-1))

    codes = {problem.code for problem in refused.value.problems}
    assert {"in_the_past", "off_grid", "outside_hours"} <= codes


def test_foreign_products_and_unknown_machines_are_not_found(house: House) -> None:
    stranger = house.make.producer()

    with pytest.raises(NotFound):
        house.book(house.make.at(8), actor=stranger)
    with pytest.raises(NotFound):
        house.book(house.make.at(8), machine="nowhere")


def test_the_house_cleans_before_a_booking_as_the_one_before_it_demands(house: House) -> None:
    house.book(house.make.at(8), product=house.fish)
    answer = house.book(house.make.at(9), product=house.plain)

    # Fish before plain: the full clean, 15 minutes.
    assert answer["occupied_from"] == "2026-11-26T08:45:00+07:00"
    assert answer["phases"][0] == {"phase": "changeover", "minutes": 15, "level": 3}


def test_a_booking_between_two_others_changes_the_cleaning_of_the_one_behind(
    house: House,
) -> None:
    first = house.book(house.make.at(8))
    last = house.book(house.make.at(10))
    assert occupied_from(last["code"]) == house.make.at(9, 55)

    middle = house.book(house.make.at(8, 50), product=house.fish)

    assert occupied_from(last["code"]) == house.make.at(9, 45)
    assert booking(last["code"]).starts_at == house.make.at(10)
    assert booking(last["code"]).cleaning_level == 3
    bookings.cancel(code=middle["code"], actor=house.producer, now=house.make.now)
    assert occupied_from(last["code"]) == house.make.at(9, 55)
    assert booking(last["code"]).cleaning_level == 1
    assert booking(first["code"]).state == State.CONFIRMED


def test_a_gap_too_short_for_the_cleaning_behind_is_refused(house: House) -> None:
    house.book(house.make.at(9))

    with pytest.raises(RuleBroken) as refused:
        house.book(house.make.at(8, 10), product=house.fish)

    assert [problem.code for problem in refused.value.problems] == ["cleaning_after_missing"]


def test_a_cancelled_time_can_be_booked_by_another_at_once(house: House) -> None:
    answer = house.book(house.make.at(8))

    bookings.cancel(code=answer["code"], actor=house.producer, now=house.make.now)

    assert claims() == 0
    assert house.book(house.make.at(8))["state"] == "confirmed"
    assert bookings.cancel(code=answer["code"], actor=house.producer, now=house.make.now)


def test_cancelling_inside_the_window_counts_as_late(house: House) -> None:
    early = house.book(house.make.at(8))
    late = house.book(house.make.at(8, days=1))

    for code in (early["code"], late["code"]):
        bookings.cancel(code=code, actor=house.producer, now=house.make.now + timedelta(hours=10))

    assert not booking(early["code"]).cancelled_late
    assert booking(late["code"]).cancelled_late


def test_a_move_keeps_the_code_links_old_and_new_and_frees_the_old_time(house: House) -> None:
    answer = house.book(house.make.at(8))

    moved = bookings.move(
        code=answer["code"], target=Target(house.make.at(8, 10)), actor=house.producer,
        now=house.make.now,
    )  # fmt: skip

    assert moved["code"] == answer["code"]
    assert moved["starts_at"] == "2026-11-26T08:10:00+07:00"
    assert claims() == 8
    history = db.session.scalars(select(Move)).one()
    assert (history.old_starts_at, history.new_starts_at) == (
        house.make.at(8),
        house.make.at(8, 10),
    )
    assert house.book(house.make.at(10))


def test_a_move_to_a_taken_time_keeps_the_old_booking_as_it_was(house: House) -> None:
    house.book(house.make.at(8))
    answer = house.book(house.make.at(10))

    with pytest.raises(SlotTaken):
        bookings.move(
            code=answer["code"], target=Target(house.make.at(8, 20)), actor=house.producer,
            now=house.make.now,
        )  # fmt: skip

    assert booking(answer["code"]).starts_at == house.make.at(10)
    assert db.session.scalars(select(func.count()).select_from(Move)).one() == 0
    assert claims() == 17


def test_a_move_to_another_machine_swaps_the_claims(house: House) -> None:
    other = house.make.machine(house.site, code="M4")
    answer = house.book(house.make.at(8))

    moved = bookings.move(
        code=answer["code"], target=Target(house.make.at(8), machine="M4"), actor=house.producer,
        now=house.make.now,
    )  # fmt: skip

    assert moved["machine"] == "M4"
    assert set(db.session.scalars(select(Claim.machine_id))) == {other}


def test_a_stale_page_is_told_so(house: House) -> None:
    answer = house.book(house.make.at(8))
    bookings.move(
        code=answer["code"], target=Target(house.make.at(9)), actor=house.producer,
        now=house.make.now,
    )  # fmt: skip

    with pytest.raises(Stale):
        bookings.move(
            code=answer["code"], target=Target(house.make.at(10), version=1),
            actor=house.producer, now=house.make.now,
        )  # fmt: skip


def test_inside_the_window_only_the_staff_may_move(house: House) -> None:
    answer = house.book(house.make.at(13, days=0))

    with pytest.raises(NotAllowed):
        bookings.move(
            code=answer["code"], target=Target(house.make.at(14, days=0)), actor=house.producer,
            now=house.make.now,
        )  # fmt: skip
    moved = bookings.move(
        code=answer["code"], target=Target(house.make.at(14, days=0)), actor=house.operator,
        now=house.make.now,
    )  # fmt: skip

    assert moved["starts_at"] == "2026-11-24T14:00:00+07:00"


def test_a_request_holds_its_time_until_it_is_decided(make: Make) -> None:
    house = House(make, needs_approval=True)
    answer = house.book(make.at(8))
    assert answer["state"] == "requested"
    assert answer["decide_by"] == "2026-11-26T07:00:00+07:00"
    with pytest.raises(SlotTaken):
        house.book(make.at(8))
    with pytest.raises(NotAllowed):
        bookings.approve(code=answer["code"], actor=house.operator, now=make.now)

    approved = bookings.approve(code=answer["code"], actor=house.manager, now=make.now)

    assert approved["state"] == "confirmed"
    assert bookings.approve(code=answer["code"], actor=house.manager, now=make.now)


def test_a_rejected_request_says_why_and_frees_its_time(make: Make) -> None:
    house = House(make, needs_approval=True)
    answer = house.book(make.at(8))

    bookings.reject(
        code=answer["code"], reason="Mesin dipakai pelatihan", actor=house.manager, now=make.now
    )

    assert booking(answer["code"]).reason == "Mesin dipakai pelatihan"
    assert claims() == 0
    with pytest.raises(WrongState):
        bookings.approve(code=answer["code"], actor=house.manager, now=make.now)


def test_a_request_nobody_decides_expires_by_itself(make: Make) -> None:
    house = House(make, needs_approval=True)
    answer = house.book(make.at(8, days=6))

    assert bookings.expire_requests(actor=SYSTEM, now=make.now + timedelta(hours=47)) == 0
    assert bookings.expire_requests(actor=SYSTEM, now=make.now + timedelta(hours=48)) == 1

    assert booking(answer["code"]).state == State.EXPIRED
    assert claims() == 0


def test_attended_machines_share_the_operators_on_shift(make: Make) -> None:
    house = House(make, attended=True)
    make.shift(house.site, make.at(0), make.at(0, days=3), operators=1)
    make.machine(house.site, code="M4", attended=True)
    house.book(make.at(8))

    with pytest.raises(RuleBroken) as refused:
        house.book(make.at(8), machine="M4")

    assert [problem.code for problem in refused.value.problems] == ["operators_full"]
    assert house.book(make.at(8, 40), machine="M4")


def test_staff_book_for_a_business_from_now_on(house: House) -> None:
    answer = house.book(house.make.at(8, days=0), actor=house.operator)

    assert answer["state"] == "confirmed"
    with pytest.raises(RuleBroken):
        house.book(house.make.at(8, 50, days=0), actor=house.producer)


def test_nothing_can_be_done_to_a_strangers_booking(house: House) -> None:
    answer = house.book(house.make.at(8))
    stranger = house.make.producer()

    acts: tuple[Callable[[], object], ...] = (
        lambda: bookings.cancel(code=answer["code"], actor=stranger, now=house.make.now),
        lambda: bookings.move(
            code=answer["code"],
            target=Target(house.make.at(9)),
            actor=stranger,
            now=house.make.now,
        ),
        lambda: bookings.approve(code=answer["code"], actor=stranger, now=house.make.now),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_use_cases_do_not_nest(house: House) -> None:
    with pytest.raises(RuntimeError), transaction():
        house.book(house.make.at(8))


def test_without_a_nib_only_a_small_trial_can_be_booked(house: House, make: Make) -> None:
    product = make.product(make.business(level="trial"))
    house.book(make.at(8), product=product, quantity=200, actor=house.operator)

    with pytest.raises(RuleBroken) as refused:
        house.book(make.at(3), product=product, quantity=201, actor=house.operator)

    assert {"trial_quantity", "outside_hours"} <= {each.code for each in refused.value.problems}
