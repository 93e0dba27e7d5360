"""Between which instants a booking may get its new start, so that its people can come."""

from datetime import datetime, timedelta

# Who is at the house, or on her way, can be asked to wait, but not to be there this minute.
SOON = timedelta(minutes=15)
# To come earlier than she booked, she must hear of it a day before she has to leave home.
WARNING = timedelta(days=1)
# So far behind its old time, or behind the return of its machine, a new one is looked for.
LOOK_AHEAD = timedelta(days=21)


def earliest_start(
    *,
    was_at: datetime,
    now: datetime,
    is_today: bool,
    notice_minutes: int,
    travel_minutes: int,
) -> datetime:
    """Return from when on a booking may start anew.

    ``is_today``: its old start lies in the local day of ``now``. One way takes her
    ``travel_minutes``; the house asks for ``notice_minutes``.
    """
    way = timedelta(minutes=travel_minutes)
    if was_at >= now:
        return min(was_at, now + WARNING + way)
    if is_today:
        return now + SOON
    return now + max(way, timedelta(minutes=notice_minutes))


def latest_start(*, now: datetime, ends: list[datetime], horizon_days: int) -> datetime:
    """Return up to when new starts are looked for: behind all that ends, within the horizon."""
    wanted = max([now, *ends]) + LOOK_AHEAD
    return min(wanted, now + timedelta(days=horizon_days))
