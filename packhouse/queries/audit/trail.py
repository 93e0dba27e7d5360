"""Checks of the record: the chain, the states it tells, answers given, messages, rules kept."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.audit import GENESIS, Link, seal
from packhouse.domain.bookings import State, may_become
from packhouse.domain.reminders import MessageKind, is_still_true
from packhouse.domain.time_range import to_epoch
from packhouse.models import triggers
from packhouse.models.audit import AuditEntry, AuditHead, IdempotencyKey
from packhouse.models.bookings import Booking
from packhouse.models.reminders import Message

Rows = Iterator[dict[str, Any]]
STUCK = timedelta(minutes=10)
BATCH = 5000


def broken_chains(session: Session, now: datetime) -> Rows:
    """Find an entry whose seal does not fit, a gap in a chain, or a head that differs."""
    heads = {row.chain: (row.seq, row.hash) for row in session.scalars(select(AuditHead))}
    ends: dict[int, tuple[int, str]] = {}
    entries = session.execute(
        select(AuditEntry.__table__)
        .order_by(AuditEntry.chain, AuditEntry.seq)
        .execution_options(yield_per=BATCH)
    )
    for row in entries:
        seq, previous = ends.get(row.chain, (0, GENESIS))
        link = Link(
            row.chain, row.seq, to_epoch(row.at), row.actor_id, row.action, row.subject_kind,
            row.subject_id, row.facts,
        )  # fmt: skip
        sealed = seal(link, previous)
        if (row.seq, row.previous_hash, row.hash) != (seq + 1, previous, sealed):
            yield {"chain": row.chain, "seq": row.seq}
        ends[row.chain] = (row.seq, row.hash)
    for chain in sorted(heads.keys() | ends.keys()):
        if heads.get(chain) != ends.get(chain, (0, GENESIS)):
            yield {"chain": chain, "head": heads.get(chain, (None,))[0]}


def unaudited_states(session: Session, now: datetime) -> Rows:
    """Find a booking whose entries do not lead along the state table to the state it is in."""
    told: dict[int, str] = {}
    entries = session.execute(
        select(AuditEntry.subject_id, AuditEntry.facts)
        .where(AuditEntry.subject_kind == "booking")
        .order_by(AuditEntry.chain, AuditEntry.seq)
        .execution_options(yield_per=BATCH)
    )
    for row in entries:
        before, after = told.get(row.subject_id), row.facts.get("state")
        if before not in (None, after) and not may_become(State(before), State(after)):
            yield {"booking": row.subject_id, "from": before, "to": after}
        told[row.subject_id] = after
    bookings = session.execute(
        select(Booking.id, Booking.code, Booking.state)
        .where(Booking.source != "paper")
        .execution_options(yield_per=BATCH)
    )
    for row in bookings:
        if told.get(row.id) != row.state:
            yield {"code": row.code, "state": row.state, "audited": told.get(row.id)}


def wrong_answers(session: Session, now: datetime) -> Rows:
    """Find an answer kept for a retried command that names a booking there is not."""
    rows = session.execute(
        select(IdempotencyKey.user_id, IdempotencyKey.key, IdempotencyKey.answer).execution_options(
            yield_per=BATCH
        )
    )
    for row in rows:
        for code in _codes_of(row.answer):
            if session.scalar(select(Booking.id).where(Booking.code == code)) is None:
                yield {"user": row.user_id, "key": row.key, "code": code}


def _codes_of(answer: Any) -> list[str]:
    """Return the bookings an answer names: those of a job, one, or none."""
    if not isinstance(answer, dict):
        return []
    told = answer.get("bookings", [answer])
    return [each["code"] for each in told if each.get("code")]


def wrong_messages(session: Session, now: datetime) -> Rows:
    """Find a message to come that is not true any more, or one that is stuck on its way."""
    rows = session.execute(
        select(Message, Booking)
        .outerjoin(Booking, Booking.id == Message.booking_id)
        .where(Message.state.in_(("due", "sending", "unknown")))
        .execution_options(yield_per=BATCH)
    )
    for message, booking in rows:
        # A message that waits for its next try still shows the lease of the last one.
        lease_until = message.lease_until if message.state == "sending" else None
        if lease_until is not None and lease_until < now - STUCK:
            yield {"message": message.id, "stuck_since": to_epoch(lease_until)}
        if (
            booking is not None
            and message.state == "due"
            and not is_still_true(
                MessageKind(message.kind),
                told_version=message.booking_version or 0,
                version=booking.version,
                state=State(booking.state),
            )
        ):
            yield {"message": message.id, "kind": message.kind, "state": booking.state}


def missing_rules(session: Session, now: datetime) -> Rows:
    """Find a trigger or constraint that the database should hold and does not."""
    connection = session.connection()
    expected = triggers.expected(connection.dialect.name)
    for name in sorted(expected - triggers.present(connection)):
        yield {"rule": name}
