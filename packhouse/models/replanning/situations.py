"""Everything that planning may look at, read at one instant."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import GIVEN_UP, State
from packhouse.domain.machines import (
    STAGES,
    MachineKind,
    MachineSpec,
    MachineTime,
    problems_with_job,
    work_minutes,
)
from packhouse.domain.products import Neighbour
from packhouse.domain.replanning import Affected, Situation, Spot
from packhouse.domain.replanning.windows import earliest_start, latest_start
from packhouse.domain.sites import Calendar
from packhouse.domain.slots import BREATHING_MINUTES, journey_to
from packhouse.domain.time_range import (
    SLOT,
    SLOT_SECONDS,
    TimeRange,
    ceil_to_slot,
    merge,
    slot_of,
    slot_starts_at,
)
from packhouse.models.bookings import Booking
from packhouse.models.bookings import Job as KeptJob
from packhouse.models.machines import Machine, load_specs
from packhouse.models.replanning.misfits import load_operators
from packhouse.models.replanning.touched import Touched, Work, whole_days
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Occupation, OperatorLoad, load_neighbours

BREATHING = timedelta(minutes=BREATHING_MINUTES)


@dataclass(frozen=True, slots=True)
class Marks:
    """What the operator decided about one booking before planning."""

    pinned: Spot | None = None
    excluded: frozenset[Spot] = frozenset()
    excluded_machines: frozenset[str] = frozenset()
    to_call: bool = False


class _Step(NamedTuple):
    """What the other steps of its job ask of a booking."""

    after: str | None = None
    not_before: datetime | None = None
    ends_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class _House:
    site: Site
    calendar: Calendar
    machines: Sequence[Machine]
    now: datetime
    until: datetime
    work: Work | None
    specs: dict[str, dict[int, MachineSpec]] = field(default_factory=dict)

    @property
    def window(self) -> TimeRange:
        """The whole local days in which new times are looked for."""
        return whole_days(self.calendar, TimeRange(self.now, self.until))


def load_situation(
    session: Session,
    *,
    site_id: int,
    touched: Sequence[Touched],
    work: Work | None,
    marks: Mapping[str, Marks],
    now: datetime,
) -> Situation:
    """Return what planning needs for the touched bookings; ``marks`` are by their codes.

    The machines of the house are read with what stays on them, the planned work included, until
    three weeks behind the last of the old times and of the known ends of what blocks machines.
    """
    house = _house(session, site_id, touched, work, now)
    first = _first_visits(session, {each.business_id for each in touched})
    steps = _steps(session, touched)
    affected = tuple(
        replace(
            _affected(session, house, each, marks.get(each.code, Marks()), steps.get(each.code)),
            rank=rank,
            is_first_visit=each.business_id in first,
        )
        for rank, each in enumerate(touched)
    )
    usable = {spec.code for each in affected for spec in each.specs}
    machines = [each for each in house.machines if each.code in usable]
    free = _operators(session, house, touched, machines)
    return Situation(affected, _times(session, house, machines, touched, free), free)


def _house(
    session: Session, site_id: int, touched: Sequence[Touched], work: Work | None, now: datetime
) -> _House:
    site = session.get_one(Site, site_id)
    machines = session.scalars(
        select(Machine).where(Machine.site_id == site_id).order_by(Machine.id)
    ).all()
    blocked = session.scalars(
        select(Occupation.to_at).where(
            Occupation.machine_id.in_([each.id for each in machines]),
            Occupation.kind.in_(("breakdown", "maintenance")),
            Occupation.status == "live",
            Occupation.to_at > now,
            Occupation.from_at < now + timedelta(days=1),
        )
    ).all()
    ends = [*blocked, *(each.starts_at for each in touched)]
    until = latest_start(
        now=now, ends=[*ends, work.time.end] if work else ends, horizon_days=site.horizon_days
    )
    return _House(site, load_calendar(session, site_id), machines, now, until, work)


def _affected(
    session: Session, house: _House, each: Touched, marks: Marks, asked: _Step | None
) -> Affected:
    step = asked or _Step()
    specs = _specs(session, house, each)
    travel = _travel_minutes(house.site, each)
    calendar = house.calendar
    earliest = earliest_start(
        was_at=each.starts_at,
        now=house.now,
        is_today=calendar.day_of(each.starts_at) == calendar.day_of(house.now),
        notice_minutes=house.site.notice_minutes,
        travel_minutes=travel,
    )
    latest = house.until
    if step.ends_by is not None:
        longest = max((work_minutes(spec, each.job).total for spec in specs), default=0)
        latest = min(latest, step.ends_by - timedelta(minutes=longest))
    return Affected(
        code=each.code,
        job=each.job,
        was=Spot(each.machine, each.starts_at),
        ends_at=each.ends_at,
        specs=specs,
        not_before=ceil_to_slot(max(earliest, step.not_before or earliest)),
        not_after=latest,
        travel_minutes=travel,
        pinned=marks.pinned,
        excluded=marks.excluded,
        excluded_machines=marks.excluded_machines,
        to_call=marks.to_call,
        after=step.after,
    )


def _specs(session: Session, house: _House, each: Touched) -> tuple[MachineSpec, ...]:
    """Return the machines that do the same step of the work and can take the job."""
    pack = each.job.pack
    if pack not in house.specs:
        house.specs[pack] = load_specs(session, machines=house.machines, now=house.now, pack=pack)
    stage = STAGES[MachineKind(each.kind)]
    return tuple(
        spec
        for machine in house.machines
        if STAGES[MachineKind(machine.kind)] is stage
        and not problems_with_job(spec := house.specs[pack][machine.id], each.job)
        and (spec.retired_at is None or spec.retired_at > house.now)
    )


def _travel_minutes(site: Site, each: Touched) -> int:
    local = each.starts_at.astimezone(ZoneInfo(site.zone))
    journey = journey_to(home=each.regency_code, house=site.regency_code, starts_at=local)
    return journey.hours * 60 if journey else 0


def _first_visits(session: Session, businesses: Collection[int]) -> set[int]:
    """Return who has never run a machine."""
    known = session.scalars(
        select(Booking.business_id)
        .where(
            Booking.business_id.in_(businesses),
            Booking.state.in_((State.RUNNING, State.FINISHED)),
        )
        .distinct()
    )
    return set(businesses) - {each for each in known if each is not None}


def _steps(session: Session, touched: Sequence[Touched]) -> dict[str, _Step]:
    """Return what the order of work asks of the bookings whose jobs are done in steps."""
    jobs = {each.job_id for each in touched if each.job_id}
    moving = {each.code for each in touched}
    parts: dict[int, list[Booking]] = defaultdict(list)
    quantities: dict[int, int] = {}
    for booking, job_id, quantity in session.execute(
        select(Booking, KeptJob.id, KeptJob.quantity)
        .join(KeptJob, KeptJob.id == Booking.job_id)
        .where(KeptJob.id.in_(jobs), Booking.state.not_in(GIVEN_UP))
        .order_by(Booking.starts_at, Booking.id)
    ):
        parts[job_id].append(booking)
        quantities[job_id] = quantity
    found: dict[str, _Step] = {}
    for job_id, steps in parts.items():
        if len(steps) < 2 or any(each.quantity != quantities[job_id] for each in steps):
            continue
        for number, each in enumerate(steps):
            if each.code in moving:
                before = steps[number - 1] if number else None
                behind = steps[number + 1] if number + 1 < len(steps) else None
                found[each.code] = _step(before, behind, moving)
    return found


def _step(before: Booking | None, behind: Booking | None, moving: set[str]) -> _Step:
    after = before.code if before is not None and before.code in moving else None
    fixed = before is not None and after is None
    stays = behind is not None and behind.code not in moving
    return _Step(
        after,
        before.ends_at + BREATHING if before is not None and fixed else None,
        behind.starts_at - BREATHING if behind is not None and stays else None,
    )


def _operators(
    session: Session, house: _House, touched: Sequence[Touched], machines: Sequence[Machine]
) -> dict[datetime, int]:
    """Return how many operators are free in the slots in which there may be too few."""
    attended = sum(1 for each in machines if each.attended)
    if not attended:
        return {}
    used = _used(session, house, touched)
    working = load_operators(session, house.site.id, house.now)
    slots = (
        slot
        for day in house.calendar.working_days(house.window)
        for opens, closes, _ in day.spans
        for slot in range(opens // SLOT_SECONDS, closes // SLOT_SECONDS)
    )
    left = ((slot, working(slot) - used[slot]) for slot in slots)
    return {slot_starts_at(slot): max(free, 0) for slot, free in left if free < attended}


def _used(session: Session, house: _House, touched: Sequence[Touched]) -> Counter[int]:
    """Count by slot the operators that are kept busy when the touched bookings have left."""
    used: Counter[int] = Counter()
    for slot, number in session.execute(
        select(OperatorLoad.slot, OperatorLoad.used).where(
            OperatorLoad.site_id == house.site.id,
            OperatorLoad.slot >= slot_of(house.window.start),
            OperatorLoad.slot < slot_of(house.window.end),
        )
    ):
        used[slot] = number
    for each in touched:
        if each.holds is not None:
            used.subtract(range(slot_of(each.holds[0]), slot_of(each.holds[1])))
    return used


def _times(
    session: Session,
    house: _House,
    machines: Sequence[Machine],
    touched: Sequence[Touched],
    free: Mapping[datetime, int],
) -> dict[str, MachineTime]:
    window, work = house.window, house.work
    full = merge(TimeRange(at, at + SLOT) for at, left in free.items() if not left)
    moving = {each.booking_id for each in touched}
    specs = load_specs(session, machines=machines, now=house.now)
    loaded = load_neighbours(session, machine_ids=[each.id for each in machines], window=window)

    def around(machine: Machine) -> list[Neighbour]:
        stay = [each for each in loaded[machine.id] if each.key not in moving]
        return [*stay, work.wall] if work and work.machine_id == machine.id else stay

    return {
        each.code: MachineTime(
            specs[each.id], house.calendar.for_machine(each.code), around(each), full
        )
        for each in machines
    }
