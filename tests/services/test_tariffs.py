"""Reductions by rule: who sets them, what they do to a price, and that they never act backwards."""

from datetime import datetime, timedelta

import pytest

from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.queries.audit import verify
from packhouse.queries.tariffs import reductions
from packhouse.services import bookings, tariffs
from packhouse.services.bookings import Target, Wish
from packhouse.services.slots import Ask, quote
from tests.conftest import NOW
from tests.factories import Make


def add(kind: str = "micro", percent: int = 50, *, actor: Actor = SYSTEM, **fields: object) -> int:
    given: dict[str, object] = {"site": None, "valid_from": NOW, "legal_basis": "Pergub contoh"}
    return tariffs.add_reduction(
        kind=kind,
        percent=percent,
        actor=actor,
        now=NOW,
        **(given | fields),  # type: ignore[arg-type]
    )


def change_tariff(machine: str, per_hour: int, valid_from: datetime) -> None:
    tariffs.set_tariff(
        machine=machine, per_hour=per_hour, valid_from=valid_from, legal_basis="Pergub contoh",
        actor=SYSTEM, now=valid_from,
    )  # fmt: skip


def test_a_reduction_lowers_quote_and_booking_alike_and_the_auditor_agrees(make: Make) -> None:
    site = make.site()
    machine = make.code(make.machine(site, tariff=15_000))
    product = make.product(make.business(size="mikro"))
    producer = make.user(Role.OPERATOR, sites=(site,))
    before = bookings.book(wish=Wish(product, 300, machine, make.at(8)), actor=producer, now=NOW)
    add()

    offer = quote(ask=Ask(product, 300), actor=producer, now=NOW).offers[0]
    after = bookings.book(wish=Wish(product, 300, machine, make.at(10)), actor=producer, now=NOW)

    assert (offer.reduction, offer.percent_off) == ("micro", 50)
    assert offer.full_price == before["price"] == 2 * offer.price
    assert after["price"] == offer.price
    assert not verify(now=NOW)


def test_a_moved_booking_keeps_the_tariff_and_reduction_it_was_booked_with(make: Make) -> None:
    site = make.site()
    machine, other = (make.code(make.machine(site, tariff=15_000)) for _ in range(2))
    operator = make.user(Role.OPERATOR, sites=(site,))
    product = make.product(make.business(size="mikro"))
    rule = add(percent=50)
    booked = bookings.book(wish=Wish(product, 300, machine, make.at(8)), actor=operator, now=NOW)
    later = NOW + timedelta(hours=1)
    tariffs.end_reduction(reduction_id=rule, actor=SYSTEM, now=later)
    for each in (machine, other):
        change_tariff(each, 60_000, later)

    def move(hour: int, to: str) -> int:
        target = Target(make.at(hour), to)
        moved = bookings.move(code=booked["code"], target=target, actor=operator, now=later)
        assert not verify(now=later)
        return int(moved["price"])

    full = 2 * booked["price"]
    assert move(10, machine) == booked["price"]
    assert move(10, other) == 4 * full
    assert move(13, other) == 4 * full


def test_a_rule_is_for_its_house_and_its_time(make: Make) -> None:
    here, there = make.site(code="SATU"), make.site(code="DUA")
    product = make.product(make.business(size="mikro"))
    machine = make.code(make.machine(there))
    operator = make.user(Role.OPERATOR, sites=(here, there))
    add(site="SATU")
    add(valid_from=NOW + timedelta(days=1))

    offers = quote(ask=Ask(product, 300, machine=machine), actor=operator, now=NOW).offers

    assert {each.reduction for each in offers} == {""}


def test_everything_wrong_with_a_reduction_is_told_at_once(make: Make) -> None:
    with pytest.raises(RuleBroken) as refused:
        add("friends", 101, legal_basis=" ", valid_from=NOW - timedelta(seconds=1))

    assert {each.code for each in refused.value.problems} == {
        "reduction_kind_unknown", "percent_out_of_range", "legal_basis_missing",
        "tariff_in_the_past",
    }  # fmt: skip


def test_a_manager_rules_the_prices_of_her_own_house_only(make: Make) -> None:
    here = make.site(code="SATU")
    make.site(code="DUA")
    manager = make.user(Role.MANAGER, sites=(here,))

    add(actor=manager, site="SATU")

    for place in ("DUA", None):
        with pytest.raises(NotAllowed):
            add(actor=manager, site=place)
    with pytest.raises(NotFound):
        add(site="TIGA")


def test_a_reduction_ends_once_and_stays_readable(make: Make) -> None:
    rule = add()
    tariffs.end_reduction(reduction_id=rule, actor=SYSTEM, now=NOW + timedelta(hours=1))

    with pytest.raises(WrongState):
        tariffs.end_reduction(reduction_id=rule, actor=SYSTEM, now=NOW + timedelta(hours=2))
    with pytest.raises(NotFound):
        tariffs.end_reduction(reduction_id=rule + 1, actor=SYSTEM, now=NOW)

    later = NOW + timedelta(hours=2)
    assert reductions(now=later) == ()
    assert [each.id for each in reductions(now=later, ended=True)] == [rule]
