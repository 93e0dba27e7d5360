"""One day of one machine as the waitlist sees it, and the wishes that it could serve."""

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, Text, or_, select, type_coerce
from sqlalchemy.orm import Session

from packhouse.domain.machines import MachineTime, packs_alone, work_minutes
from packhouse.domain.products import Neighbour, ProductTraits, traits_of
from packhouse.domain.time_range import TimeRange, from_epoch, subtract, to_epoch
from packhouse.domain.waitlist import (
    Fit,
    Need,
    OfferState,
    PartOfDay,
    WishState,
    best_fit,
    longest_gap,
)
from packhouse.models.machines import load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.waitlist import Offer, Wish, start_of_day
from packhouse.services.slots import Place


class Candidate(NamedTuple):
    """A waiting wish that a machine could serve by its nature.

    Instants are epoch seconds and documents are text, as the database holds them: of ten
    thousand that wait, few are ever looked at more closely than their place in the order.
    """

    id: int
    kind: str
    business_id: int
    product_id: int
    quantity: int
    least: int
    wanted_from: int
    wanted_to: int
    part_of_day: str
    kinds_json: str
    same_day: bool
    size: str
    regency_code: str
    silent: int
    preferred: int | None
    arrived: int
    told: int | None
    pack: str
    lane: str
    allergens_json: str
    aroma: str
    wet: bool

    @property
    def window(self) -> TimeRange:
        """The time it waits for."""
        return TimeRange(from_epoch(self.wanted_from), from_epoch(self.wanted_to))

    @property
    def kinds(self) -> list[str]:
        """The kinds of machines it may be; none named: whichever packs alone."""
        return list(json.loads(self.kinds_json))

    @property
    def preferred_at(self) -> datetime | None:
        """When the staff put it first."""
        return None if self.preferred is None else from_epoch(self.preferred)

    @property
    def arrived_at(self) -> datetime:
        """When it came."""
        return from_epoch(self.arrived)

    @property
    def told_at(self) -> datetime | None:
        """When she was last told of free time."""
        return None if self.told is None else from_epoch(self.told)

    @property
    def traits(self) -> ProductTraits:
        """What decides the cleaning around its product."""
        allergens = frozenset(json.loads(self.allergens_json))
        return traits_of(self.lane, allergens, self.aroma, wet=bool(self.wet))

    def asks_within(self, window: TimeRange) -> Hashable:
        """Return what decides whether its least finds a place in a window, and nothing else."""
        begins = max(self.wanted_from, to_epoch(window.start))
        ends = min(self.wanted_to, to_epoch(window.end))
        product = self.pack, self.lane, self.allergens_json, self.aroma, self.wet
        return product, self.least, self.part_of_day, begins, ends

    def need(self) -> Need:
        """Return what it asks of a machine."""
        return Need(
            self.traits, self.pack, self.quantity, self.least, self.window,
            PartOfDay(self.part_of_day),
        )  # fmt: skip


_WISH, _PRODUCT = Wish.__table__.c, Product.__table__.c
# Plain columns without their types: rows come as the driver reads them.
WAITING = (
    select(
        _WISH.id, _WISH.kind, _WISH.business_id, _WISH.product_id, _WISH.quantity, _WISH.least,
        type_coerce(_WISH.from_at, BigInteger), type_coerce(_WISH.to_at, BigInteger),
        _WISH.part_of_day, type_coerce(_WISH.kinds, Text), _WISH.same_day, _WISH.size,
        _WISH.regency_code, _WISH.silent, type_coerce(_WISH.preferred_at, BigInteger),
        type_coerce(_WISH.arrived_at, BigInteger), type_coerce(_WISH.told_at, BigInteger),
        _PRODUCT.pack, _PRODUCT.lane, type_coerce(_PRODUCT.allergens, Text), _PRODUCT.aroma,
        _PRODUCT.wet,
    )
    .join_from(Wish.__table__, Product.__table__, _PRODUCT.id == _WISH.product_id)
    .where(_WISH.state == WishState.OPEN, _PRODUCT.archived_at.is_(None))
)  # fmt: skip


@dataclass(slots=True)
class Day:
    """One day of one locked machine as it stands now, at the rate of each pack."""

    session: Session
    spot: Place
    window: TimeRange
    now: datetime
    times: dict[str, MachineTime] = field(default_factory=dict)
    around: list[Neighbour] | None = None
    longest: int | None = None
    # What found no place on this day as it stands, and why: the next who asks the same need not.
    refused: dict[Hashable, str] = field(default_factory=dict)

    def time_for(self, pack: str) -> MachineTime:
        """Return the machine's time for a pack; what stands around is read once."""
        if self.around is None:
            machine_id, local = self.spot.machine.id, self.local_day
            found = load_neighbours(self.session, machine_ids=[machine_id], window=local)
            self.around = found[machine_id]
        if pack not in self.times:
            full: list[TimeRange] = []
            if self.spot.spec.attended:
                site = self.spot.site
                full = load_operators_full(self.session, site=site, window=self.local_day)
            spec = load_specs(self.session, machines=[self.spot.machine], now=self.now, pack=pack)[
                self.spot.machine.id
            ]
            self.times[pack] = MachineTime(spec, self.spot.calendar, self.around, full)
        return self.times[pack]

    @property
    def local_day(self) -> TimeRange:
        """The local day the window lies in."""
        return self.spot.calendar.local_day(self.spot.day_of(self.window.start))

    @property
    def is_today(self) -> bool:
        """Say whether it is the day that is going on."""
        return self.spot.day_of(self.window.start) == self.spot.day_of(self.now)

    def room(self) -> int:
        """Return the minutes of the longest piece nobody holds."""
        if self.longest is None:
            self.longest = longest_gap(self.time_for(""), self.local_day)
        return self.longest

    def forget(self) -> None:
        """Read the day anew: somebody has just been given a piece of it."""
        self.around = self.longest = None
        self.times.clear()
        self.refused.clear()


def candidates(
    session: Session, *, spot: Place, window: TimeRange, today: bool
) -> dict[int, Candidate]:
    """Return the waiting wishes that a machine could serve in a window, by their nature."""
    kinds = type_coerce(_WISH.kinds, Text)
    wanted = kinds.contains(f'"{spot.machine.kind}"', autoescape=True)
    query = WAITING.where(
        or_(_WISH.site_id.is_(None), _WISH.site_id == spot.site.id),
        _PRODUCT.pack.in_(spot.spec.packs),
        _PRODUCT.lane == spot.spec.lane,
        _WISH.from_at < window.end,
        _WISH.to_at > window.start,
        or_(kinds == "[]", wanted) if packs_alone(spot.machine.kind) else wanted,
    )
    if today:
        query = query.where(_WISH.same_day)
    return {row[0]: Candidate._make(row) for row in session.execute(query)}


def refused_times(session: Session, wishes: Iterable[int]) -> Mapping[int, list[TimeRange]]:
    """Return the local days each wish was offered and did not take: they are the next one's."""
    found: dict[int, list[TimeRange]] = defaultdict(list)
    wanted = set(wishes)
    rows = session.execute(
        select(Offer.wish_id, Offer.starts_at, Site.zone)
        .join(Wish, Wish.id == Offer.wish_id)
        .join(Site, Site.id == Offer.site_id)
        .where(
            Wish.state == WishState.OPEN,
            Offer.state.in_((OfferState.DECLINED, OfferState.EXPIRED)),
        )
    )
    for wish_id, starts_at, zone in rows:
        if wish_id in wanted:
            day = start_of_day(starts_at, zone)
            found[wish_id].append(TimeRange(day, day + timedelta(days=1)))
    return found


def fit_for(day: Day, wish: Candidate, refused: Sequence[TimeRange]) -> tuple[Fit | None, str]:
    """Return the best time of the day for a wish, or the code of why there is none.

    Where the least that a wish asks for found no place, it is not looked for a second time.
    """
    asked = wish.asks_within(day.window), tuple(refused)
    if asked not in day.refused:
        fit, reason = _look(day, wish, refused)
        if fit is not None:
            return fit, ""
        day.refused[asked] = reason
    return None, day.refused[asked]


def _look(day: Day, wish: Candidate, refused: Sequence[TimeRange]) -> tuple[Fit | None, str]:
    time = day.time_for(wish.pack)
    need = wish.need()
    if work_minutes(time.spec, need.job(need.least)).total > day.room():
        return None, "too_long"
    for window in pieces(day.window, refused):
        fit = best_fit(time, need, window)
        if fit is not None:
            return fit, ""
    return None, "no_fit"


def pieces(window: TimeRange, refused: Sequence[TimeRange]) -> Iterator[TimeRange]:
    """Yield a window without the times somebody has refused already."""
    yield from subtract([window], sorted(refused, key=lambda each: each.start))
