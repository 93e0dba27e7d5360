"""The board of a site's day, and one session of it, put together from what is recorded."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import State, may_become
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Aroma, ProductTraits, traits_of
from packhouse.domain.runs import PRODUCTIVE, Reason
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange, floor_to_slot, subtract
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound, Problem, Stale
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Membership
from packhouse.models.sites import Site, load_calendar
from packhouse.models.users import User
from packhouse.queries.runs.rows import AnyRow, Only, block_rows, job_rows, machine_rows
from packhouse.queries.runs.views import (
    SHORTEST_GAP,
    Action,
    Block,
    Board,
    Clean,
    Contact,
    House,
    JobCard,
    MachineBoard,
    OpenBreakdown,
    OpenRun,
    SessionView,
    Standing,
)


def board_sites(*, actor: Actor) -> tuple[House, ...]:
    """Return the sites whose board is in this person's hands, by name."""
    query = select(*_HOUSE).order_by(Site.name, Site.id)
    if not (actor.is_system or actor.role == Role.ADMIN):
        query = query.where(Site.id.in_(actor.site_ids))
    return tuple(House(*row) for row in reading().execute(query) if may_operate(actor, row.id))


def day_board(*, site_id: int, day: date, now: datetime, actor: Actor) -> Board:
    """Return the board of a site's local day, in seven queries however full it is.

    Raises NotFound for a site that is unknown or not in the actor's hands.
    """
    if not may_operate(actor, site_id):
        raise NotFound("site_not_found")
    session = reading()
    house, calendar = _house(session, site_id)
    return _board(session, house, calendar, day, now)


def session_view(*, code: str, actor: Actor, now: datetime) -> SessionView:
    """Return one booking with its machine's day around it, in nine queries.

    Raises NotFound for a code that is unknown or of another house, Stale while it moves.
    """
    session = reading()
    found = session.execute(
        select(Booking.site_id, Booking.machine_id, Booking.starts_at).where(Booking.code == code)
    ).one_or_none()
    if found is None or not may_operate(actor, found.site_id):
        raise NotFound("booking_not_found", code=code)
    house, calendar = _house(session, found.site_id)
    day = calendar.day_of(found.starts_at)
    only = Only(found.machine_id, code)
    machine = _board(session, house, calendar, day, now, only=only).machines[0]
    job = next((each for each in machine.jobs if each.code == code), None)
    if job is None:  # It went to another machine or day between two of these queries.
        raise Stale("booking_moved", code=code)
    waiting = (Standing.EXPECTED, Standing.LATE, Standing.HERE, Standing.ASKED)
    behind = (
        each for each in machine.jobs if each.starts_at > job.starts_at and each.standing in waiting
    )
    people = contacts_of(business_ids=[job.business_id] if job.business_id else [])
    return SessionView(
        house, job, machine, next(behind, None), people.get(job.business_id or 0, ()), now
    )


def contacts_of(*, business_ids: Sequence[int]) -> dict[int, tuple[Contact, ...]]:
    """Return the people of each business who can be called, owners first, in one query.

    For pages of the staff only: the caller has checked that these bookings are theirs to run.
    """
    found: dict[int, list[Contact]] = defaultdict(list)
    if business_ids:
        for row in reading().execute(
            select(Membership.business_id, User.name, User.phone)
            .join(User, User.id == Membership.user_id)
            .where(Membership.business_id.in_(business_ids), User.phone != "", User.is_active)
            .order_by(Membership.role.desc(), User.name, User.id)
        ):
            found[row.business_id].append(Contact(row.name, row.phone))
    return {business_id: tuple(people) for business_id, people in found.items()}


_HOUSE = (Site.id, Site.code, Site.name, Site.zone, Site.grace_minutes)


class _Scene(NamedTuple):
    """What decides about every card of a board."""

    house: House
    day: date
    today: date
    open_ranges: tuple[TimeRange, ...]
    now: datetime


def _house(session: Session, site_id: int) -> tuple[House, Calendar]:
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound("site_not_found")
    house = House(site.id, site.code, site.name, site.zone, site.grace_minutes)
    return house, load_calendar(session, site_id)


def _board(
    session: Session,
    house: House,
    calendar: Calendar,
    day: date,
    now: datetime,
    only: Only | None = None,
) -> Board:
    window = calendar.local_day(day)
    open_ranges = calendar.open_ranges_on(day)
    scene = _Scene(house, day, calendar.day_of(now), open_ranges, now)
    machines = machine_rows(session, house.id, window, only)
    jobs = job_rows(session, house.id, window, only)
    blocks = block_rows(session, [row.id for row in machines], house.id, window)
    boards = tuple(_machine(row, jobs[row.id], blocks[row.id], scene) for row in machines)
    opens, closes = _hours_around(window, open_ranges, boards)
    return Board(house, day, now, day == scene.today, open_ranges, opens, closes, boards)


def _machine(
    row: AnyRow, jobs: Sequence[AnyRow], blocks: Sequence[Block], scene: _Scene
) -> MachineBoard:
    run, breakdown = _run(row, scene.now), _breakdown(row)
    busy = [(each.from_at, each.to_at) for each in jobs if each.status == "live"]
    busy += [(each.from_at, each.to_at) for each in blocks if each.is_live]
    cards = []
    before: AnyRow | None = None
    for each in jobs:
        problem = _start_problem(row, each, busy, scene)
        cards.append(_card(row, each, _clean(before, each), run, problem, scene))
        if each.status != "released" and each.product_name is not None:
            before = each
    return MachineBoard(
        row.id, row.code, row.name, _state(row, run, blocks, scene.now), run, breakdown,
        tuple(cards), tuple(blocks), _gaps(row, busy, breakdown, scene),
    )  # fmt: skip


def _run(row: AnyRow, now: datetime) -> OpenRun | None:
    if row.run_started_at is None:
        return None
    since = row.state_since or row.run_started_at
    reason = Reason(row.state_reason or Reason.RUNNING)
    ready_at = since + timedelta(minutes=row.run_setup_minutes or 0)
    if reason == Reason.SETUP and since < ready_at < now:
        # What outlasts the planned setup is production; the record is settled with the next tap.
        reason, since = Reason.RUNNING, ready_at
    return OpenRun(row.run_code or "", row.run_started_at, row.run_ends_at, reason, since)


def _breakdown(row: AnyRow) -> OpenBreakdown | None:
    if row.broken_since is None:
        return None
    return OpenBreakdown(
        Reason(row.broken_reason), row.broken_since, row.expected_back_at, row.broken_note
    )


def _state(row: AnyRow, run: OpenRun | None, blocks: Iterable[Block], now: datetime) -> str:
    """Return the code of what a machine is doing at this moment."""
    if row.broken_since is not None:
        return "broken"
    if run is not None:
        return "idle" if run.is_paused else "running"
    if row.retired_at is not None and row.retired_at <= now:
        return "retired"
    if row.commissioned_at > now:
        return "not_yet"
    blocked = any(
        each.kind == "maintenance" and each.is_live and each.from_at <= now < each.to_at
        for each in blocks
    )
    return "maintenance" if blocked else "ready"


def _start_problem(
    machine: AnyRow, job: AnyRow, busy: Iterable[tuple[datetime, datetime]], scene: _Scene
) -> Problem | None:
    if not may_become(State(job.state), State.RUNNING) or scene.day != scene.today:
        return None
    if machine.run_started_at is not None:
        return Problem("machine_running", {"code": machine.run_code or ""})
    if machine.broken_since is not None:
        return Problem("machine_broken", {"machine": machine.code})
    since = floor_to_slot(scene.now)
    if any(begins < job.from_at and ends > since for begins, ends in busy):
        return Problem("too_early", {"starts_at": job.starts_at, "zone": scene.house.zone})
    return None


def _card(
    machine: AnyRow,
    row: AnyRow,
    clean: Clean | None,
    run: OpenRun | None,
    problem: Problem | None,
    scene: _Scene,
) -> JobCard:
    state = State(row.state)
    grace_until = row.starts_at + timedelta(minutes=scene.house.grace_minutes)
    standing = _standing(state, row, grace_until, scene.now)
    own = run if run is not None and run.code == row.code else None
    broken = machine.broken_since is not None
    actions = _actions(state, standing, problem, scene)
    return JobCard(
        code=row.code,
        state=state,
        standing=standing,
        source=row.source,
        machine=machine.code,
        machine_name=machine.name,
        business_id=row.business_id,
        business_name=row.business_name or "",
        product_name=row.product_name or "",
        pack=row.pack or "",
        quantity=row.quantity,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        occupied_from=row.from_at,
        kept_until=row.to_at,
        grace_until=grace_until,
        setup_minutes=row.setup_minutes,
        run_minutes=row.run_minutes,
        clean=clean,
        reason=own.reason if own else None,
        actions=_running_actions(own, broken) if own else actions,
        start_problem=problem,
    )


_FIXED = {
    State.ARRIVED: Standing.HERE,
    State.REQUESTED: Standing.ASKED,
    State.DISPLACED: Standing.DISPLACED,
    State.FINISHED: Standing.FINISHED,
    State.NO_SHOW: Standing.NO_SHOW,
}


def _standing(state: State, row: AnyRow, grace_until: datetime, now: datetime) -> Standing:
    if state == State.RUNNING:
        return Standing.OVER if now > row.ends_at else Standing.RUNNING
    if state != State.CONFIRMED:
        return _FIXED.get(state, Standing.GONE)
    if now >= grace_until:
        return Standing.MISSED
    return Standing.LATE if now > row.starts_at else Standing.EXPECTED


def _actions(
    state: State, standing: Standing, problem: Problem | None, scene: _Scene
) -> tuple[Action, ...]:
    today = scene.day == scene.today
    rules = (
        (Action.CHECK_IN, today and may_become(state, State.ARRIVED)),
        (Action.START, today and may_become(state, State.RUNNING) and problem is None),
        (Action.NO_SHOW, standing == Standing.MISSED),
    )
    return tuple(action for action, allowed in rules if allowed)


def _running_actions(run: OpenRun, broken: bool) -> tuple[Action, ...]:
    if broken:
        return (Action.FINISH,)
    if run.reason in PRODUCTIVE:
        return (Action.PAUSE, Action.FINISH)
    return (Action.RESUME, Action.PAUSE, Action.FINISH)


def _clean(before: AnyRow | None, row: AnyRow) -> Clean | None:
    if not row.cleaning_level or before is None or row.lane is None:
        return None
    left = _why(
        (before.lane, before.allergens, before.aroma, before.wet),
        (row.lane, row.allergens, row.aroma, row.wet),
    )
    return Clean(
        row.cleaning_level, row.changeover_minutes, left.why, before.product_name, *left[1:]
    )


class _Left(NamedTuple):
    """What decides how thoroughly is cleaned, and what of the product before is left behind."""

    why: str
    allergens: tuple[str, ...] = ()
    aroma: str = ""


_Stored = tuple[str, str, str, bool]


@lru_cache(maxsize=4096)
def _why(before: _Stored, after: _Stored) -> _Left:
    left, comes = _traits(before), _traits(after)
    if left.allergens - comes.allergens:
        return _Left("allergens", tuple(sorted(left.allergens - comes.allergens)))
    if left.wet:
        return _Left("wet")
    if left.aroma not in (Aroma.NONE, comes.aroma):
        return _Left("aroma", aroma=str(left.aroma))
    return _Left("brush")


def _traits(stored: _Stored) -> ProductTraits:
    lane, allergens, aroma, wet = stored
    return traits_of(lane, frozenset(json.loads(allergens)), aroma, wet=wet)


def _gaps(
    row: AnyRow,
    busy: Iterable[tuple[datetime, datetime]],
    breakdown: OpenBreakdown | None,
    scene: _Scene,
) -> tuple[TimeRange, ...]:
    """Return the open time from now on that nothing keeps, without scraps."""
    since = max(floor_to_slot(scene.now), row.commissioned_at)
    if breakdown is not None:
        since = max(since, breakdown.expected_back_at)
    until = row.retired_at
    ahead = (
        TimeRange(max(each.start, since), min(each.end, until) if until else each.end)
        for each in scene.open_ranges
        if max(each.start, since) < (min(each.end, until) if until else each.end)
    )
    free = subtract(ahead, (TimeRange(begins, ends) for begins, ends in busy))
    return tuple(each for each in free if each.end - each.start >= SHORTEST_GAP)


def _hours_around(
    window: TimeRange, open_ranges: Sequence[TimeRange], machines: Iterable[MachineBoard]
) -> tuple[datetime, datetime]:
    """Return the whole hours since local midnight that hold the openings and every booking."""
    jobs = [job for machine in machines for job in machine.jobs]
    starts = [each.start for each in open_ranges] + [job.occupied_from for job in jobs]
    ends = [each.end for each in open_ranges] + [job.ends_at for job in jobs]
    hour = timedelta(hours=1)
    first = (min(starts, default=window.start + 8 * hour) - window.start) // hour
    last = -((window.start - max(ends, default=window.start + 16 * hour)) // hour)
    first = min(max(first, 0), 23)
    return window.start + first * hour, window.start + min(max(last, first + 1), 24) * hour
