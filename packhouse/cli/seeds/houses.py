"""Invented houses and their machines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from packhouse.cli.seeds.catalogue import HOURS, LEGAL_BASIS, MODELS, RAMADAN_HOURS, Model
from packhouse.domain.machines import KINDS, MachineKind
from packhouse.domain.sites import indonesian_holidays
from packhouse.domain.users import SYSTEM
from packhouse.services import machines, sites
from packhouse.services.machines import Draft

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class House:
    """A house to be opened."""

    code: str
    name: str
    regency: str
    address: str
    operators: int
    zone: str = "Asia/Pontianak"


def open_house(house: House, *, now: datetime) -> int:
    """Open a house with the hours of a government office, in Ramadan too; return its id."""
    site_id = sites.create_site(
        code=house.code,
        name=house.name,
        regency=house.regency,
        zone=house.zone,
        hours=HOURS,
        operators=house.operators,
        address=house.address,
        is_demo=True,
        actor=SYSTEM,
        now=now,
    )
    today = now.astimezone(ZoneInfo(house.zone)).date()
    for first, last in fasting_months(today.year, today.year + 1):
        sites.change_hours(
            code=house.code,
            hours=RAMADAN_HOURS,
            valid_from=first,
            valid_to=last,
            actor=SYSTEM,
            now=now,
        )
    return site_id


def fasting_months(*years: int) -> Iterator[tuple[date, date]]:
    """Yield the thirty days before each Idul Fitri: which evening it begins, a decree says."""
    for year in years:
        for each in indonesian_holidays(year):
            if each.name == "Hari Raya Idul Fitri":
                yield each.day - MONTH, each.day - timedelta(days=1)


def draft_of(model: Model, *, code: str, number: int, commissioned_at: datetime) -> Draft:
    """Describe a machine of a model with the planning values of its kind."""
    usual = KINDS[MachineKind(model.kind)]
    return Draft(
        code=code,
        name=model.name,
        kind=model.kind,
        lane=model.lane,
        packs=dict.fromkeys(sorted(usual.packs)),
        rate_per_minute=usual.rate_per_minute,
        setup_minutes=usual.setup_minutes,
        cleaning_minutes=usual.cleaning_minutes,
        attended=usual.attended,
        commissioned_at=commissioned_at,
        needs_approval=model.needs_approval,
        asset_code="1.3.2.08.01.41",
        asset_number=f"{number:04}",
        acquired_year=commissioned_at.year,
        acquisition_value=model.value,
        fund_kind="apbd",
        fund_source="APBD Provinsi (contoh)",
        holder="UPTD Rumah Kemasan (contoh)",
    )


def add_machine(
    site: str, *, code: str, model: str, number: int, commissioned_at: datetime, now: datetime
) -> int:
    """Put a machine of a model (a key of ``MODELS``) into a house; return its id."""
    sort = MODELS[model]
    return machines.create_machine(
        site=site,
        draft=draft_of(sort, code=code, number=number, commissioned_at=commissioned_at),
        tariff_per_hour=sort.per_hour,
        legal_basis=LEGAL_BASIS,
        actor=SYSTEM,
        now=now,
    )
