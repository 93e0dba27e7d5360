from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from packhouse.db import db
from packhouse.domain.passwords import hash_password
from packhouse.domain.users import (
    CODE_TRIES,
    SECRET_LIFETIME,
    Actor,
    Role,
    SecretKind,
    derived_secret,
)
from packhouse.errors import NotAllowed, NotFound, PackhouseError, RuleBroken, TooMany
from packhouse.models.audit import AuditEntry
from packhouse.models.reminders import Message
from packhouse.models.users import OneTimeSecret, User
from packhouse.queries.users import actor_for_session
from packhouse.services.sessions import SeveralPeople, change_contact, sign_in
from packhouse.services.users import (
    ask_for_link,
    confirm_email,
    issue_code,
    set_password_by_code,
    set_password_by_link,
)
from tests.factories import Make

EMAIL, PHONE = "siti@contoh.example", "+6281234567890"
PASSWORD, NEW = "hujan di kapuas", "perahu ke sintang"
KEPT = hash_password(PASSWORD)


@pytest.fixture
def siti(make: Make) -> Actor:
    return make.user(email=EMAIL, phone=PHONE, name="Siti", password_hash=KEPT)


@pytest.fixture
def desk(make: Make) -> Actor:
    return make.user(Role.OPERATOR)


def code_of(refusal: pytest.ExceptionInfo[PackhouseError]) -> list[str]:
    return [each.code for each in refusal.value.problems]


def letters() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).order_by(Message.id)))


def link_in(context: Flask, letter: Message) -> str:
    return derived_secret(context.config["SECRET_KEY"], letter.kind, letter.payload["nonce"])


def asked(contact: str, now: datetime) -> list[Message]:
    ask_for_link(contact=contact, network="203.0.113.7", now=now)
    return letters()


def by_code(now: datetime, code: str, **other: Any) -> None:
    told = {"contact": PHONE, "password": NEW, "network": "203.0.113.7"} | other
    set_password_by_code(code=code, now=now, **told)


def enters(password: str, now: datetime, contact: str = EMAIL) -> bool:
    try:
        sign_in(contact=contact, password=password, network="", now=now)
    except NotAllowed:
        return False
    return True


# --- by a link ----------------------------------------------------------------------------------


def test_a_mailed_link_gives_a_new_password_once_and_ends_every_session(
    context: Flask, siti: Actor, make: Make, now: datetime
) -> None:
    secret = make.session(siti)
    token = link_in(context, asked(" SITI@contoh.example", now)[0])

    set_password_by_link(token=token, password=NEW, now=now)

    assert actor_for_session(secret=secret, now=now) is None
    assert enters(NEW, now)
    assert not enters(PASSWORD, now)
    with pytest.raises(RuleBroken) as refusal:
        set_password_by_link(token=token, password=NEW, now=now)
    assert code_of(refusal) == ["link_over"]


def test_a_link_lasts_an_hour_and_a_newer_one_replaces_it(
    context: Flask, siti: Actor, now: datetime
) -> None:
    first = link_in(context, asked(EMAIL, now)[0])
    second = link_in(context, asked(EMAIL, now)[1])

    for token, at in ((first, now), (second, now + timedelta(hours=1)), ("", now)):
        with pytest.raises(RuleBroken):
            set_password_by_link(token=token, password=NEW, now=at)


def test_neither_the_database_nor_the_audit_trail_holds_the_way_in(
    context: Flask, siti: Actor, desk: Actor, now: datetime
) -> None:
    letter = asked(EMAIL, now)[0]
    code = issue_code(user_id=siti.id or 0, actor=desk, now=now)

    kept = [(row.secret_hash, row.address) for row in db.session.scalars(select(OneTimeSecret))]
    facts = [entry.facts for entry in db.session.scalars(select(AuditEntry))]
    for secret in (link_in(context, letter), code):
        assert secret not in f"{kept} {facts} {letter.payload}"


def test_a_number_reaches_everybody_who_shares_it_and_has_an_address(
    siti: Actor, make: Make, now: datetime
) -> None:
    make.user(email="adik@contoh.example", phone=PHONE, password_hash=KEPT)
    make.user(email=None, phone=PHONE, password_hash=KEPT)
    make.user(email="tutup@contoh.example", phone=PHONE, is_active=False)

    sent = asked("0812 3456 7890", now)

    assert {each.payload["to"] for each in sent} == {EMAIL, "adik@contoh.example"}
    assert {each.channel for each in sent} == {"email"}


def test_asking_tells_nothing_of_who_has_an_account(siti: Actor, now: datetime) -> None:
    statements: list[list[str]] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        statements[-1].append(statement.split("(", maxsplit=1)[0])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for contact in ("nobody@contoh.example", EMAIL):
            statements.append([])
            ask_for_link(contact=contact, network="", now=now)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    nobody, somebody = statements
    # All that is more is keeping the letter: one link, one message, earlier links ended.
    assert [each for each in somebody if each not in nobody] != []
    assert len(somebody) - len(nobody) <= 3


def test_a_mailbox_is_not_flooded_whether_anybody_reads_it_or_not(
    siti: Actor, now: datetime
) -> None:
    for contact in (EMAIL, "nobody@contoh.example"):
        heard = 0
        for second in range(0, 600, 10):
            try:
                ask_for_link(contact=contact, network="", now=now + timedelta(seconds=second))
            except TooMany:
                continue
            heard += 1
        assert heard <= 12
    assert len(letters()) <= 12


# --- by a code of the desk ----------------------------------------------------------------------


def test_a_code_of_the_desk_gives_a_new_password_once(
    siti: Actor, desk: Actor, make: Make, now: datetime
) -> None:
    secret = make.session(siti)
    code = issue_code(user_id=siti.id or 0, actor=desk, now=now)

    by_code(now, f"{code[:4]} {code[4:]}")

    assert actor_for_session(secret=secret, now=now) is None
    assert enters(NEW, now, contact=PHONE)
    with pytest.raises(RuleBroken):
        by_code(now, code)
    issued = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "user:code_issued"))
    assert [(entry.actor_id, entry.subject_id) for entry in issued] == [(desk.id, siti.id)]


def test_a_code_lasts_fifteen_minutes_and_is_replaced_by_the_next(
    siti: Actor, desk: Actor, now: datetime
) -> None:
    first = issue_code(user_id=siti.id or 0, actor=desk, now=now)
    second = issue_code(user_id=siti.id or 0, actor=desk, now=now + timedelta(seconds=1))

    late = now + timedelta(seconds=1) + SECRET_LIFETIME[SecretKind.DESK_CODE]
    for code, at in ((first, now), (second, late)):
        with pytest.raises(RuleBroken) as refusal:
            by_code(at, code)
        assert code_of(refusal) == ["code_wrong"]


def test_a_code_is_worth_nothing_after_five_wrong_tries(
    siti: Actor, desk: Actor, now: datetime
) -> None:
    code = issue_code(user_id=siti.id or 0, actor=desk, now=now)
    wrong = "00000000" if code != "00000000" else "11111111"
    for second in range(CODE_TRIES):
        with pytest.raises(RuleBroken):
            by_code(now + timedelta(seconds=second), wrong, network=f"203.0.113.{second}")

    with pytest.raises(RuleBroken) as refusal:
        by_code(now + timedelta(minutes=5), code)
    assert code_of(refusal) == ["code_wrong"]


def test_guessing_codes_slows_down_with_and_without_anybody_there(
    siti: Actor, now: datetime
) -> None:
    told: set[str] = set()
    for contact in (PHONE, "+6281299999999"):
        heard = 0
        for second in range(0, 300, 5):
            try:
                by_code(now + timedelta(seconds=second), "12345678", contact=contact)
            except TooMany:
                continue
            except RuleBroken as refusal:
                told.update(each.code for each in refusal.problems)
                heard += 1
        assert heard < 15
    assert told == {"code_wrong"}


def test_a_code_counts_for_its_own_person_alone(
    siti: Actor, desk: Actor, make: Make, now: datetime
) -> None:
    sister = make.user(email=None, phone=PHONE, name="Adik", password_hash=KEPT)
    code = issue_code(user_id=sister.id or 0, actor=desk, now=now)

    with pytest.raises(RuleBroken):
        by_code(now, code, contact=EMAIL)
    by_code(now, code)

    assert enters(PASSWORD, now)  # Siti's own.
    assert sign_in(contact=PHONE, password=NEW, network="", now=now).user_id == sister.id


def test_a_code_with_a_bad_password_stays_good(siti: Actor, desk: Actor, now: datetime) -> None:
    code = issue_code(user_id=siti.id or 0, actor=desk, now=now)

    with pytest.raises(RuleBroken) as refusal:
        by_code(now, code, password="pendek")
    assert code_of(refusal) == ["password_short"]

    by_code(now, code)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MANAGER, Role.ADMIN])
def test_the_desk_gives_codes_to_producers_alone(
    siti: Actor, desk: Actor, make: Make, now: datetime, role: Role
) -> None:
    other = make.user(role)

    with pytest.raises(NotAllowed):
        issue_code(user_id=other.id or 0, actor=desk, now=now)
    with pytest.raises(NotAllowed):
        issue_code(user_id=siti.id or 0, actor=siti, now=now)
    with pytest.raises(NotFound):
        issue_code(user_id=999_999, actor=desk, now=now)


# --- a shared telephone -------------------------------------------------------------------------


def test_each_of_a_family_comes_in_by_the_same_number(
    siti: Actor, make: Make, now: datetime
) -> None:
    sister = make.user(email=None, phone=PHONE, password_hash=hash_password(NEW))

    assert sign_in(contact=PHONE, password=PASSWORD, network="", now=now).user_id == siti.id
    assert sign_in(contact="0812 3456 7890", password=NEW, network="", now=now).user_id == sister.id


def test_who_shares_number_and_password_says_who_she_is(
    siti: Actor, make: Make, now: datetime
) -> None:
    sister = make.user(email=None, phone=PHONE, name="Adik", password_hash=KEPT)

    with pytest.raises(SeveralPeople) as refusal:
        sign_in(contact=PHONE, password=PASSWORD, network="", now=now)
    assert dict(refusal.value.people) == {siti.id: "Siti", sister.id: "Adik"}

    chosen = sign_in(contact=PHONE, password=PASSWORD, network="", now=now, who=sister.id)
    assert chosen.user_id == sister.id
    stranger = make.user(phone="+6281299999999", password_hash=KEPT)
    with pytest.raises(NotAllowed):
        sign_in(contact=PHONE, password=PASSWORD, network="", now=now, who=stranger.id)


@pytest.mark.parametrize("people", [0, 1, 2, 5])
def test_a_number_takes_the_same_work_however_many_share_it(
    make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    compared: list[str | None] = []

    def compare(kept: str | None, _given: str) -> tuple[bool, str]:
        compared.append(kept)
        return False, ""

    monkeypatch.setattr("packhouse.services.sessions.signing_in.verify_password", compare)
    for _ in range(people):
        make.user(phone=PHONE, password_hash=KEPT)
    make.user(phone=PHONE, is_active=False, password_hash=KEPT)
    make.user(phone=PHONE, password_hash="!")

    with pytest.raises(NotAllowed):
        sign_in(contact=PHONE, password=PASSWORD, network="", now=now)

    assert len(compared) == 3


# --- one's contact ------------------------------------------------------------------------------


def test_a_new_address_counts_once_its_link_was_followed(
    context: Flask, siti: Actor, now: datetime
) -> None:
    told = {"phone": "0857 1234 5678", "email": "baru@contoh.example", "password": PASSWORD}
    assert change_contact(**told, actor=siti, now=now)

    user = db.session.scalars(select(User).where(User.id == siti.id)).one()
    assert (user.phone, user.email) == ("+6285712345678", EMAIL)
    letter = letters()[0]
    assert letter.payload["to"] == "baru@contoh.example"
    confirm_email(token=link_in(context, letter), now=now)
    db.session.rollback()
    assert db.session.get_one(User, siti.id).email == "baru@contoh.example"


def test_an_address_of_somebody_else_is_refused_only_to_who_reads_its_mail(
    context: Flask, siti: Actor, make: Make, now: datetime
) -> None:
    make.user(email="lain@contoh.example")
    told = {"phone": PHONE, "email": "lain@contoh.example", "password": PASSWORD}
    assert change_contact(**told, actor=siti, now=now)

    with pytest.raises(RuleBroken) as refusal:
        confirm_email(token=link_in(context, letters()[0]), now=now)
    assert code_of(refusal) == ["email_taken"]


def test_a_contact_is_changed_with_the_password_and_never_to_nothing(
    siti: Actor, now: datetime
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        change_contact(phone="0561-730062", email="x", password="salah", actor=siti, now=now)
    assert code_of(refusal) == ["password_wrong", "phone_landline", "email_malformed"]

    with pytest.raises(RuleBroken) as nothing:
        change_contact(phone="", email="", password=PASSWORD, actor=siti, now=now)
    assert code_of(nothing) == ["contact_missing"]
