"""One booking's card on a board: where it stands, what may be done, what is cleaned before it."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from packhouse.domain.bookings import Expected, State, may_become
from packhouse.domain.products import Aroma, ProductTraits, traits_of
from packhouse.domain.runs import PRODUCTIVE
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import TimeRange, floor_to_slot
from packhouse.errors import Problem
from packhouse.queries.runs.rows import AnyRow
from packhouse.queries.runs.views import Action, Clean, House, JobCard, OpenRun, Standing


class Scene(NamedTuple):
    """What decides about every card of a board."""

    house: House
    day: date
    today: date
    working: WorkingDay
    now: datetime

    @property
    def open_ranges(self) -> tuple[TimeRange, ...]:
        return self.working.ranges


def card_of(
    machine: AnyRow,
    row: AnyRow,
    *,
    clean: Clean | None,
    run: OpenRun | None,
    problem: Problem | None,
    likely: Expected | None,
    scene: Scene,
) -> JobCard:
    """Return the card of a booking on a machine whose run, and whose day, are given."""
    state = State(row.state)
    usual = row.starts_at + timedelta(minutes=scene.house.grace_minutes)
    grace_until = (likely.waits_until if likely else None) or usual
    standing = _standing(state, row, likely, grace_until, scene.now)
    own = run if run is not None and run.code == row.code else None
    broken = machine.broken_since is not None
    actions = _actions(state, standing, problem, row, scene)
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
        likely=likely,
    )


_FIXED = {
    State.ARRIVED: Standing.HERE,
    State.REQUESTED: Standing.ASKED,
    State.DISPLACED: Standing.DISPLACED,
    State.FINISHED: Standing.FINISHED,
    State.NO_SHOW: Standing.NO_SHOW,
}


def _standing(
    state: State, row: AnyRow, likely: Expected | None, grace_until: datetime, now: datetime
) -> Standing:
    if state == State.RUNNING:
        return Standing.OVER if now > row.ends_at else Standing.RUNNING
    if state != State.CONFIRMED:
        return _FIXED.get(state, Standing.GONE)
    if now >= grace_until:
        return Standing.MISSED
    ready_at = max(row.starts_at, likely.ready_at) if likely else row.starts_at
    return Standing.LATE if now > ready_at else Standing.EXPECTED


def _actions(
    state: State, standing: Standing, problem: Problem | None, row: AnyRow, scene: Scene
) -> tuple[Action, ...]:
    today = scene.day == scene.today
    rules = (
        (Action.CHECK_IN, today and state == State.CONFIRMED),
        (Action.START, today and may_become(state, State.RUNNING) and problem is None),
        (Action.NO_SHOW, standing == Standing.MISSED),
        (Action.BACK, today and state == State.NO_SHOW and scene.now < row.ends_at),
    )
    return tuple(action for action, allowed in rules if allowed)


def _running_actions(run: OpenRun, broken: bool) -> tuple[Action, ...]:
    if broken:
        return (Action.FINISH,)
    if run.reason in PRODUCTIVE:
        return (Action.PAUSE, Action.FINISH)
    return (Action.RESUME, Action.PAUSE, Action.FINISH)


def clean_of(before: AnyRow | None, row: AnyRow) -> Clean | None:
    """Return the clean before a booking and why, by what was packed before; None without one."""
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


def start_problem_of(
    machine: AnyRow, job: AnyRow, busy: Iterable[tuple[datetime, datetime]], scene: Scene
) -> Problem | None:
    """Return why the run of a booking cannot begin now; None where it can, or never could."""
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
