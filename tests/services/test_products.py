from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.products import Product
from packhouse.services.bookings import Wish, book
from packhouse.services.products import Recipe, archive_product, create_product, edit_product
from tests.factories import Make

AMPLANG = Recipe(name="Amplang", pack="pouch_100", allergens=("fish", "egg"), wet=True)


@pytest.fixture
def producer(make: Make) -> Actor:
    return make.producer()


@pytest.fixture
def amplang(producer: Actor, now: datetime) -> int:
    (business,) = producer.business_ids
    return create_product(business_id=business, recipe=AMPLANG, actor=producer, now=now)


def product(product_id: int) -> Product:
    db.session.rollback()
    return db.session.get_one(Product, product_id)


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def test_a_product_keeps_what_decides_its_machine_and_its_cleaning(amplang: int) -> None:
    row = product(amplang)

    assert (row.name, row.pack, row.lane, row.aroma, row.wet) == (
        "Amplang", "pouch_100", "halal", "none", True,
    )  # fmt: skip
    assert row.allergens == ["egg", "fish"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, ["name_missing"]),
        ({"name": "x" * 121}, ["name_long"]),
        ({"pack": "Pouch 100"}, ["pack_malformed"]),
        ({"pack": ""}, ["pack_malformed"]),
        ({"lane": "both"}, ["lane_unknown"]),
        ({"allergens": ("fish", "durian")}, ["allergen_unknown"]),
        ({"aroma": "fish"}, ["aroma_unknown"]),
        ({"name": " ", "pack": "\x00", "lane": "", "allergens": ("x",), "aroma": ""},
         ["name_missing", "pack_malformed", "lane_unknown", "allergen_unknown", "aroma_unknown"]),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_product_is_told_at_once(
    producer: Actor, amplang: int, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    recipe = replace(AMPLANG, **fields)
    (business,) = producer.business_ids
    with pytest.raises(RuleBroken) as created:
        create_product(business_id=business, recipe=recipe, actor=producer, now=now)
    with pytest.raises(RuleBroken) as edited:
        edit_product(product_id=amplang, recipe=recipe, actor=producer, now=now)

    assert codes(created) == codes(edited) == expected


def test_a_pack_outside_the_catalogue_is_fine(producer: Actor, now: datetime) -> None:
    (business,) = producer.business_ids
    recipe = replace(AMPLANG, pack="barrel_20l")

    made = create_product(business_id=business, recipe=recipe, actor=producer, now=now)

    assert product(made).pack == "barrel_20l"


def test_a_retried_form_adds_one_product(producer: Actor, now: datetime) -> None:
    (business,) = producer.business_ids
    given: dict[str, Any] = {
        "business_id": business, "recipe": AMPLANG, "actor": producer, "now": now, "key": "k",
    }  # fmt: skip

    assert create_product(**given) == create_product(**given)
    assert db.session.scalars(select(func.count()).select_from(Product)).one() == 1


def test_foreign_products_do_not_exist(make: Make, amplang: int, now: datetime) -> None:
    for stranger in (make.producer(), make.user(Role.REVIEWER), make.user(Role.AUDITOR)):
        with pytest.raises(NotFound):
            edit_product(product_id=amplang, recipe=AMPLANG, actor=stranger, now=now)
        with pytest.raises(NotFound):
            archive_product(product_id=amplang, actor=stranger, now=now)
        with pytest.raises(NotFound):
            create_product(
                business_id=product(amplang).business_id, recipe=AMPLANG, actor=stranger, now=now
            )
    with pytest.raises(NotFound):
        archive_product(product_id=10**9, actor=SYSTEM, now=now)


def test_the_front_desk_helps_with_products(make: Make, amplang: int, now: datetime) -> None:
    clerk = make.user(Role.OPERATOR)

    edit_product(
        product_id=amplang, recipe=replace(AMPLANG, name="Amplang udang"), actor=clerk, now=now
    )

    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "product:edited")
    ).one()
    assert entry.facts == {"changed": {"name": ["Amplang", "Amplang udang"]}}


@pytest.mark.parametrize(
    "change",
    [
        {"pack": "pouch_250"},
        {"lane": "non_halal"},
        {"allergens": ("fish",)},
        {"aroma": "durian"},
        {"wet": False},
    ],
)
def test_a_booked_product_changes_in_nothing_that_was_planned_for(
    make: Make, producer: Actor, amplang: int, change: dict[str, Any]
) -> None:
    machine = make.machine()
    wish = Wish(amplang, 300, make.code(machine), make.at(9))
    book(wish=wish, actor=producer, now=make.now)

    with pytest.raises(RuleBroken) as broken:
        edit_product(
            product_id=amplang, recipe=replace(AMPLANG, **change), actor=producer, now=make.now
        )

    assert codes(broken) == ["product_has_bookings"]
    edit_product(
        product_id=amplang, recipe=replace(AMPLANG, name="Baru"), actor=producer, now=make.now
    )


def test_a_product_that_was_never_booked_changes_freely(
    producer: Actor, amplang: int, now: datetime
) -> None:
    recipe = replace(AMPLANG, pack="jar", allergens=(), wet=False, aroma="terasi")

    edit_product(product_id=amplang, recipe=recipe, actor=producer, now=now)

    row = product(amplang)
    assert (row.pack, row.allergens, row.wet, row.aroma) == ("jar", [], False, "terasi")


def test_an_archived_product_stays_as_it_was(producer: Actor, amplang: int, now: datetime) -> None:
    for _ in range(2):
        archive_product(product_id=amplang, actor=producer, now=now)

    with pytest.raises(RuleBroken) as broken:
        edit_product(
            product_id=amplang, recipe=replace(AMPLANG, name="Baru"), actor=producer, now=now
        )

    assert codes(broken) == ["product_archived"]
    archived = select(func.count()).where(AuditEntry.action == "product:archived")
    assert db.session.scalars(archived).one() == 1
