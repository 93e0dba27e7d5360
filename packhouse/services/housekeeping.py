"""What the house does for itself: note that the worker lives, and clear what nobody needs."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    and_,
    delete,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from packhouse.db import Base, transaction, use_case
from packhouse.domain.complaints import WAITING
from packhouse.domain.privacy import CONTACTS_KEPT, TEXTS_KEPT
from packhouse.domain.time_range import SLOT_SECONDS, slot_of
from packhouse.models.audit import IdempotencyKey
from packhouse.models.complaints import Complaint
from packhouse.models.reminders import Heartbeat, Message
from packhouse.models.slots import Occupation, OperatorLoad
from packhouse.models.users import OneTimeSecret, ServerSession, SignInFailure, SignUp

KEYS_KEPT = timedelta(days=30)
FAILURES_KEPT = timedelta(days=1)
LOAD_KEPT = timedelta(days=1)
BATCH = 500


@use_case
def note_duty(*, duty: str, now: datetime, done: int, error: str | None) -> None:
    """Note when the worker last did a duty, how much of it, and the error if it failed."""
    with transaction() as session:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        beat = {"at": now, "done": done, "error": error and error[:500]}
        session.execute(
            insert(Heartbeat)
            .values(duty=duty, **beat)
            .on_conflict_do_update(index_elements=[Heartbeat.duty], set_=beat)
        )


@use_case
def prune(*, now: datetime) -> int:
    """Delete what has served its time, and return how many rows that was.

    Idempotency keys, those of first visits and one-time secrets go after 30 days, failed sign-ins
    after one, sessions when they have expired, operator counts a day after their slot. Names and
    telephones of complainers are emptied two years after the last answer: what was said stays.
    """
    with transaction() as session:
        return (
            _forget_complainers(session, now)
            + _drop(session, IdempotencyKey, IdempotencyKey.created_at < now - KEYS_KEPT)
            + _drop(session, ServerSession, ServerSession.expires_at < now)
            + _drop(session, SignInFailure, SignInFailure.at < now - FAILURES_KEPT)
            + _drop(session, OneTimeSecret, OneTimeSecret.expires_at < now - KEYS_KEPT)
            + _drop(session, SignUp, SignUp.created_at < now - KEYS_KEPT)
            + _drop(session, OperatorLoad, _is_settled(now))
        )


@use_case
def forget_texts(*, now: datetime) -> int:
    """Empty what finished messages said 90 days ago, and return how many; in batches.

    That there was a message, of which kind, and what became of it, stays on record.
    """
    with transaction() as session:
        served = (
            select(Message.id)
            .where(text("payload <> '{}'"), Message.finished_at < now - TEXTS_KEPT)
            .order_by(Message.finished_at)
            .limit(BATCH)
        )
        gone = session.execute(
            update(Message)
            .where(Message.id.in_(served))
            .values(payload={}, last_error=None)
            .execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", gone).rowcount


def _forget_complainers(session: Session, now: datetime) -> int:
    gone = session.execute(
        update(Complaint)
        .where(
            Complaint.answered_at < now - CONTACTS_KEPT,
            Complaint.state.notin_(WAITING),
            (Complaint.name != "") | (Complaint.phone != ""),
        )
        .values(name="", phone="")
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount


def _is_settled(now: datetime) -> ColumnElement[bool]:
    # An occupation that is still live would count down again what is no longer there.
    still_held = (
        select(Occupation.id)
        .where(
            Occupation.site_id == OperatorLoad.site_id,
            Occupation.status == "live",
            Occupation.from_at <= now,
            type_coerce(Occupation.from_at, BigInteger) < (OperatorLoad.slot + 1) * SLOT_SECONDS,
            type_coerce(Occupation.to_at, BigInteger) > OperatorLoad.slot * SLOT_SECONDS,
        )
        .exists()
    )
    return and_(OperatorLoad.slot < slot_of(now - LOAD_KEPT), ~still_held)


def _drop(session: Session, model: type[Base], condition: ColumnElement[bool]) -> int:
    gone = session.execute(
        delete(model).where(condition).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount
