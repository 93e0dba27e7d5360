"""Daily rollups: forgotten by who changes a day, made again by the worker."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from packhouse.models.machines import Machine
from packhouse.models.reports import daily_rollups
from packhouse.models.sites import Site


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
