"""Bookings that a change of working time would leave without it: nothing disappears silently."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from packhouse.errors import Problem, RuleBroken
from packhouse.models.replanning import load_misfits
from packhouse.models.sites import Site


def unfit_now(
    session: Session, site: Site, *, seen: Collection[str] | None, now: datetime
) -> frozenset[str] | None:
    """Return the codes of bookings that do not fit before the change; None if nobody looks."""
    if seen is None:
        return None
    return frozenset(each.code for each in load_misfits(session, site_id=site.id, now=now))


def refuse_unseen(
    session: Session,
    site: Site,
    *,
    before: frozenset[str] | None,
    seen: Collection[str] | None,
    now: datetime,
) -> None:
    """Refuse a change that leaves bookings unfit which the one who makes it has not seen.

    ``seen`` are the codes she was shown; None asks no question. The fact ``unfit`` of the problem
    are pairs of a code and its problems, so that she can be shown them; nothing is changed.
    """
    if before is None or seen is None:
        return
    session.flush()
    fresh = [
        each for each in load_misfits(session, site_id=site.id, now=now) if each.code not in before
    ]
    if {each.code for each in fresh} <= set(seen):
        return
    unfit = tuple(
        (each.code, tuple(problem.told_in(site.zone) for problem in each.problems))
        for each in fresh
    )
    raise RuleBroken([Problem("misfits_unseen", {"bookings": len(fresh), "unfit": unfit})])
