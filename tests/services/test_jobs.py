"""A job in several parts: all of them, or none."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, RuleBroken, SlotTaken
from packhouse.models.bookings import Booking, Job
from packhouse.models.products import Product
from packhouse.models.reminders import Message
from packhouse.models.slots import Claim
from packhouse.queries.audit import verify
from packhouse.services import bookings
from packhouse.services.bookings import Part, Wish
from tests.factories import Make


def count(table: type[Booking] | type[Job] | type[Claim] | type[Message]) -> int:
    return db.session.scalars(select(func.count()).select_from(table)).one()


@pytest.fixture
def product(make: Make) -> int:
    site = make.site(code="PTK")
    make.machine(site, code="M3")
    make.machine(site, code="M4")
    return make.product(make.business(), allergens=["fish"])


@pytest.fixture
def owner(make: Make, product: int) -> Actor:
    business_id = db.session.get_one(Product, product).business_id
    return make.producer(business_id)


def test_a_job_is_one_job_with_a_booking_for_every_part(
    make: Make, product: int, owner: Actor
) -> None:
    parts = (Part("M4", make.at(8), 400), Part("M3", make.at(8), 400), Part("M3", make.at(9), 200))

    made = bookings.book_job(
        product_id=product, quantity=1000, parts=parts, actor=owner, now=make.now, key="j"
    )
    again = bookings.book_job(
        product_id=product, quantity=1000, parts=parts, actor=owner, now=make.now, key="j"
    )

    assert again == made
    assert [each["machine"] for each in made["bookings"]] == ["M4", "M3", "M3"]
    # The house brushes down between two parts of one job as between any two bookings.
    assert made["bookings"][2]["phases"][0] == {"phase": "changeover", "minutes": 5, "level": 1}
    assert (count(Job), count(Booking)) == (1, 3)
    assert verify(now=make.now) == ()


def test_nothing_of_a_job_stays_when_one_part_is_taken(
    make: Make, product: int, owner: Actor
) -> None:
    bookings.book(wish=Wish(product, 400, "M4", make.at(8)), actor=owner, now=make.now)
    before = (count(Job), count(Booking), count(Claim), count(Message))
    parts = (Part("M3", make.at(8), 400), Part("M4", make.at(8, 20), 400))

    with pytest.raises(SlotTaken) as taken:
        bookings.book_job(
            product_id=product, quantity=800, parts=parts, actor=owner, now=make.now, key="j"
        )

    assert taken.value.problems[0].facts["part"] == 2
    assert len(taken.value.alternatives) == 3
    assert (count(Job), count(Booking), count(Claim), count(Message)) == before
    assert verify(now=make.now) == ()


def test_the_problems_of_all_parts_are_told_with_their_numbers(
    make: Make, product: int, owner: Actor
) -> None:
    parts = (
        Part("M3", make.at(8, 3), 10),
        Part("M3", make.at(9), 10),
        Part("M4", make.now - timedelta(days=1), 10),
    )

    with pytest.raises(RuleBroken) as broken:
        bookings.book_job(product_id=product, quantity=30, parts=parts, actor=owner, now=make.now)

    told = {(each.facts["part"], each.code) for each in broken.value.problems}
    assert told >= {(1, "off_grid"), (3, "in_the_past")}
    assert {part for part, _ in told} == {1, 3}


def test_operators_are_not_promised_twice_within_a_job(make: Make) -> None:
    site = make.site(operators=1)
    make.machine(site, code="A1", attended=True)
    make.machine(site, code="A2", attended=True)
    business = make.business()
    product = make.product(business)
    parts = (Part("A1", make.at(8), 10), Part("A2", make.at(8), 10))

    with pytest.raises(RuleBroken) as broken:
        bookings.book_job(
            product_id=product, quantity=20, parts=parts, actor=make.producer(business),
            now=make.now,
        )  # fmt: skip

    assert [(each.code, each.facts["part"]) for each in broken.value.problems] == [
        ("operators_full", 2)
    ]
    assert count(Booking) == 0


def test_a_job_that_does_not_add_up_or_is_empty_or_endless_is_refused(
    make: Make, product: int, owner: Actor
) -> None:
    part = Part("M3", make.at(8), 10)

    def book(quantity: int, *parts: Part) -> None:
        bookings.book_job(
            product_id=product, quantity=quantity, parts=parts, actor=owner, now=make.now
        )

    with pytest.raises(RuleBroken, match="rule_broken"):
        book(11, part)
    with pytest.raises(Malformed, match="parts_out_of_range"):
        book(0)
    with pytest.raises(Malformed, match="parts_out_of_range"):
        book(210, *[part] * 21)
    with pytest.raises(NotFound, match="machine_not_found"):
        book(20, part, Part("M9", make.at(8), 10))
