"""The way back in: a link by e-mail, or a code that the front desk gives to who stands there.

Neither tells whether somebody has an account: the answers are the same, what is counted is the
same, and the new password is hashed whether or not there is anybody to have it.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import db, setting, transaction, use_case
from packhouse.domain.passwords import hash_password, problems_with_password
from packhouse.domain.permissions import may_issue_code
from packhouse.domain.users import (
    CODE_DIGITS,
    CODE_TRIES,
    LETTER_BACKOFF,
    NETWORK_BACKOFF,
    PEOPLE_OF_A_PHONE,
    SECRET_LIFETIME,
    Actor,
    Role,
    SecretKind,
    contact_of,
    derived_secret,
    digits_of,
    secret_hash,
)
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.users import OneTimeSecret, User
from packhouse.services.audit import Subject, record
from packhouse.services.sessions import (
    failure_keys,
    mail_link,
    note_failure,
    reached_by,
    refuse_if_waiting,
    set_password,
    spend,
)

OPENS_ACCOUNT = (SecretKind.PASSWORD_LINK, SecretKind.DESK_CODE)


@use_case
def ask_for_link(*, contact: str, network: str, now: datetime) -> None:
    """Mail a link to a new password to everybody with this contact who has an e-mail address.

    The caller is told nothing of them. Raises TooMany when this contact or network was written
    to often enough, whether there is anybody or not.
    """
    named = contact_of(contact)
    keys = failure_keys(f"letter:{named.name}", network=network)
    backoffs = (LETTER_BACKOFF, NETWORK_BACKOFF)
    with transaction() as session:
        refuse_if_waiting(session, keys=keys, now=now, backoffs=backoffs)
        note_failure(session, keys=keys, now=now)
        people = session.scalars(
            select(User)
            .where(reached_by(named), User.email.is_not(None))
            .order_by(User.id)
            .limit(PEOPLE_OF_A_PHONE)
        )
        for user in people.all():
            address = user.email or ""
            mail_link(session, SecretKind.PASSWORD_LINK, user=user, address=address, now=now)


@use_case
def set_password_by_link(*, token: str, password: str, now: datetime) -> None:
    """Give oneself a new password with the link that was mailed; all sessions end.

    Raises RuleBroken: "link_over" for a link that is unknown, used or too old, or what is wrong
    with the password.
    """
    problems = problems_with_password(password)
    hashed = "" if problems else hash_password(password)
    with transaction() as session:
        link, user = _followed(session, token, SecretKind.PASSWORD_LINK, now=now)
        _check(problems or problems_with_password(password, personal=_personal(user)))
        _renew(session, user, hashed=hashed, by=SecretKind(link.kind), now=now)


@use_case
def confirm_email(*, token: str, now: datetime) -> None:
    """Make the address that a link was mailed to a person's own.

    Raises RuleBroken: "link_over", or "email_taken" when it is that of somebody else.
    """
    with transaction() as session:
        link, user = _followed(session, token, SecretKind.EMAIL_LINK, now=now)
        spend(session, user_id=user.id, kinds=(SecretKind.PASSWORD_LINK,), now=now)
        address = link.address
        link.used_at, user.email = now, address
        try:
            session.flush()
        except IntegrityError as error:
            raise RuleBroken([Problem("email_taken", {"email": address})]) from error
        _note(session, "user:email_confirmed", user, actor=_as(user), now=now)


@use_case
def issue_code(*, user_id: int, actor: Actor, now: datetime) -> str:
    """Return a code of eight digits for somebody whom the front desk has seen, told this once.

    It counts for 15 minutes and five tries, and an earlier one no longer. Only for producers;
    whoever works here gets her password from the administrator. Raises NotFound, NotAllowed.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    with transaction() as session:
        user = session.get(User, user_id, with_for_update={"key_share": True})
        if user is None or not user.is_active:
            raise NotFound
        if not may_issue_code(actor, Role(user.role)):
            raise NotAllowed
        spend(session, user_id=user.id, kinds=(SecretKind.DESK_CODE,), now=now)
        session.add(
            OneTimeSecret(
                kind=SecretKind.DESK_CODE,
                user_id=user.id,
                secret_hash=_code_hash(user.id, code, now),
                issued_by=actor.id,
                created_at=now,
                expires_at=now + SECRET_LIFETIME[SecretKind.DESK_CODE],
            )
        )
        _note(session, "user:code_issued", user, actor=actor, now=now)
    return code


@use_case
def set_password_by_code(
    *, contact: str, code: str, password: str, network: str, now: datetime
) -> None:
    """Give oneself a new password with a code of the front desk; all sessions end.

    Raises RuleBroken with all problems at once ("code_wrong" for anything that does not fit, with
    nobody's contact too), TooMany when this contact or network must wait.
    """
    named = contact_of(contact)
    keys = failure_keys(f"code:{named.name}", network=network)
    _refuse_early(keys, now=now)
    problems = problems_with_password(password, personal=(contact,))
    hashed = "" if problems else hash_password(password)
    with transaction() as session:
        refuse_if_waiting(session, keys=keys, now=now)
        open_codes = session.execute(
            select(OneTimeSecret, User)
            .join(User, User.id == OneTimeSecret.user_id)
            .where(
                reached_by(named),
                OneTimeSecret.kind == SecretKind.DESK_CODE,
                OneTimeSecret.used_at.is_(None),
                OneTimeSecret.expires_at > now,
                OneTimeSecret.tries < CODE_TRIES,
            )
            .order_by(OneTimeSecret.id)
            .with_for_update(of=OneTimeSecret)
        ).all()
        found = [(row, user) for row, user in open_codes if _fits(row, code)]
        if not found:
            note_failure(session, keys=keys, now=now)
            for row, _ in open_codes:
                row.tries += 1
            problems = [Problem("code_wrong"), *problems]
        else:
            user = found[0][1]
            problems = problems or problems_with_password(password, personal=_personal(user))
            if not problems:
                _renew(session, user, hashed=hashed, by=SecretKind.DESK_CODE, now=now)
    _check(problems)


# --- steps --------------------------------------------------------------------------------------


def _refuse_early(keys: Sequence[str], *, now: datetime) -> None:
    """Ask before the slow hashing too: a flood of guesses shall not keep the processors busy."""
    session = db.session()
    try:
        refuse_if_waiting(session, keys=keys, now=now)
    finally:
        session.rollback()


def _followed(
    session: Session, token: str, kind: SecretKind, *, now: datetime
) -> tuple[OneTimeSecret, User]:
    row = session.execute(
        select(OneTimeSecret, User)
        .join(User, User.id == OneTimeSecret.user_id)
        .where(
            OneTimeSecret.secret_hash == secret_hash(token),
            OneTimeSecret.kind == kind,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.expires_at > now,
            User.is_active,
        )
        .with_for_update(of=OneTimeSecret)
    ).one_or_none()
    if row is None:
        raise RuleBroken([Problem("link_over")])
    return row[0], row[1]


def _code_hash(user_id: int, code: str, issued_at: datetime) -> str:
    # Keyed: eight digits are soon tried by who has the database, but not without the house's key.
    nonce = f"{user_id}:{int(issued_at.timestamp())}:{code}"
    return derived_secret(setting("SECRET_KEY"), SecretKind.DESK_CODE, nonce)


def _fits(row: OneTimeSecret, code: str) -> bool:
    tried = _code_hash(row.user_id, digits_of(code), row.created_at)
    return hmac.compare_digest(row.secret_hash, tried)


def _renew(session: Session, user: User, *, hashed: str, by: SecretKind, now: datetime) -> None:
    set_password(session, user=user, hashed=hashed, keep=None)
    spend(session, user_id=user.id, kinds=OPENS_ACCOUNT, now=now)
    _note(session, "user:password_renewed", user, actor=_as(user), now=now, by=by)


def _as(user: User) -> Actor:
    return Actor(id=user.id, role=Role(user.role), name=user.name)


def _personal(user: User) -> tuple[str, ...]:
    return (user.email or "", user.name, user.phone)


def _check(problems: Sequence[Problem]) -> None:
    if problems:
        raise RuleBroken(problems)


def _note(
    session: Session, action: str, user: User, *, actor: Actor, now: datetime, **facts: str
) -> None:
    subject = Subject("user", user.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
