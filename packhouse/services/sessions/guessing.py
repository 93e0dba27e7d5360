"""Guessing slows down: what failed is counted by account and by network, in all processes alike."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from packhouse.domain.users import (
    ACCOUNT_BACKOFF,
    NETWORK_BACKOFF,
    Backoff,
    network_of,
    secret_hash,
)
from packhouse.errors import TooMany
from packhouse.models.users import SignInFailure

FAILURES_KEPT = timedelta(days=1)


def failure_keys(account: str, *, network: str) -> tuple[str, ...]:
    """Name what is guessed at and the network without keeping either in readable form."""
    names = [account]
    if network_of(network):
        names.append(f"network:{network_of(network)}")
    return tuple(map(secret_hash, names))


def refuse_if_waiting(
    session: Session,
    *,
    keys: Sequence[str],
    now: datetime,
    backoffs: Sequence[Backoff] = (ACCOUNT_BACKOFF, NETWORK_BACKOFF),
) -> None:
    """Raise TooMany while an account or a network must wait after what failed."""
    for key, backoff in zip(keys, backoffs, strict=False):
        failures, last_at = session.execute(
            select(func.count(), func.max(SignInFailure.at)).where(
                SignInFailure.who == key, SignInFailure.at > now - backoff.window
            )
        ).one()
        seconds = backoff.wait(failures=failures, last_at=last_at, now=now)
        if seconds:
            raise TooMany("too_many_sign_ins", seconds=seconds)


def note_failure(session: Session, *, keys: Sequence[str], now: datetime) -> None:
    """Count an attempt that failed."""
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURES_KEPT))
    session.add_all(SignInFailure(who=key, at=now) for key in keys)
