"""How the rest of a machine's day is likely to run, from what is on record of it now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from packhouse.domain.bookings import Due, Expected, State, knock_on, run_end
from packhouse.domain.sites import WorkingDay
from packhouse.queries.runs.rows import AnyRow
from packhouse.queries.runs.views import OpenBreakdown, OpenRun

# Bookings whose run has not begun. A request may yet be refused, but its time is held.
WAITED_FOR = frozenset({State.REQUESTED, State.CONFIRMED})
TO_RUN = WAITED_FOR | {State.ARRIVED}


def expected_day(
    machine: AnyRow,
    jobs: Sequence[AnyRow],
    *,
    run: OpenRun | None,
    breakdown: OpenBreakdown | None,
    working: WorkingDay,
    grace_minutes: int,
    now: datetime,
) -> dict[str, Expected]:
    """Return when each booking of today that has not begun is likely to, by its code.

    The open run has so much left as it has not done yet, however the clock stands; a broken
    machine comes back when it is said to.
    """
    free_from = _free_from(machine, run, breakdown, working, now)
    dues = [
        Due(
            each.code,
            each.starts_at,
            each.changeover_minutes,
            each.setup_minutes + each.run_minutes,
            grace_minutes if each.state in WAITED_FOR else None,
        )
        for each in jobs
        if each.status == "live" and each.state in TO_RUN
    ]
    found = knock_on(working, dues, free_from=free_from, now=now)
    return {each.code: each for each in found}


def _run_end(machine: AnyRow, run: OpenRun, working: WorkingDay, now: datetime) -> datetime:
    if run.planned_end is None:
        return now
    lost = timedelta(seconds=int(machine.lost_seconds or 0))
    if run.is_paused:
        lost += now - run.since
    return run_end(
        working,
        planned_minutes=machine.run_setup_minutes + machine.run_minutes,
        started_at=run.started_at,
        lost=lost,
        now=now,
    )


def _free_from(
    machine: AnyRow,
    run: OpenRun | None,
    breakdown: OpenBreakdown | None,
    working: WorkingDay,
    now: datetime,
) -> datetime:
    ends = [each for each in (machine.last_run_at, machine.last_breakdown_at) if each is not None]
    if run is not None:
        ends.append(_run_end(machine, run, working, now))
    if breakdown is not None:
        ends.append(max(breakdown.expected_back_at, now))
    if ends:
        latest: datetime = max(ends)
        return latest
    return working.ranges[0].start if working.ranges else now
