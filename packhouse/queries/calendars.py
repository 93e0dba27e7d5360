"""What a calendar feed shows, and to whom it belongs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from packhouse.db import reading
from packhouse.domain.users import Actor, Role, secret_hash
from packhouse.errors import NotFound
from packhouse.models.businesses import Membership
from packhouse.models.calendars import CalendarFeed
from packhouse.models.users import User
from packhouse.queries.bookings import BookingItem, bookings_page

KEPT = timedelta(days=30)
MOST = 200


@dataclass(frozen=True, slots=True)
class Feed:
    """A person's bookings from thirty days ago on, and the language she reads."""

    locale: str
    bookings: tuple[BookingItem, ...]


def feed(*, secret: str, now: datetime) -> Feed:
    """Return what a feed shows: of the businesses its owner acts for now, in three queries.

    At most two hundred of each: still to come, and of the last thirty days. Raises NotFound for
    a secret that is unknown, renewed or revoked, and for a closed account.
    """
    session = reading()
    owner = session.execute(
        select(User.id, User.locale, Membership.business_id)
        .join(CalendarFeed, CalendarFeed.user_id == User.id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(CalendarFeed.secret_hash == secret_hash(secret), User.is_active)
    ).all()
    if not owner:
        raise NotFound
    businesses = frozenset(row.business_id for row in owner if row.business_id is not None)
    actor = Actor(owner[0].id, Role.PRODUCER, business_ids=businesses)
    past = bookings_page(actor=actor, from_at=now - KEPT, to_at=now, newest_first=True, limit=MOST)
    ahead = bookings_page(actor=actor, from_at=now, limit=MOST)
    return Feed(owner[0].locale, (*reversed(past.items), *ahead.items))


def feed_since(*, user_id: int) -> datetime | None:
    """Return since when a person has her feed; None when she has none."""
    return reading().scalar(select(CalendarFeed.created_at).where(CalendarFeed.user_id == user_id))
