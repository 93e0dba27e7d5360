"""A full week of fifty machines, as read and as programs are told it, short and long past."""

import gzip
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bench.histories import MACHINES, NOW, TODAY, Past, all_pasts, compare
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM
from packhouse.queries.machines import Schedule, machines_page, schedules
from packhouse.services import users

TIMES = 40
# From the Monday after the day of the histories: five days of it are full.
MONDAY = datetime.combine(
    TODAY + timedelta(days=7 - TODAY.weekday()), time(), ZoneInfo("Asia/Pontianak")
).astimezone(UTC)
WEEK = TimeRange(MONDAY, MONDAY + timedelta(days=7))
PATH = (
    f"/api/v1/schedules?site=PTK&limit={MACHINES}"
    f"&from={WEEK.start:%Y-%m-%dT%H:%M:%SZ}&to={WEEK.end:%Y-%m-%dT%H:%M:%SZ}"
)


def run() -> None:
    """Measure both databases and both pasts."""
    for _, pasts in all_pasts():
        with pasts[0].at_work():
            visits = sum(len(machine.busy) for machine in week(pasts[0]))
        acts = [(past, lambda past=past: week(past)) for past in pasts]
        compare("week", "query", acts, times=TIMES, visits=visits)
        told = [(past, past.page(PATH, token=_token(past))) for past in pasts]
        body = told[0][1]()
        sizes = {"bytes": len(body), "bytes_gzip": len(gzip.compress(body))}
        compare("week", "api", told, times=TIMES, visits=visits, **sizes)


def week(past: Past) -> tuple[Schedule, ...]:
    """Read what all machines of the house do in a week."""
    page = machines_page(now=NOW, site="PTK", limit=MACHINES)
    return schedules(page=page, time=WEEK, actor=past.actor)


def _token(past: Past) -> str:
    with past.at_work():
        return users.create_token(email=past.email or "", actor=SYSTEM, now=NOW)
