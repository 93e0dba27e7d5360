"""What is free on today's board, and who on the waitlist it would suit, in the published order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import MachineTime, work_minutes
from packhouse.domain.permissions import may_operate
from packhouse.domain.products import Neighbour
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import Fit, Standing, best_fit, earliest_start, in_order
from packhouse.errors import NotFound
from packhouse.models.machines import Machine, load_specs
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.waitlist import OpenWish, load_open_wishes, load_standings
from packhouse.queries.runs.boards import board_of, contacts_of
from packhouse.queries.runs.views import Contact, MachineBoard

# So many gaps are looked at, so many wishes tried for each, and so many shown: the desk calls
# one person after the other.
MOST_GAPS, MOST_TRIED, MOST_SHOWN = 24, 12, 3


@dataclass(frozen=True, slots=True)
class Suitor:
    """One who waits and whom a gap suits: so many of her pieces, when, and her place.

    ``is_next``: nobody stands before her who fits too and asks for the same day. ``why`` are the
    codes of what decides her place.
    """

    wish_id: int
    position: int
    is_next: bool
    business_name: str
    product_name: str
    pack: str
    quantity: int
    wanted: int
    same_day: bool
    starts_at: datetime
    ends_at: datetime
    why: tuple[str, ...]
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """Time of today that nobody holds on a machine, and whom it suits."""

    machine: str
    machine_name: str
    gap: TimeRange
    suitors: tuple[Suitor, ...]


@dataclass(frozen=True, slots=True)
class Openings:
    """What is free today at a house. ``waiting`` is how many are on its waitlist."""

    site_code: str
    site_name: str
    zone: str
    now: datetime
    waiting: int
    items: tuple[Opening, ...]


def openings(*, site_id: int, actor: Actor, now: datetime) -> Openings:
    """Return the gaps of today and whom they suit; the queries do not grow with either.

    Raises NotFound for a site that is not in the actor's hands.
    """
    if not may_operate(actor, site_id):
        raise NotFound("site_not_found")
    session = reading()
    board = board_of(site_id=site_id, now=now)
    gaps = [
        (machine, gap)
        for machine in board.machines
        for gap in machine.gaps
        if gap.end > earliest_start(now) and machine.breakdown is None
    ]
    gaps.sort(key=lambda each: (each[1].start, each[0].name))
    waiting = load_open_wishes(session, site_id=site_id)
    look = _Look(session, site_id, waiting, now) if waiting and gaps else None
    items = tuple(
        Opening(
            machine.code, machine.name, gap,
            look.suitors(machine, gap) if look else (),
        )
        for machine, gap in gaps[:MOST_GAPS]
    )  # fmt: skip
    site = board.site
    return Openings(site.code, site.name, site.zone, now, len(waiting), items)


class _Look:
    """Everything that is read once to fit wishes into the gaps of a house."""

    def __init__(
        self, session: Session, site_id: int, waiting: Mapping[int, OpenWish], now: datetime
    ) -> None:
        self.session, self.now, self.waiting = session, now, waiting
        site = session.get_one(Site, site_id)
        self.calendar: Calendar = load_calendar(session, site_id)
        self.machines = {
            machine.code: machine
            for machine in session.scalars(select(Machine).where(Machine.site_id == site_id))
        }
        day = self.calendar.local_day(self.calendar.day_of(now))
        ids = [machine.id for machine in self.machines.values()]
        self.around: dict[int, list[Neighbour]] = load_neighbours(
            session, machine_ids=ids, window=day
        )
        self.full = load_operators_full(session, site=site, window=day)
        standings = load_standings(
            session, site_id=site_id, zone=site.zone, wishes=waiting.values(), now=now
        )
        self.ordered: Sequence[Standing] = in_order(standings.values())
        packs = {each.pack for each in waiting.values()}
        self.specs = {
            pack: load_specs(session, machines=list(self.machines.values()), now=now, pack=pack)
            for pack in sorted(packs)
        }
        self.contacts = contacts_of(business_ids=[each.business_id for each in waiting.values()])
        self.tried: dict[tuple[str, str], MachineTime] = {}

    def suitors(self, board: MachineBoard, gap: TimeRange) -> tuple[Suitor, ...]:
        """Return whom a gap suits, in the published order."""
        machine = self.machines[board.code]
        window = TimeRange(max(gap.start, earliest_start(self.now)), gap.end)
        found: list[Suitor] = []
        nobody_before, tried = True, 0
        for position, place in enumerate(self.ordered, start=1):
            wish = self.waiting[place.wish_id]
            if not self._could(machine, wish, gap):
                continue
            tried += 1
            fit = best_fit(self._time(machine, wish.pack), wish.need(), window)
            if fit is not None:
                found.append(self._suitor(wish, position, place, fit, first=nobody_before))
                nobody_before = nobody_before and not wish.same_day
            if len(found) == MOST_SHOWN or tried == MOST_TRIED:
                break
        return tuple(found)

    def _suitor(
        self, wish: OpenWish, position: int, place: Standing, fit: Fit, *, first: bool
    ) -> Suitor:
        placed = fit.option.placement
        return Suitor(
            wish.id, position, first, wish.business_name, wish.product_name, wish.pack,
            fit.quantity, wish.quantity, wish.same_day, placed.starts_at, placed.ends_at,
            place.why, self.contacts.get(wish.business_id, ()),
        )  # fmt: skip

    def _could(self, machine: Machine, wish: OpenWish, gap: TimeRange) -> bool:
        """Say whether a machine could serve a wish by its nature, in a gap of this length."""
        spec = self.specs[wish.pack][machine.id]
        if wish.lane != spec.lane or wish.pack not in spec.packs:
            return False
        if not wish.takes(machine.kind) or wish.from_at >= gap.end or wish.to_at <= gap.start:
            return False
        return work_minutes(spec, wish.need().job(wish.least)).total <= gap.minutes

    def _time(self, machine: Machine, pack: str) -> MachineTime:
        known = self.tried.get((machine.code, pack))
        if known is None:
            full = self.full if machine.attended else []
            known = MachineTime(
                self.specs[pack][machine.id], self.calendar, self.around[machine.id], full
            )
            self.tried[machine.code, pack] = known
        return known
