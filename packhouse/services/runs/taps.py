"""Steps of every tap on a session: once, in order, at its own time, and never over another's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from packhouse.domain.runs import DeviceClock, Noted, noted_time
from packhouse.domain.users import Actor
from packhouse.errors import Stale
from packhouse.models.bookings import Booking
from packhouse.models.runs import Tap, count_taps
from packhouse.services.audit import Once, answer_once
from packhouse.services.bookings import Answer, answer_of, note
from packhouse.services.runs.states import latest_instant


@dataclass(frozen=True, slots=True)
class Tapped:
    """How a tap came: under which key, from which device, by what clock.

    ``seen`` is the number of the last tap its screen knew of; None when nobody asks. ``device``
    is a random name the device gave itself.
    """

    key: str | None = None
    clock: DeviceClock | None = None
    device: str = ""
    seen: int | None = None


BY_HAND = Tapped()


def tap_once(
    session: Session,
    *,
    command: str,
    request: dict[str, Any],
    tapped: Tapped,
    actor: Actor,
    now: datetime,
    act: Callable[[], Answer],
) -> Answer:
    """Carry out a tap; one that is sent again under its key gets the answer it had."""
    once = Once(tapped.key, command, request) if tapped.key else None
    answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
    return answer


def refuse_unseen(session: Session, *, booking: Booking, tapped: Tapped) -> None:
    """Refuse a tap whose screen does not know what another device changed meanwhile."""
    if tapped.seen is None:
        return
    if tapped.seen != count_taps(session, booking_id=booking.id):
        raise Stale("session_changed", code=booking.code)


def time_of(session: Session, *, booking: Booking, tapped: Tapped, now: datetime) -> Noted:
    """Return the instant a tap goes by: never before the last state of its machine."""
    latest = latest_instant(session, machine_id=booking.machine_id)
    return noted_time(tapped.clock, now=now, not_before=latest)


def note_tap(
    session: Session,
    booking: Booking,
    *,
    action: str,
    tapped: Tapped,
    noted: Noted,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Answer:
    """Write a tap with both of its times; return what is told of the booking, and its number."""
    number = count_taps(session, booking_id=booking.id) + 1
    device_at = tapped.clock.tapped_at if tapped.clock else None
    session.add(
        Tap(
            booking_id=booking.id,
            number=number,
            action=action,
            reason=reason,
            device=tapped.device,
            device_at=device_at,
            received_at=now,
            at=noted.at,
            estimated=noted.estimated,
            actor_id=actor.id,
        )
    )
    if device_at is not None and (noted.estimated or noted.at != now.replace(microsecond=0)):
        note(
            session, booking, action="run:device_time", actor=actor, now=now, tap=action,
            at=int(noted.at.timestamp()), device_at=int(device_at.timestamp()),
            estimated=noted.estimated,
        )  # fmt: skip
    session.flush()
    return {**answer_of(session, booking), "tap": number}
