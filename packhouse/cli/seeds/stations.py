"""Machines with all that their days are planned from, as they stand in the database."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.cli.seeds.days import Ware
from packhouse.domain.machines import MachineSpec
from packhouse.domain.products import traits_of
from packhouse.domain.sites import Calendar, WorkingDay
from packhouse.domain.time_range import to_epoch
from packhouse.models.businesses import Business, Membership
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.users import User, UserSite

# Hours of production between two failures: simple machines fail by what people do to them.
HOURS_BETWEEN_FAILURES = 120.0
SIMPLE, HOURS_SIMPLE = ("hand_sealer", "pedal_sealer"), 60.0


@dataclass(frozen=True, slots=True)
class House:
    """Where a machine stands."""

    id: int
    code: str
    regency: str
    operator_id: int | None
    calendar: Calendar


@dataclass(slots=True)
class Station:
    """A machine and what is brought to it; ``weights`` add up, ``down_until`` is in seconds."""

    id: int
    house: House
    spec: MachineSpec
    needs_approval: bool
    rate: float
    hours_between: float
    wares: list[Ware]
    weights: list[float]
    down_until: int = 0

    def serves(self, day: WorkingDay) -> bool:
        """Say whether the machine was in service all day, in an open house."""
        spec = self.spec
        there = to_epoch(spec.commissioned_at) <= day.begins
        gone = spec.retired_at is not None and to_epoch(spec.retired_at) < day.ends
        return bool(day.length) and there and not gone and self.down_until < day.spans[-1][1]


Wares = dict[str, list[Ware]]
# How likely a product is to be brought to a house.
Weigh = Callable[[Ware, House], float]


def load_stations(
    session: Session,
    *,
    machine_ids: Collection[int] | None,
    now: datetime,
    weigh: Weigh,
    only_near: bool = False,
) -> list[Station]:
    """Return the machines with the products that they can pack, by id.

    ``only_near`` keeps the products of other regencies away.
    """
    machines = [
        machine
        for machine in session.scalars(select(Machine).order_by(Machine.id))
        if machine_ids is None or machine.id in machine_ids
    ]
    specs = load_specs(session, machines=machines, now=now)
    used = {machine.site_id for machine in machines}
    operators = _operators(session)
    houses = {
        site.id: House(
            site.id,
            site.code,
            site.regency_code,
            operators.get(site.id),
            load_calendar(session, site.id),
        )
        for site in session.scalars(select(Site).order_by(Site.id))
        if site.id in used
    }
    wares = load_wares(session)
    near: dict[str, Wares] = defaultdict(lambda: defaultdict(list))
    for pack, group in wares.items():
        for ware in group:
            near[ware.regency][pack].append(ware)
    return [
        _station(
            machine,
            house := houses[machine.site_id],
            specs[machine.id],
            near[house.regency] if only_near else wares,
            weigh,
        )
        for machine in machines
    ]


def _operators(session: Session) -> dict[int, int]:
    """Return one operator of each house: the one who has fewest houses, the first of those."""
    rows = session.execute(
        select(UserSite.site_id, UserSite.user_id)
        .join(User, User.id == UserSite.user_id)
        .where(User.role == "operator")
        .order_by(UserSite.user_id.desc())
    ).all()
    load = Counter(row.user_id for row in rows)
    return {row.site_id: row.user_id for row in sorted(rows, key=lambda row: -load[row.user_id])}


def _station(
    machine: Machine,
    house: House,
    spec: MachineSpec,
    wares: Wares,
    weigh: Weigh,
) -> Station:
    able = [
        ware
        for pack in sorted(spec.packs)
        for ware in wares.get(pack, ())
        if ware.traits.lane == spec.lane
    ]
    return Station(
        id=machine.id,
        house=house,
        spec=spec,
        needs_approval=machine.needs_approval,
        rate=float(spec.rate_per_minute),
        hours_between=HOURS_SIMPLE if machine.kind in SIMPLE else HOURS_BETWEEN_FAILURES,
        wares=able,
        weights=list(accumulate(weigh(ware, house) for ware in able)),
    )


def load_wares(session: Session) -> Wares:
    """Return every product by its pack."""
    owners: dict[int, int] = {
        row.business_id: row.user_id
        for row in session.execute(
            select(Membership.business_id, Membership.user_id).order_by(Membership.user_id)
        )
    }
    wares: Wares = defaultdict(list)
    rows = session.execute(
        select(Product, Business.regency_code)
        .join(Business, Business.id == Product.business_id)
        .order_by(Product.id)
    )
    for each, regency in rows:
        traits = traits_of(each.lane, frozenset(each.allergens), each.aroma, wet=each.wet)
        owner = owners.get(each.business_id)
        wares[each.pack].append(Ware(each.id, each.business_id, owner, regency, traits))
    return wares
