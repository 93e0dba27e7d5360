"""Signing in and out, and changing the password that does it.

A password is hashed outside the transaction: it takes some 40 ms and 19 MiB, and nobody else may
wait for that with the write lock held. Nothing secret ever reaches the audit trail.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from packhouse.db import db, transaction, use_case
from packhouse.domain.passwords import (
    NO_PASSWORD,
    hash_password,
    problems_with_password,
    verify_password,
)
from packhouse.domain.permissions import may_administer
from packhouse.domain.users import (
    PEOPLE_OF_A_PHONE,
    Actor,
    Contact,
    Role,
    SecretKind,
    contact_of,
    normal_email,
    normal_phone,
    problem_with_phone,
    secret_hash,
)
from packhouse.errors import Conflict, NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.users import ServerSession, SignInFailure, User
from packhouse.services.audit import Subject, record
from packhouse.services.sessions.guessing import failure_keys, note_failure, refuse_if_waiting
from packhouse.services.sessions.one_time import mail_link, reached_by

SESSION_LIFETIME = timedelta(hours=12)


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
    email: str | None
    name: str
    password_hash: str


# Takes the same way through everything as somebody whose password is wrong.
NOBODY = _Known(id=0, email="", name="", password_hash="")


class SeveralPeople(Conflict):
    """The password is right, and that of several people of one telephone: she must say who.

    ``people`` are ids and names; only who knows the password of all of them is told.
    """

    code = "several_people"

    def __init__(self, people: Sequence[tuple[int, str]]) -> None:
        super().__init__()
        self.people = tuple(people)


@use_case
def sign_in(
    *,
    contact: str,
    password: str,
    network: str,
    now: datetime,
    who: int | None = None,
    previous: str | None = None,
    lifetime: timedelta = SESSION_LIFETIME,
) -> SignedIn:
    """Open a session for who knows the password; end the ``previous`` one of this browser.

    ``contact`` is an e-mail address or a telephone number; a number may be that of several
    people, and ``who`` says which of those with this password she is. Raises
    NotAllowed("sign_in_failed"), the same for an unknown contact, a wrong password and a
    closed account, SeveralPeople, and TooMany("too_many_sign_ins", seconds=…) when this account
    or network must wait; nobody is ever locked out.
    """
    named = contact_of(contact)
    keys = failure_keys(f"account:{named.name}", network=network)
    right = _whose(password, _known_by(named, keys=keys, now=now), who=who)
    if len(right) > 1:
        raise SeveralPeople([(known.id, known.name) for known, _ in right])
    known, better_hash = right[0] if right else (NOBODY, "")
    with transaction() as session:
        # Asked again under the lock: attempts sent side by side all passed the first time.
        user = _locked_user(session, known)
        refuse_if_waiting(session, keys=keys, now=now)
        opened = None
        if user is not None:
            opened = open_session(session, user=user, now=now, lifetime=lifetime)
            user.password_hash = better_hash or user.password_hash
            session.execute(delete(SignInFailure).where(SignInFailure.who == keys[0]))
            _drop_session(session, previous)
        else:
            note_failure(session, keys=keys, now=now)
    if opened is None:
        raise NotAllowed("sign_in_failed")
    return opened


@use_case
def vouch(*, contact: str, password: str, network: str, now: datetime) -> int:
    """Return whose password it is that a colleague types on another's phone; nobody is signed in.

    Raises RuleBroken([colleague_unproven]), the same for an unknown contact, a wrong password and
    a number that several people share; TooMany as signing in does.
    """
    named = contact_of(contact)
    keys = failure_keys(f"account:{named.name}", network=network)
    right = _whose(password, _known_by(named, keys=keys, now=now), who=None)
    known = right[0][0] if len(right) == 1 else NOBODY
    with transaction() as session:
        user = _locked_user(session, known)
        refuse_if_waiting(session, keys=keys, now=now)
        if user is None:
            note_failure(session, keys=keys, now=now)
        proven = user.id if user is not None else None
    if proven is None:
        raise RuleBroken([Problem("colleague_unproven")])
    return proven


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
    known = _known_by(actor, keys=keys, now=now)[0]
    if known is NOBODY:
        raise NotFound
    right, _ = verify_password(known.password_hash, old)
    personal = (known.email or "", known.name)
    problems = problems_with_password(new, personal=personal) if right else []
    hashed = hash_password(new) if right and not problems else ""
    with transaction() as session:
        user = _locked_user(session, known)
        refuse_if_waiting(session, keys=keys, now=now)
        if not right or user is None:
            note_failure(session, keys=keys, now=now)
            problems = [Problem("password_wrong")]
        elif not problems:
            set_password(session, user=user, hashed=hashed, keep=secret)
            _note(session, "user:password_changed", user.id, actor=actor, now=now)
    if problems:
        raise RuleBroken(problems)


@use_case
def change_contact(*, phone: str, email: str, password: str, actor: Actor, now: datetime) -> bool:
    """Change one's telephone number now; a new e-mail address once its link was followed.

    Returns whether a link was sent. An address of somebody else gets a link too, so that nothing
    tells whose it is; only its owner can follow it, and is told there. An empty address is taken
    away. Raises RuleBroken with all problems at once; guessing the password slows down.
    """
    keys = (secret_hash(f"password of {actor.id}"),)
    known = _known_by(actor, keys=keys, now=now)[0]
    right, _ = verify_password(known.password_hash, password)
    problems = _problems_with_contact(phone=phone, email=email)
    with transaction() as session:
        user = _locked_user(session, known)
        refuse_if_waiting(session, keys=keys, now=now)
        if not right or user is None:
            note_failure(session, keys=keys, now=now)
            problems = [Problem("password_wrong"), *problems]
        elif not problems:
            sends = _put_contact(session, user, phone=phone, email=email, actor=actor, now=now)
    if problems:
        raise RuleBroken(problems)
    return sends


# --- steps --------------------------------------------------------------------------------------


def _known_by(named: Contact | Actor, *, keys: Sequence[str], now: datetime) -> tuple[_Known, ...]:
    """Read whom to compare with, and let go of the database before the slow hashing begins.

    A telephone number always gives as many as may share one, an address always one: who is
    missing is made up for by nobody, so that the work tells nothing. Of more people the oldest
    accounts count: nobody can push somebody out by signing up with her number.
    """
    shared = isinstance(named, Contact) and bool(named.phone)
    most = PEOPLE_OF_A_PHONE if shared else 1
    columns = (User.id, User.email, User.name, User.password_hash)
    query = select(*columns).where(_called(named)).order_by(User.id).limit(most)
    session = db.session()
    try:
        refuse_if_waiting(session, keys=keys, now=now)
        found = [_Known(*row) for row in session.execute(query)]
    finally:
        session.rollback()
    return (*found, *[NOBODY] * (most - len(found)))


def _called(named: Contact | Actor) -> ColumnElement[bool]:
    if isinstance(named, Actor):
        return User.id == named.id
    return and_(reached_by(named), User.password_hash != NO_PASSWORD)


def _whose(password: str, people: Sequence[_Known], *, who: int | None) -> list[tuple[_Known, str]]:
    """Return whose password this is, each with a better hash where the kept one is outdated.

    Everybody's is compared, also after one has fitted.
    """
    compared = [(each, *verify_password(each.password_hash or None, password)) for each in people]
    return [(each, hashed) for each, fits, hashed in compared if fits and who in (None, each.id)]


def _locked_user(session: Session, known: _Known) -> User | None:
    """Load the account that was compared, if it is open and its password still the same."""
    return session.scalar(
        select(User)
        .where(User.id == known.id, User.password_hash == known.password_hash, User.is_active)
        .with_for_update(key_share=True)
    )


def open_session(session: Session, *, user: User, now: datetime, lifetime: timedelta) -> SignedIn:
    """Let a person in on this browser; her sessions that have expired are cleared away."""
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


def _problems_with_contact(*, phone: str, email: str) -> list[Problem]:
    bad = problem_with_phone(phone)
    checks = (
        (not phone.strip() or bad is None, bad or Problem("phone_malformed")),
        (not email.strip() or normal_email(email) is not None,
         Problem("email_malformed", {"email": email})),
        (bool(phone.strip() or email.strip()), Problem("contact_missing")),
    )  # fmt: skip
    return [problem for fine, problem in checks if not fine]


def _put_contact(
    session: Session, user: User, *, phone: str, email: str, actor: Actor, now: datetime
) -> bool:
    address = normal_email(email)
    changed = [
        *(["phone"] if user.phone != (normal_phone(phone) or "") else []),
        *(["email"] if address is None and user.email is not None else []),
    ]
    user.phone = normal_phone(phone) or ""
    sends = address is not None and address != user.email
    if address is None:
        user.email = None
    if sends:
        mail_link(session, SecretKind.EMAIL_LINK, user=user, address=address or "", now=now)
    if changed or sends:
        facts = {"changed": changed, "asked": ["email"] if sends else []}
        _note(session, "user:contact_changed", user.id, actor=actor, now=now, **facts)
    return sends


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


def _note(
    session: Session, action: str, user_id: int, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    subject = Subject("user", user_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
