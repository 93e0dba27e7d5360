"""Messages to people: written with the change they tell about, read, and rescued when dead.

Writing is a set of steps for other services; sending is in outbox.py. Messages need no order of
their own: each states all its facts, and what is no longer true is not sent.
"""

from collections.abc import Sequence
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from packhouse.db import setting, transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_operate
from packhouse.domain.reminders import (
    NEWS_KEEPS,
    ORDINARY,
    REMINDERS,
    URGENT,
    Channel,
    MessageKind,
    MessageState,
    QuietHours,
    dedupe_key,
    is_still_true,
    timing,
)
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Membership
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.models.users import User
from packhouse.services.audit import Subject, record
from packhouse.services.outbox import TOGETHER, Line, audience_of, gather_later, line_of

REVIVED = ("state", "due_at", "next_at", "not_after", "priority", "attempts", "payload")
NEVER_QUIET = QuietHours(time(0), time(0))


def tell(
    session: Session,
    *,
    kind: MessageKind,
    booking: Booking,
    site: Site,
    now: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write one in-app and one e-mail message to each person of the booking's business.

    Call it after the booking's state and version are set. Telling the same thing about the same
    version twice writes it once. ``payload`` adds facts (JSON) to code, machine and times.
    """
    _tell(session, (kind,), booking=booking, site=site, now=now, payload=payload or {})


def tell_and_remind(
    session: Session,
    *,
    kind: MessageKind,
    booking: Booking,
    site: Site,
    now: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """Tell one thing about a confirmed booking, and write its reminders with it."""
    kinds = (kind, *sorted(REMINDERS))
    _tell(session, kinds, booking=booking, site=site, now=now, payload=payload or {})


def _tell(
    session: Session,
    kinds: Sequence[MessageKind],
    *,
    booking: Booking,
    site: Site,
    now: datetime,
    payload: dict[str, Any],
) -> None:
    session.flush()
    texts = [
        text | {"payload": _facts(session, kind, booking) | payload}
        for kind in kinds
        for channel in Channel
        if (text := _text(kind, channel, booking, site, now)) is not None
    ]
    people, line = audience_of(session, job_id=booking.job_id, business_id=booking.business_id)
    told = {
        kind.value: sorted({user for each in _whose(booking, line, kind) for user in people[each]})
        for kind in kinds
    }
    rows = [
        text | {"user_id": user_id, "dedupe_key": _key(text, user_id)}
        for text in texts
        for user_id in told[text["kind"]]
    ]
    if rows:
        session.execute(_upsert(session.get_bind().dialect.name), rows)
    if line is not None and REMINDERS & set(kinds):
        gather_later(session, order_id=line.order_id, now=now)


def tell_together(
    session: Session, *, kind: MessageKind, bookings: Sequence[Booking], now: datetime
) -> None:
    """Leave each person one mail of those just written about bookings that changed as one.

    It names the first of her bookings and says how many more there are. The others stay in the
    outbox, held back, with the reason; her inbox in the app keeps all of them.
    """
    session.flush()
    order = {each.id: number for number, each in enumerate(bookings)}
    written = session.scalars(
        select(Message).where(
            Message.booking_id.in_(order),
            Message.kind == kind,
            Message.channel == Channel.EMAIL,
            Message.state == MessageState.DUE,
            Message.created_at == now,
        )
    )
    mails: dict[int, list[Message]] = {}
    for message in sorted(written, key=lambda each: order[each.booking_id or 0]):
        mails.setdefault(message.user_id, []).append(message)
    for first, *others in mails.values():
        first.payload = {**first.payload, "more": len(others)}
        for each in others:
            each.state, each.finished_at, each.last_error = MessageState.SUPPRESSED, now, TOGETHER


def tell_business(
    session: Session,
    *,
    kind: MessageKind,
    business_id: int,
    site: Site,
    key: str,
    facts: dict[str, Any],
    now: datetime,
    not_after: datetime,
    owners_only: bool = False,
) -> None:
    """Write one message a channel to each person of a business about what is no booking.

    ``key`` makes it the same message however often it is told. It keeps quiet at night where the
    morning is still in time. ``not_after`` is until when it is of use. ``owners_only`` leaves out
    those who only book.
    """
    session.flush()
    zone, quiet = ZoneInfo(site.zone), _quiet_hours()
    morning = quiet.ends_after(now, zone) if quiet.holds(now, zone) else now
    rows = []
    for user_id in _people_of(session, business_id, owners_only=owners_only):
        for channel in Channel:
            waits = channel != Channel.IN_APP and now < morning < not_after
            due = morning if waits else now
            rows.append(
                {
                    "dedupe_key": f"{key}:{kind}:{channel}:{user_id}",
                    "user_id": user_id,
                    "site_id": site.id,
                    "kind": kind.value,
                    "channel": channel.value,
                    "payload": facts,
                    "due_at": due,
                    "not_after": not_after,
                    "priority": ORDINARY if waits else URGENT,
                    "state": MessageState.DUE.value,
                    "attempts": 0,
                    "next_at": due,
                    "created_at": now,
                }
            )
    if rows:
        session.execute(_upsert(session.get_bind().dialect.name), rows)


def tell_person(
    session: Session, *, kind: MessageKind, user_id: int, site: Site, key: str,
    facts: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    """Write one message into a person's inbox, and nowhere else, about what is no booking."""
    row = {
        "dedupe_key": f"{key}:{kind}:{Channel.IN_APP}:{user_id}", "user_id": user_id,
        "site_id": site.id, "kind": kind.value, "channel": Channel.IN_APP.value,
        "payload": facts, "due_at": now, "not_after": now + NEWS_KEEPS, "priority": ORDINARY,
        "state": MessageState.DUE.value, "attempts": 0, "next_at": now, "created_at": now,
    }  # fmt: skip
    session.execute(_upsert(session.get_bind().dialect.name), [row])


def forget_told(
    session: Session, *, kind: MessageKind, business_id: int, key: str, now: datetime
) -> None:
    """Cancel what ``tell_business`` wrote under a key and nobody has sent yet."""
    session.execute(
        update(Message)
        .where(
            Message.dedupe_key.in_(
                f"{key}:{kind}:{channel}:{user_id}"
                for user_id in _people_of(session, business_id)
                for channel in Channel
            ),
            Message.state.in_([MessageState.DUE, MessageState.UNKNOWN]),
        )
        .values(state=MessageState.CANCELLED, finished_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_reminders(session: Session, *, booking: Booking, now: datetime) -> None:
    """Cancel the open messages of a booking that are no longer true.

    Call it after the booking's state and version are set: what was written for an older version,
    or for a state the booking has left, is cancelled. A message that is being sent at this very
    moment is left alone.
    """
    session.flush()
    waiting = select(Message).where(
        Message.booking_id == booking.id,
        Message.state.in_([MessageState.DUE, MessageState.UNKNOWN]),
    )
    for message in session.scalars(waiting.order_by(Message.id)):
        true = is_still_true(
            MessageKind(message.kind),
            told_version=message.booking_version or 0,
            version=booking.version,
            state=State(booking.state),
        )
        if not true:
            message.state = MessageState.CANCELLED
            message.finished_at = now
    if (line := line_of(session, booking.job_id)) is not None:
        gather_later(session, order_id=line.order_id, now=now)


def _quiet_hours() -> QuietHours:
    return QuietHours(setting("QUIET_FROM"), setting("QUIET_TO"))


def _facts(session: Session, kind: MessageKind, booking: Booking) -> dict[str, Any]:
    machine = session.get_one(Machine, booking.machine_id)
    reason = {"reason": booking.reason} if kind == MessageKind.REQUEST_REJECTED else {}
    return reason | {
        "code": booking.code,
        "machine": machine.name,
        "starts_at": to_epoch(booking.starts_at),
        "ends_at": to_epoch(booking.ends_at),
    }


def _whose(booking: Booking, line: Line | None, kind: MessageKind) -> set[int]:
    """Return which businesses are told: the booking's own, and the cooperative that ordered it.

    An order is announced once, with its first line.
    """
    told = {booking.business_id}
    if line is not None and (line.position == 1 or kind != MessageKind.BOOKING_CONFIRMED):
        told.add(line.cooperative_id)
    return {each for each in told if each is not None}


def _people_of(
    session: Session, business_id: int | None, *, owners_only: bool = False
) -> list[int]:
    query = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.business_id == business_id, User.is_active)
    )
    return sorted(
        session.scalars(query.where(Membership.role == "owner") if owners_only else query)
    )


def _text(
    kind: MessageKind, channel: Channel, booking: Booking, site: Site, now: datetime
) -> dict[str, Any] | None:
    """Return a message to whomever it concerns; None where it is not sent."""
    # The inbox makes no noise: only what knocks at the door keeps quiet at night.
    silent = channel == Channel.IN_APP and kind not in REMINDERS
    when = timing(
        kind,
        starts_at=booking.starts_at,
        now=now,
        zone=ZoneInfo(site.zone),
        quiet=NEVER_QUIET if silent else _quiet_hours(),
    )
    if when is None:
        return None
    return {
        "site_id": site.id,
        "booking_id": booking.id,
        "booking_version": booking.version,
        "kind": kind.value,
        "channel": channel.value,
        "due_at": when.due_at,
        "not_after": when.not_after,
        "priority": when.priority,
        "state": MessageState.DUE.value,
        "attempts": 0,
        "next_at": when.due_at,
        "created_at": now,
    }


def _key(text: dict[str, Any], user_id: int) -> str:
    return dedupe_key(
        booking_id=text["booking_id"],
        version=text["booking_version"],
        kind=MessageKind(text["kind"]),
        channel=Channel(text["channel"]),
        user_id=user_id,
    )


@cache
def _upsert(dialect: str) -> Executable:
    """Return the insert that writes a message once, built once.

    What was called off and never sent may become true again: a displaced booking gets its
    machine back.
    """
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    table = Message.__table__
    statement = insert(table)  # type: ignore[arg-type]
    again = {name: statement.excluded[name] for name in REVIVED}
    return statement.on_conflict_do_update(
        index_elements=[table.c.dedupe_key],
        set_=again | {"finished_at": None, "lease_token": None},
        where=table.c.state == MessageState.CANCELLED,
    )


@use_case
def mark_read(*, actor: Actor, message_id: int, now: datetime) -> None:
    """Note that a person has read a message of hers; NotFound for anybody else's."""
    with transaction() as session:
        message = session.get(Message, message_id)
        if message is None or actor.id is None or message.user_id != actor.id:
            raise NotFound
        message.read_at = message.read_at or now


@use_case
def mark_all_read(*, actor: Actor, now: datetime) -> int:
    """Note that a person has read all that has reached her inbox; returns how many were new."""
    with transaction() as session:
        changed = session.execute(
            update(Message)
            .where(
                Message.user_id == actor.id,
                Message.channel == Channel.IN_APP,
                Message.state == MessageState.SENT,
                Message.read_at.is_(None),
            )
            .values(read_at=now)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        )
        return len(changed.all())


@use_case
def retry_dead(*, actor: Actor, message_id: int, now: datetime) -> None:
    """Give a dead message a new set of tries, under the same dedupe key.

    Raises NotFound outside the actor's sites, WrongState when it is not dead or comes too late.
    """
    with transaction() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None or not may_operate(actor, message.site_id or 0):
            raise NotFound
        if message.state != MessageState.DEAD:
            raise WrongState("message_not_dead")
        if message.not_after <= now:
            raise WrongState("message_too_late")
        message.state = MessageState.DUE
        message.attempts = 0
        message.next_at = now
        message.finished_at = None
        subject = Subject("message", message.id, message.site_id or 0)
        record(session, actor=actor, now=now, action="message:retried", subject=subject)
