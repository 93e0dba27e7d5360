"""One day of one machine as the waitlist sees it, and the wishes that it could serve."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Text, or_, select, type_coerce
from sqlalchemy.orm import Session

from packhouse.domain.machines import MachineTime, packs_alone, work_minutes
from packhouse.domain.products import Neighbour, ProductTraits, traits_of
from packhouse.domain.time_range import TimeRange, subtract
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
    """A waiting wish that a machine could serve by its nature."""

    id: int
    kind: str
    business_id: int
    product_id: int
    quantity: int
    least: int
    from_at: datetime
    to_at: datetime
    part_of_day: str
    kinds: Any
    same_day: bool
    size: str
    regency_code: str
    silent: int
    preferred_at: datetime | None
    arrived_at: datetime
    told_at: datetime | None
    pack: str
    lane: str
    allergens: Any
    aroma: str
    wet: bool

    @property
    def traits(self) -> ProductTraits:
        """What decides the cleaning around its product."""
        return traits_of(self.lane, frozenset(self.allergens), self.aroma, wet=self.wet)

    def need(self) -> Need:
        """Return what it asks of a machine."""
        return Need(
            self.traits, self.pack, self.quantity, self.least,
            TimeRange(self.from_at, self.to_at), PartOfDay(self.part_of_day),
        )  # fmt: skip


WAITING = (
    select(
        Wish.id, Wish.kind, Wish.business_id, Wish.product_id, Wish.quantity, Wish.least,
        Wish.from_at, Wish.to_at, Wish.part_of_day, Wish.kinds, Wish.same_day, Wish.size,
        Wish.regency_code, Wish.silent, Wish.preferred_at, Wish.arrived_at, Wish.told_at,
        Product.pack, Product.lane, Product.allergens, Product.aroma, Product.wet,
    )
    .join(Product, Product.id == Wish.product_id)
    .where(Wish.state == WishState.OPEN, Product.archived_at.is_(None))
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
        return longest_gap(self.time_for(""), self.local_day)

    def forget(self) -> None:
        """Read the day anew: somebody has just been given a piece of it."""
        self.around = None
        self.times.clear()


def candidates(
    session: Session, *, spot: Place, window: TimeRange, today: bool
) -> dict[int, Candidate]:
    """Return the waiting wishes that a machine could serve in a window, by their nature."""
    kinds = type_coerce(Wish.kinds, Text)
    wanted = kinds.contains(f'"{spot.machine.kind}"', autoescape=True)
    query = WAITING.where(
        or_(Wish.site_id.is_(None), Wish.site_id == spot.site.id),
        Product.pack.in_(spot.spec.packs),
        Product.lane == spot.spec.lane,
        Wish.from_at < window.end,
        Wish.to_at > window.start,
        or_(kinds == "[]", wanted) if packs_alone(spot.machine.kind) else wanted,
    )
    if today:
        query = query.where(Wish.same_day)
    return {row[0]: Candidate(*row) for row in session.execute(query)}


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
    """Return the best time of the day for a wish, or the code of why there is none."""
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
