"""People join and leave a business, and a cooperative counts its members."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.businesses import CooperativeMember, Membership
from packhouse.services.businesses import (
    accept_invitation,
    add_cooperative_member,
    add_person,
    edit_business,
    invite_person,
    remove_cooperative_member,
    remove_paper,
    remove_person,
    withdraw_invitation,
)
from tests.factories import Make
from tests.services.businesses.conftest import PAPERS, codes, create, email_of, paper


def test_people_join_and_leave_but_the_last_owner_stays(
    make: Make, clerk: Actor, now: datetime
) -> None:
    owner, helper = make.user(), make.user()
    made = create(clerk, now, owner=email_of(owner))
    owner = replace(owner, business_ids=frozenset({made}))
    add_person(business_id=made, email=email_of(helper), is_owner=False, actor=owner, now=now)

    with pytest.raises(RuleBroken) as twice:
        add_person(business_id=made, email=email_of(helper), is_owner=True, actor=owner, now=now)
    helped = replace(helper, business_ids=frozenset({made}))
    with pytest.raises(NotAllowed):
        remove_person(business_id=made, user_id=owner.id or 0, actor=helped, now=now)
    with pytest.raises(RuleBroken) as last:
        remove_person(business_id=made, user_id=owner.id or 0, actor=owner, now=now)
    remove_person(business_id=made, user_id=helper.id or 0, actor=clerk, now=now)

    assert codes(twice) == ["person_already_member"]
    assert codes(last) == ["owner_last"]
    assert list(db.session.scalars(select(Membership.user_id))) == [owner.id]


def test_a_cooperative_counts_its_members(make: Make, clerk: Actor, now: datetime) -> None:
    cooperative = create(clerk, now, kind="cooperative")
    member = make.business()
    add_cooperative_member(cooperative_id=cooperative, member_id=member, actor=clerk, now=now)

    assert db.session.scalars(select(CooperativeMember.member_id)).one() == member
    for wrong, expected in (
        ((cooperative, member), ["member_already"]),
        ((cooperative, cooperative), ["member_is_cooperative"]),
        ((member, cooperative), ["not_a_cooperative", "member_is_cooperative"]),
    ):
        with pytest.raises(RuleBroken) as broken:
            add_cooperative_member(
                cooperative_id=wrong[0], member_id=wrong[1], actor=clerk, now=now
            )
        assert codes(broken) == expected
    with pytest.raises(RuleBroken) as broken:
        edit_business(business_id=cooperative, papers=PAPERS, actor=clerk, now=now)
    assert codes(broken) == ["cooperative_has_members"]

    owner = make.producer(cooperative)
    with pytest.raises(NotAllowed):
        add_cooperative_member(
            cooperative_id=cooperative, member_id=make.business(), actor=owner, now=now
        )
    remove_cooperative_member(cooperative_id=cooperative, member_id=member, actor=clerk, now=now)
    with pytest.raises(NotFound):
        remove_cooperative_member(
            cooperative_id=cooperative, member_id=member, actor=clerk, now=now
        )


def test_whoever_is_not_there_cannot_be_added_or_removed(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = make.business(kind="cooperative")

    with pytest.raises(RuleBroken) as broken:
        add_person(
            business_id=made, email="siapa@contoh.example", is_owner=True, actor=clerk, now=now
        )
    with pytest.raises(NotFound):
        remove_person(business_id=made, user_id=10**9, actor=clerk, now=now)
    with pytest.raises(NotFound):
        add_cooperative_member(cooperative_id=made, member_id=10**9, actor=clerk, now=now)
    with pytest.raises(RuleBroken) as typed:
        create(SYSTEM, now, owner="bukan surel")

    assert codes(broken) == ["user_unknown"]
    assert codes(typed) == ["email_malformed"]


def test_somebody_else_cannot_touch_papers_or_an_invitation_that_was_used(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made, stranger, foreign = make.business(), make.producer(), make.product(make.business())
    known = paper(clerk, now, made, "pirt")

    with pytest.raises(NotFound):
        paper(stranger, now, made, "pirt")
    with pytest.raises(NotFound):
        remove_paper(document_id=known, actor=stranger, now=now)
    with pytest.raises(NotFound):
        paper(clerk, now, made, "pirt", product_id=foreign)
    invited = invite_person(
        business_id=made, name="Ibu Contoh", is_owner=True, actor=clerk, now=now
    )
    late = now + timedelta(days=7)
    with pytest.raises(WrongState):
        accept_invitation(invitation_id=invited, actor=stranger, now=late)
    withdraw_invitation(business_id=made, invitation_id=invited, actor=clerk, now=now)
    with pytest.raises(WrongState):
        accept_invitation(invitation_id=invited, actor=stranger, now=now)
