from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.errors import Malformed, NotFound, SlotTaken
from packhouse.models.slots import Demand
from packhouse.services import bookings, slots
from packhouse.services.bookings import Wish
from packhouse.services.slots import Ask
from tests.factories import Make
from tests.support.queries import CountQueries


def test_a_quote_offers_up_to_three_times_with_phases_and_price(make: Make) -> None:
    site = make.site(code="PTK")
    make.machine(site, code="M3")
    business = make.business()
    product = make.product(business)

    quote = slots.quote(ask=Ask(product, 400), actor=make.producer(business), now=make.now)

    assert 1 <= len(quote.offers) <= 3
    first = quote.offers[0]
    assert "earliest" in first.why
    assert (first.machine, first.site, first.price) == ("M3", "PTK", 10_000)
    assert first.phases.setup_minutes == 10
    # An hour's notice from 08.00: the first time is 09.00 the same morning.
    assert first.starts_at == make.at(9, days=0)


def test_an_offer_can_be_booked_as_it_stands(make: Make) -> None:
    make.machine(make.site(), code="M3")
    business = make.business()
    product = make.product(business, allergens=["fish"])
    actor = make.producer(business)
    for _ in range(6):
        offer = slots.quote(ask=Ask(product, 700), actor=actor, now=make.now).offers[0]

        booked = bookings.book(
            wish=Wish(product, 700, offer.machine, offer.starts_at), actor=actor, now=make.now
        )

        assert datetime.fromisoformat(booked["starts_at"]) == offer.starts_at
        assert datetime.fromisoformat(booked["occupied_from"]) == offer.occupied_from
        assert booked["price"] == offer.price


def test_a_wish_no_machine_can_serve_is_refused_with_reasons_and_kept(make: Make) -> None:
    site = make.site(code="PTK")
    make.machine(site, code="M3")
    business = make.business()
    bottles = make.product(business, pack="bottle_250")
    actor = make.producer(business)

    quote = slots.quote(ask=Ask(bottles, 100), actor=actor, now=make.now)
    slots.quote(ask=Ask(bottles, 100), actor=actor, now=make.now + timedelta(hours=2))

    assert quote.offers == ()
    assert [problem.code for problem in quote.refusals[0].problems] == ["pack_not_handled"]
    kept = db.session.scalars(select(Demand)).one()
    assert (kept.reason, kept.quantity, kept.pack) == ("pack_not_handled", 100, "bottle_250")


def test_a_job_of_several_days_is_offered_in_parts_and_is_no_unmet_demand(make: Make) -> None:
    make.machine(make.site(), code="M3", rate_per_minute=10.0)
    business = make.business()
    product, actor = make.product(business), make.producer(business)

    long = slots.quote(ask=Ask(product, 9_000), actor=actor, now=make.now)
    assert long.offers == ()
    assert db.session.scalars(select(Demand)).all() == []

    slots.quote(ask=Ask(product, 900_000), actor=actor, now=make.now)
    assert db.session.scalars(select(Demand.quantity)).all() == [900_000]


def test_a_date_coder_is_offered_only_to_who_asks_for_it(make: Make) -> None:
    site = make.site()
    make.machine(site, code="K1", kind="coder", setup_minutes=0)
    make.machine(site, code="M3")
    business = make.business()
    product, actor = make.product(business), make.producer(business)

    unasked = slots.quote(ask=Ask(product, 400), actor=actor, now=make.now)
    asked = slots.quote(ask=Ask(product, 400, machine="K1"), actor=actor, now=make.now)

    assert {each.machine for each in unasked.offers} == {"M3"}
    assert {each.machine for each in asked.offers} == {"K1"}


def test_a_pork_product_is_never_offered_a_halal_machine(make: Make) -> None:
    site = make.site()
    make.machine(site, code="H1")
    make.machine(site, code="N1", lane="non_halal")
    business = make.business()
    pork = make.product(business, lane="non_halal")

    quote = slots.quote(ask=Ask(pork, 100), actor=make.producer(business), now=make.now)

    assert {offer.machine for offer in quote.offers} == {"N1"}
    assert [refusal.machine for refusal in quote.refusals] == ["H1"]


def test_a_job_longer_than_a_day_says_how_many_days_it_needs(make: Make) -> None:
    make.machine(make.site(), code="M3")
    business = make.business()
    product = make.product(business)

    quote = slots.quote(ask=Ask(product, 20_000), actor=make.producer(business), now=make.now)

    problem = quote.refusals[0].problems[0]
    assert problem.code == "longer_than_day"
    assert problem.facts["days"] == 4


def test_who_comes_second_is_given_other_times(make: Make) -> None:
    make.machine(make.site(), code="M3")
    business = make.business()
    product = make.product(business)
    actor = make.producer(business)
    wish = Wish(product, 400, "M3", make.at(8))
    bookings.book(wish=wish, actor=actor, now=make.now)

    with pytest.raises(SlotTaken) as taken:
        bookings.book(wish=wish, actor=actor, now=make.now)

    assert 1 <= len(taken.value.alternatives) <= 3
    assert taken.value.problems[0].facts["machine"] == "M3"


def test_a_quote_for_nothing_or_for_strangers_is_refused(make: Make) -> None:
    make.machine(make.site(code="PTK"), code="M3")
    business = make.business()
    product = make.product(business)
    actor = make.producer(business)

    for quantity in (0, -5, 1_000_001):
        with pytest.raises(Malformed):
            slots.quote(ask=Ask(product, quantity), actor=actor, now=make.now)
    for ask in (Ask(product, 1, machine="X"), Ask(product, 1, site="X"), Ask(999, 1)):
        with pytest.raises(NotFound):
            slots.quote(ask=ask, actor=actor, now=make.now)
    with pytest.raises(NotFound):
        slots.quote(ask=Ask(product, 1), actor=make.user(Role.REVIEWER), now=make.now)


def test_the_number_of_queries_does_not_grow_with_machines(
    make: Make, count_queries: CountQueries
) -> None:
    site = make.site()
    business = make.business()
    product = make.product(business)
    actor = make.producer(business)
    counts = []
    for machines in (1, 9):
        for _ in range(machines):
            make.machine(site)
        with count_queries() as counted:
            slots.quote(ask=Ask(product, 100), actor=actor, now=make.now)
        counts.append(counted.total)

    assert counts[0] == counts[1]
