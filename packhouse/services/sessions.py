"""Signing in and out, and changing the password that does it.

A password is hashed outside the transaction: it takes some 40 ms and 19 MiB, and nobody else may
wait for that with the write lock held. Nothing secret ever reaches the audit trail.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from packhouse.db import db, transaction, use_case
from packhouse.domain.passwords import hash_password, problems_with_password, verify_password
from packhouse.domain.permissions import may_administer
from packhouse.domain.users import (
    ACCOUNT_BACKOFF,
    NETWORK_BACKOFF,
    Actor,
    Role,
    network_of,
    normal_email,
    secret_hash,
)
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, TooMany
from packhouse.models.users import ServerSession, SignInFailure, User
from packhouse.services.audit import Subject, record

SESSION_LIFETIME = timedelta(hours=12)
FAILURES_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its secret (told once, to the browser) and whose it is."""

    secret: str
    user_id: int
    locale: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What a password is compared with."""

    id: int
    email: str
    name: str
    password_hash: str


# Takes the same way through everything as somebody whose password is wrong.
NOBODY = _Known(id=0, email="", name="", password_hash="")


@use_case
def sign_in(
    *,
    email: str,
    password: str,
    network: str,
    now: datetime,
    previous: str | None = None,
    lifetime: timedelta = SESSION_LIFETIME,
) -> SignedIn:
    """Open a session for who knows the password; end the ``previous`` one of this browser.

    Raises NotAllowed("sign_in_failed"), the same for an unknown address, a wrong password and a
    closed account, and TooMany("too_many_sign_ins", seconds=…) when this account or network must
    wait; nobody is ever locked out.
    """
    address = normal_email(email) or email.strip().lower()
    keys = _failure_keys(address=address, network=network)
    known = _known(User.email == address, keys=keys, now=now)
    right, better_hash = verify_password(known.password_hash or None, password)
    with transaction() as session:
        # Asked again under the lock: attempts sent side by side all passed the first time.
        user = _locked_user(session, known)
        _refuse_if_waiting(session, keys=keys, now=now)
        opened = None
        if right and user is not None:
            opened = _open_session(session, user=user, now=now, lifetime=lifetime)
            user.password_hash = better_hash or user.password_hash
            session.execute(delete(SignInFailure).where(SignInFailure.who == keys[0]))
            _drop_session(session, previous)
        else:
            _note_failure(session, keys=keys, now=now)
    if opened is None:
        raise NotAllowed("sign_in_failed")
    return opened


@use_case
def sign_out(*, secret: str, actor: Actor, now: datetime) -> None:
    """End one session: its cookie is worth nothing from now on."""
    with transaction() as session:
        _drop_session(session, secret)
        if actor.id is not None:
            _note(session, "user:signed_out", actor.id, actor=actor, now=now)


@use_case
def touch_session(*, secret: str, now: datetime) -> None:
    """Note that a session is in use; without this it ends at the idle limit."""
    with transaction() as session:
        session.execute(
            update(ServerSession)
            .where(ServerSession.id_hash == secret_hash(secret), ServerSession.seen_at < now)
            .values(seen_at=now)
        )


@use_case
def end_sessions(*, user_id: int, actor: Actor, now: datetime) -> None:
    """Sign a person out everywhere. For herself, and for who administers."""
    if user_id != actor.id and not may_administer(actor):
        raise NotAllowed
    with transaction() as session:
        if session.get(User, user_id) is None:
            raise NotFound
        drop_sessions(session, user_id=user_id)
        _note(session, "user:sessions_ended", user_id, actor=actor, now=now)


@use_case
def change_password(
    *, old: str, new: str, actor: Actor, now: datetime, secret: str | None = None
) -> None:
    """Change one's own password and end every other session than the one of ``secret``.

    Raises RuleBroken([password_wrong]) or what is wrong with the new one; guessing the old one
    slows down as signing in does.
    """
    keys = (secret_hash(f"password of {actor.id}"),)
    known = _known(User.id == actor.id, keys=keys, now=now)
    if known is NOBODY:
        raise NotFound
    right, _ = verify_password(known.password_hash, old)
    problems = problems_with_password(new, personal=(known.email, known.name)) if right else []
    hashed = hash_password(new) if right and not problems else ""
    with transaction() as session:
        user = _locked_user(session, known)
        _refuse_if_waiting(session, keys=keys, now=now)
        if not right or user is None:
            _note_failure(session, keys=keys, now=now)
            problems = [Problem("password_wrong")]
        elif not problems:
            set_password(session, user=user, hashed=hashed, keep=secret)
            _note(session, "user:password_changed", user.id, actor=actor, now=now)
    if problems:
        raise RuleBroken(problems)


# --- steps --------------------------------------------------------------------------------------


def _known(condition: ColumnElement[bool], *, keys: Sequence[str], now: datetime) -> _Known:
    """Read what to compare with, and let go of the database before the slow hashing begins."""
    session = db.session()
    try:
        _refuse_if_waiting(session, keys=keys, now=now)
        query = select(User.id, User.email, User.name, User.password_hash).where(condition)
        row = session.execute(query).one_or_none()
    finally:
        session.rollback()
    return NOBODY if row is None else _Known(*row)


def _failure_keys(*, address: str, network: str) -> tuple[str, ...]:
    """Name the account and the network without keeping either in readable form."""
    names = [f"account:{address}"]
    if network_of(network):
        names.append(f"network:{network_of(network)}")
    return tuple(map(secret_hash, names))


def _refuse_if_waiting(session: Session, *, keys: Sequence[str], now: datetime) -> None:
    for key, backoff in zip(keys, (ACCOUNT_BACKOFF, NETWORK_BACKOFF), strict=False):
        failures, last_at = session.execute(
            select(func.count(), func.max(SignInFailure.at)).where(
                SignInFailure.who == key, SignInFailure.at > now - backoff.window
            )
        ).one()
        seconds = backoff.wait(failures=failures, last_at=last_at, now=now)
        if seconds:
            raise TooMany("too_many_sign_ins", seconds=seconds)


def _note_failure(session: Session, *, keys: Sequence[str], now: datetime) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURES_KEPT))
    session.add_all(SignInFailure(who=key, at=now) for key in keys)


def _locked_user(session: Session, known: _Known) -> User | None:
    """Load the account that was compared, if it is open and its password still the same."""
    return session.scalar(
        select(User)
        .where(User.id == known.id, User.password_hash == known.password_hash, User.is_active)
        .with_for_update(key_share=True)
    )


def _open_session(session: Session, *, user: User, now: datetime, lifetime: timedelta) -> SignedIn:
    secret = secrets.token_urlsafe(32)
    session.execute(
        delete(ServerSession).where(
            ServerSession.user_id == user.id, ServerSession.expires_at <= now
        )
    )
    session.add(
        ServerSession(
            id_hash=secret_hash(secret),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            expires_at=now + lifetime,
        )
    )
    actor = Actor(id=user.id, role=Role(user.role))
    _note(session, "user:signed_in", user.id, actor=actor, now=now)
    return SignedIn(secret=secret, user_id=user.id, locale=user.locale)


def _drop_session(session: Session, secret: str | None) -> None:
    if secret:
        session.execute(delete(ServerSession).where(ServerSession.id_hash == secret_hash(secret)))


def drop_sessions(session: Session, *, user_id: int, keep: str | None = None) -> None:
    """End every session of a person but the one of the secret ``keep``."""
    ended = delete(ServerSession).where(ServerSession.user_id == user_id)
    if keep:
        ended = ended.where(ServerSession.id_hash != secret_hash(keep))
    session.execute(ended)


def set_password(session: Session, *, user: User, hashed: str, keep: str | None) -> None:
    """Replace a password; whoever signed in with the old one is signed out."""
    user.password_hash = hashed
    drop_sessions(session, user_id=user.id, keep=keep)


def _note(session: Session, action: str, user_id: int, *, actor: Actor, now: datetime) -> None:
    subject = Subject("user", user_id)
    record(session, actor=actor, now=now, action=action, subject=subject)
