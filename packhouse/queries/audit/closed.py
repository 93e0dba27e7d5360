"""Check of closed accounts: nothing is left that tells who somebody was or lets her in."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from packhouse.models.businesses import Membership
from packhouse.models.calendars import CalendarFeed
from packhouse.models.privacy import ClosedAccount
from packhouse.models.users import ApiToken, ServerSession, User


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
