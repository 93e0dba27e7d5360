"""Machines as everybody may see them, and what keeps them busy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_audit, may_operate, may_see_booking
from packhouse.domain.products import PACKS
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import Machine, MachinePack, load_specs
from packhouse.models.sites import Site, load_calendars
from packhouse.models.slots import LONGEST_DAYS, Occupation
from packhouse.models.tariffs import Tariff
from packhouse.models.users import User
from packhouse.queries import id_after

MOST_PER_PAGE = 200
MOST_HISTORY = 30
LONGEST_SCHEDULE = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class MachineItem:
    """A machine, its house and its tariff as in force now (rupiah per hour).

    Rates are packs a minute, cleaning minutes those of levels 1 to 3. ``broken_until`` is when a
    broken machine is expected back.
    """

    id: int
    code: str
    name: str
    site_id: int
    site: str
    site_name: str
    zone: str
    kind: str
    lane: str
    packs: tuple[str, ...]
    rate_per_minute: float
    setup_minutes: int
    cleaning_minutes: tuple[int, int, int]
    attended: bool
    needs_approval: bool
    tariff_per_hour: int
    commissioned_at: datetime
    retired_at: datetime | None
    broken_until: datetime | None


@dataclass(frozen=True, slots=True)
class MachinesPage:
    """One page of machines; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[MachineItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Busy:
    """Something that keeps a machine from ``occupied_from`` to ``ends_at`` (UTC).

    ``booking``, ``state`` and the name of the ``business`` are told only to who may see the
    booking.
    """

    kind: str
    occupied_from: datetime
    starts_at: datetime
    ends_at: datetime
    booking: str | None
    state: str | None
    business: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A machine's opening hours and occupations between two instants."""

    machine: MachineItem
    time: TimeRange
    open: tuple[TimeRange, ...]
    busy: tuple[Busy, ...]


@dataclass(frozen=True, slots=True)
class PackItem:
    """A pack that can be asked for; ``family`` is empty for one the catalogue does not know."""

    code: str
    family: str


@dataclass(frozen=True, slots=True)
class TariffItem:
    """What an hour costs from an instant on, in rupiah, and by which decree."""

    valid_from: datetime
    per_hour: int
    legal_basis: str


@dataclass(frozen=True, slots=True)
class BreakdownItem:
    """A time at which the machine was broken; ``ended_at`` is None while it is."""

    reason: str
    started_at: datetime
    expected_back_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """An audit entry about the machine: ``action`` is a code such as ``machine:edited``."""

    at: datetime
    action: str
    who: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MachineDetail:
    """A machine with its asset register, its own rates by pack, and what happened to it.

    ``changes`` names people, so it is empty for everybody but the staff of the house and the
    auditor; so is the asset register's value.
    """

    machine: MachineItem
    rates: Mapping[str, float | None]
    asset_code: str
    asset_number: str
    acquired_year: int | None
    acquisition_value: int | None
    fund_source: str
    condition: str
    tariffs: tuple[TariffItem, ...]
    breakdowns: tuple[BreakdownItem, ...]
    changes: tuple[ChangeItem, ...]

    def tariff_at(self, now: datetime) -> TariffItem | None:
        """Return the tariff in force at an instant."""
        return next((each for each in self.tariffs if each.valid_from <= now), None)


def machine_detail(*, code: str, actor: Actor | None, now: datetime) -> MachineDetail:
    """Return all there is to know of a machine, in a constant number of queries, newest first.

    Raises NotFound.
    """
    item = machine_item(code=code, now=now)
    session = reading()
    row = session.get_one(Machine, item.id)
    known = actor is not None and (may_operate(actor, item.site_id) or may_audit(actor))
    packs = session.execute(
        select(MachinePack.pack, MachinePack.rate_per_minute)
        .where(MachinePack.machine_id == item.id)
        .order_by(MachinePack.pack)
    )
    tariffs = session.execute(
        select(Tariff.valid_from, Tariff.per_hour, Tariff.legal_basis)
        .where(Tariff.machine_id == item.id)
        .order_by(Tariff.valid_from.desc())
    )
    breakdowns = session.execute(
        select(
            Breakdown.reason, Breakdown.started_at, Breakdown.expected_back_at, Breakdown.ended_at
        )
        .where(Breakdown.machine_id == item.id)
        .order_by(Breakdown.started_at.desc())
        .limit(MOST_HISTORY)
    )
    return MachineDetail(
        machine=item,
        rates={each.pack: each.rate_per_minute for each in packs},
        asset_code=row.asset_code,
        asset_number=row.asset_number,
        acquired_year=row.acquired_year,
        acquisition_value=row.acquisition_value if known else None,
        fund_source=row.fund_source,
        condition=row.condition,
        tariffs=tuple(TariffItem(*each) for each in tariffs),
        breakdowns=tuple(BreakdownItem(*each) for each in breakdowns),
        changes=_changes(session, item.id) if known else (),
    )


def _changes(session: Session, machine_id: int) -> tuple[ChangeItem, ...]:
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.action, User.name, AuditEntry.facts)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == "machine", AuditEntry.subject_id == machine_id)
        .order_by(AuditEntry.id.desc())
        .limit(MOST_HISTORY)
    )
    return tuple(ChangeItem(at, action, who or "", facts) for at, action, who, facts in rows)


def machines_page(
    *,
    now: datetime,
    site: str | None = None,
    kind: str | None = None,
    in_use: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> MachinesPage:
    """Return a page of machines in four queries; ``site`` is a code, ``in_use`` leaves out retired.

    Raises Malformed for a cursor that is none.
    """
    query = _MACHINES
    if site is not None:
        query = query.where(Site.code == site)
    if kind is not None:
        query = query.where(Machine.kind == kind)
    if in_use:
        query = query.where(or_(Machine.retired_at.is_(None), Machine.retired_at > now))
    if cursor is not None:
        query = query.where(Machine.id > id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    session = reading()
    rows = session.execute(query.order_by(Machine.id).limit(limit + 1)).all()
    items = _items(session, rows[:limit], now)
    return MachinesPage(items, str(items[-1].id) if len(rows) > limit else None)


def machine_item(*, code: str, now: datetime) -> MachineItem:
    """Return one machine by its code. Raises NotFound."""
    session = reading()
    row = session.execute(_MACHINES.where(Machine.code == code)).one_or_none()
    if row is None:
        raise NotFound("machine_not_found", machine=code)
    return _items(session, [row], now)[0]


def schedule(*, code: str, time: TimeRange, actor: Actor, now: datetime) -> Schedule:
    """Return what a machine does in a period of at most two months, oldest first.

    Raises NotFound, Malformed.
    """
    session = reading()
    return _schedules(session, [machine_item(code=code, now=now)], time, actor)[0]


def schedules(*, page: MachinesPage, time: TimeRange, actor: Actor) -> tuple[Schedule, ...]:
    """Return what every machine of a page does in a period of at most two months, in its order.

    Five queries for any number of machines. Raises Malformed.
    """
    return _schedules(reading(), page.items, time, actor)


def _schedules(
    session: Session, machines: Sequence[MachineItem], time: TimeRange, actor: Actor
) -> tuple[Schedule, ...]:
    if time.end - time.start > LONGEST_SCHEDULE:
        raise Malformed("period_too_long", days=LONGEST_SCHEDULE.days)
    calendars = load_calendars(session, {machine.site_id for machine in machines})
    sites = {machine.id: machine.site_id for machine in machines}
    busy: dict[int, list[Busy]] = defaultdict(list)
    for row in session.execute(
        select(
            Occupation.machine_id,
            Occupation.kind,
            Occupation.from_at,
            Occupation.to_at,
            Booking.starts_at,
            Booking.code,
            Booking.state,
            Booking.business_id,
            Business.name,
        )
        .outerjoin(Booking, Booking.occupation_id == Occupation.id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .where(
            Occupation.machine_id.in_(sites),
            # No occupation is longer: the index is read from here, however long the history.
            Occupation.from_at > time.start - timedelta(days=LONGEST_DAYS),
            Occupation.from_at < time.end,
            Occupation.to_at > time.start,
            Occupation.status.in_(("live", "done")),
        )
        .order_by(Occupation.from_at, Occupation.id)
    ):
        machine_id, *of_machine = row
        busy[machine_id].append(_busy(of_machine, sites[machine_id], actor))
    return tuple(
        Schedule(
            machine,
            time,
            tuple(
                calendars[machine.site_id]
                .for_machine(machine.code)
                .open_ranges(time.start, time.end)
            ),
            tuple(busy[machine.id]),
        )
        for machine in machines
    )


def packs() -> tuple[PackItem, ...]:
    """Return every pack of the catalogue or of some machine, by code."""
    known = {code: str(family) for code, family in PACKS.items()}
    for code in reading().scalars(select(MachinePack.pack).distinct()):
        known.setdefault(code, "")
    return tuple(PackItem(code, known[code]) for code in sorted(known))


_MACHINES: Select[*tuple[Any, ...]] = select(Machine, Site.code, Site.name, Site.zone).join(
    Site, Site.id == Machine.site_id
)


def _items(
    session: Session, rows: Sequence[Row[*tuple[Any, ...]]], now: datetime
) -> tuple[MachineItem, ...]:
    machines = [row[0] for row in rows]
    specs = load_specs(session, machines=machines, now=now)
    broken = {
        row.machine_id: row.expected_back_at
        for row in session.execute(
            select(Breakdown.machine_id, Breakdown.expected_back_at).where(
                Breakdown.ended_at.is_(None),
                Breakdown.machine_id.in_([machine.id for machine in machines]),
            )
        )
    }
    return tuple(
        MachineItem(
            id=machine.id,
            code=machine.code,
            name=machine.name,
            site_id=machine.site_id,
            site=site,
            site_name=site_name,
            zone=zone,
            kind=machine.kind,
            lane=machine.lane,
            packs=tuple(sorted(specs[machine.id].packs)),
            rate_per_minute=machine.rate_per_minute,
            setup_minutes=machine.setup_minutes,
            cleaning_minutes=specs[machine.id].cleaning_minutes,
            attended=machine.attended,
            needs_approval=machine.needs_approval,
            tariff_per_hour=specs[machine.id].tariff_per_hour,
            commissioned_at=machine.commissioned_at,
            retired_at=machine.retired_at,
            broken_until=broken.get(machine.id),
        )
        for machine, site, site_name, zone in rows
    )


def _busy(row: Sequence[Any], site_id: int, actor: Actor) -> Busy:
    kind, from_at, to_at, starts_at, code, state, business_id, business = row
    seen = code is not None and may_see_booking(actor, business_id, site_id)
    return Busy(
        kind=kind,
        occupied_from=from_at,
        starts_at=max(starts_at or from_at, from_at),
        ends_at=to_at,
        booking=code if seen else None,
        state=state if seen else None,
        business=business if seen else None,
    )
