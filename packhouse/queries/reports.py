"""Utilization: from daily rollups where they are whole, from raw states where they are not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_review
from packhouse.domain.reports import (
    DEFINITION_VERSION,
    FIELDS,
    Figures,
    MachineDay,
    figures,
    total,
)
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound
from packhouse.models.machines import Machine
from packhouse.models.reports import DAY_SECONDS, daily_rollups, load_machine_days
from packhouse.models.sites import Site

By = Literal["machine", "site", "day", "kind"]
LONGEST_DAYS = 3 * 366
FIRST_YEAR, LAST_YEAR = 1970, 2199

Group = str
Sums = dict[Group, list[MachineDay]]


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one group; ``label`` is its name for people."""

    key: str
    label: str
    figures: Figures
    sums: MachineDay


@dataclass(frozen=True, slots=True)
class Utilization:
    """The report over a period of local days, both included."""

    from_day: date
    to_day: date
    by: By
    site: str | None
    rows: tuple[Row, ...]
    total: Figures
    total_sums: MachineDay
    definition_version: str = DEFINITION_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the report in the shape the API promises."""
        return {
            "from": self.from_day.isoformat(),
            "to": self.to_day.isoformat(),
            "by": self.by,
            "site": self.site,
            "rows": [{self.by: row.key, **row.figures.as_dict()} for row in self.rows],
            "total": self.total.as_dict(),
            "definition_version": self.definition_version,
        }


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked for: local days, both included, of one site or of all."""

    from_day: date
    to_day: date
    by: By = "machine"
    site: str | None = None

    def __post_init__(self) -> None:
        if self.from_day > self.to_day:
            raise Malformed("period_reversed")
        if self.from_day.year < FIRST_YEAR or self.to_day.year > LAST_YEAR:
            raise Malformed("period_unlikely", first=str(FIRST_YEAR), last=str(LAST_YEAR))
        if (self.to_day - self.from_day).days >= LONGEST_DAYS:
            raise Malformed("period_too_long", days=LONGEST_DAYS)
        if self.by not in ("machine", "site", "day", "kind"):
            raise Malformed("by_unknown", by=self.by)


def utilization(*, period: Period, actor: Actor, now: datetime, raw: bool = False) -> Utilization:
    """Return the utilization of a period, grouped; rates of a group are ratios of its sums.

    Days that are over and untouched since come from rollups, all others are computed from raw
    states; with ``raw`` everything is, which must give the same figures. Raises NotAllowed,
    NotFound, Malformed.
    """
    if not may_review(actor):
        raise NotAllowed
    session = reading()
    sites = _sites(session, period.site)
    groups: Sums = defaultdict(list)
    names: dict[str, str] = {}
    for site in sites:
        _add_site(session, site, period, now, groups, names, raw=raw)
    rows = tuple(_row(key, names.get(key, key), groups[key]) for key in sorted(groups))
    everything = total(row.sums for row in rows)
    return Utilization(
        period.from_day,
        period.to_day,
        period.by,
        period.site,
        rows,
        figures(everything),
        everything,
    )


def _row(key: str, label: str, days: list[MachineDay]) -> Row:
    sums = total(days)
    return Row(key, label, figures(sums), sums)


def _sites(session: Session, code: str | None) -> Sequence[Site]:
    query = select(Site).order_by(Site.code)
    sites = session.scalars(query.where(Site.code == code) if code else query).all()
    if code and not sites:
        raise NotFound("site_not_found", site=code)
    return sites


def _add_site(
    session: Session,
    site: Site,
    period: Period,
    now: datetime,
    groups: Sums,
    names: dict[str, str],
    *,
    raw: bool,
) -> None:
    machines = session.scalars(
        select(Machine).where(Machine.site_id == site.id).order_by(Machine.code)
    ).all()
    keys = {machine.id: _key(machine, site, period.by) for machine in machines}
    for machine in machines:
        group = keys[machine.id]
        names.setdefault(group, _label(machine, site, period.by))
        if period.by != "day":
            groups.setdefault(group, [])
    today = now.astimezone(ZoneInfo(site.zone)).date()
    days = _days(period.from_day, min(period.to_day, today))
    if not days or not machines:
        return
    if raw:
        missing = {(machine.id, day) for machine in machines for day in days}
    else:
        missing = _add_rollups(session, machines, days, period, keys, groups)
        missing -= _add_out_of_service(missing, machines, site, period, keys, groups)
    if not missing:
        return
    span = _days(min(day for _, day in missing), max(day for _, day in missing))
    lacking = {machine_id for machine_id, _ in missing}
    computed = load_machine_days(
        session,
        machines=[machine for machine in machines if machine.id in lacking],
        days=span,
        now=now,
        only=missing,
    )
    for (machine_id, day), sums in computed.items():
        groups[day.isoformat() if period.by == "day" else keys[machine_id]].append(sums)


def _add_out_of_service(
    missing: set[tuple[int, date]],
    machines: Sequence[Machine],
    site: Site,
    period: Period,
    keys: dict[int, str],
    groups: Sums,
) -> set[tuple[int, date]]:
    """Add whole days before a machine was commissioned or after it retired; return them.

    Such a day is non-scheduled from midnight to midnight: nothing has to be read for it.
    """
    zone = ZoneInfo(site.zone)
    first = {each.id: each.commissioned_at.astimezone(zone).date() for each in machines}
    last = {
        each.id: each.retired_at.astimezone(zone).date() for each in machines if each.retired_at
    }
    away = {
        (machine_id, day)
        for machine_id, day in missing
        if day < first[machine_id] or day > last.get(machine_id, day)
    }
    empty = MachineDay(calendar_seconds=DAY_SECONDS, nst_seconds=DAY_SECONDS)
    for machine_id, day in away:
        groups[day.isoformat() if period.by == "day" else keys[machine_id]].append(empty)
    return away


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _key(machine: Machine, site: Site, by: By) -> str:
    return {"machine": machine.code, "site": site.code, "kind": machine.kind, "day": ""}[by]


def _label(machine: Machine, site: Site, by: By) -> str:
    return {"machine": machine.name, "site": site.name, "kind": machine.kind, "day": ""}[by]


def _add_rollups(
    session: Session,
    machines: Sequence[Machine],
    days: Sequence[date],
    period: Period,
    keys: dict[int, str],
    groups: Sums,
) -> set[tuple[int, date]]:
    """Add what the rollups hold, summed by the database; return what they do not hold."""
    table = daily_rollups.c
    where = (
        table.machine_id.in_([machine.id for machine in machines]),
        table.day >= days[0],
        table.day <= days[-1],
    )
    counts: dict[int, int] = {
        row.machine_id: row.days
        for row in session.execute(
            select(table.machine_id, func.count().label("days"))
            .where(*where)
            .group_by(table.machine_id)
        )
    }
    by_day = period.by == "day"
    column = table.day if by_day else table.machine_id
    sums: Select[Any] = (
        select(column, *(func.sum(table[name]) for name in FIELDS)).where(*where).group_by(column)
    )
    for row in session.execute(sums):
        key = row[0].isoformat() if by_day else keys[row[0]]
        groups[key].append(MachineDay(*(int(value) for value in row[1:])))
    short = [machine.id for machine in machines if counts.get(machine.id, 0) < len(days)]
    if not short:
        return set()
    held = {
        (row.machine_id, row.day)
        for row in session.execute(
            select(table.machine_id, table.day).where(table.machine_id.in_(short), *where[1:])
        )
    }
    return {(machine_id, day) for machine_id in short for day in days} - held
