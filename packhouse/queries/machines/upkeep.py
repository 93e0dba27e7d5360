"""The technician's view of a house: what is down, what it waits for, what is due, how it goes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_operate
from packhouse.domain.reports import MachineDay, figures, total
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import Machine, SparePart
from packhouse.models.sites import Site, load_calendar
from packhouse.queries.downtime.work import Recurring, recurring_on
from packhouse.queries.reports.periods import Period
from packhouse.queries.reports.utilization import figured

LOOK_BACK = timedelta(days=90)
MONTHS = 6
LOOK_AHEAD_DAYS = 22


@dataclass(frozen=True, slots=True)
class PartItem:
    """A part a machine waits for."""

    id: int
    machine: str
    part: str
    ordered_from: str
    ordered_on: date | None
    eta: date | None
    note: str

    def is_late(self, today: date) -> bool:
        """Say whether it should have been here before today."""
        return self.eta is not None and self.eta < today


@dataclass(frozen=True, slots=True)
class Reliability:
    """SEMI E10 figures of a machine or a house over a period, in minutes, as the report has them.

    None where there was no failure: MTBF and MTTR are not defined then, neither 0 nor endless.
    """

    failures: int
    mtbf_productive_minutes: float | None
    mttr_minutes: float | None
    down_days: int


def reliability(sums: MachineDay) -> Reliability:
    """Return the figures of summed days, by the formulas of the utilization report."""
    e10 = figures(sums).e10
    return Reliability(
        sums.failures, e10.mtbf_productive_minutes, e10.mttr_minutes, sums.broken_days
    )


@dataclass(frozen=True, slots=True)
class Down:
    """What keeps a machine from working now; ``days`` are calendar days, the first counted."""

    reason: str
    note: str
    started_at: datetime
    expected_back_at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class UpkeepItem:
    """A machine as its technician sees it: fault, parts, work that is due, and its figures."""

    code: str
    name: str
    condition: str
    down: Down | None
    parts: tuple[PartItem, ...]
    work: tuple[Recurring, ...]
    figures: Reliability


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A house's machines, the longest down first, and how its repairs went month by month."""

    site_id: int
    site: str
    site_name: str
    zone: str
    today: date
    machines: tuple[UpkeepItem, ...]
    months: tuple[tuple[date, Reliability], ...]


def upkeep(*, site: str, actor: Actor, now: datetime) -> Upkeep:
    """Return the upkeep of a house in a constant number of queries.

    Figures are of the last 90 days, the trend of six months with the running one. Raises NotFound
    for a house that is not in the actor's hands.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None or not may_operate(actor, house.id):
        raise NotFound("site_unknown", site=site)
    today = now.astimezone(ZoneInfo(house.zone)).date()
    period = Period(today - LOOK_BACK, today, "machine", site)
    sums = {row.key: row.sums for row in figured(session, period=period, now=now).rows}
    machines = session.scalars(
        select(Machine)
        .where(Machine.site_id == house.id, Machine.retired_at.is_(None))
        .order_by(Machine.code)
    ).all()
    down, parts = _down(session, house, today), _parts(session, house)
    work: dict[str, list[Recurring]] = defaultdict(list)
    for each in recurring_on(session, Machine.site_id == house.id, now):
        work[each.machine].append(each)
    items = [
        UpkeepItem(
            machine.code,
            machine.name,
            machine.condition,
            down.get(machine.id),
            tuple(parts[machine.id]),
            tuple(work[machine.code]),
            reliability(sums.get(machine.code, MachineDay())),
        )
        for machine in machines
    ]
    items.sort(key=lambda each: (-(each.down.days if each.down else 0), not each.parts, each.code))
    return Upkeep(
        house.id,
        house.code,
        house.name,
        house.zone,
        today,
        tuple(items),
        _months(session, site, today, now),
    )


def machine_reliability(*, code: str, zone: str, now: datetime) -> Reliability:
    """Return a machine's figures of the last 90 days, the running one included."""
    today = now.astimezone(ZoneInfo(zone)).date()
    period = Period(today - LOOK_BACK, today, "machine", machine=code)
    return reliability(figured(reading(), period=period, now=now).total_sums)


def parts_of(*, machine_id: int) -> tuple[PartItem, ...]:
    """Return the parts a machine waits for."""
    return tuple(_part(*row) for row in reading().execute(_PARTS.where(Machine.id == machine_id)))


def part_site(*, part_id: int, actor: Actor) -> tuple[str, str]:
    """Return the codes of the site and of the machine a part is for. Raises NotFound."""
    row = (
        reading()
        .execute(
            select(Site.code.label("site"), Machine.code, Site.id)
            .join(Machine, Machine.site_id == Site.id)
            .join(SparePart, SparePart.machine_id == Machine.id)
            .where(SparePart.id == part_id)
        )
        .one_or_none()
    )
    if row is None or not may_operate(actor, row.id):
        raise NotFound("part_not_found")
    return row.site, row.code


def opening_on(*, site_id: int, day: date) -> datetime:
    """Return when a house opens on a day, or when that day begins where it is closed."""
    calendar = load_calendar(reading(), site_id)
    ranges = calendar.open_ranges_on(day)
    return ranges[0].start if ranges else calendar.local_day(day).start


def open_days(*, site_id: int, now: datetime, count: int = 8) -> tuple[date, ...]:
    """Return the next days on which a house opens, after today; fewer if it is closed for long."""
    calendar = load_calendar(reading(), site_id)
    today = calendar.day_of(now)
    ahead = (today + timedelta(days=number) for number in range(1, LOOK_AHEAD_DAYS))
    return tuple(day for day in ahead if calendar.open_ranges_on(day))[:count]


# --- selecting ----------------------------------------------------------------------------------

_PARTS = (
    select(SparePart, Machine.code)
    .join(Machine, Machine.id == SparePart.machine_id)
    .where(SparePart.arrived_on.is_(None), SparePart.dropped_at.is_(None))
    .order_by(SparePart.eta.is_(None), SparePart.eta, SparePart.id)
)


def _part(row: SparePart, code: str) -> PartItem:
    return PartItem(row.id, code, row.part, row.ordered_from, row.ordered_on, row.eta, row.note)


def _parts(session: Session, house: Site) -> Mapping[int, list[PartItem]]:
    found: dict[int, list[PartItem]] = defaultdict(list)
    for row, code in session.execute(_PARTS.where(Machine.site_id == house.id)):
        found[row.machine_id].append(_part(row, code))
    return found


def _down(session: Session, house: Site, today: date) -> Mapping[int, Down]:
    zone = ZoneInfo(house.zone)
    rows = session.scalars(
        select(Breakdown)
        .join(Machine, Machine.id == Breakdown.machine_id)
        .where(Machine.site_id == house.id, Breakdown.ended_at.is_(None))
    )
    return {
        row.machine_id: Down(
            row.reason,
            row.note,
            row.started_at,
            row.expected_back_at,
            (today - row.started_at.astimezone(zone).date()).days + 1,
        )
        for row in rows
    }


def _months(
    session: Session, site: str, today: date, now: datetime
) -> tuple[tuple[date, Reliability], ...]:
    first = today.replace(day=1)
    for _ in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    days: dict[date, list[MachineDay]] = defaultdict(list)
    month = first
    while month <= today:
        days[month] = []
        month = (month + timedelta(days=32)).replace(day=1)
    for row in figured(session, period=Period(first, today, "day", site), now=now).rows:
        days[date.fromisoformat(row.key).replace(day=1)].append(row.sums)
    return tuple((month, reliability(total(sums))) for month, sums in days.items())
