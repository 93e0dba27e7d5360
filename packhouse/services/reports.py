"""Daily rollups: forgotten by who changes a day, made again by the worker."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.users import Actor
from packhouse.models.machines import Machine
from packhouse.models.reports import daily_rollups, load_machine_days
from packhouse.models.sites import Site

# Older days are computed from raw states when somebody asks for them.
LOOK_BACK = timedelta(days=3 * 366)
MACHINE_DAYS = 200


def forget_rollups(
    session: Session, *, machine_id: int, from_at: datetime, to_at: datetime | None
) -> None:
    """Drop the cached figures of every local day of a machine that shares time with the period.

    Call it with the machine's row locked. Without an end everything from the start on is dropped.
    """
    zone = ZoneInfo(
        session.scalars(
            select(Site.zone)
            .join(Machine, Machine.site_id == Site.id)
            .where(Machine.id == machine_id)
        ).one()
    )
    days = [daily_rollups.c.machine_id == machine_id]
    days.append(daily_rollups.c.day >= from_at.astimezone(zone).date())
    if to_at is not None:
        days.append(daily_rollups.c.day <= to_at.astimezone(zone).date())
    session.execute(delete(daily_rollups).where(*days))


def forget_site_rollups(session: Session, *, site_id: int, from_day: date) -> None:
    """Drop the cached figures of all machines of a site from a local day on."""
    machines = select(Machine.id).where(Machine.site_id == site_id)
    session.execute(
        delete(daily_rollups).where(
            daily_rollups.c.machine_id.in_(machines), daily_rollups.c.day >= from_day
        )
    )


@use_case
def roll_up(*, actor: Actor, now: datetime) -> int:
    """Compute figures of days that are over and have none; return how many, 0 when all is done.

    One machine and at most 200 days at a time: the machine's row is locked, so that nobody
    changes a day between reading and storing it, and other writers do not wait long.
    """
    with transaction() as session:
        found = _next_machine(session, now)
        if found is None:
            return 0
        machine, days = found
        session.scalar(
            select(Machine.id).where(Machine.id == machine.id).with_for_update(key_share=True)
        )
        # Another worker may have done some of them while this one waited for the row.
        days = _missing_days(session, machine.id, days[0], days[-1])
        if not days:
            return 0
        wanted = {(machine.id, day) for day in days}
        span = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
        computed = load_machine_days(session, machines=[machine], days=span, now=now, only=wanted)
        session.execute(
            insert(daily_rollups),
            [
                {"machine_id": machine_id, "day": day, **asdict(sums)}
                for (machine_id, day), sums in computed.items()
            ],
        )
        return len(computed)


def _next_machine(session: Session, now: datetime) -> tuple[Machine, list[date]] | None:
    """Return a machine that lacks figures of past days, and the first of those days."""
    counts: dict[int, int] = {
        row.machine_id: row.days
        for row in session.execute(
            select(daily_rollups.c.machine_id, func.count().label("days"))
            .where(daily_rollups.c.day >= (now - LOOK_BACK).date())
            .group_by(daily_rollups.c.machine_id)
        )
    }
    for machine, zone in session.execute(
        select(Machine, Site.zone).join(Site, Site.id == Machine.site_id).order_by(Machine.id)
    ):
        local = ZoneInfo(zone)
        first = max(machine.commissioned_at, now - LOOK_BACK).astimezone(local).date()
        last = now.astimezone(local).date() - timedelta(days=1)
        if (last - first).days + 1 > counts.get(machine.id, 0):
            days = _missing_days(session, machine.id, first, last)
            if days:
                return machine, days
    return None


def _missing_days(session: Session, machine_id: int, first: date, last: date) -> list[date]:
    held = set(
        session.scalars(
            select(daily_rollups.c.day).where(
                daily_rollups.c.machine_id == machine_id,
                daily_rollups.c.day >= first,
                daily_rollups.c.day <= last,
            )
        )
    )
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day not in held][:MACHINE_DAYS]
