"""All there is to know of one machine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import Asset, asset_of
from packhouse.domain.permissions import may_audit, may_operate
from packhouse.domain.users import Actor
from packhouse.models.audit import AuditEntry
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.tariffs import Tariff
from packhouse.models.users import User
from packhouse.queries.machines.items import MachineItem, machine_item

MOST_HISTORY = 30


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
    asset: Asset
    converted_at: datetime | None
    lane_document: str
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
    asset = asset_of(row)
    return MachineDetail(
        machine=item,
        rates={each.pack: each.rate_per_minute for each in packs},
        asset=asset if known else replace(asset, acquisition_value=None),
        converted_at=row.converted_at,
        lane_document=row.lane_document if known else "",
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
