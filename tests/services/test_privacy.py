"""Consent by purpose, the copy of everything, and the account that is closed for good."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from packhouse.db import db, transaction
from packhouse.domain.privacy import Purpose
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import Malformed, NotAllowed, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, Membership
from packhouse.models.privacy import Consent
from packhouse.models.users import ApiToken, ServerSession, User
from packhouse.queries.audit import verify
from packhouse.queries.privacy import consent_history, consents, everything, held
from packhouse.services import bookings, calendars, privacy, users
from packhouse.services.bookings import Wish
from tests.conftest import NOW
from tests.factories import Make

ZONE = "Asia/Pontianak"
LATER = NOW + timedelta(hours=1)


def person(make: Make, business: int) -> Actor:
    return make.user(
        businesses=(business,), name="Ibu Rahasia", email="rahasia@contoh.example",
        phone="+6281255550123",
    )  # fmt: skip


def book(make: Make, actor: Actor, business: int) -> str:
    machine = make.code(make.machine())
    wish = Wish(make.product(business), 300, machine, make.at(8))
    return str(bookings.book(wish=wish, actor=actor, now=NOW)["code"])


def given(actor: Actor) -> set[Purpose]:
    assert actor.id is not None
    return {each.purpose for each in consents(user_id=actor.id) if each.given}


def test_nothing_is_agreed_to_until_she_says_so_and_a_withdrawal_counts_at_once(
    make: Make,
) -> None:
    actor = make.producer()
    assert given(actor) == set()

    for yes in (True, True, False, False):
        privacy.answer_purpose(purpose="story", given=yes, actor=actor, now=NOW)

    assert given(actor) == set()
    assert actor.id is not None
    assert [each.given for each in consent_history(user_id=actor.id)] == [False, True]
    with pytest.raises(Malformed):
        privacy.answer_purpose(purpose="everything", given=True, actor=actor, now=NOW)


def test_answers_are_never_rewritten(make: Make) -> None:
    privacy.answer_purpose(purpose="story", given=True, actor=make.producer(), now=NOW)

    def rewrite() -> None:
        with transaction() as session:
            session.execute(update(Consent).values(given=False))

    with pytest.raises(IntegrityError):
        rewrite()


def test_the_copy_holds_everything_about_her_and_no_secret(make: Make) -> None:
    business, other = make.business(), make.business()
    actor = person(make, business)
    code, foreign = book(make, actor, business), book(make, make.producer(other), other)
    make.session(actor)
    calendars.open_feed(actor=actor, now=NOW)
    privacy.answer_purpose(purpose="news", given=True, actor=actor, now=NOW)
    assert actor.id is not None

    found = everything(user_id=actor.id, zone=ZONE, now=NOW)
    text = json.dumps(found)

    assert found["account"]["phone"] == "+6281255550123"
    assert [each["code"] for each in found["bookings"]] == [code]
    assert foreign not in text
    assert found["messages"]
    assert {each["action"] for each in found["audit_entries"]} >= {
        "booking:create", "consent:given", "calendar:opened",
    }  # fmt: skip
    assert "hash" not in text
    assert {each.table for each in held(user_id=actor.id)} >= {"bookings", "messages", "consents"}


def test_a_closed_account_keeps_what_was_done_and_forgets_who_did_it(make: Make) -> None:
    business = make.business(name="Dapur Rahasia", nib="9120001234567")
    actor = person(make, business)
    code = book(make, actor, business)
    make.session(actor)
    users.create_token(email="rahasia@contoh.example", actor=SYSTEM, now=NOW)
    calendars.open_feed(actor=actor, now=NOW)
    privacy.answer_purpose(purpose="story", given=True, actor=actor, now=NOW)
    bookings.cancel(code=code, actor=actor, now=NOW)

    privacy.close_account(actor=actor, now=LATER)

    db.session.rollback()
    assert actor.id is not None
    user = db.session.get_one(User, actor.id)
    assert (user.name, user.email, user.phone, user.is_active) == (f"#{user.id}", None, "", False)
    kept = db.session.get_one(Business, business)
    assert (kept.name, kept.nib) == (f"#{business}", None)
    assert db.session.scalars(select(Booking.code)).all() == [code]
    assert db.session.scalars(select(ServerSession)).all() == []
    assert db.session.scalars(select(Membership)).all() == []
    assert all(each.revoked_at for each in db.session.scalars(select(ApiToken)))
    assert given(actor) == set()
    trail = json.dumps([each.facts for each in db.session.scalars(select(AuditEntry))])
    assert "ahasia" not in trail
    assert verify(now=LATER) == ()
    with pytest.raises(WrongState):
        users.activate_user(user_id=actor.id, actor=SYSTEM, now=LATER)


def test_what_is_still_open_is_told_before_an_account_is_closed(make: Make) -> None:
    business = make.business()
    actor = person(make, business)
    code = book(make, actor, business)

    with pytest.raises(RuleBroken) as refused:
        privacy.close_account(actor=actor, now=LATER)

    assert [(each.code, each.facts["codes"]) for each in refused.value.problems] == [
        ("open_bookings", code)
    ]


def test_a_business_with_other_people_stays_as_it_is(make: Make) -> None:
    business = make.business(name="Usaha Bersama")
    actor, other = person(make, business), make.producer(business)
    code = book(make, actor, business)

    privacy.close_account(actor=actor, now=LATER)

    db.session.rollback()
    assert db.session.get_one(Business, business).name == "Usaha Bersama"
    assert bookings.cancel(code=code, actor=other, now=LATER)["state"] == "cancelled"


def test_the_last_owner_names_another_before_she_leaves(make: Make) -> None:
    business = make.business()
    actor = make.user()
    assert actor.id is not None
    with transaction() as session:
        session.add(Membership(user_id=actor.id, business_id=business, role="owner"))
    make.producer(business)

    with pytest.raises(RuleBroken) as refused:
        privacy.close_account(actor=actor, now=LATER)

    assert [each.code for each in refused.value.problems] == ["owner_last"]


def test_accounts_of_the_staff_are_closed_by_the_administrator(make: Make) -> None:
    with pytest.raises(NotAllowed):
        privacy.close_account(actor=make.user(Role.OPERATOR), now=NOW)


def test_who_was_not_seen_for_two_years_is_forgotten_as_if_she_had_closed_her_account(
    make: Make,
) -> None:
    long_ago = NOW - timedelta(days=731)
    business = make.business(name="Usaha Rahasia", phone="+6281255550123")
    sleeping = make.user(
        businesses=(business,), name="Ibu Rahasia", phone="+6281255550123", created_at=long_ago
    )
    busy = make.user(businesses=(make.business(),), created_at=long_ago)
    book(make, busy, next(iter(busy.business_ids)))
    reading = make.user(businesses=(make.business(),), created_at=long_ago)
    privacy.answer_purpose(purpose="story", given=True, actor=reading, now=NOW)
    clerk = make.user(Role.OPERATOR, created_at=long_ago)
    young = make.user(businesses=(make.business(),), created_at=long_ago + timedelta(days=2))
    db.session.rollback()

    assert privacy.forget_inactive(actor=SYSTEM, now=NOW) == 1
    assert privacy.forget_inactive(actor=SYSTEM, now=NOW) == 0

    kept = db.session.get_one(User, sleeping.id)
    assert (kept.name, kept.email, kept.phone, kept.is_active) == (f"#{kept.id}", None, "", False)
    assert db.session.get_one(Business, business).name == f"#{business}"
    for each in (busy, reading, clerk, young):
        assert db.session.get_one(User, each.id).is_active
    assert verify(now=NOW) == ()


def test_a_business_keeps_an_owner_when_inactive_people_are_forgotten(make: Make) -> None:
    long_ago = NOW - timedelta(days=900)
    business = make.business()
    owner = make.user(businesses=(business,), created_at=long_ago)
    member = make.user(businesses=(business,), created_at=NOW)
    with transaction() as session:
        for each, role in ((owner, "owner"), (member, "member")):
            session.execute(
                update(Membership).where(Membership.user_id == each.id).values(role=role)
            )

    assert privacy.forget_inactive(actor=SYSTEM, now=NOW) == 0

    assert db.session.get_one(User, owner.id).is_active
