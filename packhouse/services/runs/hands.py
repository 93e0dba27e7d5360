"""What every step of a run begins with: the booking under its operator's hands, and a count."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from packhouse.domain.permissions import may_operate
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed
from packhouse.models.bookings import Booking
from packhouse.services.bookings import locked_booking
from packhouse.services.slots import Place

MOST_PIECES = 10_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Good and rejected pieces of a run, as counted by the operator."""

    good: int
    rejected: int

    def __post_init__(self) -> None:
        for name, pieces in (("good", self.good), ("rejected", self.rejected)):
            if not 0 <= pieces <= MOST_PIECES:
                raise Malformed("count_out_of_range", field=name, most=MOST_PIECES)


def operated(session: Session, *, code: str, actor: Actor, now: datetime) -> tuple[Booking, Place]:
    """Return a booking under its operator's hands, its machine's row locked."""
    booking, spot = locked_booking(session, code=code, actor=actor, now=now)
    if not may_operate(actor, booking.site_id):
        raise NotAllowed
    return booking, spot
