"""When a house works on an ordinary day, dated: the usual hours, Ramadan, a new decree."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.sites import Opening, format_hours, parse_hours
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken
from packhouse.models.sites import Site, SiteHours
from packhouse.services.reports import forget_site_rollups
from packhouse.services.sites.steps import locked_site, note_site, tried


@use_case
def change_hours(
    *,
    code: str,
    hours: str,
    valid_from: date,
    actor: Actor,
    now: datetime,
    valid_to: date | None = None,
) -> None:
    """Lay other hours over a site from a day on, or between two days (both included).

    The shortest period that holds a day decides, so Ramadan hours end by themselves. Hours for
    exactly the same period are replaced. Bookings that no longer fit stay, and are listed by
    ``queries.sites.bookings_out_of_hours``. Raises RuleBroken, NotFound, NotAllowed.
    """
    problems: list[Problem] = []
    week = tried(problems, parse_hours, hours, valid_from=valid_from, valid_to=valid_to)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        if problems or week is None:
            raise RuleBroken(problems)
        _drop_hours(session, site=site, valid_from=valid_from, valid_to=valid_to)
        lay_hours(
            session, site=site, openings=week.openings, valid_from=valid_from, valid_to=valid_to
        )
        forget_site_rollups(session, site_id=site.id, from_day=valid_from)
        facts = _period(valid_from, valid_to) | {"hours": format_hours(week)}
        note_site(session, "site:hours_changed", site, actor=actor, now=now, **facts)


@use_case
def remove_hours(
    *, code: str, valid_from: date, valid_to: date | None, actor: Actor, now: datetime
) -> None:
    """Take dated hours away again, so that those beneath them hold; the last ones must stay.

    Raises RuleBroken("hours_last") for those, NotFound, NotAllowed.
    """
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        periods = {
            (row.valid_from, row.valid_to)
            for row in session.execute(
                select(SiteHours.valid_from, SiteHours.valid_to).where(SiteHours.site_id == site.id)
            )
        }
        if (valid_from, valid_to) not in periods:
            raise NotFound
        if len(periods) == 1:
            raise RuleBroken([Problem("hours_last")])
        _drop_hours(session, site=site, valid_from=valid_from, valid_to=valid_to)
        forget_site_rollups(session, site_id=site.id, from_day=valid_from)
        facts = _period(valid_from, valid_to)
        note_site(session, "site:hours_removed", site, actor=actor, now=now, **facts)


def lay_hours(
    session: Session,
    *,
    site: Site,
    openings: Sequence[Opening],
    valid_from: date,
    valid_to: date | None,
) -> None:
    """Insert the openings of a week for a period."""
    session.add_all(
        SiteHours(
            site_id=site.id,
            weekday=each.weekday,
            opens=each.opens,
            closes=each.closes,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        for each in openings
    )
    session.flush()


def _drop_hours(session: Session, *, site: Site, valid_from: date, valid_to: date | None) -> None:
    session.execute(
        delete(SiteHours).where(
            SiteHours.site_id == site.id,
            SiteHours.valid_from == valid_from,
            SiteHours.valid_to.is_(None) if valid_to is None else SiteHours.valid_to == valid_to,
        )
    )


def _period(valid_from: date, valid_to: date | None) -> dict[str, str | None]:
    return {
        "valid_from": valid_from.isoformat(),
        "valid_to": valid_to.isoformat() if valid_to else None,
    }
