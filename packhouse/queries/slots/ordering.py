"""Rows of a cooperative, laid over the machines of a house: when each is packed, and its price."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import MachineTime
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Job, ProductTraits, traits_of
from packhouse.domain.slots import PlannedRow, plan_rows, with_placed
from packhouse.domain.tariffs import price_with
from packhouse.domain.time_range import TimeRange, ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem
from packhouse.models.machines import Machine, MachinePack, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.tariffs import load_reductions

# How far behind the wanted start the last row may stand.
SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RowWish:
    """What one member wants packed: a product of hers, or pack and traits of a new one."""

    member_id: int
    quantity: int
    product_id: int | None = None
    pack: str = ""
    traits: ProductTraits | None = None


@dataclass(frozen=True, slots=True)
class RowPlan:
    """A row with its time; ``row`` is its number in what was asked, from 0; whole rupiah."""

    row: int
    machine: str
    machine_name: str
    starts_at: datetime
    ends_at: datetime
    cleaning_minutes: int
    price: int
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """Every row by time, or the problems; those of one row have its number as ``row``, from 0."""

    rows: tuple[RowPlan, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scene:
    session: Session
    house: Site
    wishes: Sequence[RowWish]
    jobs: Sequence[Job]
    window: TimeRange
    now: datetime


@dataclass(frozen=True, slots=True)
class _Kind:
    pack: str
    lane: str


def plan_order(
    *,
    site: str,
    wishes: Sequence[RowWish],
    starts_at: datetime,
    most_machines: int,
    actor: Actor,
    now: datetime,
) -> OrderPlan:
    """Return the rows in the order that saves most cleaning, over up to so many machines.

    Rows that the same machines pack at the same speed are ordered together; machines that need
    no operator go first. Nothing is held. Raises NotFound for an unknown house.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None:
        raise NotFound("site_not_found", site=site)
    jobs = _jobs(session, wishes)
    window = _window(house, starts_at, actor, now)
    if window is None:
        return OrderPlan(problems=(Problem("order_no_time"),))
    groups, missing = _groups(session, house, jobs, most_machines, now)
    if missing:
        return OrderPlan(problems=tuple(missing))
    return _planned(_Scene(session, house, wishes, jobs, window, now), groups)


def _jobs(session: Session, wishes: Sequence[RowWish]) -> list[Job]:
    ids = {each.product_id for each in wishes if each.product_id is not None}
    products = {
        each.id: each for each in session.scalars(select(Product).where(Product.id.in_(ids)))
    }
    return [_job(products, each) for each in wishes]


def _job(products: Mapping[int, Product], wish: RowWish) -> Job:
    if wish.traits is not None:
        return Job(wish.traits, wish.pack, wish.quantity)
    made = products.get(wish.product_id or 0)
    if made is None:
        raise NotFound("product_not_found")
    traits = traits_of(made.lane, frozenset(made.allergens), made.aroma, wet=made.wet)
    return Job(traits, made.pack, wish.quantity)


def _window(house: Site, starts_at: datetime, actor: Actor, now: datetime) -> TimeRange | None:
    notice = 0 if may_operate(actor, house.id) else house.notice_minutes
    start = max(starts_at, ceil_to_slot(now + timedelta(minutes=notice)))
    latest = now + timedelta(days=house.horizon_days)
    return TimeRange(start, min(start + SPAN, latest)) if start < latest else None


Group = tuple[Sequence[Machine], str, list[int]]


def _groups(
    session: Session, house: Site, jobs: Sequence[Job], most: int, now: datetime
) -> tuple[list[Group], list[Problem]]:
    """Return machines, a pack and the rows for each group that may be ordered together."""
    machines: dict[int, Machine] = {}
    rates: dict[_Kind, dict[int, float]] = defaultdict(dict)
    for machine, pack, rate in session.execute(
        select(Machine, MachinePack.pack, MachinePack.rate_per_minute)
        .join(MachinePack, MachinePack.machine_id == Machine.id)
        .where(
            Machine.site_id == house.id,
            MachinePack.pack.in_({each.pack for each in jobs}),
            or_(Machine.retired_at.is_(None), Machine.retired_at > now),
        )
        .order_by(Machine.id)
    ):
        machines[machine.id] = machine
        rates[_Kind(pack, machine.lane)][machine.id] = rate or machine.rate_per_minute
    together: dict[tuple[tuple[int, float], ...], Group] = {}
    missing = []
    for number, job in enumerate(jobs):
        able = rates.get(_Kind(job.pack, job.traits.lane), {})
        if not able:
            missing.append(Problem("row_machine_missing", {"pack": job.pack, "row": number}))
            continue
        speeds = tuple(sorted(able.items()))
        chosen = _best([machines[each] for each in able], able, most)
        together.setdefault(speeds, (chosen, job.pack, []))[2].append(number)
    return list(together.values()), missing


def _best(machines: Sequence[Machine], rates: Mapping[int, float], most: int) -> Sequence[Machine]:
    """Return the machines to use: those nobody has to stand at, or else only one of the others.

    Two attended ones at once may be more than the operators of a day.
    """
    free = [each for each in machines if not each.attended and not each.needs_approval]
    free = free or [each for each in machines if not each.attended]
    if free:
        return sorted(free, key=lambda each: (-rates[each.id], each.id))[: max(most, 1)]
    return [min(machines, key=lambda each: (each.needs_approval, -rates[each.id], each.id))]


def _planned(scene: _Scene, groups: Sequence[Group]) -> OrderPlan:
    """Lay one group after another over the machines, each seeing those before it."""
    house, window = scene.house, scene.window
    calendar = load_calendar(scene.session, house.id)
    days = TimeRange(
        calendar.local_day(calendar.day_of(window.start)).start,
        calendar.local_day(calendar.day_of(window.end)).end,
    )
    used = {machine.id for machines, _, _ in groups for machine in machines}
    around = load_neighbours(scene.session, machine_ids=list(used), window=days)
    full = load_operators_full(scene.session, site=house, window=days)
    plans: list[RowPlan] = []
    problems: list[Problem] = []
    for machines, pack, numbers in groups:
        specs = load_specs(scene.session, machines=machines, now=scene.now, pack=pack)
        times = [
            MachineTime(
                specs[each.id], calendar.for_machine(each.code), tuple(around[each.id]), full
            )
            for each in machines
        ]
        mine = [scene.jobs[number] for number in numbers]
        found = plan_rows(times, mine, window)
        if found is None:
            problems += _why(times, mine, numbers, window)
            continue
        by_code = {each.code: (each, time) for each, time in zip(machines, times, strict=True)}
        for planned in found:
            machine, time = by_code[planned.placement.machine]
            plans.append(_plan(scene, numbers[planned.row], machine, time, planned))
            busy = with_placed(time, mine[planned.row], planned.placement)
            around[machine.id] = [*around[machine.id], busy.neighbours[-1]]
    if problems:
        return OrderPlan(problems=tuple(problems))
    return OrderPlan(tuple(sorted(plans, key=lambda each: (each.starts_at, each.machine))))


def _plan(
    scene: _Scene, number: int, machine: Machine, time: MachineTime, planned: PlannedRow
) -> RowPlan:
    placed = planned.placement
    member = scene.wishes[number].member_id
    reductions = load_reductions(scene.session, business_id=member, now=scene.now)
    reduction = reductions.at(scene.house.id)
    cost = price_with(time.spec.tariff_per_hour, placed.phases.work_minutes, reduction)
    return RowPlan(
        number,
        machine.code,
        machine.name,
        placed.starts_at,
        placed.ends_at,
        placed.phases.changeover_minutes,
        cost.due,
        machine.needs_approval,
    )


def _why(
    times: Sequence[MachineTime], jobs: Sequence[Job], numbers: Sequence[int], window: TimeRange
) -> list[Problem]:
    """Say which rows would not fit even on machines that nobody uses; else that time is short."""
    empty = [replace(each, neighbours=(), operators_full=()) for each in times]
    long = [
        Problem("row_too_long", {"row": number})
        for number, job in zip(numbers, jobs, strict=True)
        if all(plan_rows([each], [job], window) is None for each in empty)
    ]
    return long or [Problem("order_no_time")]
