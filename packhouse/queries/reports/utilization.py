"""Utilization: from daily rollups where they are whole, from raw states where they are not."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_review
from packhouse.domain.reports import (
    DEFINITION_VERSION,
    Figures,
    MachineDay,
    figures,
    total,
)
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.machines import Machine, Placement, load_placements, site_at
from packhouse.models.reports import DAY_SECONDS, load_machine_days
from packhouse.models.sites import Site
from packhouse.queries.reports.periods import By, Period
from packhouse.queries.reports.rollups import Kept, days_between, load_held, load_missing

ONE_DAY = timedelta(days=1)


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


def utilization(*, period: Period, actor: Actor, now: datetime, raw: bool = False) -> Utilization:
    """Return the utilization of a period, grouped; rates of a group are ratios of its sums.

    Days that are over and untouched since come from rollups, all others are computed from raw
    states; with ``raw`` everything is, which must give the same figures. The number of queries
    does not grow with sites, machines or days. Raises NotAllowed, NotFound.
    """
    if not may_review(actor):
        raise NotAllowed
    return figured(reading(), period=period, now=now, raw=raw)


def figured(session: Session, *, period: Period, now: datetime, raw: bool = False) -> Utilization:
    """Return the utilization of a period for a caller who has asked who may see it."""
    groups = _Groups(period.by)
    for zone, machines in _machines(session, groups, period).items():
        fleet = _Fleet(session, groups, ZoneInfo(zone), machines, now)
        today = now.astimezone(fleet.zone).date()
        # The running day has no rollup, and one made later would be of more than has passed.
        computed_from = period.from_day if raw else max(period.from_day, today)
        fleet.add_kept(period.from_day, min(period.to_day, computed_from - ONE_DAY))
        fleet.add_computed(
            fleet.settled.keys(), days_between(computed_from, min(period.to_day, today))
        )
        fleet.add_moved(period.from_day, period.to_day, today)
    rows = groups.rows()
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


class _Groups:
    """The days of each group, and what the group is called."""

    def __init__(self, by: By) -> None:
        self.by = by
        self.days: dict[str, list[MachineDay]] = defaultdict(list)
        self.away: Counter[str] = Counter()
        self.names: dict[str, str] = {}
        self.of_machine: dict[int, str] = {}
        self.placed: Mapping[int, Sequence[Placement]] = {}
        self.moved: dict[int, Sequence[Placement]] = {}
        self.sites: Mapping[int, Site] = {}

    def know(self, machine: Machine, site: Site) -> None:
        """Note which group a machine belongs to; a group without a day is told too.

        A machine that was moved belongs to each of its sites for the days it stood there.
        """
        keys = {"machine": machine.code, "site": site.code, "kind": machine.kind, "day": ""}
        names = {"machine": machine.name, "site": site.name, "kind": machine.kind, "day": ""}
        key = self.of_machine[machine.id] = keys[self.by]
        if self.by != "day":
            self.names[key] = names[self.by]
            self.days.setdefault(key, [])

    def add(self, machine_id: int, day: date, sums: MachineDay, site: Site | None = None) -> None:
        """Add one day of one machine, of a site where that is not the machine's own."""
        key = self.of_machine[machine_id]
        if self.by == "day":
            key = day.isoformat()
        elif self.by == "site" and site is not None:
            key, self.names[site.code] = site.code, site.name
        self.days[key].append(sums)

    def add_sums(
        self, by_machine: Mapping[int, MachineDay], by_day: Mapping[date, MachineDay]
    ) -> None:
        """Add what the database has summed already."""
        for machine_id, sums in by_machine.items():
            self.days[self.of_machine[machine_id]].append(sums)
        for day, sums in by_day.items():
            self.days[day.isoformat()].append(sums)

    def add_away(self, machine_id: int, days: Collection[date]) -> None:
        """Add days on which a machine was not in service: non-scheduled around the clock."""
        if self.by == "day":
            self.away.update(day.isoformat() for day in days)
        else:
            self.away[self.of_machine[machine_id]] += len(days)

    def rows(self) -> tuple[Row, ...]:
        """Return the groups in the order of their keys."""
        for key, count in self.away.items():
            seconds = count * DAY_SECONDS
            self.days[key].append(MachineDay(calendar_seconds=seconds, nst_seconds=seconds))
        sums = {key: total(days) for key, days in sorted(self.days.items())}
        return tuple(
            Row(key, self.names.get(key, key), figures(each), each) for key, each in sums.items()
        )


def _machines(session: Session, groups: _Groups, period: Period) -> dict[str, list[Machine]]:
    """Return the machines by zone: in one zone a day is the same time for all."""
    query = select(Site).order_by(Site.id)
    sites = session.scalars(query.where(Site.code == period.site) if period.site else query).all()
    if period.site and not sites:
        raise NotFound("site_not_found", site=period.site)
    by_id = {site.id: site for site in sites}
    zones: dict[str, list[Machine]] = defaultdict(list)
    stood_here = select(Placement.machine_id).where(Placement.site_id.in_(by_id))
    wanted = (
        select(Machine)
        .where(Machine.site_id.in_(by_id) | Machine.id.in_(stood_here))
        .order_by(Machine.id)
    )
    if period.machine:
        wanted = wanted.where(Machine.code == period.machine)
    machines = session.scalars(wanted).all()
    placed = load_placements(session, machine_ids=[machine.id for machine in machines])
    groups.sites, groups.placed = by_id, placed
    for machine in machines:
        rows = placed.get(machine.id, ())
        if len({each.site_id for each in rows}) > 1:
            groups.moved[machine.id] = rows
        stood = [machine.site_id, *(each.site_id for each in reversed(rows))]
        site = by_id[next(each for each in stood if each in by_id)]
        groups.know(machine, site)
        zones[site.zone].append(machine)
    return zones


class _Fleet:
    """The machines of one zone, whose days are added to the groups."""

    def __init__(
        self,
        session: Session,
        groups: _Groups,
        zone: ZoneInfo,
        machines: Collection[Machine],
        now: datetime,
    ) -> None:
        self.session = session
        self.groups = groups
        self.zone = zone
        self.machines = {each.id: each for each in machines}
        self.settled = {key: each for key, each in self.machines.items() if key not in groups.moved}
        self.now = now

    def add_kept(self, first: date, last: date) -> None:
        """Add days that are over: what the rollups hold, and whatever they do not."""
        if first > last:
            return
        held = load_held(
            self.session,
            machine_ids=self.settled,
            first=first,
            last=last,
            by_day=self.groups.by == "day",
        )
        self.groups.add_sums(held.by_machine, held.by_day)
        torn: list[int] = []
        for machine in self.settled.values():
            kept = held.kept.get(machine.id)
            if kept is not None and self._is_whole(machine, kept, first, last):
                self.groups.add_away(machine.id, days_between(first, kept.first - ONE_DAY))
            else:
                torn.append(machine.id)
        if torn:
            missing = load_missing(self.session, machine_ids=torn, first=first, last=last)
            self._add_missing(missing)

    def _is_whole(self, machine: Machine, kept: Kept, first: date, last: date) -> bool:
        """Say whether every day is there from the first on which the machine served."""
        unbroken = (kept.last - kept.first).days + 1 == kept.days and kept.last == last
        return unbroken and kept.first <= max(self._begun(machine), first)

    def _begun(self, machine: Machine) -> date:
        return machine.commissioned_at.astimezone(self.zone).date()

    def _serves(self, machine: Machine, day: date) -> bool:
        left = machine.retired_at.astimezone(self.zone).date() if machine.retired_at else day
        return self._begun(machine) <= day <= left

    def _add_missing(self, missing: Mapping[int, Collection[date]]) -> None:
        wanted: set[tuple[int, date]] = set()
        for machine_id, days in missing.items():
            served = [day for day in days if self._serves(self.machines[machine_id], day)]
            self.groups.add_away(machine_id, set(days).difference(served))
            wanted.update((machine_id, day) for day in served)
        if wanted:
            days = [day for _, day in wanted]
            ids = {machine_id for machine_id, _ in wanted}
            self.add_computed(ids, days_between(min(days), max(days)), wanted)

    def add_moved(self, first: date, last: date, today: date) -> None:
        """Add the days of machines that were moved, each to the site where it ended the day.

        They are few, and what is kept of a day does not say where it was: raw states do.
        """
        moved = self.groups.moved.keys() & self.machines.keys()
        days = days_between(first, last)
        wanted: dict[tuple[int, date], Site] = {}
        for machine_id in sorted(moved):
            machine, gone = self.machines[machine_id], []
            for day in days:
                night = datetime.combine(day + ONE_DAY, time(), tzinfo=self.zone)
                site_id = site_at(
                    self.groups.moved[machine_id],
                    night - timedelta(seconds=1),
                    otherwise=machine.site_id,
                )
                site = self.groups.sites.get(site_id)
                if site is None or day > today:
                    continue
                if self._serves(machine, day):
                    wanted[machine_id, day] = site
                else:
                    gone.append(day)
            self.groups.add_away(machine_id, gone)
        computed = load_machine_days(
            self.session,
            machines=[self.machines[each] for each in sorted(moved)],
            days=days if wanted else [],
            now=self.now,
            only=wanted,
            placed=self.groups.placed,
        )
        for (machine_id, day), sums in computed.items():
            self.groups.add(machine_id, day, sums, wanted[machine_id, day])

    def add_computed(
        self,
        machine_ids: Collection[int],
        days: list[date],
        only: Collection[tuple[int, date]] | None = None,
    ) -> None:
        """Add days from raw states."""
        computed = load_machine_days(
            self.session,
            machines=[self.machines[each] for each in sorted(machine_ids)],
            days=days,
            now=self.now,
            only=only,
            placed=self.groups.placed,
        )
        for (machine_id, day), sums in computed.items():
            self.groups.add(machine_id, day, sums)
