from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.passwords import HASHER, hash_password
from packhouse.domain.users import ACCOUNT_BACKOFF, IDLE_LIMIT, Actor, Role
from packhouse.errors import NotAllowed, RuleBroken, TooMany
from packhouse.models.audit import AuditEntry
from packhouse.models.users import ServerSession, SignInFailure, User
from packhouse.queries.users import actor_for_session
from packhouse.services.sessions import (
    SignedIn,
    change_password,
    end_sessions,
    sign_in,
    sign_out,
    signing_in,
    touch_session,
)
from tests.factories import Make

EMAIL = "siti@contoh.example"
PASSWORD = "hujan di kapuas"
KEPT = hash_password(PASSWORD)


@pytest.fixture
def siti(make: Make) -> Actor:
    return make.user(Role.PRODUCER, email=EMAIL, name="Siti", password_hash=KEPT)


def enter(now: datetime, password: str = PASSWORD, **fields: Any) -> SignedIn:
    told: dict[str, Any] = {"contact": EMAIL, "network": "203.0.113.7"}
    return sign_in(password=password, now=now, **(told | fields))


def is_signed_in(secret: str, now: datetime) -> bool:
    return actor_for_session(secret=secret, now=now) is not None


def test_who_knows_the_password_gets_a_session(siti: Actor, now: datetime) -> None:
    signed_in = enter(now, contact=" SITI@Contoh.example ")

    found = actor_for_session(secret=signed_in.secret, now=now)
    assert found is not None
    assert found.actor == siti
    assert signed_in.user_id == siti.id


def test_the_database_holds_neither_password_nor_secret(siti: Actor, now: datetime) -> None:
    signed_in = enter(now)

    kept = db.session.scalars(select(ServerSession.id_hash)).one()
    facts = [entry.facts for entry in db.session.scalars(select(AuditEntry))]
    assert signed_in.secret not in kept
    assert not any(word in str(facts) for word in (PASSWORD, signed_in.secret, kept, "argon2"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "hujan di kapuas!"},
        {"contact": "nobody@contoh.example"},
        {"contact": "no address"},
        {"password": ""},
    ],
)
def test_every_wrong_sign_in_is_refused_with_the_same_words(
    siti: Actor, now: datetime, wrong: dict[str, str]
) -> None:
    with pytest.raises(NotAllowed) as refusal:
        enter(now, **wrong)

    assert [problem.code for problem in refusal.value.problems] == ["sign_in_failed"]
    assert db.session.scalars(select(ServerSession)).all() == []


def test_a_closed_account_is_refused_with_the_same_words(
    siti: Actor, make: Make, now: datetime
) -> None:
    closed = make.user(email="tutup@contoh.example", password_hash=KEPT, is_active=False)

    with pytest.raises(NotAllowed) as refusal:
        enter(now, contact="tutup@contoh.example")

    assert closed.id
    assert refusal.value.problems[0].code == "sign_in_failed"


def test_guessing_slows_down_and_the_owner_still_gets_in(siti: Actor, now: datetime) -> None:
    heard = 0
    for _ in range(40):
        try:
            enter(now, "wrong password", network="198.51.100.1")
        except TooMany as refusal:
            wait = refusal.problems[0].facts["seconds"]
        except NotAllowed:
            heard += 1

    assert heard == ACCOUNT_BACKOFF.free
    with pytest.raises(TooMany):
        enter(now)
    assert isinstance(wait, int)
    assert enter(now + timedelta(seconds=wait)).secret
    assert enter(now + timedelta(seconds=wait)).secret


def test_one_guess_a_second_for_an_hour_is_heard_less_than_a_hundred_times(
    siti: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "verify_password", lambda _kept, _given: (False, ""))
    heard = 0
    for second in range(0, 3600, 5):
        try:
            enter(now + timedelta(seconds=second), "wrong password")
        except TooMany:
            continue
        except NotAllowed:
            heard += 1

    assert heard < 100


def test_a_network_that_tries_many_accounts_waits_too(
    make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "verify_password", lambda _kept, _given: (False, ""))
    refused = 0
    for number in range(60):
        try:
            enter(now, "wrong password", contact=f"orang{number}@contoh.example")
        except TooMany:
            refused += 1
        except NotAllowed:
            pass

    assert refused == 20
    with pytest.raises(NotAllowed):
        enter(now, "wrong password", network="198.51.100.1")


def test_guesses_sent_side_by_side_do_not_slip_past_the_wait(
    siti: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify_while_others_guess(_kept: str | None, _given: str) -> tuple[bool, str]:
        monkeypatch.undo()
        for _ in range(ACCOUNT_BACKOFF.free):
            with pytest.raises(NotAllowed):
                enter(now, "wrong password")
        return True, ""

    monkeypatch.setattr(signing_in, "verify_password", verify_while_others_guess)

    with pytest.raises(TooMany):
        enter(now)


def test_no_failure_is_kept_with_a_readable_name(siti: Actor, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        enter(now, "wrong password")

    kept = " ".join(db.session.scalars(select(SignInFailure.who)))
    assert "siti" not in kept
    assert "203.0" not in kept


def test_an_old_hash_is_made_anew_when_its_owner_comes(make: Make, now: datetime) -> None:
    older = type(HASHER)(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    user = make.user(email=EMAIL, password_hash=older)

    enter(now)

    assert "m=19456,t=2,p=1" in db.session.get_one(User, user.id).password_hash


def test_signing_in_again_ends_the_session_of_that_browser(siti: Actor, now: datetime) -> None:
    first = enter(now)

    second = enter(now, previous=first.secret)

    assert first.secret != second.secret
    assert not is_signed_in(first.secret, now)
    assert is_signed_in(second.secret, now)


def test_signing_out_ends_the_session(siti: Actor, now: datetime) -> None:
    here, elsewhere = enter(now), enter(now)

    sign_out(secret=here.secret, actor=siti, now=now)

    assert not is_signed_in(here.secret, now)
    assert is_signed_in(elsewhere.secret, now)


def test_a_session_ends_when_idle_and_at_its_end_even_in_use(siti: Actor, now: datetime) -> None:
    secret = enter(now).secret

    assert is_signed_in(secret, now + IDLE_LIMIT - timedelta(seconds=1))
    assert not is_signed_in(secret, now + IDLE_LIMIT)
    for hours in range(1, 12):
        touch_session(secret=secret, now=now + timedelta(hours=hours))
        assert is_signed_in(secret, now + timedelta(hours=hours, minutes=59))
    assert not is_signed_in(secret, now + timedelta(hours=12))


def test_a_new_password_ends_every_other_session(siti: Actor, now: datetime) -> None:
    here, elsewhere = enter(now), enter(now)

    change_password(old=PASSWORD, new="angin dari natuna", actor=siti, now=now, secret=here.secret)

    assert is_signed_in(here.secret, now)
    assert not is_signed_in(elsewhere.secret, now)
    assert enter(now, "angin dari natuna")
    with pytest.raises(NotAllowed):
        enter(now)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", "angin dari natuna", "password_wrong"),
        (PASSWORD, "pendek", "password_short"),
        (PASSWORD, EMAIL, "password_personal"),
    ],
)
def test_a_password_is_not_changed_to_a_bad_one_or_by_somebody_else(
    siti: Actor, now: datetime, old: str, new: str, code: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        change_password(old=old, new=new, actor=siti, now=now)

    assert refusal.value.problems[0].code == code
    assert enter(now)


def test_guessing_the_old_password_slows_down(
    siti: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "verify_password", lambda _kept, _given: (False, ""))

    def guess() -> None:
        change_password(old="wrong", new="angin dari natuna", actor=siti, now=now)

    for _ in range(ACCOUNT_BACKOFF.free):
        with pytest.raises(RuleBroken):
            guess()
    with pytest.raises(TooMany):
        guess()


def test_an_administrator_signs_somebody_out_everywhere(
    siti: Actor, make: Make, now: datetime
) -> None:
    secret = enter(now).secret

    with pytest.raises(NotAllowed):
        end_sessions(user_id=siti.id or 0, actor=make.user(Role.MANAGER), now=now)
    assert is_signed_in(secret, now)
    end_sessions(user_id=siti.id or 0, actor=make.user(Role.ADMIN), now=now)

    assert not is_signed_in(secret, now)
