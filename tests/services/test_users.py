from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.users import ApiToken, User, UserSite
from packhouse.queries.users import actor_for_session, actor_for_token, my_account
from packhouse.services.sessions import sign_in
from packhouse.services.users import (
    activate_user,
    change_locale,
    create_token,
    create_user,
    deactivate_user,
    reset_password,
)
from tests.factories import Make

PASSWORD = "hujan di kapuas"


def create(now: datetime, **fields: Any) -> int:
    told: dict[str, Any] = {
        "email": "Siti@Contoh.example",
        "name": " Siti Aminah ",
        "role": "producer",
        "password": PASSWORD,
        "actor": SYSTEM,
    }
    return create_user(now=now, **(told | fields))


def codes(refusal: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_a_new_person_can_sign_in(make: Make, now: datetime) -> None:
    user_id = create(now, phone="0812 3456 7890")

    signed_in = sign_in(contact="siti@contoh.example", password=PASSWORD, network="", now=now)
    person = my_account(user_id=user_id)
    assert signed_in.user_id == user_id
    assert person is not None
    assert (person.name, person.phone) == ("Siti Aminah", "+6281234567890")


def test_everything_wrong_with_a_person_is_said_at_once(make: Make, now: datetime) -> None:
    with pytest.raises(RuleBroken) as refusal:
        create(
            now,
            email="siti",
            name=" ",
            role="king",
            locale="fr",
            phone="12",
            password="pendek",
            site_codes=("NOWHERE",),
        )

    assert codes(refusal) == [
        "email_malformed",
        "name_missing",
        "role_unknown",
        "locale_unknown",
        "phone_malformed",
        "password_short",
        "site_unknown",
    ]
    assert db.session.scalars(select(User)).all() == []


def test_an_address_belongs_to_one_person_however_it_is_written(make: Make, now: datetime) -> None:
    create(now)

    with pytest.raises(RuleBroken) as refusal:
        create(now, email="SITI@contoh.EXAMPLE")

    assert codes(refusal) == ["email_taken"]


def test_an_operator_works_at_the_named_sites_or_at_all(make: Make, now: datetime) -> None:
    first, second = make.site(code="PTK"), make.site(code="SBS")

    one = create(now, role="operator", site_codes=("SBS",))
    every = create(now, role="manager", email="kepala@contoh.example")
    none = create(now, role="producer", email="usaha@contoh.example")

    def sites(user_id: int) -> set[int]:
        query = select(UserSite.site_id).where(UserSite.user_id == user_id)
        return set(db.session.scalars(query))

    assert sites(one) == {second}
    assert sites(every) == {first, second}
    assert sites(none) == set()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_manages_people(make: Make, now: datetime, role: Role) -> None:
    actor, other = make.user(role), make.user(email="lain@contoh.example")
    other_id = other.id or 0

    for attempt in (
        lambda: create(now, actor=actor),
        lambda: deactivate_user(user_id=other_id, actor=actor, now=now),
        lambda: activate_user(user_id=other_id, actor=actor, now=now),
        lambda: reset_password(user_id=other_id, actor=actor, now=now),
        lambda: create_token(email="lain@contoh.example", actor=actor, now=now),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_closed_account_loses_its_sessions_and_tokens_at_once(make: Make, now: datetime) -> None:
    admin, user_id = make.user(Role.ADMIN), create(now)
    secret = sign_in(contact="siti@contoh.example", password=PASSWORD, network="", now=now).secret
    token = create_token(email="siti@contoh.example", actor=SYSTEM, now=now)

    deactivate_user(user_id=user_id, actor=admin, now=now)

    assert actor_for_session(secret=secret, now=now) is None
    assert actor_for_token(secret=token, now=now) is None
    activate_user(user_id=user_id, actor=admin, now=now)
    assert actor_for_session(secret=secret, now=now) is None
    assert actor_for_token(secret=token, now=now) is None
    assert sign_in(contact="siti@contoh.example", password=PASSWORD, network="", now=now)


def test_nobody_closes_her_own_account(make: Make, now: datetime) -> None:
    admin = make.user(Role.ADMIN)

    with pytest.raises(RuleBroken) as refusal:
        deactivate_user(user_id=admin.id or 0, actor=admin, now=now)

    assert codes(refusal) == ["own_account"]


def test_a_reset_password_replaces_the_old_one(make: Make, now: datetime) -> None:
    admin, user_id = make.user(Role.ADMIN), create(now)
    old = sign_in(contact="siti@contoh.example", password=PASSWORD, network="", now=now)

    password = reset_password(user_id=user_id, actor=admin, now=now)

    assert actor_for_session(secret=old.secret, now=now) is None
    assert sign_in(contact="siti@contoh.example", password=password, network="", now=now)
    with pytest.raises(NotAllowed):
        sign_in(contact="siti@contoh.example", password=PASSWORD, network="", now=now)


def test_a_token_stands_for_its_person_until_it_expires(make: Make, now: datetime) -> None:
    business, site = make.business(), make.site()
    owner = make.user(
        Role.OPERATOR, email="op@contoh.example", businesses=(business,), sites=(site,)
    )
    tomorrow = now + timedelta(days=1)

    token = create_token(email="OP@contoh.example", actor=SYSTEM, now=now, expires_at=tomorrow)

    assert actor_for_token(secret=token, now=now) == owner
    assert actor_for_token(secret=token, now=tomorrow) is None
    assert actor_for_token(secret=token + "x", now=now) is None
    assert token not in str(db.session.scalars(select(ApiToken.id_hash)).all())


def test_there_is_no_token_for_nobody(make: Make, now: datetime) -> None:
    with pytest.raises(NotFound):
        create_token(email="nobody@contoh.example", actor=SYSTEM, now=now)


def test_people_choose_one_of_our_languages(make: Make, now: datetime) -> None:
    user = make.user()

    change_locale(locale="en", actor=user, now=now)

    assert db.session.get_one(User, user.id).locale == "en"
    with pytest.raises(RuleBroken):
        change_locale(locale="fr", actor=user, now=now)


def test_what_is_done_to_people_is_audited_without_secrets(make: Make, now: datetime) -> None:
    admin, user_id = make.user(Role.ADMIN), create(now)
    password = reset_password(user_id=user_id, actor=admin, now=now)
    token = create_token(email="siti@contoh.example", actor=admin, now=now)
    deactivate_user(user_id=user_id, actor=admin, now=now)

    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    assert [entry.action for entry in entries] == [
        "user:created",
        "user:password_reset",
        "user:token_created",
        "user:deactivated",
    ]
    assert {entry.subject_id for entry in entries} == {user_id}
    told = str([entry.facts for entry in entries])
    assert not any(word in told for word in (PASSWORD, password, token, "siti"))
