"""People: their accounts, and the tokens of their programs."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.passwords import (
    NO_PASSWORD,
    hash_password,
    one_time_password,
    problems_with_password,
)
from packhouse.domain.permissions import may_administer
from packhouse.domain.users import (
    LOCALES,
    Actor,
    Role,
    normal_email,
    normal_phone,
    secret_hash,
)
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.privacy import ClosedAccount
from packhouse.models.sites import Site
from packhouse.models.users import ApiToken, User, UserSite
from packhouse.services.audit import Subject, record
from packhouse.services.sessions import drop_sessions, set_password


@use_case
def create_user(
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    actor: Actor,
    now: datetime,
    locale: str = "id",
    phone: str = "",
    site_codes: Sequence[str] | None = None,
    is_demo: bool = False,
) -> int:
    """Create a person who may sign in; return her id.

    ``site_codes`` are where an operator or manager works; None means every site there is.
    Raises RuleBroken with all problems at once, NotAllowed unless the actor administers.
    """
    if not may_administer(actor):
        raise NotAllowed
    problems = [
        *_problems_with_person(email=email, name=name, role=role, locale=locale, phone=phone),
        *problems_with_password(password, personal=(email, name)),
    ]
    hashed = "" if problems else hash_password(password)
    with transaction() as session:
        problems += _problems_with_place(session, email=email, site_codes=site_codes or ())
        if problems:
            raise RuleBroken(problems)
        user = _invited(session, email) or User(email=normal_email(email), created_at=now)
        user.name, user.phone = name.strip(), normal_phone(phone) or ""
        user.role, user.locale = role, locale
        user.password_hash, user.is_demo = hashed, is_demo
        site_ids = _add_user(session, user=user, site_codes=site_codes)
        facts = {"role": role, "site_ids": site_ids}
        _note(session, "user:created", user.id, actor=actor, now=now, **facts)
        return user.id


@use_case
def reset_password(*, user_id: int, actor: Actor, now: datetime) -> str:
    """Give a person a new password, told once to the administrator; end all her sessions."""
    if not may_administer(actor):
        raise NotAllowed
    password = one_time_password()
    hashed = hash_password(password)
    with transaction() as session:
        user = _user(session, user_id)
        set_password(session, user=user, hashed=hashed, keep=None)
        _note(session, "user:password_reset", user_id, actor=actor, now=now)
    return password


@use_case
def change_locale(*, locale: str, actor: Actor, now: datetime) -> None:
    """Choose the language of one's pages and messages."""
    if locale not in LOCALES:
        raise RuleBroken([Problem("locale_unknown", {"locale": locale})])
    if actor.id is None:
        return
    with transaction() as session:
        _user(session, actor.id).locale = locale
        _note(session, "user:locale_changed", actor.id, actor=actor, now=now)


@use_case
def deactivate_user(*, user_id: int, actor: Actor, now: datetime) -> None:
    """Close an account: its sessions and tokens end now. Nobody closes her own."""
    if not may_administer(actor):
        raise NotAllowed
    if user_id == actor.id:
        raise RuleBroken([Problem("own_account")])
    with transaction() as session:
        _user(session, user_id).is_active = False
        drop_sessions(session, user_id=user_id)
        session.execute(
            update(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        _note(session, "user:deactivated", user_id, actor=actor, now=now)


@use_case
def activate_user(*, user_id: int, actor: Actor, now: datetime) -> None:
    """Open a blocked account again; its old sessions and tokens stay ended.

    One that its person closed for good stays closed: WrongState.
    """
    if not may_administer(actor):
        raise NotAllowed
    with transaction() as session:
        user = _user(session, user_id)
        if session.get(ClosedAccount, user_id) is not None:
            raise WrongState("account_closed")
        user.is_active = True
        _note(session, "user:activated", user_id, actor=actor, now=now)


@use_case
def create_token(
    *, email: str, actor: Actor, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make a token for a person's programs and return it, this once; only its hash is kept."""
    if not may_administer(actor):
        raise NotAllowed
    token = "ph_" + secrets.token_urlsafe(32)
    with transaction() as session:
        query = select(User).where(User.email == normal_email(email), User.is_active)
        user = session.scalar(query)
        if user is None:
            raise NotFound("user_unknown", email=email)
        session.add(
            ApiToken(
                id_hash=secret_hash(token), user_id=user.id, created_at=now, expires_at=expires_at
            )
        )
        _note(session, "user:token_created", user.id, actor=actor, now=now)
    return token


# --- steps --------------------------------------------------------------------------------------


def _note(
    session: Session, action: str, user_id: int, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    subject = Subject("user", user_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update={"key_share": True})
    if user is None:
        raise NotFound
    return user


def _problems_with_person(
    *, email: str, name: str, role: str, locale: str, phone: str
) -> list[Problem]:
    checks = (
        (normal_email(email) is not None, Problem("email_malformed", {"email": email})),
        (bool(name.strip()), Problem("name_missing")),
        (role in set(Role), Problem("role_unknown", {"role": role})),
        (locale in LOCALES, Problem("locale_unknown", {"locale": locale})),
        (
            not phone or normal_phone(phone) is not None,
            Problem("phone_malformed", {"phone": phone}),
        ),
    )
    return [problem for fine, problem in checks if not fine]


def _problems_with_place(
    session: Session, *, email: str, site_codes: Sequence[str]
) -> list[Problem]:
    taken = session.scalar(
        select(User.id).where(User.email == normal_email(email), User.password_hash != NO_PASSWORD)
    )
    known = set(session.scalars(select(Site.code).where(Site.code.in_(site_codes))))
    return [
        *([Problem("email_taken", {"email": email})] if taken else []),
        *(Problem("site_unknown", {"site": code}) for code in site_codes if code not in known),
    ]


def invite(session: Session, *, email: str, now: datetime) -> User | None:
    """Add a producer who cannot sign in until ``create_user`` gives her a password.

    None when this is no e-mail address.
    """
    address = normal_email(email)
    if address is None:
        return None
    user = User(
        email=address,
        name=address.partition("@")[0],
        role=Role.PRODUCER,
        password_hash=NO_PASSWORD,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def _invited(session: Session, email: str) -> User | None:
    return session.scalar(
        select(User).where(User.email == normal_email(email), User.password_hash == NO_PASSWORD)
    )


def _add_user(session: Session, *, user: User, site_codes: Sequence[str] | None) -> list[int]:
    """Insert the account and where it works; return the ids of the sites."""
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise RuleBroken([Problem("email_taken", {"email": user.email})]) from error
    if user.role not in (Role.OPERATOR, Role.MANAGER):
        return []
    query = select(Site.id).order_by(Site.id)
    if site_codes is not None:
        query = query.where(Site.code.in_(site_codes))
    site_ids = list(session.scalars(query))
    session.add_all(UserSite(user_id=user.id, site_id=site_id) for site_id in site_ids)
    return site_ids
