"""The waitlist through its services: wishes, held offers, answers, and what the order decides."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.machines import MachineTime
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.domain.waitlist import Fit, Need, PartOfDay, WishKind, best_fit
from packhouse.errors import Malformed, NotFound, RuleBroken, SlotTaken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message
from packhouse.models.slots import Demand
from packhouse.models.waitlist import FreedTime, Offer, Wish
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime, runs, waitlist
from packhouse.services.bookings import Wish as Asked
from packhouse.services.waitlist import Wanted, days
from tests.factories import Make


class House:
    """One machine whose Thursday is full from 07.30 to 16.00, and people who wait for it."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.now: datetime = make.now
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", rate_per_minute=10.0, **machine)
        self.business = make.business(size="kecil")
        self.product = make.product(self.business)
        self.owner = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        # 07.30–09.35, 09.40–11.55, 13.00–14.35 and 14.40–15.45; then the closing clean.
        self.codes = [
            self.book(hour, minute, quantity=quantity)
            for hour, minute, quantity in (
                (7, 30, 1150), (9, 40, 1250), (13, 0, 850), (14, 40, 550),
            )
        ]  # fmt: skip

    def book(self, hour: int, minute: int = 0, *, quantity: int = 500, days: int = 2) -> str:
        wish = Asked(self.product, quantity, "M3", self.make.at(hour, minute, days=days))
        return str(bookings.book(wish=wish, actor=self.owner, now=self.now)["code"])

    def wait(self, quantity: int = 500, *, actor: Actor | None = None, **other: Any) -> int:
        """Enter a wish of a business of its own for Thursday; return its id."""
        size = other.pop("size", "kecil")
        business = self.make.business(size=size)
        product = self.make.product(business)
        wanted = Wanted(
            product, quantity, self.make.at(0), self.make.at(0, days=3), site="PTK", **other
        )
        answer = waitlist.enter(
            wanted=wanted, actor=actor or self.make.producer(business), now=self.now
        )
        return int(answer["id"])

    def work(self, now: datetime | None = None) -> None:
        """Do what the worker does until nothing is left."""
        now = now or self.now
        while waitlist.expire_offers(actor=SYSTEM, now=now):
            pass
        while waitlist.promote(actor=SYSTEM, now=now):
            pass

    def cancel(self, code: str) -> None:
        bookings.cancel(code=code, actor=self.operator, now=self.now)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def offers(**where: Any) -> list[Offer]:
    db.session.rollback()
    return list(db.session.scalars(select(Offer).filter_by(**where).order_by(Offer.id)))


def wish(wish_id: int) -> Wish:
    db.session.rollback()
    return db.session.get_one(Wish, wish_id)


def test_freed_time_is_held_for_the_first_in_order_and_told(house: House) -> None:
    later = house.wait(1000, size="kecil")
    first = house.wait(1000, size="mikro")

    house.cancel(house.codes[1])
    house.work()

    (offer,) = offers(state="open")
    assert offer.wish_id == first
    assert wish(first).state == "offered"
    assert wish(later).state == "open"
    assert house.make.at(9, 40) <= offer.starts_at < house.make.at(11)
    wanted = Asked(house.product, 100, "M3", offer.starts_at)
    with pytest.raises(SlotTaken):
        bookings.book(wish=wanted, actor=house.owner, now=house.now)
    told = db.session.scalars(select(Message.kind).where(Message.kind == "offer_made")).all()
    assert len(told) == 2  # In the app and by mail.
    assert verify(now=house.now) == ()


def test_accepting_turns_the_held_time_into_a_booking(house: House) -> None:
    mine = house.wait()
    house.cancel(house.codes[1])
    house.work()
    (offer,) = offers()

    answer = waitlist.accept_by_link(offer_id=offer.id, now=house.now)
    again = waitlist.accept_by_link(offer_id=offer.id, now=house.now + timedelta(hours=9))

    assert answer["state"] == "confirmed"
    assert again == answer
    assert wish(mine).state == "served"
    assert offers()[0].state == "accepted"
    booking = db.session.scalars(select(Booking).where(Booking.code == answer["code"])).one()
    assert booking.starts_at == offer.starts_at
    house.work()
    assert len(offers()) == 1
    assert verify(now=house.now) == ()


def test_after_a_no_or_a_silence_the_next_is_asked_and_the_place_is_kept(house: House) -> None:
    first, second = house.wait(size="mikro"), house.wait()
    house.cancel(house.codes[1])
    house.work()

    waitlist.decline_by_link(offer_id=offers()[0].id, now=house.now)
    house.work()

    assert [each.wish_id for each in offers()] == [first, second]
    assert wish(first).state == "open"
    late = offers()[1].answer_by
    with pytest.raises(WrongState):
        waitlist.accept_by_link(offer_id=offers()[1].id, now=late)
    house.work(late)
    assert offers()[1].state == "expired"
    assert wish(second).silent == 1
    assert len(offers()) == 2  # Nobody is offered again what she did not want.
    assert verify(now=late) == ()


def test_fewer_pieces_fit_where_she_said_so(house: House) -> None:
    mine = house.wait(3000, least=100)
    strict = house.wait(3000, size="mikro")

    house.cancel(house.codes[1])
    house.work()

    (offer,) = offers()
    assert offer.wish_id == mine
    assert 500 <= offer.quantity < 3000
    assert offer.facts["passed"] == {"too_long": [strict]}


def test_what_found_no_place_is_not_looked_for_again_until_the_day_changes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def look(machine: MachineTime, need: Need, window: TimeRange) -> Fit | None:
        looked.append(need.least)
        return best_fit(machine, need, window)

    monkeypatch.setattr(days, "best_fit", look)
    alike = [house.wait(1280, part_of_day=PartOfDay.AFTERNOON) for _ in range(4)]
    last = house.wait(500)

    house.cancel(house.codes[1])
    house.work()

    (offer,) = offers()
    assert offer.wish_id == last
    assert offer.facts["passed"] == {"no_fit": alike}
    assert looked[:2] == [1280, 500]
    assert verify(now=house.now) == ()


def test_a_part_of_day_and_a_kind_of_machine_are_kept_to(house: House) -> None:
    house.wait(part_of_day=PartOfDay.MORNING)
    house.wait(kinds=("retort",))
    afternoon = house.wait(part_of_day=PartOfDay.AFTERNOON)

    house.cancel(house.codes[3])
    house.work()

    assert [each.wish_id for each in offers()] == [afternoon]


def test_who_only_wants_to_know_is_told_of_what_is_left(house: House) -> None:
    curious = house.wait(kind=WishKind.NOTIFY)

    house.cancel(house.codes[1])
    house.work()
    house.work()

    assert offers() == []
    told = db.session.scalars(select(Message.kind).where(Message.kind == "time_freed")).all()
    assert len(told) == 2
    assert wish(curious).state == "open"


def test_a_no_show_gives_her_time_to_who_waits_in_the_same_moment(house: House) -> None:
    house.wait(300)
    late = house.make.at(10)

    runs.no_show(code=house.codes[1], actor=house.operator, now=late)

    (offer,) = offers()
    assert offer.answer_by == late + timedelta(minutes=15)
    assert offer.starts_at >= house.make.at(10, 15)


def test_a_breakdown_takes_offers_back_and_the_wish_waits_on(house: House) -> None:
    mine = house.wait()
    house.cancel(house.codes[1])
    house.work()

    downtime.report_breakdown(
        machine="M3", reason="breakdown", expected_back_at=house.make.at(15),
        actor=house.operator, now=house.now,
    )  # fmt: skip

    assert offers()[0].state == "withdrawn"
    assert wish(mine).state == "open"
    house.work()
    assert verify(now=house.now) == ()


def test_the_staff_put_somebody_first_only_with_a_reason(house: House) -> None:
    house.wait(size="mikro")
    moved = house.wait()
    with pytest.raises(Malformed):
        waitlist.reorder(
            wish_id=moved, to_front=True, reason=" ", actor=house.operator, now=house.now
        )
    with pytest.raises(NotFound):
        waitlist.reorder(wish_id=moved, to_front=True, reason="x", actor=house.owner, now=house.now)

    waitlist.reorder(
        wish_id=moved, to_front=True, reason="Kapal Minggu", actor=house.operator, now=house.now
    )
    house.cancel(house.codes[1])
    house.work()

    assert offers()[0].wish_id == moved
    assert verify(now=house.now) == ()


def test_the_sweep_finds_time_that_nobody_freed(house: House) -> None:
    business = house.make.business()
    product = house.make.product(business)
    wanted = Wanted(product, 100, house.make.at(0, days=3), house.make.at(0, days=4))
    waitlist.enter(wanted=wanted, actor=house.make.producer(business), now=house.now)

    assert waitlist.look_around(actor=SYSTEM, now=house.now) == 1
    assert waitlist.look_around(actor=SYSTEM, now=house.now) == 0
    house.work()

    assert len(offers()) == 1
    assert db.session.scalars(select(FreedTime)).all() == []


def test_a_wish_is_entered_once_changed_withdrawn_and_lapses(house: House) -> None:
    wanted = Wanted(house.product, 400, house.make.at(0), house.make.at(0, days=3), site="PTK")
    one = waitlist.enter(wanted=wanted, actor=house.owner, now=house.now)
    assert waitlist.enter(wanted=wanted, actor=house.owner, now=house.now)["id"] == one["id"]
    with pytest.raises(NotFound):
        waitlist.withdraw(wish_id=one["id"], actor=house.make.producer(), now=house.now)

    fewer = Wanted(house.product, 300, house.make.at(0), house.make.at(0, days=3), least=100)
    changed = waitlist.change(wish_id=one["id"], wanted=fewer, actor=house.owner, now=house.now)
    assert (changed["quantity"], changed["site"]) == (300, None)
    assert waitlist.withdraw(wish_id=one["id"], actor=house.owner, now=house.now)["state"] == (
        "withdrawn"
    )

    two = house.wait()
    assert waitlist.lapse(actor=SYSTEM, now=house.make.at(0, days=3)) == 1
    assert wish(two).state == "lapsed"
    assert db.session.scalars(select(Demand.reason)).all() == ["wish_lapsed"]


def test_everything_that_is_wrong_with_a_wish_is_told_at_once(house: House) -> None:
    wanted = Wanted(
        house.product, 0, house.make.at(0, days=-3), house.make.at(0, days=-2), least=5,
        kinds=("abc",),
    )  # fmt: skip

    with pytest.raises(RuleBroken) as refused:
        waitlist.enter(wanted=wanted, actor=house.owner, now=house.now)

    assert {each.code for each in refused.value.problems} == {
        "quantity_out_of_range", "least_out_of_range", "wish_in_the_past", "code_unknown",
    }  # fmt: skip


def test_the_auditor_finds_a_jump_of_the_order_and_who_was_forgotten(house: House) -> None:
    first, second = house.wait(1000, size="mikro"), house.wait(1000)
    house.cancel(house.codes[1])
    house.now += timedelta(minutes=2)
    house.work()
    assert verify(now=house.now) == ()
    with transaction() as session:
        offer = session.scalars(select(Offer)).one()
        offer.wish_id = second
        offer.facts = offer.facts | {
            "key": [1, 0, 0, -4, 0, int(house.make.now.timestamp()), second]
        }
        session.get_one(Wish, first).state = "open"
        session.get_one(Wish, second).state = "offered"

    found = {each.rule: each.rows for each in verify(now=house.now)}
    assert found == {
        "offers follow the published order": (
            {"offer": offer.id, "wish": second, "passed_over": first},
        )
    }
    late = verify(now=house.make.at(9, days=9))
    assert "nobody on the waitlist is forgotten" in {each.rule for each in late}
