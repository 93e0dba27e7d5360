from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.products import CleaningLevel, ProductTraits, cleaning_level
from packhouse.domain.users import PEOPLE_OF_A_PHONE
from packhouse.errors import KeyReused, RuleBroken, TooMany
from packhouse.models.businesses import Business, Document, Membership
from packhouse.models.products import Product
from packhouse.models.users import ServerSession, User
from packhouse.queries.users import actor_for_session
from packhouse.services.registration import Newcomer, Registered, problems_with_newcomer, sign_up
from tests.factories import Make

PASSWORD = "madu dari putussibau"
TOLD = Newcomer(
    name="Markus", phone="0812-3456-7890", village="Kedamin", regency="61.06",
    product="Madu hutan", pack="bottle_250", quantity=100, lane="halal",
)  # fmt: skip


def register(now: datetime, **other: Any) -> Registered:
    told: dict[str, Any] = {"told": TOLD, "password": PASSWORD, "key": "kunci"}
    return sign_up(**(told | other), now=now)


def rows(model: Any) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def refused(**other: Any) -> list[tuple[str, object]]:
    problems = problems_with_newcomer(replace(TOLD, **other))
    return [(each.code, each.facts["field"]) for each in problems]


def test_a_newcomer_has_an_account_a_business_on_trial_and_a_product(
    context: Flask, now: datetime
) -> None:
    done = register(now)

    user = db.session.scalars(select(User)).one()
    business = db.session.scalars(select(Business)).one()
    found = actor_for_session(secret=done.secret, now=now)
    assert (user.name, user.phone, user.email) == ("Markus", "+6281234567890", None)
    assert (business.level, business.nib, business.village) == ("trial", None, "Kedamin")
    assert db.session.scalars(select(Membership.role)).one() == "owner"
    assert found is not None
    assert found.actor.business_ids == {business.id}
    assert db.session.get_one(Product, done.product_id).business_id == business.id


def test_a_nib_is_kept_for_an_officer_to_check_and_opens_nothing_yet(
    context: Flask, now: datetime
) -> None:
    register(now, told=replace(TOLD, nib="0123 4567 89012"))

    business = db.session.scalars(select(Business)).one()
    assert (business.level, business.nib) == ("trial", "0123456789012")
    assert db.session.scalars(select(Document.state)).one() == "unchecked"


def test_whatever_the_product_is_no_clean_around_it_is_too_short(
    context: Flask, now: datetime
) -> None:
    product = db.session.get_one(Product, register(now).product_id)
    assumed = ProductTraits(wet=product.wet, allergens=frozenset(product.allergens))
    plain, fish = ProductTraits(), ProductTraits(allergens=frozenset({"fish"}))  # type: ignore[arg-type]

    assert cleaning_level(fish, assumed) == CleaningLevel.FULL
    assert cleaning_level(assumed, plain) == cleaning_level(assumed, fish) == CleaningLevel.FULL


def test_everything_that_is_wrong_is_said_at_once_and_where(context: Flask, now: datetime) -> None:
    nothing = Newcomer("", "", "", "", "", "", None, "")
    with pytest.raises(RuleBroken) as refusal:
        register(now, told=replace(nothing, nib="12"), password="pendek")

    codes = {each.code for each in refusal.value.problems}
    fields = {each.facts.get("field") for each in refusal.value.problems}
    assert codes == {
        "name_missing", "phone_missing", "village_missing", "regency_unknown", "pack_malformed",
        "quantity_out_of_range", "lane_unknown", "nib_malformed", "password_short",
    }  # fmt: skip
    assert fields - {None} == {
        "name", "phone", "village", "regency", "product", "pack", "quantity", "lane", "nib",
    }  # fmt: skip
    assert rows(User) == 0


def test_a_landline_is_asked_to_be_a_mobile_number() -> None:
    assert refused(phone="0561-730062") == [("phone_landline", "phone")]
    assert refused(phone="+60123456789") == []


def test_a_name_that_sounds_non_halal_is_asked_about_and_never_put_in_the_halal_lane() -> None:
    assert refused(product="Dendeng BABI") == [("product_sounds_non_halal", "product")]
    assert refused(product="Dendeng babi", lane="non_halal") == []
    assert refused(product="Keripik bayam") == []


def test_a_nib_that_is_registered_already_is_told_at_its_field(make: Make, now: datetime) -> None:
    make.business(nib="1234567890123")

    with pytest.raises(RuleBroken) as refusal:
        register(now, told=replace(TOLD, nib="1234567890123"))

    problem = refusal.value.problems[0]
    assert (problem.code, problem.facts["field"]) == ("nib_taken", "nib")
    assert rows(User) == 0


def test_the_same_form_sent_again_opens_the_same_account(context: Flask, now: datetime) -> None:
    first = register(now)
    again = register(now + timedelta(minutes=1))

    assert again.product_id == first.product_id
    assert again.secret != first.secret
    assert (rows(User), rows(Product), rows(ServerSession)) == (1, 1, 2)


def test_who_sends_a_used_form_with_another_password_or_text_gets_into_no_account(
    context: Flask, now: datetime
) -> None:
    register(now)

    for other in ({"password": "bukan kata sandinya"}, {"told": replace(TOLD, name="Lain")}):
        with pytest.raises(KeyReused):
            register(now, **other)
    with pytest.raises(KeyReused):
        register(now + timedelta(days=2))
    assert (rows(User), rows(ServerSession)) == (1, 1)


def test_one_telephone_is_that_of_several_people_but_not_of_a_crowd_in_a_day(
    context: Flask, now: datetime
) -> None:
    for number in range(PEOPLE_OF_A_PHONE):
        register(now, key=f"kunci {number}")

    with pytest.raises(TooMany):
        register(now, key="satu lagi")
    register(now + timedelta(days=1, seconds=1), key="besok")
    assert rows(User) == PEOPLE_OF_A_PHONE + 1


def test_clicks_at_the_same_moment_make_one_account(context: Flask, now: datetime) -> None:
    done: list[object] = []

    def click() -> None:
        with context.app_context():
            try:
                done.append(register(now).product_id)
            except Exception as error:
                done.append(error)
            finally:
                db.session.remove()

    clicks = [Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()

    assert len(done) == 4
    assert len(set(done)) == 1, done
    assert rows(User) == 1
