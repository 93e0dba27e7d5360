"""The outbox: due messages are claimed by a worker and settled by it, or by its successor.

Nothing is sent inside a transaction. A claim is a lease of a minute with a token; what a worker
records after its lease has passed to another changes nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, bindparam, case, literal_column, or_, select, update
from sqlalchemy.orm import Session

from packhouse.db import before_commit, setting, transaction, use_case
from packhouse.domain.bookings import State, day_on
from packhouse.domain.reminders import (
    ASK_AGAIN_AFTER,
    LEASE,
    MAX_TRIES,
    REMINDERS,
    URGENT,
    Channel,
    Failure,
    MessageKind,
    MessageState,
    QuietHours,
    is_still_true,
    retry_at,
)
from packhouse.domain.time_range import from_epoch
from packhouse.models.bookings import Booking, JobLine, Order
from packhouse.models.businesses import Membership
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.models.users import User

# Why a message was held back: another one speaks for it.
TOGETHER = "together"
# A person was reminded, or may have been: nothing reminds her of the same day once more.
REMINDED = frozenset(
    {MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN, MessageState.DEAD}
)
# Written out, not bound: only so does SQLite see that the partial index fits.
IS_OPEN = "messages.state IN ('due', 'sending', 'unknown')"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker, and no other, may send until its lease ends."""

    id: int
    token: str
    key: str
    kind: MessageKind
    channel: Channel
    attempts: int
    name: str
    email: str
    locale: str
    site_name: str
    zone: str
    facts: dict[str, Any]


class Line(NamedTuple):
    """Where a job stands in an order, and which cooperative ordered it."""

    order_id: int
    position: int
    cooperative_id: int


# Built once: it runs with every booking.
_ORDERED = (
    select(JobLine.order_id, JobLine.position, Order.cooperative_id)
    .join(Order, Order.id == JobLine.order_id)
    .where(JobLine.job_id == bindparam("job_id"))
)
_COOPERATIVE = _ORDERED.with_only_columns(Order.cooperative_id).scalar_subquery()
_AUDIENCE = (
    select(
        Membership.business_id,
        Membership.user_id,
        _ORDERED.with_only_columns(JobLine.order_id).scalar_subquery().label("order_id"),
        _ORDERED.with_only_columns(JobLine.position).scalar_subquery().label("position"),
        _COOPERATIVE.label("cooperative_id"),
    )
    .join(User, User.id == Membership.user_id)
    .where(Membership.business_id.in_([bindparam("business_id"), _COOPERATIVE]), User.is_active)
)


def line_of(session: Session, job_id: int | None) -> Line | None:
    """Return the line of an order that a job is, None for what nobody ordered for others."""
    row = session.execute(_ORDERED, {"job_id": job_id}).first() if job_id is not None else None
    return Line(*row) if row is not None else None


def audience_of(
    session: Session, *, job_id: int | None, business_id: int | None
) -> tuple[dict[int, list[int]], Line | None]:
    """Return who may be told of a job, by business, and its line of an order, in one query.

    Those are the people of its own business and of the cooperative that ordered it.
    """
    asked = {"job_id": job_id, "business_id": business_id}
    rows = session.execute(_AUDIENCE, asked).all()
    people: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        people[row.business_id].append(row.user_id)
    first = rows[0] if rows else None
    if first is None or first.order_id is None:
        return people, None
    return people, Line(first.order_id, first.position, first.cooperative_id)


def gather_later(session: Session, *, order_id: int, now: datetime) -> None:
    """Let the reminders of an order's day be one, once all its rows are as they will be.

    Its rows stand on many machines, so no machine's lock keeps two changes apart: the order's does.
    """
    session.execute(select(Order.id).where(Order.id == order_id).with_for_update(key_share=True))
    finish = partial(_gather, order_id=order_id, now=now)
    before_commit(session, f"reminders of order {order_id}", finish)


def _gather(session: Session, *, order_id: int, now: datetime) -> None:
    """Leave each person one reminder of a kind for all rows of an order on one local day.

    The earliest row speaks, and names the others; their own reminders are held back with the
    reason, and speak when it no longer can. What is on its way or sent is not repeated.
    """
    jobs = select(JobLine.job_id).where(JobLine.order_id == order_id)
    found = session.execute(
        select(Message, Booking, Site.zone)
        .join(Booking, Booking.id == Message.booking_id)
        .join(Site, Site.id == Booking.site_id)
        .where(Booking.job_id.in_(jobs), Message.kind.in_([each.value for each in REMINDERS]))
        .order_by(Message.id)
        .execution_options(populate_existing=True)
    )
    days: dict[tuple[Any, ...], list[tuple[Message, Booking]]] = defaultdict(list)
    for message, booking, zone in found:
        if message.payload:  # What has served its time is of a day long past.
            day = day_on(from_epoch(message.payload["starts_at"]), zone)
            days[message.user_id, message.kind, message.channel, day].append((message, booking))
    for rows in days.values():
        is_reminded = any(message.state in REMINDED for message, _booking in rows)
        waiting = [message for message, booking in rows if _waits(message, booking, now)]
        _speak_once(waiting, now, is_reminded=is_reminded)


def _waits(message: Message, booking: Booking, now: datetime) -> bool:
    """Say whether a reminder is still to be sent, or would be if no other one spoke for it."""
    held = message.state == MessageState.SUPPRESSED and message.last_error == TOGETHER
    true = is_still_true(
        MessageKind(message.kind),
        told_version=message.booking_version or 0,
        version=booking.version,
        state=State(booking.state),
    )
    return true and message.not_after > now and (held or message.state == MessageState.DUE)


def _speak_once(waiting: Sequence[Message], now: datetime, *, is_reminded: bool) -> None:
    told = [
        {name: value for name, value in each.payload.items() if name != "also"} for each in waiting
    ]
    in_time = sorted(
        zip(waiting, told, strict=True), key=lambda each: (each[1]["starts_at"], each[0].id)
    )
    for number, (message, facts) in enumerate(in_time):
        speaks = number == 0 and not is_reminded
        others = [each for _message, each in in_time[1:]] if speaks else []
        message.payload = facts | ({"also": others} if others else {})
        if speaks and message.state != MessageState.DUE:
            message.state, message.finished_at, message.last_error = MessageState.DUE, None, None
        elif not speaks and message.state == MessageState.DUE:
            message.state, message.finished_at = MessageState.SUPPRESSED, now
            message.last_error = TOGETHER


@use_case
def claim_due(*, now: datetime, limit: int, worker: str) -> list[Claimed]:
    """Take up to ``limit`` due messages, and those a vanished worker left behind.

    What is too late expires, what is no longer true is cancelled, what would disturb the night
    waits for the morning; only the rest is returned, most urgent first. The lease lasts 60 s.
    """
    token = f"{worker}:{uuid4().hex}"
    with transaction() as session:
        _give_up_late(session, now)
        while taken := _take(session, now, limit, token):
            if kept := _kept(session, taken, now):
                return kept
        return []


def _take(session: Session, now: datetime, limit: int, token: str) -> Sequence[int]:
    chosen = (
        select(Message.id)
        .where(*_ready(now), Message.not_after > now)
        .order_by(Message.priority, Message.next_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(Message)
        .where(Message.id.in_(chosen))
        .values(
            state=MessageState.SENDING,
            attempts=Message.attempts + 1,
            lease_token=token,
            lease_until=now + LEASE,
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()


def _ready(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        literal_column(IS_OPEN, Boolean()),
        Message.next_at <= now,
        Message.finished_at.is_(None),
        or_(Message.state != MessageState.SENDING, Message.lease_until <= now),
    )


def _give_up_late(session: Session, now: datetime) -> None:
    # Whoever died or lost the answer while sending may have reached her: that stays unknown.
    unsure = Message.state.in_([MessageState.SENDING, MessageState.UNKNOWN])
    session.execute(
        update(Message)
        .where(*_ready(now), Message.not_after <= now)
        .values(
            state=case((unsure, MessageState.UNKNOWN), else_=MessageState.EXPIRED),
            finished_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def _kept(session: Session, taken: Sequence[int], now: datetime) -> list[Claimed]:
    query = (
        select(Message, User, Site, Booking)
        .join(User, User.id == Message.user_id)
        .outerjoin(Site, Site.id == Message.site_id)
        .outerjoin(Booking, Booking.id == Message.booking_id)
        .where(Message.id.in_(taken))
        .order_by(Message.priority, Message.next_at, Message.id)
    )
    kept = []
    for message, user, site, booking in session.execute(query):
        verdict = _verdict(message, user, booking)
        if verdict is not None:
            message.state, message.finished_at = verdict, now
        elif not _put_off(message, site, now):
            kept.append(_claimed(message, user, site))
    return kept


def _verdict(message: Message, user: User, booking: Booking | None) -> MessageState | None:
    nowhere = message.channel == Channel.EMAIL and not (message.payload.get("to") or user.email)
    if not user.is_active or nowhere:
        return MessageState.SUPPRESSED
    if booking is not None and not is_still_true(
        MessageKind(message.kind),
        told_version=message.booking_version or 0,
        version=booking.version,
        state=State(booking.state),
    ):
        return MessageState.CANCELLED
    # Each of its senders died: the message itself may be what kills them.
    return MessageState.DEAD if message.attempts > MAX_TRIES else None


def _put_off(message: Message, site: Site | None, now: datetime) -> bool:
    """Send a message back until the morning when it would disturb (the hours may have changed)."""
    if site is None or message.channel == Channel.IN_APP or message.priority == URGENT:
        return False
    zone = ZoneInfo(site.zone)
    quiet = QuietHours(setting("QUIET_FROM"), setting("QUIET_TO"))
    if not quiet.holds(now, zone):
        return False
    message.state = MessageState.DUE
    message.attempts -= 1
    message.next_at = quiet.ends_after(now, zone)
    return True


def _claimed(message: Message, user: User, site: Site | None) -> Claimed:
    return Claimed(
        id=message.id,
        token=message.lease_token or "",
        key=message.dedupe_key,
        kind=MessageKind(message.kind),
        channel=Channel(message.channel),
        attempts=message.attempts,
        name=user.name,
        email=message.payload.get("to") or user.email or "",
        locale=user.locale,
        site_name=site.name if site else "",
        zone=site.zone if site else "",
        facts=message.payload,
    )


@use_case
def record_sent(*, message_id: int, token: str, now: datetime) -> bool:
    """Settle a message as sent; False when the lease has passed to another worker."""
    with transaction() as session:
        return _settle(session, message_id, token, state=MessageState.SENT, finished_at=now)


@use_case
def record_failure(
    *, message_id: int, token: str, now: datetime, error: str, failure: Failure, luck: float
) -> bool:
    """Note why sending failed and decide what follows; False when the lease has passed on.

    Permanent: dead at once. Transient: again after a growing wait, twelve times at most.
    Ambiguous (taken, but the answer was lost): once more after ten minutes, then unknown for
    good. ``luck`` is a random number in [0, 1).
    """
    with transaction() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None or message.lease_token != token:
            return False
        if message.state != MessageState.SENDING:
            return False
        asked_before = (message.last_error or "").startswith(Failure.AMBIGUOUS)
        message.last_error = f"{failure}: {error}"[:500]
        if failure == Failure.AMBIGUOUS:
            message.state = MessageState.UNKNOWN
            message.finished_at = now if asked_before else None
            message.next_at = now + ASK_AGAIN_AFTER
        elif failure == Failure.PERMANENT or message.attempts >= MAX_TRIES:
            message.state, message.finished_at = MessageState.DEAD, now
        else:
            message.state = MessageState.DUE
            message.next_at = retry_at(attempts=message.attempts, now=now, luck=luck)
        return True


@use_case
def hand_back(*, claimed: Sequence[Claimed], next_at: datetime) -> int:
    """Give up claims that were not tried, without counting a try; returns how many were ours."""
    if not claimed:
        return 0
    with transaction() as session:
        return sum(
            _settle(
                session,
                each.id,
                each.token,
                state=MessageState.DUE,
                next_at=next_at,
                attempts=Message.attempts - 1,
            )
            for each in claimed
        )


def _settle(session: Session, message_id: int, token: str, **values: Any) -> bool:
    # A worker that slept through its lease changes nothing here: the message is another's now.
    changed = session.execute(
        update(Message)
        .where(
            Message.id == message_id,
            Message.lease_token == token,
            Message.state == MessageState.SENDING,
        )
        .values(**values)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None
