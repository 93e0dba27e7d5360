"""Whether the house is ready for a customer: nobody is late for a machine that is not free."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import State, later, waited_until
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown
from packhouse.models.runs import Run
from packhouse.services.slots import Place


def grace_until(session: Session, *, booking: Booking, spot: Place) -> datetime | None:
    """Return until when the house waits for a customer; None as long as it is not ready for her.

    The grace begins with her time, or when the machine was free and clean for her.
    """
    return waited_until(
        starts_at=booking.starts_at,
        ready_at=_ready_at(session, booking, spot),
        grace_minutes=spot.site.grace_minutes,
    )


def _ready_at(session: Session, booking: Booking, spot: Place) -> datetime | None:
    """Return when a locked machine was free and clean for a booking.

    It is not while a run is on or the machine is broken, nor while somebody whose time lies
    before hers is there and has not begun.
    """
    day = spot.day_of(booking.starts_at)
    midnight = spot.calendar.local_day(day).start
    ends = [
        *_ends(session, Run, booking.machine_id, midnight),
        *_ends(session, Breakdown, booking.machine_id, midnight),
    ]
    if None in ends or _somebody_waits(session, booking, midnight):
        return None
    free_from = max((each for each in ends if each is not None), default=None)
    if free_from is None:
        return booking.starts_at
    return later(spot.calendar.working_day(day), free_from, booking.changeover_minutes)


def _ends(
    session: Session, kind: type[Run | Breakdown], machine_id: int, since: datetime
) -> list[datetime | None]:
    """Return when the last of its kind ended, if it was that day; None where it is still open."""
    last = session.execute(
        select(kind.ended_at)
        .where(kind.machine_id == machine_id, or_(kind.ended_at.is_(None), kind.ended_at > since))
        .order_by(kind.started_at.desc())
        .limit(1)
    )
    return [row.ended_at for row in last]


def _somebody_waits(session: Session, booking: Booking, since: datetime) -> bool:
    found = session.scalar(
        select(Booking.id)
        .where(
            Booking.machine_id == booking.machine_id,
            Booking.starts_at >= since,
            Booking.starts_at < booking.starts_at,
            Booking.state == State.ARRIVED,
        )
        .limit(1)
    )
    return found is not None
