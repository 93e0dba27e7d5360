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
    problems_with_cooling,
)
from packhouse.domain.slots import BREATHING_MINUTES
from packhouse.models.bookings.holding import (
    House,
    load_broken_limits,
    load_cooling,
    load_holders,
)
from packhouse.models.bookings.tables import Booking, Job, JobLine
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
    is_limited: bool
    cooling: CoolDown | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None

    def allows(self, starts_at: datetime, ends_at: datetime, *, minutes: int) -> bool:
        """Say whether a time would do; ``minutes`` are its setup and run."""
        early = self.from_at is not None and starts_at < self.from_at
        late = self.to_at is not None and ends_at > self.to_at
        return not early and not late and not self._is_beyond_use(starts_at, minutes)

    def _is_beyond_use(self, starts_at: datetime, minutes: int) -> bool:
        booking, now, business_id = self.booking, self.now, self.booking.business_id
        if not self.is_limited or business_id is None:
            return False
        if problems_with_cooling(cooling=self.cooling, starts_at=starts_at, now=now):
            return True
        if not self.site.limits.are_set:
            return False
        calendar = load_calendar(self.session, self.site.id)
        house = House(
            site_id=self.site.id,
            limits=self.site.limits,
            calendar=calendar,
            today=calendar.day_of(now),
            day=calendar.day_of(starts_at),
            last_day=calendar.day_of(now + timedelta(days=self.site.horizon_days)),
        )
        line = select(JobLine.job_id).where(JobLine.job_id == booking.job_id)
        broken = load_broken_limits(
            self.session, house=house, minutes=minutes, leaving=booking.id,
            holders=load_holders(self.session, business_id=business_id),
            ordered=self.session.scalar(line) is not None,
        )  # fmt: skip
        return bool(broken)


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
    is_limited = not by_staff and booking.state != State.DISPLACED
    return Leeway(
        session, booking, session.get_one(Site, booking.site_id), now, is_limited,
        load_cooling(session, business_id=booking.business_id, now=now) if is_limited else None,
        from_at, to_at,
    )  # fmt: skip


def _between_steps(
    booking: Booking, parts: Sequence[Booking], quantity: int | None
) -> tuple[datetime | None, datetime | None]:
    """Return between which times a booking stays in the order of its job's work."""
    in_steps = len(parts) > 1 and all(each.quantity == quantity for each in parts)
    if not in_steps or booking not in parts:
        return None, None
    breath, at = timedelta(minutes=BREATHING_MINUTES), parts.index(booking)
    return (
        parts[at - 1].ends_at + breath if at else None,
        parts[at + 1].starts_at - breath if at + 1 < len(parts) else None,
    )
