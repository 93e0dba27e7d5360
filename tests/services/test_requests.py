"""Requests asked back, decided against a limit, and missed by everybody."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.bookings import State
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken, Stale, WrongState
from packhouse.models.bookings import Booking, RequestQuestion, RuleException
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.queries.audit import verify
from packhouse.services import bookings, downtime, waitlist
from packhouse.services.bookings import Part, Wish
from packhouse.services.waitlist import Wanted
from tests.factories import Make


class House:
    """A house whose machine needs approval, its manager, and a producer who asks."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine = make.code(make.machine(self.site, needs_approval=True))
        self.business = make.business()
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.manager = make.user(Role.MANAGER, sites=(self.site,))

    def request(self, *, days: int = 6, hour: int = 8) -> str:
        wish = Wish(self.product, 400, self.machine, self.make.at(hour, days=days))
        made = bookings.book(wish=wish, actor=self.producer, now=self.make.now)
        return str(made["code"])

    def limit(self, **limits: int) -> None:
        with transaction() as session:
            site = session.get_one(Site, self.site)
            for name, value in limits.items():
                setattr(site, name, value)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def booking(code: str) -> Booking:
    db.session.rollback()
    return db.session.scalars(select(Booking).where(Booking.code == code)).one()


def told(person: Actor) -> list[str]:
    db.session.rollback()
    query = select(Message.kind).where(Message.user_id == person.id, Message.channel == "in_app")
    return list(db.session.scalars(query.order_by(Message.id)))


def exceptions() -> list[RuleException]:
    db.session.rollback()
    return list(db.session.scalars(select(RuleException).order_by(RuleException.id)))


def codes(refused: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [each.code for each in refused.value.problems]


def test_a_question_extends_the_deadline_once_and_its_answer_reaches_who_asked(
    house: House,
) -> None:
    code, now = house.request(), house.make.now + timedelta(hours=40)

    bookings.ask(code=code, question="Berapa karton?", actor=house.manager, now=now)
    assert booking(code).decide_by == now + timedelta(hours=48)
    assert told(house.producer)[-1] == "request_asked"
    bookings.answer(code=code, text="Sepuluh.", actor=house.producer, now=now)
    assert "request_answered" in told(house.manager)
    later = now + timedelta(hours=40)
    bookings.ask(code=code, question="Kapan datang?", actor=house.manager, now=later)

    assert booking(code).decide_by == now + timedelta(hours=48)
    assert bookings.expire_requests(actor=SYSTEM, now=now + timedelta(hours=47)) == 0
    assert bookings.expire_requests(actor=SYSTEM, now=now + timedelta(hours=48)) == 1


def test_a_request_whose_machine_broke_meanwhile_cannot_be_approved(house: House) -> None:
    code, now = house.request(), house.make.now
    downtime.report_breakdown(
        machine=house.machine, reason="breakdown", expected_back_at=now + timedelta(days=9),
        actor=house.manager, now=now,
    )  # fmt: skip

    with pytest.raises(WrongState):
        bookings.approve(code=code, actor=house.manager, now=now)

    assert booking(code).state == State.DISPLACED
    assert verify(now=now) == ()


def test_asking_and_answering_twice_changes_nothing(house: House) -> None:
    code, now = house.request(), house.make.now
    for _ in range(2):
        bookings.ask(code=code, question="Berapa?", actor=house.manager, now=now)
    with pytest.raises(RuleBroken) as refused:
        bookings.ask(code=code, question="Lalu?", actor=house.manager, now=now)
    assert codes(refused) == ["question_open"]
    for _ in range(2):
        bookings.answer(code=code, text="Tiga", actor=house.producer, now=now)

    asked = db.session.scalars(select(RequestQuestion)).all()
    assert [(each.question, each.answer) for each in asked] == [("Berapa?", "Tiga")]
    with pytest.raises(WrongState):
        bookings.answer(code=code, text="Empat", actor=house.producer, now=now)


def test_only_who_decides_may_ask_and_only_hers_may_answer(house: House) -> None:
    code, now = house.request(), house.make.now
    operator = house.make.user(Role.OPERATOR, sites=(house.site,))
    elsewhere = house.make.user(Role.MANAGER, sites=(house.make.site(),))
    with pytest.raises(NotAllowed):
        bookings.ask(code=code, question="Berapa?", actor=operator, now=now)
    with pytest.raises(NotFound):
        bookings.ask(code=code, question="Berapa?", actor=elsewhere, now=now)
    bookings.ask(code=code, question="Berapa?", actor=house.manager, now=now)
    with pytest.raises(NotFound):
        bookings.answer(code=code, text="Tiga", actor=house.make.producer(), now=now)


def test_a_request_that_breaks_a_limit_by_now_needs_a_reason_that_is_kept(house: House) -> None:
    code, now = house.request(), house.make.now
    house.limit(limit_open=0)

    with pytest.raises(RuleBroken) as refused:
        bookings.approve(code=code, actor=house.manager, now=now)
    assert codes(refused) == ["limit_open_none", "override_reason_missing"]
    assert booking(code).state == State.REQUESTED
    bookings.approve(code=code, actor=house.manager, now=now, override="Pesanan pameran")

    (kept,) = exceptions()
    assert (kept.kind, kept.reason, kept.beyond) == (
        "approved", "Pesanan pameran", ["limit_open_none"],
    )  # fmt: skip
    assert kept.actor_id == house.manager.id


def test_an_approval_within_the_limits_keeps_no_exception(house: House) -> None:
    house.limit(limit_open=1)
    bookings.approve(
        code=house.request(), actor=house.manager, now=house.make.now, override="tidak perlu"
    )

    assert exceptions() == []


def test_beyond_the_limits_staff_book_a_long_job_with_a_reason(house: House) -> None:
    house.limit(limit_open=1)
    parts = [Part(house.machine, house.make.at(hour, days=6), 200) for hour in (8, 10)]
    given: dict[str, Any] = {
        "product_id": house.product, "quantity": 400, "parts": parts, "actor": house.manager,
        "now": house.make.now, "source": "desk",
    }  # fmt: skip
    with pytest.raises(RuleBroken):
        bookings.book_job(**given)
    bookings.book_job(**given, override="Panen raya")

    assert [(each.kind, each.reason) for each in exceptions()] == [("booked", "Panen raya")]


def test_a_wish_put_first_is_an_exception_too(house: House) -> None:
    make = house.make
    wanted = Wanted(house.product, 400, make.at(0, days=6), make.at(0, days=7))
    wish = waitlist.enter(wanted=wanted, actor=house.producer, now=make.now)["id"]
    waitlist.reorder(
        wish_id=wish, to_front=True, reason="Gagal dua kali karena mesin rusak",
        actor=house.manager, now=make.now,
    )  # fmt: skip

    assert [(each.kind, each.wish_id) for each in exceptions()] == [("put_first", wish)]


def test_who_looked_at_an_older_request_is_told_so(house: House) -> None:
    code, now = house.request(), house.make.now
    seen = booking(code).version
    bookings.ask(code=code, question="Berapa?", actor=house.manager, now=now)

    with pytest.raises(Stale):
        bookings.approve(code=code, actor=house.manager, now=now, version=seen)
    with pytest.raises(Stale):
        bookings.reject(code=code, reason="Penuh", actor=house.manager, now=now, version=seen)
    bookings.approve(code=code, actor=house.manager, now=now, version=seen + 1)
    # The same tap once more finds what it wanted.
    bookings.approve(code=code, actor=house.manager, now=now, version=seen + 1)


def test_silence_is_told_to_both_sides(house: House) -> None:
    code = house.request()
    bookings.expire_requests(actor=SYSTEM, now=house.make.now + timedelta(hours=48))

    assert booking(code).state == State.EXPIRED
    assert "request_expired" in told(house.producer)
    assert told(house.manager) == ["request_missed"]


def test_a_refusal_offers_other_times(house: House) -> None:
    code = house.request()
    bookings.reject(code=code, reason="Dipakai pelatihan", actor=house.manager, now=house.make.now)

    db.session.rollback()
    query = select(Message.payload).where(Message.kind == "request_rejected").limit(1)
    others = db.session.scalars(query).one()["others"]
    assert len(others) == 3
    assert {each["machine"] for each in others} == {house.machine}
