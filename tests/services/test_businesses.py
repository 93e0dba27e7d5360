from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import KeyReused, NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.businesses import (
    Business,
    CooperativeMember,
    Document,
    Membership,
    Verification,
)
from packhouse.models.reminders import Message
from packhouse.models.users import User
from packhouse.queries.audit import verify
from packhouse.services.businesses import (
    Papers,
    Told,
    accept_invitation,
    add_cooperative_member,
    add_person,
    change_role,
    check_paper,
    create_business,
    edit_business,
    invite_person,
    note_paper,
    remove_cooperative_member,
    remove_paper,
    remove_person,
    verify_business,
    warn_of_expiry,
    withdraw_invitation,
    withdraw_verification,
)
from packhouse.services.products import archive_product
from packhouse.services.users import create_user
from tests.factories import Make

PAPERS = Papers(name="Amplang Contoh", regency="61.04", size="mikro", nib="0123456789012")
PASSWORD = "sepeda-biru-di-jembatan-kapuas"


@pytest.fixture
def clerk(make: Make) -> Actor:
    return make.user(Role.OPERATOR)


def create(actor: Actor, now: datetime, *, owner: str = "", **fields: Any) -> int:
    papers = replace(PAPERS, **{k: v for k, v in fields.items() if k != "level"})
    return create_business(
        papers=papers,
        level=fields.get("level", "nib"),
        owner_email=owner,
        actor=actor,
        now=now,
    )


def business(business_id: int) -> Business:
    db.session.rollback()
    return db.session.get_one(Business, business_id)


def email_of(actor: Actor) -> str:
    return db.session.scalars(select(User.email).where(User.id == actor.id)).one() or ""


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


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


def test_the_same_papers_change_nothing(clerk: Actor, now: datetime) -> None:
    made = create(clerk, now)
    edit_business(business_id=made, papers=PAPERS, actor=clerk, now=now)

    edited = select(func.count()).where(AuditEntry.action == "business:edited")
    assert db.session.scalars(edited).one() == 0


def paper(actor: Actor, now: datetime, made: int, kind: str, **fields: Any) -> int:
    seen = fields.pop("seen", False)
    told = Told(kind, fields.pop("number", "1"), **fields)
    return note_paper(business_id=made, told=told, seen=seen, actor=actor, now=now)


def test_papers_that_were_seen_raise_a_tier_and_lower_it_when_taken_back(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = make.business(level="trial")
    owner = make.producer(made)
    change_role(business_id=made, user_id=owner.id or 0, is_owner=True, actor=clerk, now=now)
    product = make.product(made)
    paper(owner, now, made, "nib", number="0123456789012")
    assert business(made).level == "trial"
    nib = db.session.scalars(select(Document.id)).one()

    assert check_paper(document_id=nib, verified=True, remark="", actor=clerk, now=now) == made
    assert business(made).level == "nib"
    licence = paper(clerk, now, made, "pirt", product_id=product, seen=True)
    paper(clerk, now, made, "halal", seen=True)
    assert business(made).level == "market_ready"

    with pytest.raises(RuleBroken) as broken:
        withdraw_verification(document_id=licence, remark=" ", actor=clerk, now=now)
    assert codes(broken) == ["reason_missing"]
    withdraw_verification(document_id=licence, remark="Milik usaha lain", actor=clerk, now=now)
    assert business(made).level == "nib"
    check_paper(document_id=licence, verified=True, remark="", actor=clerk, now=now)
    archive_product(product_id=product, actor=owner, now=now)
    assert business(made).level == "nib"
    withdraw_verification(document_id=nib, remark="Palsu", actor=clerk, now=now)
    assert business(made).level == "trial"
    said = db.session.execute(
        select(Verification.verdict, Verification.officer_id).where(Verification.document_id == nib)
    ).all()
    assert [tuple(each) for each in said] == [("verified", clerk.id), ("withdrawn", clerk.id)]
    with pytest.raises(NotAllowed):
        check_paper(document_id=nib, verified=True, remark="", actor=owner, now=now)
    with pytest.raises(RuleBroken) as kept:
        remove_paper(document_id=nib, actor=owner, now=now)
    assert codes(kept) == ["nib_by_edit"]


def test_a_renewed_paper_takes_the_old_ones_place_when_it_was_seen(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = make.business()
    old = paper(clerk, now, made, "halal", number="ID1", seen=True)
    paper(clerk, now, made, "halal", number="ID2")
    new = paper(clerk, now, made, "halal", number="ID3")

    def states() -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Document.state).order_by(Document.id)))

    assert states() == ["verified", "removed", "unchecked"]
    check_paper(document_id=new, verified=True, remark="", actor=clerk, now=now)
    assert states() == ["removed", "removed", "verified"]
    with pytest.raises(NotFound):
        remove_paper(document_id=old, actor=clerk, now=now)


def test_each_end_of_a_paper_is_told_twice_and_never_again(
    make: Make, clerk: Actor, now: datetime
) -> None:
    make.site()
    made = make.business(level="nib", seen_level="nib")
    make.producer(made)
    product = make.product(made, lane="non_halal")
    today = date(2026, 11, 24)
    ends = today + timedelta(days=61)
    paper(clerk, now, made, "pirt", product_id=product, expires_on=ends, seen=True)
    assert business(made).level == "market_ready"

    def told(days: int) -> int:
        while warn_of_expiry(actor=SYSTEM, now=now + timedelta(days=days)):
            pass
        db.session.rollback()
        return db.session.execute(
            select(func.count()).where(Message.kind == "paper_expires")
        ).scalar_one()

    assert [told(days) for days in (0, 1, 2, 46, 47, 48, 61)] == [0, 2, 2, 2, 4, 4, 4]
    assert business(made).level == "market_ready"
    assert told(62) == 4
    assert business(made).level == "nib"


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


def test_the_auditor_finds_a_tier_that_does_not_follow_from_the_papers(
    make: Make, clerk: Actor, now: datetime
) -> None:
    business = create(clerk, now)
    assert verify(now=now) == ()
    db.session.rollback()

    with transaction() as session:
        session.execute(text("UPDATE businesses SET level = 'market_ready'"))

    (found,) = verify(now=now)
    assert found.rule == "tiers follow from papers"
    assert found.rows == ({"business": business, "level": "market_ready", "should_be": "nib"},)
