"""Reductions by rule, as people read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from packhouse.db import reading
from packhouse.domain.permissions import may_rule_prices
from packhouse.domain.tariffs import ReductionKind
from packhouse.domain.users import Actor
from packhouse.models.sites import Site
from packhouse.models.tariffs import Tariff, TariffReduction

ZONE = "Asia/Pontianak"


@dataclass(frozen=True, slots=True)
class ReductionItem:
    """One rule: so many per cent less for a kind of business; no site means every house."""

    id: int
    kind: ReductionKind
    percent: int
    site_id: int | None
    site_name: str
    zone: str
    valid_from: datetime
    valid_to: datetime | None
    legal_basis: str


def legal_bases(*, machine_ids: Collection[int], now: datetime) -> dict[int, str]:
    """Return by machine the decree behind the tariff in force; empty text where none is named."""
    rows = reading().execute(
        select(Tariff.machine_id, Tariff.legal_basis)
        .where(Tariff.machine_id.in_(machine_ids), Tariff.valid_from <= now)
        .order_by(Tariff.valid_from)
    )
    return {row.machine_id: row.legal_basis for row in rows}


def ruled_houses(*, actor: Actor) -> tuple[tuple[str, str], ...]:
    """Return code and name of the houses whose reductions a person may set, by name."""
    rows = reading().execute(select(Site.id, Site.code, Site.name).order_by(Site.name, Site.id))
    return tuple((row.code, row.name) for row in rows if may_rule_prices(actor, row.id))


def reductions(*, now: datetime, ended: bool = False) -> tuple[ReductionItem, ...]:
    """Return the reductions that hold or will; with ``ended`` the newest fifty that do not."""
    over = TariffReduction.valid_to <= now
    query = (
        select(TariffReduction, Site.name, Site.zone)
        .outerjoin(Site, Site.id == TariffReduction.site_id)
        .where(over if ended else or_(TariffReduction.valid_to.is_(None), ~over))
        .order_by(TariffReduction.valid_from.desc(), TariffReduction.id.desc())
        .limit(50 if ended else 500)
    )
    return tuple(
        ReductionItem(
            id=row.id,
            kind=ReductionKind(row.kind),
            percent=row.percent,
            site_id=row.site_id,
            site_name=name or "",
            zone=zone or ZONE,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            legal_basis=row.legal_basis,
        )
        for row, name, zone in reading().execute(query)
    )
