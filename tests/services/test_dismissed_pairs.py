"""Records that look like one business and are two: said once, taken back, gone over."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from packhouse.db import db, transaction
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.businesses import DismissedPair
from packhouse.models.reminders import Message
from packhouse.queries.audit import verify
from packhouse.queries.businesses import (
    dismissed_pairs,
    duplicates,
    duplicates_of,
    merge_preview,
)
from packhouse.services.businesses import dismiss_pair, merge_businesses, restore_pair
from tests.factories import Make

PHONE = "+6281234567890"


@pytest.fixture
def manager(make: Make) -> Actor:
    return make.user(Role.MANAGER)


@pytest.fixture
def family(make: Make) -> tuple[int, int, int]:
    """Three businesses with one telephone."""
    first, second, third = (
        make.business(name=name, phone=PHONE) for name in ("Amplang", "Keripik", "Sambal")
    )
    return first, second, third


def proposed(actor: Actor) -> set[tuple[int, int]]:
    return {(each.first.id, each.second.id) for each in duplicates(actor=actor)}


def proposed_of(business_id: int, actor: Actor) -> set[tuple[int, int]]:
    found = duplicates_of(business_id=business_id, actor=actor)
    return {(each.first.id, each.second.id) for each in found}


def kept() -> set[tuple[int, int]]:
    db.session.rollback()
    rows = db.session.execute(select(DismissedPair.first_id, DismissedPair.second_id))
    return {(row.first_id, row.second_id) for row in rows}


def actions(action: str) -> list[int]:
    db.session.rollback()
    rows = select(AuditEntry.subject_id).where(AuditEntry.action == action)
    return sorted(int(each) for each in db.session.scalars(rows))


def test_a_dismissed_pair_is_proposed_no_more_until_it_is_taken_back(
    make: Make, manager: Actor, family: tuple[int, int, int]
) -> None:
    first, second, third = family
    assert proposed(manager) == {(first, second), (first, third)}
    assert proposed_of(third, manager) == {(first, third), (second, third)}

    for low, high in ((third, first), (first, third)):  # The second click is harmless.
        dismiss_pair(
            first_id=low, second_id=high, reason=" kakak adik ", actor=manager, now=make.now
        )

    assert proposed(manager) == {(first, second), (second, third)}
    assert proposed_of(third, manager) == {(second, third)}
    assert proposed_of(first, manager) == {(first, second)}
    (told,) = dismissed_pairs(actor=manager)
    assert (told.first.id, told.second.id, told.reason) == (first, third, "kakak adik")
    assert dismissed_pairs(actor=manager, business_id=second) == ()
    preview = merge_preview(merged_id=third, into_id=first, actor=manager)
    assert preview.dismissed == told
    assert preview.likeness == ("phone",)
    assert actions("business:pair_dismissed") == [first, third]

    for _ in range(2):
        restore_pair(first_id=third, second_id=first, actor=manager, now=make.now)

    assert proposed(manager) == {(first, second), (first, third)}
    assert dismissed_pairs(actor=manager) == ()
    assert actions("business:pair_restored") == [first, third]
    assert verify(now=make.now) == ()


def test_who_may_not_merge_may_not_tell_apart(
    make: Make, manager: Actor, family: tuple[int, int, int]
) -> None:
    first, second, _ = family
    for actor in (make.user(Role.OPERATOR), make.producer(first), make.user(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            dismiss_pair(first_id=first, second_id=second, actor=actor, now=make.now)
        with pytest.raises(NotAllowed):
            restore_pair(first_id=first, second_id=second, actor=actor, now=make.now)
        with pytest.raises(NotAllowed):
            dismissed_pairs(actor=actor)
        with pytest.raises(NotAllowed):
            duplicates_of(business_id=first, actor=actor)
    for act in (dismiss_pair, restore_pair):
        with pytest.raises(NotFound):
            act(first_id=first, second_id=999, actor=manager, now=make.now)
    with pytest.raises(RuleBroken):
        dismiss_pair(first_id=first, second_id=first, actor=manager, now=make.now)
    with pytest.raises(Malformed):
        dismiss_pair(
            first_id=first, second_id=second, reason="x" * 501, actor=manager, now=make.now
        )
    assert kept() == set()


def test_the_database_keeps_each_pair_once_and_in_order(
    manager: Actor, family: tuple[int, int, int]
) -> None:
    insert = text(
        "INSERT INTO dismissed_pairs (first_id, second_id, reason, at) VALUES (:one, :other, '', 0)"
    )
    first, second, _ = family
    with transaction() as session:
        session.execute(insert, {"one": first, "other": second})
    for one, other in ((second, first), (first, first), (first, second)):
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(insert, {"one": one, "other": other})


def test_a_merged_business_takes_its_dismissed_pairs_along_each_once(
    make: Make, manager: Actor, family: tuple[int, int, int]
) -> None:
    first, second, third = family
    other = make.business(name="Lain", phone=PHONE)
    for one, two in ((first, second), (first, third), (second, third), (first, other)):
        dismiss_pair(first_id=one, second_id=two, actor=manager, now=make.now)

    merge_businesses(merged_id=first, into_id=second, reason="satu", actor=manager, now=make.now)

    assert kept() == {(second, third), (second, other)}
    assert proposed_of(first, manager) == proposed_of(second, manager) == set()
    assert verify(now=make.now) == ()
    with pytest.raises(WrongState):
        dismiss_pair(first_id=first, second_id=third, actor=manager, now=make.now)


def test_a_pair_that_came_back_to_a_merged_business_is_found(
    make: Make, manager: Actor, family: tuple[int, int, int]
) -> None:
    first, second, third = family
    merge_businesses(merged_id=first, into_id=second, reason="satu", actor=manager, now=make.now)
    with transaction() as session:
        session.add(DismissedPair(first_id=first, second_id=third, at=make.now))

    assert [each.rule for each in verify(now=make.now)] == ["a merged business has nothing left"]


def test_the_owners_of_both_are_told_once_and_nobody_else(
    make: Make, manager: Actor, family: tuple[int, int, int]
) -> None:
    first, second, _ = family
    make.site(phone="+625617350000")
    make.product(first)
    owners = [make.producer(first), make.producer(second)]
    make.producer(second)
    with transaction() as session:
        for each in owners:
            session.execute(
                text("UPDATE memberships SET role = 'owner' WHERE user_id = :id"), {"id": each.id}
            )

    for _ in range(2):
        merge_businesses(
            merged_id=first, into_id=second, reason="satu", actor=manager, now=make.now, key="k"
        )

    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.kind == "business_merged")).all()
    assert sorted((each.user_id, each.channel) for each in told) == sorted(
        (owner.id, channel) for owner in owners for channel in ("email", "in_app")
    )
    facts = told[0].payload
    assert (facts["business"], facts["into"]) == (second, "Keripik")
    assert (facts["old"], facts["merged"]) == (first, "Amplang")
    assert facts["moved"] == {"products": 1, "people": 1}
    assert facts["phone"] == "+625617350000"
    assert verify(now=make.now) == ()
