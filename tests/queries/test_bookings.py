from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotFound
from packhouse.queries.bookings import booking_detail, booking_item, bookings_page, repeats
from packhouse.services import bookings
from packhouse.services.bookings import Target, Wish
from tests.factories import Make
from tests.support.queries import CountQueries


class House:
    """Two machines, a producer with two products, a stranger, and the staff."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        make.machine(self.site, code="M4")
        self.business = make.business(name="Amplang Ibu Sari")
        self.product = make.product(self.business, name="Amplang")
        self.producer = make.producer(self.business)
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))

    def book(
        self,
        hour: int,
        minute: int = 0,
        *,
        days: int = 2,
        machine: str = "M3",
        product: int | None = None,
        quantity: int = 400,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        starts_at = self.make.at(hour, minute, days=days)
        wish = Wish(product or self.product, quantity, machine, starts_at)
        return bookings.book(wish=wish, actor=actor or self.producer, now=self.make.now)


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def codes(actor: Actor, **filters: Any) -> list[str]:
    return [item.code for item in bookings_page(actor=actor, **filters).items]


def test_a_booking_is_told_to_programs_as_booking_it_was_answered(house: House) -> None:
    answer = house.book(8)

    item = booking_item(code=answer["code"], actor=house.producer)

    assert item.answer == answer
    assert (item.product_name, item.business_name) == ("Amplang", "Amplang Ibu Sari")
    assert item.change_until == item.starts_at - timedelta(hours=24)
    assert item.is_movable
    assert item.is_cancellable


def test_everybody_sees_her_own_part_of_the_list(house: House) -> None:
    make = house.make
    code = house.book(8)["code"]
    elsewhere = make.user(Role.OPERATOR, sites=(make.site(),))

    assert codes(house.producer) == codes(house.operator) == [code]
    assert codes(make.user(Role.ADMIN)) == codes(make.user(Role.AUDITOR)) == [code]
    assert codes(make.producer()) == codes(elsewhere) == []
    assert codes(make.user(Role.REVIEWER)) == codes(make.user(Role.PRODUCER)) == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_follow_one_another_without_gap_or_repeat(house: House, newest_first: bool) -> None:
    made = [house.book(8 + hour, machine=machine)["code"]
            for hour in range(3) for machine in ("M3", "M4")]  # fmt: skip

    seen: list[str] = []
    cursor = None
    while True:
        page = bookings_page(
            actor=house.producer, limit=2, cursor=cursor, newest_first=newest_first
        )
        seen += [item.code for item in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert seen == (made[::-1] if newest_first else made)


@pytest.mark.parametrize("cursor", ["x", "1-", "-1-2", "9" * 30 + "-1", "1-2-3", "1\u0662-3"])
def test_a_cursor_that_is_none_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(Malformed):
        bookings_page(actor=house.producer, cursor=cursor)


def test_a_list_is_narrowed_by_state_machine_site_time_and_words(house: House) -> None:
    first, second = house.book(8)["code"], house.book(8, days=3, machine="M4")["code"]
    bookings.cancel(code=first, actor=house.producer, now=house.make.now)

    assert codes(house.operator, state=State.CANCELLED) == [first]
    assert codes(house.operator, machine="M4") == [second]
    assert codes(house.operator, site="PTK") == [first, second]
    assert codes(house.operator, site="nowhere") == []
    assert codes(house.operator, from_at=house.make.at(0, days=3)) == [second]
    assert codes(house.operator, to_at=house.make.at(0, days=3)) == [first]
    assert codes(house.operator, search=second[-6:].lower()) == [second]
    assert codes(house.operator, search="ibu SARI") == [first, second]
    assert codes(house.operator, search="%") == []


def test_what_lies_ahead_and_what_is_past_make_the_whole(house: House) -> None:
    today = house.book(10, days=0)["code"]
    cancelled = house.book(8)["code"]
    later = house.book(8, days=3)["code"]
    bookings.cancel(code=cancelled, actor=house.producer, now=house.make.now)
    evening = house.make.at(18, days=0)

    assert codes(house.producer, when="upcoming", now=house.make.now) == [today, later]
    assert codes(house.producer, when="upcoming", now=evening) == [later]
    assert codes(house.producer, when="past", now=evening, newest_first=True) == [cancelled, today]


def test_a_detail_tells_moves_and_who_did_what(house: House) -> None:
    code = house.book(8)["code"]
    target = Target(house.make.at(9), machine="M4", reason="Bahan terlambat")
    bookings.move(code=code, target=target, actor=house.operator, now=house.make.now)

    detail = booking_detail(code=code, actor=house.producer)

    assert detail.booking.machine == "M4"
    (moved,) = detail.moves
    assert (moved.old_machine, moved.new_machine) == ("M3", "M4")
    assert (moved.old_starts_at, moved.new_starts_at) == (house.make.at(8), house.make.at(9))
    assert moved.reason == "Bahan terlambat"
    assert [(line.action, line.role, line.is_mine) for line in detail.history] == [
        ("booking:create", Role.PRODUCER, True),
        ("booking:leave", Role.OPERATOR, False),
        ("booking:move", Role.OPERATOR, False),
    ]


def test_a_strangers_booking_is_as_unknown_as_a_code_that_never_was(house: House) -> None:
    code = house.book(8)["code"]

    for actor, asked in ((house.make.producer(), code), (house.producer, "PTK-XXXXXX")):
        with pytest.raises(NotFound):
            booking_detail(code=asked, actor=actor)


def test_an_order_can_be_repeated_with_its_last_quantity(house: House) -> None:
    other = house.make.product(house.business, name="Kerupuk")
    house.book(8, quantity=300)
    house.book(9, quantity=500)
    house.book(10, product=other, quantity=100)

    found = repeats(actor=house.producer)

    assert [(each.product_name, each.quantity, each.site) for each in found] == [
        ("Kerupuk", 100, "PTK"),
        ("Amplang", 500, "PTK"),
    ]
    assert repeats(actor=house.operator) == ()
    assert [each.product_name for each in repeats(actor=house.producer, limit=1)] == ["Kerupuk"]


def test_the_number_of_queries_does_not_grow_with_what_is_listed(
    house: House, count_queries: CountQueries
) -> None:
    code = house.book(8)["code"]
    for hour in (9, 10, 11):
        house.book(hour)
    for hour in (8, 9):
        target = Target(house.make.at(hour, days=3))
        bookings.move(code=code, target=target, actor=house.producer, now=house.make.now)
    reading().rollback()
    reading().execute(text("SELECT 1"))

    with count_queries() as listing:
        assert len(bookings_page(actor=house.producer).items) == 4
    with count_queries() as showing:
        assert len(booking_detail(code=code, actor=house.producer).moves) == 2

    assert listing.total == 1
    assert showing.total == 3
