from datetime import date, timedelta
from typing import Any

import pytest

from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.queries.bookings import booking_item
from packhouse.queries.slots import (
    ProductChoice,
    free_day,
    houses,
    machines_for,
    other_times,
    product_choice,
    product_choices,
    rivals,
    usual_house,
    visit_at,
)
from packhouse.services import bookings, slots
from packhouse.services.bookings import Wish
from packhouse.services.slots import Ask
from tests.factories import Make
from tests.support.queries import CountQueries

THURSDAY = date(2026, 11, 26)


class House:
    """One machine, a producer with a plain product, and the staff."""

    def __init__(self, make: Make, **machine: Any) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", **machine)
        self.business = make.business(name="Ibu Sari")
        self.plain = make.product(self.business, name="Keripik")
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))

    @property
    def product(self) -> ProductChoice:
        return product_choice(product_id=self.plain, actor=self.producer)

    def book(
        self, hour: int, minute: int = 0, *, product: int | None = None, actor: Actor | None = None
    ) -> str:
        wish = Wish(product or self.plain, 400, "M3", self.make.at(hour, minute))
        answer = bookings.book(wish=wish, actor=actor or self.producer, now=self.make.now)
        return str(answer["code"])

    def day(self, **asked: Any) -> Any:
        defaults: dict[str, Any] = {
            "product": self.product, "quantity": 400, "machine": "M3", "day": THURSDAY,
            "actor": self.producer, "now": self.make.now,
        }  # fmt: skip
        return free_day(**defaults | asked)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def test_every_start_a_day_shows_can_be_booked(house: House) -> None:
    house.book(9)

    shown = house.day().visits

    assert len(shown) > 10
    for visit in shown[::5]:
        wish = Wish(house.plain, 400, "M3", visit.starts_at)
        answer = bookings.book(wish=wish, actor=house.producer, now=house.make.now)
        assert answer["price"] == visit.price == 10_000
        bookings.cancel(code=answer["code"], actor=house.producer, now=house.make.now)


def test_a_visit_is_what_booking_would_make_of_it(house: House) -> None:
    house.book(8, product=house.make.product(house.business, allergens=["fish"]))
    starts_at = house.make.at(9)

    visit, problems = visit_at(
        product=house.product, quantity=400, machine="M3", starts_at=starts_at,
        actor=house.producer, now=house.make.now,
    )  # fmt: skip
    answer = booking_item(code=house.book(9), actor=house.producer)

    assert problems == ()
    assert visit is not None
    assert (visit.starts_at, visit.ends_at) == (answer.starts_at, answer.ends_at)
    assert visit.occupied_from == answer.occupied_from == house.make.at(8, 45)
    assert visit.price == answer.price
    assert visit.phases.changeover_minutes == answer.phases.changeover_minutes == 15


def test_a_visit_that_cannot_be_lists_every_rule(house: House) -> None:
    house.book(8)

    visit, problems = visit_at(
        product=house.product, quantity=400, machine="M3", starts_at=house.make.at(8, 2),
        actor=house.producer, now=house.make.now,
    )  # fmt: skip

    assert visit is None
    assert {problem.code for problem in problems} >= {"off_grid", "time_taken"}


def test_a_day_respects_notice_for_producers_but_not_for_the_staff(house: House) -> None:
    today = house.make.now.date()

    first, desk = house.day(day=today), house.day(day=today, actor=house.operator)

    assert first.visits[0].starts_at == house.make.now + timedelta(hours=1)
    assert desk.visits[0].starts_at == house.make.now


def test_other_times_of_a_booking_count_its_own_time_as_free(make: Make) -> None:
    house = House(make)
    make.machine(house.site, code="M9", packs=("jar",))
    make.machine(make.site(), code="M8")
    code = house.book(8)
    item = booking_item(code=code, actor=house.producer)

    found = other_times(booking=item, actor=house.producer, now=make.now, from_at=make.at(7))

    assert {each.machine for each in found} == {"M3"}
    assert make.at(7, 30) in {each.starts_at for each in found}
    assert item.starts_at not in {each.starts_at for each in found}
    target = bookings.Target(found[0].starts_at, found[0].machine)
    assert bookings.move(code=code, target=target, actor=house.producer, now=make.now)


def test_a_producer_is_offered_her_products_and_the_desk_those_it_looks_for(house: House) -> None:
    house.make.product(house.make.business(name="Pak Jono"), name="Kopi")

    def names(actor: Actor, search: str = "") -> list[str]:
        return [each.name for each in product_choices(actor=actor, search=search)]

    assert names(house.producer) == ["Keripik"]
    assert names(house.operator) == []
    assert names(house.operator, "jono") == ["Kopi"]
    assert names(house.operator, "_") == []
    assert names(house.make.user(Role.AUDITOR), "jono") == []
    with pytest.raises(NotFound):
        product_choice(product_id=house.plain, actor=house.make.producer())


def test_the_machines_for_a_product_share_its_pack_and_its_lane(make: Make) -> None:
    house = House(make)
    make.machine(house.site, code="M4", packs=("jar",))
    make.machine(house.site, code="M5", lane="non_halal")
    make.machine(house.site, code="M6", retired_at=make.now)

    assert [each.code for each in machines_for(product=house.product, now=make.now)] == ["M3"]
    assert [each.code for each in houses()] == ["PTK"]


def test_a_person_most_likely_means_the_house_she_knows(make: Make) -> None:
    house = House(make)
    make.machine(make.site(code="SKW"), code="S1")

    assert usual_house(actor=house.producer) == "PTK"
    wish = Wish(house.plain, 400, "S1", make.at(8))
    bookings.book(wish=wish, actor=house.producer, now=make.now)
    assert usual_house(actor=house.producer) == "SKW"
    assert usual_house(actor=house.operator) == "PTK"
    assert usual_house(actor=make.producer(make.business(regency_code="61.10"))) is None


def test_who_decides_a_request_sees_who_else_wanted_the_machine(make: Make) -> None:
    house = House(make, needs_approval=True)
    first = booking_item(code=house.book(8), actor=house.producer)
    other = make.business(name="Pak Jono")
    jono = make.producer(other)
    code = house.book(9, product=make.product(other, name="Kopi"), actor=jono)
    third = make.business(name="Bu Rina")
    ask = Ask(
        make.product(third, name="Teri"), 700, machine="M3",
        from_at=make.at(18), to_at=make.at(23),
    )  # fmt: skip
    slots.quote(ask=ask, actor=make.producer(third), now=make.now)

    found = rivals(booking=first, now=make.now)

    assert [(each.code, each.business_name, each.quantity) for each in found] == [
        (code, "Pak Jono", 400),
        (None, "Bu Rina", 700),
    ]


def test_a_look_costs_a_constant_number_of_queries(make: Make, count_queries: CountQueries) -> None:
    house = House(make)
    item = booking_item(code=house.book(8), actor=house.producer)

    with count_queries() as few:
        other_times(booking=item, actor=house.producer, now=make.now)
    for number in range(5):
        make.machine(house.site, code=f"N{number}")
    with count_queries() as many:
        other_times(booking=item, actor=house.producer, now=make.now)

    assert few.total == many.total <= 13
