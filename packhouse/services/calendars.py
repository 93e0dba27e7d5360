"""The address under which a person's calendar program reads her bookings."""

import secrets
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.users import Actor, secret_hash
from packhouse.errors import NotAllowed
from packhouse.models.calendars import CalendarFeed
from packhouse.models.users import User
from packhouse.services.audit import Subject, record


@use_case
def open_feed(*, actor: Actor, now: datetime) -> str:
    """Return a fresh secret for one's own feed, told this once; an older one ends with it."""
    if actor.id is None:
        raise NotAllowed
    secret = secrets.token_urlsafe(32)
    with transaction() as session:
        # Locked, so that two taps leave one feed: the later one's.
        session.get(User, actor.id, with_for_update={"key_share": True})
        drop_feed(session, user_id=actor.id)
        session.add(CalendarFeed(user_id=actor.id, secret_hash=secret_hash(secret), created_at=now))
        _note(session, "calendar:opened", actor=actor, now=now)
    return secret


@use_case
def close_feed(*, actor: Actor, now: datetime) -> None:
    """End one's own feed: its address answers nothing any more. A second time changes nothing."""
    if actor.id is None:
        raise NotAllowed
    with transaction() as session:
        if session.get(CalendarFeed, actor.id) is not None:
            drop_feed(session, user_id=actor.id)
            _note(session, "calendar:closed", actor=actor, now=now)


def drop_feed(session: Session, *, user_id: int) -> None:
    """End a person's feed, if she has one."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id))


def _note(session: Session, action: str, *, actor: Actor, now: datetime) -> None:
    subject = Subject("user", actor.id or 0)
    record(session, actor=actor, now=now, action=action, subject=subject)
