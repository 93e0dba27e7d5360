"""When a house works on an ordinary day, dated: the usual hours, Ramadan, a new decree."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.sites import Opening, format_hours, parse_hours
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken, Stale
from packhouse.models.sites import HoursChange, Site, SiteHours
from packhouse.services.reports import forget_site_rollups
from packhouse.services.sites.steps import locked_site, note_site, tried
from packhouse.services.sites.unfit import refuse_unseen, unfit_now


@use_case
def change_hours(
    *,
    code: str,
    hours: str,
    valid_from: date,
    actor: Actor,
    now: datetime,
    valid_to: date | None = None,
    seen: Collection[str] | None = None,
) -> None:
    """Lay other hours over a site from a day on, or between two days (both included).

    The shortest period that holds a day decides, so Ramadan hours end by themselves. Hours for
    exactly the same period are replaced. Bookings that no longer fit stay; ``seen`` are the codes
    of those that the manager knows of (None: she is not asked). Raises RuleBroken,
    ``misfits_unseen`` for bookings she does not know of, NotFound, NotAllowed.
    """
    problems: list[Problem] = []
    week = tried(problems, parse_hours, hours, valid_from=valid_from, valid_to=valid_to)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        if problems or week is None:
            raise RuleBroken(problems)
        unfit, before = unfit_now(session, site, seen=seen, now=now), _kept(session, site)
        _drop_hours(session, site=site, valid_from=valid_from, valid_to=valid_to)
        lay_hours(
            session, site=site, openings=week.openings, valid_from=valid_from, valid_to=valid_to
        )
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        forget_site_rollups(session, site_id=site.id, from_day=valid_from)
        _keep_change(session, site, before, actor=actor, now=now)
        facts = _period(valid_from, valid_to) | {"hours": format_hours(week)}
        note_site(session, "site:hours_changed", site, actor=actor, now=now, **facts)


@use_case
def remove_hours(
    *,
    code: str,
    valid_from: date,
    valid_to: date | None,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> None:
    """Take dated hours away again, so that those beneath them hold; the last ones must stay.

    ``seen`` as in ``change_hours``. Raises RuleBroken, NotFound, NotAllowed.
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
        unfit, before = unfit_now(session, site, seen=seen, now=now), _kept(session, site)
        _drop_hours(session, site=site, valid_from=valid_from, valid_to=valid_to)
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        _keep_change(session, site, before, actor=actor, now=now)
        forget_site_rollups(session, site_id=site.id, from_day=valid_from)
        facts = _period(valid_from, valid_to)
        note_site(session, "site:hours_removed", site, actor=actor, now=now, **facts)


@use_case
def undo_hours(
    *,
    code: str,
    change_id: int,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> None:
    """Bring back the hours as they were before the last change that stands.

    Undone twice, the change before it is the last one. ``seen`` as in ``change_hours``. Raises
    RuleBroken, Stale for a change that is not the last, NotFound, NotAllowed.
    """
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        change = session.get(HoursChange, change_id)
        if change is None or change.site_id != site.id:
            raise NotFound
        if change.undone_at is not None:
            return
        last = session.scalar(
            select(HoursChange.id)
            .where(HoursChange.site_id == site.id, HoursChange.undone_at.is_(None))
            .order_by(HoursChange.id.desc())
            .limit(1)
        )
        if last != change.id or _kept(session, site) != change.after:
            raise Stale("hours_changed_since")
        unfit = unfit_now(session, site, seen=seen, now=now)
        session.execute(delete(SiteHours).where(SiteHours.site_id == site.id))
        session.add_all(_opening(site, row) for row in change.before)
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        change.undone_at = now
        differing = [row for row in (*change.before, *change.after) if _differs(row, change)]
        first = min(date.fromisoformat(row[3]) for row in differing)
        forget_site_rollups(session, site_id=site.id, from_day=first)
        note_site(session, "site:hours_undone", site, actor=actor, now=now, change=change.id)


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


def _kept(session: Session, site: Site) -> list[list[Any]]:
    """Return every opening of a site as it is kept of a change."""
    rows = session.scalars(select(SiteHours).where(SiteHours.site_id == site.id))
    return sorted(
        (
            [
                row.weekday, row.opens, row.closes, row.valid_from.isoformat(),
                row.valid_to.isoformat() if row.valid_to else None,
            ]
            for row in rows
        ),
        key=str,
    )  # fmt: skip


def _opening(site: Site, row: list[Any]) -> SiteHours:
    weekday, opens, closes, first, last = row
    return SiteHours(
        site_id=site.id, weekday=weekday, opens=opens, closes=closes,
        valid_from=date.fromisoformat(first),
        valid_to=date.fromisoformat(last) if last else None,
    )  # fmt: skip


def _differs(row: list[Any], change: HoursChange) -> bool:
    return (row in change.before) != (row in change.after)


def _keep_change(
    session: Session, site: Site, before: list[list[Any]], *, actor: Actor, now: datetime
) -> None:
    after = _kept(session, site)
    if before != after:
        session.add(
            HoursChange(site_id=site.id, at=now, actor_id=actor.id, before=before, after=after)
        )


def _period(valid_from: date, valid_to: date | None) -> dict[str, str | None]:
    return {
        "valid_from": valid_from.isoformat(),
        "valid_to": valid_to.isoformat() if valid_to else None,
    }
