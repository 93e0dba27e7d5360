"""Messages as people see them: the inbox, what is on its way, what never arrived; the worker."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, func, literal_column, or_, select

from packhouse.db import db
from packhouse.domain.privacy import masked_email
from packhouse.domain.reminders import OPEN, Channel, MessageKind, MessageState
from packhouse.models.reminders import Heartbeat, Message
from packhouse.models.sites import Site
from packhouse.models.users import User

INBOX_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message on one channel; ``at`` is when, or when it is due."""

    channel: Channel
    state: MessageState
    at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message of a person, with its fate on every channel."""

    id: int
    kind: MessageKind
    facts: dict[str, Any]
    site_name: str
    zone: str
    at: datetime
    read_at: datetime | None
    booking_id: int | None
    version: int | None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that no worker will try again; the address is masked, the phone not."""

    id: int
    kind: MessageKind
    channel: Channel
    facts: dict[str, Any]
    site_name: str
    zone: str
    name: str
    address: str
    phone: str
    error: str
    attempts: int
    at: datetime
    is_too_late: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """When a duty of the worker was last done, and the error if it failed."""

    duty: str
    at: datetime
    done: int
    error: str | None


def inbox(*, user_id: int) -> list[InboxMessage]:
    """Return the newest fifty messages that have reached a person's inbox, newest first."""
    return _messages(user_id, (MessageState.SENT,))


def upcoming(*, user_id: int) -> list[InboxMessage]:
    """Return the messages that are on their way to a person's inbox, next first."""
    return _messages(user_id, (MessageState.DUE, MessageState.SENDING))[::-1]


def unread_count(*, user_id: int) -> int:
    """Return how many messages in a person's inbox she has not read: the badge."""
    return db.session.execute(
        select(func.count())
        .select_from(Message)
        .where(
            Message.user_id == user_id,
            Message.channel == Channel.IN_APP,
            Message.state == MessageState.SENT,
            Message.read_at.is_(None),
        )
    ).scalar_one()


def deliveries_of(*, booking_id: int) -> list[tuple[MessageKind, Delivery]]:
    """Return what was or will be told about a booking, in the order of time."""
    rows = db.session.scalars(
        select(Message).where(Message.booking_id == booking_id).order_by(Message.due_at, Message.id)
    )
    return [(MessageKind(row.kind), _delivery(row)) for row in rows]


def dead_letters(*, site_ids: Collection[int] | None, now: datetime) -> list[DeadLetter]:
    """Return the dead messages of these sites (None: of all), newest first."""
    query = (
        select(Message, User, Site)
        .join(User, User.id == Message.user_id)
        .outerjoin(Site, Site.id == Message.site_id)
        .where(Message.state == MessageState.DEAD)
        .order_by(Message.finished_at.desc(), Message.id.desc())
        .limit(INBOX_LENGTH)
    )
    if site_ids is not None:
        query = query.where(Message.site_id.in_(site_ids))
    return [
        DeadLetter(
            id=message.id,
            kind=MessageKind(message.kind),
            channel=Channel(message.channel),
            facts=message.payload,
            site_name=site.name if site else "",
            zone=site.zone if site else "",
            name=user.name,
            address=masked_email(user.email or ""),
            phone=user.phone,
            error=message.last_error or "",
            attempts=message.attempts,
            at=message.finished_at or message.due_at,
            is_too_late=message.not_after <= now,
        )
        for message, user, site in db.session.execute(query)
    ]


def is_anything_due(*, now: datetime) -> bool:
    """Say whether a worker would find work, without taking the write lock to see."""
    return bool(
        db.session.scalar(
            select(
                select(Message.id)
                .where(
                    # The words of the partial index: see services/outbox.py.
                    literal_column("messages.state IN ('due', 'sending', 'unknown')", Boolean()),
                    Message.next_at <= now,
                    Message.finished_at.is_(None),
                    or_(Message.state != MessageState.SENDING, Message.lease_until <= now),
                )
                .exists()
            )
        )
    )


def heartbeats() -> dict[str, Beat]:
    """Return the last beat of each duty."""
    rows = db.session.scalars(select(Heartbeat).order_by(Heartbeat.duty))
    return {row.duty: Beat(row.duty, row.at, row.done, row.error) for row in rows}


def _messages(user_id: int, states: Collection[MessageState]) -> list[InboxMessage]:
    query = (
        select(Message, Site.name, Site.zone)
        .outerjoin(Site, Site.id == Message.site_id)
        .where(
            Message.user_id == user_id,
            Message.channel == Channel.IN_APP,
            Message.state.in_(states),
        )
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(INBOX_LENGTH)
    )
    found = [
        InboxMessage(
            id=row.id,
            kind=MessageKind(row.kind),
            facts=row.payload,
            site_name=site_name or "",
            zone=zone or "",
            at=row.due_at,
            read_at=row.read_at,
            booking_id=row.booking_id,
            version=row.booking_version,
        )
        for row, site_name, zone in db.session.execute(query)
    ]
    return _with_deliveries(user_id, found)


def _with_deliveries(user_id: int, found: list[InboxMessage]) -> list[InboxMessage]:
    siblings = db.session.scalars(
        select(Message)
        .where(
            Message.user_id == user_id,
            Message.booking_id.in_({each.booking_id for each in found if each.booking_id}),
        )
        .order_by(Message.channel)
    )
    fates: dict[tuple[int | None, int | None, str], list[Delivery]] = {}
    for row in siblings:
        key = (row.booking_id, row.booking_version, row.kind)
        fates.setdefault(key, []).append(_delivery(row))
    return [
        replace(each, deliveries=tuple(fates.get((each.booking_id, each.version, each.kind), ())))
        for each in found
    ]


def _delivery(row: Message) -> Delivery:
    state = MessageState(row.state)
    at = row.next_at if state in OPEN else row.finished_at or row.due_at
    return Delivery(Channel(row.channel), state, at, row.attempts)
