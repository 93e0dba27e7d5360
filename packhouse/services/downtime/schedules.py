"""Work that comes back: every so many days, hours of running or pieces, planned in time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import (
    Basis,
    MaintenanceState,
    Progress,
    is_free,
    is_time_to_plan,
    progress,
    times_on,
)
from packhouse.domain.machines import MachineTime
from packhouse.domain.permissions import may_manage
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import SLOT, TimeRange, to_epoch
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.downtime import Maintenance, Schedule, load_counts
from packhouse.models.machines import Machine
from packhouse.models.slots import load_neighbours
from packhouse.models.users import User, UserSite
from packhouse.services.downtime.maintenance import PLANNED, propose_or_take
from packhouse.services.downtime.steps import audit
from packhouse.services.reminders import tell_person
from packhouse.services.slots import Place, lock_place, lock_places

MOST = {Basis.DAYS: 3650, Basis.RUNNING_HOURS: 100_000, Basis.PIECES: 1_000_000_000}
MOST_MINUTES = 7 * 24 * 60
MOST_LEAD_DAYS = 60
# How long after its day overdue work is still looked for free time.
LATER = 14
BATCH = 20


@use_case
def add_schedule(
    *,
    machine: str,
    reason: str,
    basis: str,
    every: int,
    minutes: int,
    lead_days: int,
    actor: Actor,
    now: datetime,
    counts_from: datetime | None = None,
    note: str = "",
) -> int:
    """Keep work that a machine needs again and again; return the schedule's id.

    It is due after ``every`` days, running hours or pieces from ``counts_from`` on (when it was
    done last; now, if nobody says), takes ``minutes`` by the clock and is planned ``lead_days``
    ahead. Raises Malformed, RuleBroken, NotFound, NotAllowed.
    """
    if reason not in PLANNED or basis not in set(Basis):
        raise Malformed("reason_unknown", reason=reason)
    last = now if counts_from is None else counts_from
    _refuse_odd(Basis(basis), every, minutes, lead_days, last, now)
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_manage(actor, spot.site.id):
            raise NotAllowed
        schedule = Schedule(
            machine_id=spot.machine.id,
            reason=reason,
            note=note,
            basis=basis,
            every=every,
            minutes=minutes,
            lead_days=lead_days,
            counts_from=last,
            not_before=now,
            created_by=actor.id,
            created_at=now,
        )
        session.add(schedule)
        session.flush()
        audit(
            session, spot, actor, now, "machine:schedule", schedule=schedule.id, basis=basis,
            every=every, minutes=minutes, lead_days=lead_days,
        )  # fmt: skip
        return schedule.id


def _refuse_odd(
    basis: Basis, every: int, minutes: int, lead_days: int, last: datetime, now: datetime
) -> None:
    problems = []
    if not 1 <= every <= MOST[basis]:
        problems.append(Problem("every_out_of_range", {"most": MOST[basis]}))
    if not 5 <= minutes <= MOST_MINUTES or minutes % 5:
        problems.append(Problem("work_minutes_out_of_range", {"most": MOST_MINUTES}))
    if not 0 <= lead_days <= MOST_LEAD_DAYS:
        problems.append(Problem("lead_days_out_of_range", {"most": MOST_LEAD_DAYS}))
    if last > now:
        problems.append(Problem("done_in_the_future"))
    if problems:
        raise RuleBroken(problems)


@use_case
def end_schedule(*, schedule_id: int, actor: Actor, now: datetime) -> None:
    """Let work come back no more. What is planned already stays; a proposal is taken back."""
    with transaction() as session:
        schedule = session.get(Schedule, schedule_id)
        if schedule is None:
            raise NotFound("schedule_not_found")
        spot = lock_places(session, machine_ids=[schedule.machine_id], now=now)[0]
        if not may_manage(actor, spot.site.id):
            raise NotFound("schedule_not_found")
        session.refresh(schedule)
        if schedule.ended_at is not None:
            return
        schedule.ended_at = max(now, schedule.created_at)
        for planned in session.scalars(
            select(Maintenance).where(
                Maintenance.schedule_id == schedule.id,
                Maintenance.state == MaintenanceState.PROPOSED,
            )
        ):
            planned.state = MaintenanceState.CANCELLED
        session.flush()
        audit(session, spot, actor, now, "machine:schedule_ended", schedule=schedule.id)


@use_case
def plan_due_work(*, actor: Actor, now: datetime) -> int:
    """Plan the work that is due soon: on free time before its day if there is any.

    Else it is proposed over the bookings of its day, and a manager decides. Returns how much
    was planned.
    """
    with transaction() as session:
        return sum(
            _planned(session, schedule, how_far, actor, now)
            for schedule, how_far in _due(session, now)
        )


def _due(session: Session, now: datetime) -> list[tuple[Schedule, Progress]]:
    """Return the schedules whose next work should be planned now, by their machines."""
    waiting = session.scalars(
        select(Schedule)
        .join(Machine, Machine.id == Schedule.machine_id)
        .where(
            Schedule.ended_at.is_(None),
            Schedule.not_before <= now,
            Machine.retired_at.is_(None) | (Machine.retired_at > now),
            ~select(Maintenance.id)
            .where(
                Maintenance.schedule_id == Schedule.id,
                Maintenance.state.in_([MaintenanceState.PROPOSED, MaintenanceState.TAKEN]),
            )
            .exists(),
        )
        .order_by(Schedule.machine_id, Schedule.id)
    ).all()
    counts = load_counts(session, schedules=waiting, now=now)
    found = []
    for each in waiting:
        counted, per_day = counts[each.id].of(each.basis)
        how_far = progress(
            Basis(each.basis), each.every, counted=counted, per_day=per_day,
            counts_from=each.counts_from, now=now,
        )  # fmt: skip
        if is_time_to_plan(how_far, lead_days=each.lead_days, now=now):
            found.append((each, how_far))
    return found[:BATCH]


def _planned(
    session: Session, schedule: Schedule, how_far: Progress, actor: Actor, now: datetime
) -> int:
    spot = lock_places(session, machine_ids=[schedule.machine_id], now=now)[0]
    assert how_far.due_at is not None
    time = _best_time(session, spot, schedule.minutes, due_at=how_far.due_at, now=now)
    if time is None:
        # Nothing opens soon; it is looked at again tomorrow.
        schedule.not_before = now + timedelta(days=1)
        session.flush()
        return 0
    work = Maintenance(
        machine_id=spot.machine.id,
        state=MaintenanceState.PROPOSED,
        from_at=time.start,
        to_at=time.end,
        reason=schedule.reason,
        note=schedule.note,
        created_at=now,
        schedule_id=schedule.id,
    )
    made = propose_or_take(session, spot=spot, planned=work, actor=actor, now=now)
    if made.state == MaintenanceState.PROPOSED:
        _tell_managers(session, spot, work, now)
    return 1


def _tell_managers(session: Session, spot: Place, work: Maintenance, now: datetime) -> None:
    """Tell those who can decide that planned work finds no free time."""
    managers = session.scalars(
        select(User.id)
        .join(UserSite, UserSite.user_id == User.id)
        .where(UserSite.site_id == spot.site.id, User.role == Role.MANAGER, User.is_active)
        .order_by(User.id)
    )
    facts = {
        "code": spot.machine.code,
        "work": spot.machine.code,
        "machine": spot.machine.name,
        "starts_at": to_epoch(work.from_at),
        "ends_at": to_epoch(work.to_at),
    }
    for user_id in managers:
        tell_person(
            session, kind=MessageKind.WORK_PROPOSED, user_id=user_id, site=spot.site,
            key=f"work:{work.id}", facts=facts, now=now,
        )  # fmt: skip


def _best_time(
    session: Session, spot: Place, minutes: int, *, due_at: datetime, now: datetime
) -> TimeRange | None:
    """Return free time as late as can be before the due day's end, else soon after it.

    Without any, the first time of a day that only bookings are in the way of.
    """
    contested = None
    for day in _days(spot, due_at, now):
        times = times_on(spot.calendar, day, minutes)
        if not times:
            continue
        around = _around(session, spot, day, times[-1])
        free = next((each for each in times if is_free(around, each)), None)
        if free is not None:
            return free
        contested = contested or next(
            (each for each in times if _kinds_in(around, each) == {"booking"}), None
        )
    return contested


def _around(session: Session, spot: Place, day: date, last: TimeRange) -> MachineTime:
    start = spot.calendar.local_day(day).start
    end = spot.calendar.local_day(spot.day_of(last.end - SLOT)).end
    window = TimeRange(start, end)
    others = load_neighbours(session, machine_ids=[spot.machine.id], window=window)
    return MachineTime(spot.spec, spot.calendar, others[spot.machine.id])


def _kinds_in(around: MachineTime, time: TimeRange) -> set[str]:
    """Return what keeps a machine busy in a time: where it is bookings alone, people may move."""
    return {
        each.kind
        for each in around.neighbours
        if each.occupied_from < time.end and each.ends_at > time.start
    }


def _days(spot: Place, due_at: datetime, now: datetime) -> Iterator[date]:
    """Yield the local days from the due one back to tomorrow, then those after it."""
    tomorrow = spot.day_of(now) + timedelta(days=1)
    due = max(spot.day_of(due_at), tomorrow)
    yield from (due - timedelta(days=back) for back in range((due - tomorrow).days + 1))
    yield from (due + timedelta(days=on) for on in range(1, LATER + 1))
