"""Outages of power, water, gas, air and steam, and what they take."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from packhouse.db import reading
from packhouse.domain.permissions import may_operate
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.downtime import MachineUtility, Outage
from packhouse.models.machines import Machine
from packhouse.models.sites import Site


@dataclass(frozen=True, slots=True)
class OutageItem:
    """An outage that is on or announced; ``machines`` counts what it takes."""

    id: int
    site: str
    site_name: str
    zone: str
    utility: str
    note: str
    from_at: datetime
    to_at: datetime
    is_on: bool
    machines: int


@dataclass(frozen=True, slots=True)
class Needs:
    """How many machines of a house need each utility that any needs."""

    site: str
    site_name: str
    zone: str
    machines: dict[str, int]


def open_outages(*, actor: Actor) -> tuple[OutageItem, ...]:
    """Return the outages of the actor's sites that are on or announced, by their begin."""
    taken = (
        select(func.count())
        .select_from(Machine)
        .join(MachineUtility, MachineUtility.machine_id == Machine.id)
        .where(
            Machine.site_id == Outage.site_id,
            Machine.retired_at.is_(None),
            MachineUtility.utility == Outage.utility,
        )
        .scalar_subquery()
    )
    query = (
        select(Outage, Site.code, Site.name, Site.zone, taken)
        .join(Site, Site.id == Outage.site_id)
        .where(Outage.ended_at.is_(None))
        .order_by(Outage.from_at, Outage.id)
    )
    rows = reading().execute(query).all()
    return tuple(
        OutageItem(
            each.id, code, name, zone, each.utility, each.note, each.from_at, each.to_at,
            each.begun_at is not None, count,
        )
        for each, code, name, zone, count in rows
        if may_operate(actor, each.site_id)
    )  # fmt: skip


def outage_site(*, outage_id: int, actor: Actor) -> str:
    """Return the code of the site an outage is at. Raises NotFound."""
    row = (
        reading()
        .execute(
            select(Site.id, Site.code)
            .join(Outage, Outage.site_id == Site.id)
            .where(Outage.id == outage_id)
        )
        .one_or_none()
    )
    if row is None or not may_operate(actor, row.id):
        raise NotFound("outage_not_found")
    return str(row.code)


def needs_of(*, site: str, actor: Actor) -> Needs:
    """Return what the machines of a site need. Raises NotFound for another's site."""
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None or not may_operate(actor, house.id):
        raise NotFound("site_unknown", site=site)
    rows = session.execute(
        select(MachineUtility.utility, func.count())
        .join(Machine, Machine.id == MachineUtility.machine_id)
        .where(Machine.site_id == house.id, Machine.retired_at.is_(None))
        .group_by(MachineUtility.utility)
    ).all()
    return Needs(house.code, house.name, house.zone, {row[0]: row[1] for row in rows})
