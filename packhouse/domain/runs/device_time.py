"""By whose clock a tap is noted: the phone's, where it can be believed, else the server's.

A phone without a signal keeps its taps with the time its own clock showed. That clock may be
wrong by years, but it rarely changes while it waits: what counts is how long ago the tap was,
by the phone's own clock, at the moment it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# What the way to the server may take; so much too early or too late is no contradiction.
LATENCY = timedelta(seconds=30)
# By how much a phone's clock may have run away from the server's while it waited.
DRIFT = timedelta(minutes=2)
HALF = timedelta(milliseconds=500)
# As long as a session lasts at most: nobody is signed in on a phone that waited longer.
OLDEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """What a device says of its time: when it was tapped, and when it sent that.

    Without ``sent_at`` its clock is taken to be right. ``ahead`` is how much the server's clock
    was ahead of the device's when they last spoke before the tap, None if they never did.
    """

    tapped_at: datetime
    sent_at: datetime | None = None
    ahead: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """The instant a tap goes by, in whole seconds, and whether it is only an estimate."""

    at: datetime
    estimated: bool = False


def noted_time(told: DeviceClock | None, *, now: datetime, not_before: datetime | None) -> Noted:
    """Return when a tap happened, as far as that is known.

    The device is believed unless its tap would lie in the future, before what is on record
    (``not_before``), more than twelve hours back, or unless somebody set its clock meanwhile.
    Then the server's time counts, and is an estimate. Never before ``not_before``.
    """
    floor = now if not_before is None else max(not_before, now)
    if told is None:
        return Noted(floor)
    try:
        ahead = now - (told.sent_at or now)
        early = told.tapped_at + ahead - now
        # To the nearest second, which is all that is kept.
        at = (min(now + early, now) + HALF).replace(microsecond=0)
    except OverflowError:  # A clock at the end of time.
        return Noted(floor, estimated=True)
    plausible = (
        early <= LATENCY,
        now - at <= OLDEST,
        not_before is None or at >= not_before - LATENCY,
        told.ahead is None or abs(ahead - told.ahead) <= DRIFT,
    )
    if not all(plausible):
        return Noted(floor, estimated=True)
    return Noted(at if not_before is None else max(at, not_before))
