"""Several times for one job: spread over days, or through several machines on one day.

What fits is decided by the same functions of the domain that booking uses; nothing here is held
for anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import STAGES, MachineKind, Stage, packs_alone
from packhouse.domain.slots import Placement, bundle_options, split_options
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.errors import Problem
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.sites import Site
from packhouse.queries.slots.choices import ProductChoice
from packhouse.queries.slots.visits import (
    Spot,
    Visit,
    bookable,
    job_for,
    spots_of,
    visit_at,
    visit_of,
)

LOOK_AHEAD = timedelta(days=14)
# Every start of the first machine is tried with every machine behind it.
BUNDLE_DAYS = timedelta(days=7)
MOST_SITES = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """So many pieces of a job at one time on one machine."""

    quantity: int
    visit: Visit


@dataclass(frozen=True, slots=True)
class Combined:
    """Times that are booked all together or not at all, in order; ``why`` as of a ``Choice``."""

    pieces: tuple[Piece, ...]
    why: tuple[str, ...] = ()

    @property
    def price(self) -> int:
        """What all of them cost together, whole rupiah."""
        return sum(each.visit.price for each in self.pieces)

    @property
    def needs_approval(self) -> bool:
        """Say whether one of the machines is given on request only."""
        return any(each.visit.needs_approval for each in self.pieces)


def split_choices(
    *,
    product: ProductChoice,
    quantity: int,
    site: str | None,
    from_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[Combined, ...]:
    """Return up to three ways to spread a job over consecutive days of one machine.

    Without a ``site`` (code) the nearest house that has any shows its own. The look ahead is two
    weeks from ``from_at`` (None: now).
    """
    session = reading()
    job = job_for(session, product, quantity)
    for house, machines in _houses(session, product, site, now):
        window = bookable(_ahead(from_at, now, LOOK_AHEAD), house, actor, now)
        if window is None:
            continue
        spots = _by_code(spots_of(session, house, machines, window, product, now))
        closing = [spot.time for spot in spots.values() if packs_alone(spot.machine.kind)]
        found = split_options(closing, job, window)
        if found:
            return tuple(
                _combined([(part.quantity, part.placement) for part in each.parts], spots, each.why)
                for each in found
            )
    return ()


def later_steps(*, product: ProductChoice, site: str, now: datetime) -> tuple[MachineKind, ...]:
    """Return the kinds of machines of a house that can follow the closing of a product's pack."""
    for _house, machines in _houses(reading(), product, site, now):
        kinds = {MachineKind(each.kind) for each in machines}
        if any(packs_alone(kind) for kind in kinds):
            later = [kind for kind in kinds if STAGES[kind] > Stage.SEAL]
            return tuple(sorted(later, key=lambda kind: (STAGES[kind], kind)))
    return ()


def step_choices(
    *,
    product: ProductChoice,
    quantity: int,
    site: str,
    then: Sequence[MachineKind],
    from_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[Combined, ...]:
    """Return up to three ways to close all packs and then take them to machines of other kinds.

    All are on one day of one house, in this order, with a breath between them. The look ahead is
    a week from ``from_at`` (None: now).
    """
    session = reading()
    job = job_for(session, product, quantity)
    for house, machines in _houses(session, product, site, now):
        window = bookable(_ahead(from_at, now, BUNDLE_DAYS), house, actor, now)
        if window is None:
            continue
        spots = _by_code(spots_of(session, house, machines, window, product, now))
        closing = [spot.time for spot in spots.values() if packs_alone(spot.machine.kind)]
        behind = [
            [spot.time for spot in spots.values() if spot.machine.kind == kind] for kind in then
        ]
        if closing and all(behind):
            return tuple(
                _combined([(quantity, placed) for placed in each.placements], spots, each.why)
                for each in bundle_options((closing, *behind), job, window)
            )
    return ()


def pieces_at(
    *,
    product: ProductChoice,
    parts: Sequence[tuple[int, str, datetime]],
    actor: Actor,
    now: datetime,
) -> tuple[Combined | None, tuple[Problem, ...]]:
    """Return what parts (pieces, machine, start) would be, or what refuses each by its number.

    Raises NotFound for an unknown machine.
    """
    found: list[Piece] = []
    problems: list[Problem] = []
    for number, (quantity, machine, starts_at) in enumerate(parts, start=1):
        visit, refused = visit_at(
            product=product, quantity=quantity, machine=machine, starts_at=starts_at,
            actor=actor, now=now,
        )  # fmt: skip
        problems += [Problem(each.code, {**each.facts, "part": number}) for each in refused]
        found += [Piece(quantity, visit)] if visit else []
    return (None if problems else Combined(tuple(found))), tuple(problems)


def _ahead(from_at: datetime | None, now: datetime, days: timedelta) -> TimeRange:
    start = max(from_at or now, now).astimezone(UTC)
    return TimeRange(start, start + days)


def _houses(
    session: Session, product: ProductChoice, site: str | None, now: datetime
) -> list[tuple[Site, list[Machine]]]:
    """Return houses with their machines in service for a product, the nearest first."""
    regency = session.get_one(Business, product.business_id).regency_code
    nearness = case(
        (Site.regency_code == regency, 0),
        (Site.regency_code.startswith(regency[:2], autoescape=True), 1),
        else_=2,
    )
    rows = session.execute(
        select(Site, Machine)
        .join(Machine, Machine.site_id == Site.id)
        .join(MachinePack, MachinePack.machine_id == Machine.id)
        .where(
            MachinePack.pack == product.pack,
            Machine.lane == product.lane,
            or_(Machine.retired_at.is_(None), Machine.retired_at > now),
            Site.code == site if site else Site.id.is_not(None),
        )
        .order_by(nearness, Site.id, Machine.id)
    )
    found: dict[int, tuple[Site, list[Machine]]] = {}
    for house, machine in rows:
        found.setdefault(house.id, (house, []))[1].append(machine)
    return list(found.values())[:MOST_SITES]


def _by_code(spots: Iterable[Spot]) -> dict[str, Spot]:
    return {spot.machine.code: spot for spot in spots}


def _combined(
    parts: Sequence[tuple[int, Placement]], spots: dict[str, Spot], why: tuple[str, ...]
) -> Combined:
    pieces = tuple(
        Piece(quantity, visit_of(spots[placed.machine], placed)) for quantity, placed in parts
    )
    return Combined(pieces, why)
