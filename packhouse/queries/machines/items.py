"""Machines as everybody may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.products import PACKS
from packhouse.errors import NotFound
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import Machine, MachinePack, load_specs
from packhouse.models.sites import Site
from packhouse.queries import id_after

MOST_PER_PAGE = 200


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
class PackItem:
    """A pack that can be asked for; ``family`` is empty for one the catalogue does not know."""

    code: str
    family: str


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
