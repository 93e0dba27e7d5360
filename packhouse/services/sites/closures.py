"""Days on which a house is closed: its own, and holidays that its manager confirms or opens."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_administer
from packhouse.domain.sites import Holiday, indonesian_holidays
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.sites import Closure, Site
from packhouse.services.reports import forget_site_rollups
from packhouse.services.sites.steps import LONGEST_NAME, locked_site, note_site
from packhouse.services.sites.unfit import refuse_unseen, unfit_now

LONGEST_CLOSURE = timedelta(days=366)
YEARS_BACK, YEARS_AHEAD = 1, 2
# A statement may carry some thousand values; a closure is seven of them.
BATCH = 1000


@use_case
def add_closure(
    *,
    code: str,
    day_from: date,
    day_to: date,
    name: str,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> int:
    """Close a site on some local days (both included) and return the closure's id.

    Bookings on these days stay; ``seen`` are the codes of those that the manager knows of (None:
    she is not asked). Adding what was taken away before brings it back. Raises RuleBroken,
    ``misfits_unseen`` for bookings she does not know of, NotFound, NotAllowed.
    """
    name = name.strip()
    problems = _problems_with_closure(day_from=day_from, day_to=day_to, name=name)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        before = unfit_now(session, site, seen=seen, now=now)
        closure = session.scalar(
            select(Closure).where(
                Closure.site_id == site.id, Closure.day_from == day_from, Closure.name == name
            )
        )
        if closure is not None and closure.state != "rejected":
            problems.append(Problem("closure_exists", {"day": day_from, "name": name}))
        if problems:
            raise RuleBroken(problems)
        if closure is None:
            closure = Closure(site_id=site.id, day_from=day_from, name=name, source="manual")
            session.add(closure)
        closure.day_to = day_to
        _decide(session, site, closure, "confirmed", actor=actor, now=now)
        refuse_unseen(session, site, before=before, seen=seen, now=now)
        return closure.id


@use_case
def remove_closure(*, code: str, closure_id: int, actor: Actor, now: datetime) -> None:
    """Open a site on days that were closed; the closure stays on record as rejected.

    Raises NotFound, NotAllowed.
    """
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        closure = _closure(session, site, closure_id)
        _decide(session, site, closure, "rejected", actor=actor, now=now)


@use_case
def decide_holiday(
    *,
    code: str,
    closure_id: int,
    decision: str,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> None:
    """Close on a proposed holiday ("confirm") or not ("open"); may be decided anew later.

    Joint leave binds civil servants; a house run by a cooperative may open. ``seen`` as in
    ``add_closure``. Raises NotFound, NotAllowed, RuleBroken, Malformed for any other decision.
    """
    states = {"confirm": "confirmed", "open": "rejected"}
    if decision not in states:
        raise Malformed("code_unknown", field="decision", value=decision)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        closure = _closure(session, site, closure_id)
        if closure.source != "holiday":
            raise NotFound
        before = unfit_now(session, site, seen=seen, now=now)
        _decide(session, site, closure, states[decision], actor=actor, now=now)
        refuse_unseen(session, site, before=before, seen=seen, now=now)


@use_case
def propose_holidays(*, actor: Actor, now: datetime) -> int:
    """Propose every holiday from last year to two years ahead to every site that lacks it.

    Returns how many were proposed. What a manager has decided is never touched; a proposal whose
    estimated date turned out to be another day is withdrawn.
    """
    if not may_administer(actor):
        raise NotAllowed
    with transaction() as session:
        sites = session.scalars(select(Site).order_by(Site.id)).all()
        added = add_holidays(session, sites=sites, now=now)
        for site in sites:
            if added[site.id]:
                note_site(
                    session, "site:holidays_proposed", site, actor=actor, now=now,
                    holidays=added[site.id],
                )  # fmt: skip
        return sum(added.values())


def add_holidays(session: Session, *, sites: Sequence[Site], now: datetime) -> dict[int, int]:
    """Insert the proposals that are missing; return how many were added, by site."""
    added = dict.fromkeys((site.id for site in sites), 0)
    years = {site.id: _years(site, now) for site in sites}
    known = _known_holidays(session, sites)
    rows: list[dict[str, Any]] = []
    for site in sites:
        holidays = [each for year in years[site.id] for each in indonesian_holidays(year)]
        _withdraw_moved(session, site, holidays, now)
        missing = [each for each in holidays if (site.id, each.day, each.name) not in known]
        rows += _proposals(site, missing)
        added[site.id] = len(missing)
        if missing:
            first = min(each.day for each in missing)
            forget_site_rollups(session, site_id=site.id, from_day=first)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        session.execute(insert(Closure).values(batch).on_conflict_do_nothing())
    return added


def _known_holidays(session: Session, sites: Sequence[Site]) -> set[tuple[int, date, str]]:
    query = select(Closure.site_id, Closure.day_from, Closure.name).where(
        Closure.source == "holiday"
    )
    if len(sites) == 1:
        query = query.where(Closure.site_id == sites[0].id)
    return {(row.site_id, row.day_from, row.name) for row in session.execute(query)}


def _proposals(site: Site, holidays: Iterable[Holiday]) -> list[dict[str, Any]]:
    unique = {(each.day, each.name): each for each in holidays}
    return [
        {
            "site_id": site.id, "day_from": each.day, "day_to": each.day, "name": each.name,
            "source": "holiday", "state": "proposed", "estimated": each.estimated,
        }
        for each in unique.values()
    ]  # fmt: skip


def _withdraw_moved(
    session: Session, site: Site, holidays: Sequence[Holiday], now: datetime
) -> None:
    """Withdraw future proposals for days that the calendar no longer has as holidays."""
    today = now.astimezone(ZoneInfo(site.zone)).date()
    stale = session.scalars(
        select(Closure).where(
            Closure.site_id == site.id,
            Closure.source == "holiday",
            Closure.state == "proposed",
            Closure.day_from > today,
            tuple_(Closure.day_from, Closure.name).not_in(
                [(each.day, each.name) for each in holidays]
            ),
        )
    )
    for closure in stale:
        closure.state, closure.decided_at = "rejected", now


def _years(site: Site, now: datetime) -> range:
    year = now.astimezone(ZoneInfo(site.zone)).year
    return range(year - YEARS_BACK, year + YEARS_AHEAD + 1)


def _closure(session: Session, site: Site, closure_id: int) -> Closure:
    closure = session.get(Closure, closure_id)
    if closure is None or closure.site_id != site.id:
        raise NotFound
    return closure


def _decide(
    session: Session, site: Site, closure: Closure, state: str, *, actor: Actor, now: datetime
) -> None:
    closure.state, closure.decided_by, closure.decided_at = state, actor.id, now
    session.flush()
    forget_site_rollups(session, site_id=site.id, from_day=closure.day_from)
    facts = {
        "closure": closure.id,
        "name": closure.name,
        "day_from": closure.day_from.isoformat(),
        "day_to": closure.day_to.isoformat(),
    }
    note_site(session, f"site:closure_{state}", site, actor=actor, now=now, **facts)


def _problems_with_closure(*, day_from: date, day_to: date, name: str) -> list[Problem]:
    checks = (
        (bool(name), Problem("name_missing")),
        (len(name) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (day_from <= day_to, Problem("closure_reversed", {"start": day_from, "end": day_to})),
        (day_to - day_from < LONGEST_CLOSURE, Problem("closure_long", {"days": 366})),
    )
    return [problem for fine, problem in checks if not fine]
