"""Checks of what was to be forgotten: accounts that were closed, texts and names out of date."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from packhouse.domain.complaints import WAITING
from packhouse.domain.privacy import CONTACTS_KEPT, TEXTS_KEPT
from packhouse.models.businesses import Membership
from packhouse.models.calendars import CalendarFeed
from packhouse.models.complaints import Complaint
from packhouse.models.privacy import ClosedAccount
from packhouse.models.reminders import Message
from packhouse.models.users import ApiToken, ServerSession, User

# The worker may have stood still for a while.
GRACE = timedelta(days=7)


def left_behind(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a closed account with a name, an address, a way in, or a business to act for."""
    ways_in = [
        select(table.user_id).where(table.user_id == User.id).exists()
        for table in (ServerSession, CalendarFeed, Membership)
    ]
    token = (
        select(ApiToken.user_id)
        .where(ApiToken.user_id == User.id, ApiToken.revoked_at.is_(None))
        .exists()
    )
    rows = session.scalars(
        select(User.id)
        .join(ClosedAccount, ClosedAccount.user_id == User.id)
        .where(
            or_(
                User.is_active, User.email.is_not(None), User.phone != "",
                ~User.name.startswith("#"), token, *ways_in,
            )
        )
    )  # fmt: skip
    for user_id in rows:
        yield {"user": user_id}


def texts_kept_too_long(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a finished message that still says what it said long after it was of any use."""
    rows = session.scalars(
        select(Message.id).where(
            text("payload <> '{}'"), Message.finished_at < now - TEXTS_KEPT - GRACE
        )
    )
    for message_id in rows:
        yield {"message": message_id}


def contacts_kept_too_long(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a complaint that is long settled and still says who complained."""
    rows = session.scalars(
        select(Complaint.number).where(
            Complaint.answered_at < now - CONTACTS_KEPT - GRACE,
            Complaint.state.not_in(WAITING),
            or_(Complaint.name != "", Complaint.phone != ""),
        )
    )
    for number in rows:
        yield {"complaint": number}
