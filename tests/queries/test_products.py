from datetime import datetime

import pytest

from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import NotFound
from packhouse.queries.products import booking_count, product_item, products_of, products_page
from packhouse.services.bookings import Wish, book
from packhouse.services.products import archive_product
from tests.factories import Make
from tests.support.queries import CountQueries


def test_products_of_a_business_come_by_name_and_archived_ones_last(
    make: Make, now: datetime, count_queries: CountQueries
) -> None:
    business = make.business()
    for name in ("Stik", "Amplang", "Keripik"):
        product = make.product(business, name=name)
        if name == "Amplang":
            archive_product(product_id=product, actor=SYSTEM, now=now)
    make.product(make.business())

    with count_queries() as counted:
        found = products_of(business_id=business, actor=make.producer(business))

    assert [each.name for each in found] == ["Keripik", "Stik", "Amplang"]
    assert [each.archived_at for each in found] == [None, None, now]
    assert sum("FROM products" in each for each in counted.statements) == 1


def test_foreign_products_do_not_exist(make: Make) -> None:
    business = make.business()
    product = make.product(business)

    for stranger in (make.producer(), make.user(Role.REVIEWER)):
        with pytest.raises(NotFound):
            products_of(business_id=business, actor=stranger)
        with pytest.raises(NotFound):
            product_item(product_id=product, actor=stranger)
        assert products_page(actor=stranger).items == ()
    assert product_item(product_id=product, actor=make.user(Role.OPERATOR)).id == product


def test_the_bookings_of_a_product_are_counted(make: Make, now: datetime) -> None:
    make.machine(code="A")
    product = make.product(make.business())
    assert booking_count(product_id=product) == 0

    book(wish=Wish(product, 300, "A", make.at(9)), actor=SYSTEM, now=now)

    assert booking_count(product_id=product) == 1
