"""Where one booking may move: between the steps of its job, and within the limits of fair use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import (
    GIVEN_UP,
    CoolDown,
    State,
    is_in_steps,
    problems_with_cooling,
)
from packhouse.domain.sites import Calendar
from packhouse.domain.slots import BREATHING_MINUTES
from packhouse.models.bookings.holding import (
    Holder,
    house_at,
    is_ordered,
    load_broken_limits,
    load_cooling,
    load_holders,
)
from packhouse.models.bookings.tables import Booking, Job
from packhouse.models.sites import Site, load_calendar


@dataclass(frozen=True, slots=True)
class Leeway:
    """What a booking's move must keep to, beside free time on a machine.

    It is a step of its job that begins at ``from_at`` at the earliest and ends by ``to_at``, None:
    as it likes. Limits of fair use bind it or not. Nothing is locked: moving decides anew.
    """

    session: Session
    booking: Booking
    site: Site
    now: datetime
    from_at: datetime | None
    to_at: datetime | None
    cooling: CoolDown | None
    limits: "_Limits | None"

    def allows(self, starts_at: datetime, ends_at: datetime, *, minutes: int) -> bool:
        """Say whether a time would do; ``minutes`` are its setup and run."""
        early = self.from_at is not None and starts_at < self.from_at
        late = self.to_at is not None and ends_at > self.to_at
        return not early and not late and not self._is_beyond_use(starts_at, minutes)

    def _is_beyond_use(self, starts_at: datetime, minutes: int) -> bool:
        if problems_with_cooling(cooling=self.cooling, starts_at=starts_at, now=self.now):
            return True
        mine = self.limits
        if mine is None:
            return False
        house = house_at(self.site, mine.calendar, starts_at=starts_at, now=self.now)
        broken = load_broken_limits(
            self.session, house=house, holders=mine.holders, minutes=minutes,
            ordered=mine.is_ordered, leaving=self.booking.id,
        )  # fmt: skip
        return bool(broken)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Whose limits of fair use count, whatever the time: read once for all times."""

    calendar: Calendar
    holders: Sequence[Holder]
    is_ordered: bool


def load_leeway(session: Session, *, booking_id: int, by_staff: bool, now: datetime) -> Leeway:
    """Return what a booking's move must keep to.

    The staff move for the house's reasons, and who was displaced breaks no limit by coming back.
    """
    mine = select(Booking.job_id).where(Booking.id == booking_id)
    query = (
        select(Booking, Job.quantity)
        .outerjoin(Job, Job.id == Booking.job_id)
        .where(or_(Booking.id == booking_id, Booking.job_id.in_(mine)))
        .order_by(Booking.starts_at, Booking.id)
    )
    rows = [(booking, quantity) for booking, quantity in session.execute(query)]
    booking, quantity = next(row for row in rows if row[0].id == booking_id)
    parts = [each for each, _quantity in rows if each.state not in GIVEN_UP]
    from_at, to_at = _between_steps(booking, parts, quantity)
    site = session.get_one(Site, booking.site_id)
    cooling, limits = None, None
    if not by_staff and booking.state != State.DISPLACED and booking.business_id is not None:
        cooling = load_cooling(session, business_id=booking.business_id, now=now)
        limits = (
            _load_limits(session, booking, booking.business_id) if site.limits.are_set else None
        )
    return Leeway(session, booking, site, now, from_at, to_at, cooling, limits)


def _load_limits(session: Session, booking: Booking, business_id: int) -> _Limits:
    return _Limits(
        load_calendar(session, booking.site_id),
        load_holders(session, business_id=business_id),
        is_ordered(session, booking.job_id),
    )


def _between_steps(
    booking: Booking, parts: Sequence[Booking], quantity: int | None
) -> tuple[datetime | None, datetime | None]:
    """Return between which times a booking stays in the order of its job's work."""
    if booking not in parts or not is_in_steps(quantity, [each.quantity for each in parts]):
        return None, None
    breath, at = timedelta(minutes=BREATHING_MINUTES), parts.index(booking)
    return (
        parts[at - 1].ends_at + breath if at else None,
        parts[at + 1].starts_at - breath if at + 1 < len(parts) else None,
    )
