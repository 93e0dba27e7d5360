"""Businesses are registered, described and verified by who may."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import KeyReused, NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.businesses import Business, Membership
from packhouse.services.businesses import (
    add_person,
    create_business,
    edit_business,
    verify_business,
)
from packhouse.services.users import create_user
from tests.factories import Make
from tests.services.businesses.conftest import PAPERS, business, codes, create, email_of

PASSWORD = "sepeda-biru-di-jembatan-kapuas"


def test_a_business_is_registered_with_its_owner(make: Make, clerk: Actor, now: datetime) -> None:
    owner = make.user()

    made = create(clerk, now, owner=email_of(owner).upper(), nib="0123 4567 89012")

    membership = db.session.scalars(select(Membership)).one()
    assert (membership.user_id, membership.business_id, membership.role) == (
        owner.id, made, "owner",
    )  # fmt: skip
    assert business(made).nib == "0123456789012"
    assert business(made).size_rule == "PP 7/2021"


def test_a_beginner_is_registered_without_nib_and_account(clerk: Actor, now: datetime) -> None:
    first = create(clerk, now, nib="", level="trial")
    second = create(clerk, now, nib=" ", level="trial")

    assert [business(each).nib for each in (first, second)] == [None, None]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": " "}, ["name_missing"]),
        ({"name": "x" * 121}, ["name_long"]),
        ({"regency": "61.99"}, ["regency_unknown"]),
        ({"regency": "6104"}, ["regency_unknown"]),
        ({"regency": "61.10\n"}, ["regency_unknown"]),
        ({"size": "besar"}, ["size_unknown"]),
        ({"level": "vip"}, ["level_unknown"]),
        ({"kind": "pt"}, ["business_kind_unknown"]),
        ({"nib": "123"}, ["nib_malformed"]),
        ({"nib": "012345678901\x00"}, ["nib_malformed"]),
        ({"nib": "٠١٢٣٤٥٦٧٨٩٠١٢"}, ["nib_malformed"]),
        ({"owner": "siapa@contoh.example"}, ["user_unknown"]),
        ({"owner": "bukan surel"}, ["user_unknown"]),
        ({"name": "", "regency": "", "size": "", "nib": "1", "owner": "x"},
         ["user_unknown", "name_missing", "regency_unknown", "size_unknown", "nib_malformed"]),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_new_business_is_told_at_once(
    clerk: Actor, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(RuleBroken) as broken:
        create(clerk, now, **fields)

    assert codes(broken) == expected


def test_only_a_producer_owns_a_business(make: Make, clerk: Actor, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        create(clerk, now, owner=email_of(clerk))

    assert codes(broken) == ["not_a_producer"]


def test_a_nib_belongs_to_one_business(clerk: Actor, now: datetime) -> None:
    create(clerk, now)

    with pytest.raises(RuleBroken) as broken:
        create(clerk, now, nib="0123-4567-89012")

    assert codes(broken) == ["nib_taken"]


def test_a_retried_form_registers_one_business(clerk: Actor, now: datetime) -> None:
    given: dict[str, Any] = {
        "papers": PAPERS, "level": "nib", "owner_email": "", "actor": clerk, "now": now,
    }  # fmt: skip

    assert create_business(**given, key="k") == create_business(**given, key="k")
    assert db.session.scalars(select(func.count()).select_from(Business)).one() == 1
    with pytest.raises(KeyReused):
        create_business(**(given | {"papers": replace(PAPERS, name="Lain")}), key="k")


def test_on_the_command_line_the_owners_account_may_follow(context: object, now: datetime) -> None:
    made = create(SYSTEM, now, owner="Ibu@Contoh.example")

    user_id = create_user(
        email="ibu@contoh.example", name="Ibu Contoh", role="producer", password=PASSWORD,
        actor=SYSTEM, now=now,
    )  # fmt: skip

    membership = db.session.scalars(select(Membership)).one()
    assert (membership.user_id, membership.business_id) == (user_id, made)
    with pytest.raises(RuleBroken) as broken:
        create_user(
            email="ibu@contoh.example", name="Ibu", role="producer", password=PASSWORD,
            actor=SYSTEM, now=now,
        )  # fmt: skip
    assert codes(broken) == ["email_taken"]


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.REVIEWER, Role.AUDITOR])
def test_only_the_front_desk_registers_and_verifies(make: Make, now: datetime, role: Role) -> None:
    actor = make.user(role)

    with pytest.raises(NotAllowed):
        create(actor, now)
    with pytest.raises(NotAllowed):
        verify_business(business_id=make.business(), level="nib", actor=actor, now=now)


def test_a_level_needs_its_nib_and_names_the_officer(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = create(clerk, now, nib="", level="trial")
    with pytest.raises(RuleBroken) as broken:
        verify_business(business_id=made, level="nib", actor=clerk, now=now)
    edit_business(business_id=made, papers=PAPERS, actor=clerk, now=now)

    verify_business(business_id=made, level="market_ready", actor=clerk, now=now)

    assert codes(broken) == ["nib_missing"]
    assert business(made).level == "market_ready"
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "business:verified")
    ).one()
    assert (entry.actor_id, entry.facts) == (
        clerk.id, {"before": "trial", "level": "market_ready"},
    )  # fmt: skip


def test_a_level_that_does_not_exist_is_refused(clerk: Actor, now: datetime) -> None:
    made = create(clerk, now)

    with pytest.raises(RuleBroken) as broken:
        verify_business(business_id=made, level="vip", actor=clerk, now=now)

    assert codes(broken) == ["level_unknown"]


def test_an_owner_who_changes_her_nib_is_checked_again(
    make: Make, clerk: Actor, now: datetime
) -> None:
    owner = make.user()
    made = create(clerk, now, owner=email_of(owner))
    owner = replace(owner, business_ids=frozenset({made}))

    edit_business(business_id=made, papers=replace(PAPERS, name="Baru"), actor=owner, now=now)
    assert business(made).level == "nib"

    edit_business(business_id=made, papers=replace(PAPERS, nib="9" * 13), actor=owner, now=now)
    assert business(made).level == "trial"


def test_another_business_cannot_be_seen_or_changed(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = create(clerk, now)
    stranger = make.producer()

    with pytest.raises(NotFound):
        edit_business(business_id=made, papers=PAPERS, actor=stranger, now=now)
    with pytest.raises(NotFound):
        add_person(
            business_id=made, email=email_of(stranger), is_owner=True, actor=stranger, now=now
        )
    with pytest.raises(NotFound):
        edit_business(business_id=10**9, papers=PAPERS, actor=clerk, now=now)


def test_the_same_papers_change_nothing(clerk: Actor, now: datetime) -> None:
    made = create(clerk, now)
    edit_business(business_id=made, papers=PAPERS, actor=clerk, now=now)

    edited = select(func.count()).where(AuditEntry.action == "business:edited")
    assert db.session.scalars(edited).one() == 0
