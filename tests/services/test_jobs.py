"""A job in several parts: all of them, or none."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import Base, db, transaction
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken, SlotTaken, Stale
from packhouse.models.bookings import Booking, Job, Move
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.models.slots import Claim
from packhouse.queries.audit import verify
from packhouse.queries.bookings import booking_item
from packhouse.queries.slots import Visit, other_times
from packhouse.services import bookings
from packhouse.services.bookings import Part, Shift, Target, Wish
from tests.factories import Make


def count(table: type[Base]) -> int:
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


@pytest.fixture
def coder(make: Make, product: int) -> str:
    site = db.session.scalars(select(Machine.site_id).where(Machine.code == "M3")).one()
    return make.code(make.machine(site, code="K1", kind="coder", rate_per_minute=30.0))


def booked(product: int, owner: Actor, make: Make, *parts: Part) -> dict[str, Any]:
    total = sum(part.quantity for part in parts)
    return bookings.book_job(
        product_id=product, quantity=total, parts=parts, actor=owner, now=make.now
    )


def test_the_steps_of_a_job_handle_all_its_pieces_in_the_order_of_the_work(
    make: Make, product: int, owner: Actor, coder: str
) -> None:
    def attempt(*parts: Part) -> dict[str, Any]:
        return bookings.book_job(
            product_id=product, quantity=400, parts=parts, actor=owner, now=make.now
        )

    with pytest.raises(RuleBroken) as backwards:
        attempt(Part(coder, make.at(8), 400), Part("M3", make.at(9), 400))
    with pytest.raises(RuleBroken) as hasty:  # The sealer is done at 8.40.
        attempt(Part("M3", make.at(8), 400), Part(coder, make.at(8, 45), 400))
    made = attempt(Part("M3", make.at(8), 400), Part(coder, make.at(8, 55), 400))

    assert [each.code for each in backwards.value.problems] == ["steps_out_of_order"]
    assert [each.code for each in hasty.value.problems] == ["steps_too_close"]
    assert [each["quantity"] for each in made["bookings"]] == [400, 400]
    assert count(Booking) == 2
    assert verify(now=make.now) == ()


def test_a_job_moves_as_one_also_into_its_own_time(make: Make, product: int, owner: Actor) -> None:
    made = booked(product, owner, make, Part("M3", make.at(8), 400), Part("M3", make.at(9), 400))
    first, second = (each["code"] for each in made["bookings"])
    shifts = (Shift(first, "M3", make.at(9)), Shift(second, "M3", make.at(10)))

    moved = bookings.move_job(
        code=made["code"], shifts=shifts, actor=owner, now=make.now, version=2, key="m"
    )
    again = bookings.move_job(
        code=made["code"], shifts=shifts, actor=owner, now=make.now, version=2, key="m"
    )

    assert again == moved
    assert [each["starts_at"][11:16] for each in moved["bookings"]] == ["09:00", "10:00"]
    assert count(Move) == 2
    with pytest.raises(Stale):
        bookings.move_job(code=made["code"], shifts=shifts, actor=owner, now=make.now, version=2)
    assert verify(now=make.now) == ()


def test_no_part_moves_when_one_cannot(make: Make, product: int, owner: Actor) -> None:
    made = booked(product, owner, make, Part("M3", make.at(8), 400), Part("M4", make.at(8), 400))
    other = make.product(make.business())
    neighbour = make.user(
        Role.OPERATOR,
        sites=tuple(db.session.scalars(select(Machine.site_id).where(Machine.code == "M4"))),
    )
    bookings.book(wish=Wish(other, 400, "M4", make.at(13)), actor=neighbour, now=make.now)
    first, second = (each["code"] for each in made["bookings"])
    shifts = (Shift(first, "M3", make.at(13)), Shift(second, "M4", make.at(13)))

    with pytest.raises(SlotTaken) as taken:
        bookings.move_job(code=made["code"], shifts=shifts, actor=owner, now=make.now)
    with pytest.raises(Malformed):
        bookings.move_job(code=made["code"], shifts=shifts[:1], actor=owner, now=make.now)
    with pytest.raises(NotAllowed):
        bookings.move_job(code=made["code"], shifts=shifts, actor=owner, now=make.at(7, 0))
    with pytest.raises(NotFound):
        bookings.move_job(code=made["code"], shifts=shifts, actor=make.producer(), now=make.now)

    assert taken.value.problems[0].facts["part"] == 2
    assert count(Move) == 0
    assert verify(now=make.now) == ()


def test_one_part_can_go_and_the_job_is_what_stays(make: Make, product: int, owner: Actor) -> None:
    made = booked(product, owner, make, Part("M3", make.at(8), 400), Part("M4", make.at(8), 300))
    code, gone = made["code"], made["bookings"][1]["code"]

    left = bookings.cancel_job(code=code, actor=owner, now=make.now, only=gone)
    job = db.session.scalars(select(Job).where(Job.code == code)).one()

    assert [each["state"] for each in left["bookings"]] == ["confirmed", "cancelled"]
    assert (job.quantity, left["price"]) == (400, left["bookings"][0]["price"])
    bookings.cancel_job(code=code, actor=owner, now=make.now)
    again = bookings.cancel_job(code=code, actor=owner, now=make.now)
    assert {each["state"] for each in again["bookings"]} == {"cancelled"}
    with pytest.raises(NotFound):
        bookings.cancel_job(code=code, actor=make.producer(), now=make.now)
    assert verify(now=make.now) == ()


def test_a_step_can_go_and_the_pieces_stay_as_many(
    make: Make, product: int, owner: Actor, coder: str
) -> None:
    parts = (Part("M3", make.at(8), 400), Part(coder, make.at(10), 400))
    made = bookings.book_job(
        product_id=product, quantity=400, parts=parts, actor=owner, now=make.now
    )

    bookings.cancel_job(
        code=made["code"], actor=owner, now=make.now, only=made["bookings"][1]["code"]
    )

    assert db.session.scalars(select(Job.quantity)).all() == [400]
    assert verify(now=make.now) == ()


def test_a_job_does_not_move_past_the_limits_of_fair_use(
    make: Make, product: int, owner: Actor
) -> None:
    site = db.session.scalars(select(Machine.site_id).where(Machine.code == "M3")).one()
    with transaction() as session:
        session.get_one(Site, site).limit_week_hours = 2
    made = booked(product, owner, make, Part("M3", make.at(8), 400), Part("M4", make.at(8), 400))
    bookings.book(wish=Wish(product, 600, "M3", make.at(8, days=7)), actor=owner, now=make.now)
    first, second = (each["code"] for each in made["bookings"])

    def shifts(hour: int, days: int) -> tuple[Shift, Shift]:
        at = make.at(hour, days=days)
        return Shift(first, "M3", at), Shift(second, "M4", at)

    with pytest.raises(RuleBroken) as broken:
        bookings.move_job(code=made["code"], shifts=shifts(10, 7), actor=owner, now=make.now)
    bookings.move_job(code=made["code"], shifts=shifts(10, 0), actor=owner, now=make.now)

    assert {each.code for each in broken.value.problems} == {"limit_week"}
    assert verify(now=make.now) == ()


def test_a_step_alone_does_not_move_before_the_one_it_follows(
    make: Make, product: int, owner: Actor, coder: str
) -> None:
    made = bookings.book_job(
        product_id=product, quantity=400, actor=owner, now=make.now,
        parts=(Part("M3", make.at(8), 400), Part(coder, make.at(10), 400)),
    )  # fmt: skip
    step = made["bookings"][1]["code"]

    for hour in (7, 8):
        early = Target(make.at(hour, 30))
        with pytest.raises(RuleBroken) as broken:
            bookings.move(code=step, target=early, actor=owner, now=make.now)
        assert {each.code for each in broken.value.problems} <= {
            "steps_out_of_order", "steps_too_close",
        }  # fmt: skip
    bookings.move(code=step, target=Target(make.at(9)), actor=owner, now=make.now)
    assert verify(now=make.now) == ()


def test_a_step_that_moves_alone_is_offered_only_times_that_keep_the_order_of_the_work(
    make: Make, product: int, owner: Actor, coder: str
) -> None:
    made = bookings.book_job(
        product_id=product, quantity=400, actor=owner, now=make.now,
        parts=[Part("M3", make.at(8), 400), Part(coder, make.at(8, 55), 400)],
    )  # fmt: skip
    sealing, coding = (str(each["code"]) for each in made["bookings"])

    def offered(code: str) -> list[Visit]:
        item = booking_item(code=code, actor=owner)
        return list(other_times(booking=item, actor=owner, now=make.now))

    assert offered(coding)
    assert all(each.starts_at >= make.at(8, 55) for each in offered(coding))
    assert all(each.ends_at <= make.at(8, 40) for each in offered(sealing))
    wish = Wish(make.product(make.business()), 400, "M3", make.at(9, days=1))
    bookings.book(wish=wish, actor=make.user(Role.ADMIN), now=make.now)
    with pytest.raises(SlotTaken) as taken:
        bookings.move(code=sealing, target=Target(wish.starts_at), actor=owner, now=make.now)
    others: Sequence[Any] = taken.value.alternatives
    assert others
    assert all(each.ends_at <= make.at(8, 40) for each in others)
    for code in (coding, sealing):
        target = Target(offered(code)[0].starts_at)
        bookings.move(code=code, target=target, actor=owner, now=make.now)
    assert verify(now=make.now) == ()
