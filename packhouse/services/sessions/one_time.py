"""Secrets that open an account once: links that are mailed."""

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.orm import Session

from packhouse.db import setting
from packhouse.domain.reminders import URGENT, Channel, MessageKind, MessageState
from packhouse.domain.users import (
    SECRET_LIFETIME,
    Contact,
    SecretKind,
    derived_secret,
    secret_hash,
)
from packhouse.models.reminders import Message
from packhouse.models.users import OneTimeSecret, User


def mail_link(
    session: Session, kind: SecretKind, *, user: User, address: str, now: datetime
) -> None:
    """Write a letter with a link that can be used once; the worker computes the link.

    Earlier links of the same kind are worth nothing from now on.
    """
    nonce = secrets.token_urlsafe(18)
    ends = now + SECRET_LIFETIME[kind]
    spend(session, user_id=user.id, kinds=(kind,), now=now)
    secret = derived_secret(setting("SECRET_KEY"), kind, nonce)
    session.add_all([
        OneTimeSecret(
            kind=kind, user_id=user.id, secret_hash=secret_hash(secret), address=address,
            created_at=now, expires_at=ends,
        ),
        Message(
            dedupe_key=f"{kind}:{nonce}", user_id=user.id, kind=MessageKind(kind),
            channel=Channel.EMAIL, payload={"nonce": nonce, "to": address}, due_at=now,
            not_after=ends, priority=URGENT, state=MessageState.DUE, attempts=0, next_at=now,
            created_at=now,
        ),
    ])  # fmt: skip


def spend(session: Session, *, user_id: int, kinds: Collection[SecretKind], now: datetime) -> None:
    """Make unused secrets of a person worthless."""
    session.execute(
        update(OneTimeSecret)
        .where(
            OneTimeSecret.user_id == user_id,
            OneTimeSecret.kind.in_(kinds),
            OneTimeSecret.used_at.is_(None),
        )
        .values(used_at=now)
    )


def reached_by(named: Contact) -> ColumnElement[bool]:
    """Say whose contact this is: everybody's with the telephone number, or one address's."""
    where = User.phone == named.phone if named.phone else User.email == named.email
    return and_(where, User.is_active)
