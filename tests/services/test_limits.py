from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from packhouse.db import db, transaction
from packhouse.domain.bookings import State
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import PackhouseError, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking, load_cooling, taken_by_others
from packhouse.models.businesses import CooperativeMember
from packhouse.queries.audit import verify
from packhouse.queries.bookings import booking_item
from packhouse.queries.slots import other_times
from packhouse.services import bookings, runs, sites
from packhouse.services.bookings import Target, Wish
from packhouse.services.sites.houses import Policy
from tests.factories import Make

LIMITS = Policy(limit_open=3, limit_week_hours=2, limit_month_hours=3)


class House:
    """Two machines and a producer; 750 pieces take an hour with setup, 0.5 hours with 300."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        make.machine(self.site, code="M4")
        self.business = make.business()
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.limit(LIMITS)

    def limit(self, policy: Policy) -> None:
        sites.edit_site(
            code="PTK", name="Rumah Kemasan", address="", owner="province", policy=policy,
            actor=SYSTEM, now=self.make.now,
        )  # fmt: skip

    def book(
        self,
        hour: int,
        *,
        days: int = 2,
        quantity: int = 750,
        machine: str = "M3",
        product: int | None = None,
        actor: Actor | None = None,
        now: datetime | None = None,
        **more: Any,
    ) -> str:
        wish = Wish(product or self.product, quantity, machine, self.make.at(hour, days=days))
        answer = bookings.book(
            wish=wish, actor=actor or self.producer, now=now or self.make.now, **more
        )
        return str(answer["code"])


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def codes(error: PackhouseError) -> list[str]:
    return [problem.code for problem in error.problems]


def test_use_is_counted_over_all_machines_of_the_house(house: House) -> None:
    house.book(8)
    house.book(8, machine="M4")

    with pytest.raises(RuleBroken) as error:
        house.book(13)

    (problem,) = error.value.problems
    assert problem.code == "limit_week"
    assert problem.facts["left_minutes"] == 0
    assert problem.facts["room_from"] == date(2026, 11, 30)


def test_all_broken_limits_are_told_with_the_other_problems(house: House) -> None:
    for days in (2, 7, 14):
        house.book(8, days=days)

    with pytest.raises(RuleBroken) as error:
        house.book(13, days=13, quantity=1500)

    assert codes(error.value) == ["limit_open", "limit_week", "limit_month"]
    with pytest.raises(RuleBroken) as error:
        house.book(7, days=2)  # Before opening.
    assert codes(error.value) == ["limit_open", "outside_hours"]


def test_what_was_given_back_counts_no_more(house: House) -> None:
    code = house.book(8, quantity=1500)
    with pytest.raises(RuleBroken):
        house.book(13)

    bookings.cancel(code=code, actor=house.producer, now=house.make.now)

    house.book(13)


def test_the_staff_goes_beyond_a_limit_only_with_a_reason_that_is_kept(house: House) -> None:
    house.book(8, quantity=1600)
    with pytest.raises(RuleBroken):
        house.book(13, actor=house.operator)
    with pytest.raises(RuleBroken):
        house.book(13, override="saya mau")  # She may not excuse herself.

    code = house.book(13, actor=house.operator, override="Pesanan pameran provinsi")

    facts = db.session.scalars(
        select(AuditEntry.facts)
        .join(Booking, Booking.id == AuditEntry.subject_id)
        .where(Booking.code == code, AuditEntry.action == "booking:create")
    ).one()
    assert facts["reason"] == "Pesanan pameran provinsi"
    assert facts["beyond"] == ["limit_week"]


def test_nobody_who_stands_at_the_door_is_sent_away_from_an_idle_machine(house: House) -> None:
    house.book(8, quantity=1600)

    house.book(9, days=0, actor=house.operator, source="walk_in")


def test_moving_counts_the_booking_once_and_displaced_ones_not_at_all(house: House) -> None:
    code = house.book(8, quantity=1600)
    house.book(8, days=7)

    bookings.move(
        code=code, target=Target(house.make.at(13)), actor=house.producer, now=house.make.now
    )
    with pytest.raises(RuleBroken) as error:
        bookings.move(
            code=code, target=Target(house.make.at(13, days=7)), actor=house.producer,
            now=house.make.now,
        )  # fmt: skip

    assert codes(error.value) == ["limit_week"]


def test_a_cooperative_pools_the_limits_of_its_members(house: House, make: Make) -> None:
    cooperative = make.business(name="Koperasi Contoh", kind="cooperative")
    member = make.business()
    with transaction() as session:
        session.add_all(
            CooperativeMember(cooperative_id=cooperative, member_id=each)
            for each in (house.business, member)
        )
    for_all, manager = make.product(cooperative), make.producer(cooperative)
    # The cooperative alone may use what both members may together: four hours a week.
    house.book(8, quantity=2500, product=for_all, actor=manager)  # 2 h 57 min

    with pytest.raises(RuleBroken) as error:
        house.book(8, machine="M4", quantity=1200)  # 1 h 30 min: within her own two hours.
    assert codes(error.value) == ["pool_limit_week"]
    assert error.value.problems[0].facts["cooperative"] == "Koperasi Contoh"

    house.book(8, machine="M4")  # One hour fits in both.
    with pytest.raises(RuleBroken) as error:
        house.book(13, machine="M4", quantity=1200)
    assert codes(error.value) == ["limit_week", "pool_limit_week"]


def missed(house: House, *days_ago: int) -> None:
    """Let the producer book and not come, so many days before now."""
    for days in days_ago:
        code = house.book(8, days=-days, now=house.make.at(0, days=-days))
        runs.mark_no_shows(actor=SYSTEM, now=house.make.at(9, days=-days))
        state = db.session.scalars(select(Booking.state).where(Booking.code == code)).one()
        assert state == State.NO_SHOW
        db.session.rollback()


def test_a_third_missed_booking_shortens_how_far_ahead_she_may_book(house: House) -> None:
    house.limit(Policy())
    missed(house, 6, 5, 4)

    house.book(8)
    with pytest.raises(RuleBroken) as error:
        house.book(8, days=7)
    house.book(8, days=7, actor=house.operator, override="Banjir di Mempawah")

    (problem,) = error.value.problems
    assert problem.code == "cooling_down"
    assert problem.facts["until"] == house.make.at(8, days=-4) + timedelta(days=30)
    house.book(8, days=38, now=house.make.at(8, days=27))


def test_time_that_somebody_else_used_is_forgiven(house: House, make: Make) -> None:
    house.limit(Policy())
    now = make.at(12, days=1)
    code = house.book(8)
    bookings.cancel(code=code, actor=house.producer, now=now)
    forgiven = select(taken_by_others()).where(Booking.code == code)
    late = select(Booking.cancelled_late).where(Booking.code == code)
    assert db.session.scalar(late)
    assert not db.session.scalar(forgiven)

    rival = make.product(make.business())
    other = house.book(8, product=rival, quantity=300, actor=house.operator, now=now)
    assert db.session.scalar(forgiven)

    bookings.cancel(code=other, actor=house.operator, now=now)
    assert not db.session.scalar(forgiven)


def test_a_missed_time_that_a_walk_in_used_does_not_count(house: House, make: Make) -> None:
    house.limit(Policy())
    missed(house, 6, 5, 4)
    assert load_cooling(db.session(), business_id=house.business, now=make.now)

    rival = make.product(make.business())
    house.book(
        8, days=-4, product=rival, quantity=300, actor=house.operator, source="walk_in",
        now=make.at(8, days=-4),
    )  # fmt: skip

    assert load_cooling(db.session(), business_id=house.business, now=make.now) is None


BEYOND = "nobody holds more than the limits of a house"


def test_the_auditor_adds_up_what_everybody_holds(house: House, make: Make) -> None:
    later = make.now + timedelta(minutes=5)
    for hour in (8, 10):
        house.book(hour, now=later)
    assert verify(now=later) == ()

    with transaction() as session:
        session.execute(text("UPDATE sites SET limit_week_hours = 1, limit_open = 1"))

    (found,) = verify(now=later)
    assert found.rule == BEYOND
    assert [set(row) - {"site", "business", "most"} for row in found.rows] == [
        {"open"}, {"week", "minutes"},
    ]  # fmt: skip


def test_what_was_booked_before_the_limits_breaks_none(house: House, make: Make) -> None:
    later = make.now + timedelta(minutes=5)
    for hour in (8, 10):
        house.book(hour, now=later)
    sites.edit_site(
        code="PTK", name="Rumah Kemasan", address="", owner="province",
        policy=Policy(limit_week_hours=1), actor=SYSTEM, now=later + timedelta(minutes=1),
    )  # fmt: skip

    assert verify(now=later + timedelta(minutes=2)) == ()


def test_the_auditor_adds_up_the_pool_of_a_cooperative(house: House, make: Make) -> None:
    cooperative = make.business(kind="cooperative")
    with transaction() as session:
        session.add(CooperativeMember(cooperative_id=cooperative, member_id=house.business))
    later = make.now + timedelta(minutes=5)
    for hour in (8, 10):
        house.book(hour, now=later)
    assert verify(now=later) == ()

    with transaction() as session:
        session.execute(text("UPDATE sites SET limit_open = 1"))

    (found,) = verify(now=later)
    assert {row["business"] for row in found.rows} == {cooperative, house.business}


def test_no_time_is_offered_for_a_move_that_a_limit_would_refuse(house: House) -> None:
    house.limit(Policy(limit_week_hours=2))
    code = house.book(8)
    for hour in (8, 10):
        house.book(hour, days=7)
    at = house.make.at

    def offered(actor: Actor, from_at: datetime) -> list[datetime]:
        item = booking_item(code=code, actor=actor)
        found = other_times(booking=item, actor=actor, now=house.make.now, from_at=from_at)
        return [each.starts_at for each in found]

    assert offered(house.producer, at(0, days=3))[0] < at(0, days=4)
    assert offered(house.producer, at(0, days=6)) == []
    beyond = offered(house.operator, at(0, days=6))[0]
    with pytest.raises(RuleBroken):
        bookings.move(code=code, target=Target(beyond), actor=house.producer, now=house.make.now)
    bookings.move(code=code, target=Target(beyond), actor=house.operator, now=house.make.now)
