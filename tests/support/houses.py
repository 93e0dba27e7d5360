"""Machines on one Thursday: built by hand for examples, filled by the rules for properties."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from packhouse.domain.machines import MachineSpec, MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.products import Allergen, Aroma, Job, Lane, Neighbour, ProductTraits
from packhouse.domain.sites import Calendar, Closure, parse_hours
from packhouse.domain.slots import Placement, place
from packhouse.domain.time_range import SLOT, TimeRange, merge
from packhouse.errors import Problem

ZONE = ZoneInfo("Asia/Pontianak")
THURSDAY = date(2026, 11, 26)
HOURS = parse_hours("mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30")
CALENDAR = Calendar("Asia/Pontianak", (HOURS,), (Closure(date(2026, 12, 24), date(2026, 12, 25)),))

FISH = ProductTraits(allergens=frozenset({Allergen.FISH}))
PLAIN = ProductTraits()
COFFEE = ProductTraits(aroma=Aroma.COFFEE)
WET = ProductTraits(wet=True)
PORK = ProductTraits(lane=Lane.NON_HALAL)
SEALER = MachineSpec(
    code="M3",
    lane=Lane.HALAL,
    packs=frozenset({"pouch_100"}),
    rate_per_minute=Decimal(15),
    setup_minutes=10,
    cleaning_minutes=(5, 8, 15),
    attended=True,
    tariff_per_hour=15_000,
    commissioned_at=datetime(2026, 1, 1, tzinfo=UTC),
)
VACUUM = replace(
    SEALER,
    code="M5",
    rate_per_minute=Decimal(5),
    setup_minutes=5,
    cleaning_minutes=(5, 8, 20),
    attended=False,
)


def at(clock: str, day: date = THURSDAY) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def clock(instant: datetime | None) -> str:
    return instant.astimezone(ZONE).strftime("%H:%M") if instant else "-"


def job(quantity: int = 400, traits: ProductTraits = FISH) -> Job:
    return Job(traits, "pouch_100", quantity)


def busy(
    start: str, end: str, traits: ProductTraits | None = FISH, since: str | None = None
) -> Neighbour:
    kind = "booking" if traits else "maintenance"
    return Neighbour(at(start), at(end), at(since or start), traits, kind)


def machine(*neighbours: Neighbour, spec: MachineSpec = SEALER) -> MachineTime:
    return MachineTime(spec, CALENDAR, neighbours)


def placed(machine: MachineTime, wanted: Job, start: str) -> Placement:
    result = place(machine, wanted, at(start))
    assert isinstance(result, Placement), result
    return result


def refused(
    machine: MachineTime, wanted: Job, start: str, day: date = THURSDAY
) -> dict[str, Problem]:
    result = place(machine, wanted, at(start, day))
    assert not isinstance(result, Placement)
    return {each.code: each for each in result}


def day_window(day: date = THURSDAY, days: int = 1) -> TimeRange:
    return TimeRange(at("00:00", day), at("00:00", day + timedelta(days=days)))


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    traits = draw(st.sampled_from([FISH, PLAIN, COFFEE, WET]))
    return job(draw(st.integers(1, 1500)), traits)


def added(machine: MachineTime, placement: Placement, traits: ProductTraits) -> MachineTime:
    """Book a placement the way a service does: the next booking's clean moves, its start not."""
    rest = [each for each in machine.neighbours if each is not placement.following]
    if placement.following and placement.following_occupied_from:
        rest.append(replace(placement.following, occupied_from=placement.following_occupied_from))
    fresh = Neighbour(
        placement.starts_at, placement.ends_at, placement.occupied_from, traits, "booking"
    )
    return replace(machine, neighbours=(*rest, fresh))


def walled(machine: MachineTime, wall: Neighbour) -> MachineTime:
    """Add maintenance where it takes nobody's time and no clean from anybody."""
    span = TimeRange(wall.starts_at, wall.ends_at)
    if any(
        TimeRange(each.occupied_from, each.ends_at).overlaps(span) for each in machine.neighbours
    ):
        return machine
    tried = replace(machine, neighbours=(*machine.neighbours, wall))
    return tried if is_sound(tried) else machine


def is_sound(machine: MachineTime) -> bool:
    return closing_clean_fits(machine, THURSDAY) and all(
        each.occupied_from is not None for each in cleanings_on(machine, THURSDAY)
    )


def as_planned(machine: MachineTime) -> MachineTime:
    """Store the cleans as they should be now, as a service does after a cancellation."""
    walls = [each for each in machine.neighbours if each.traits is None]
    products = [
        replace(each.neighbour, occupied_from=each.occupied_from or each.neighbour.starts_at)
        for each in cleanings_on(machine, THURSDAY)
    ]
    return replace(machine, neighbours=(*walls, *products))


@st.composite
def days(draw: st.DrawFn) -> MachineTime:
    """A day that was filled booking by booking, maintenance between, all by the rules."""
    spec = draw(st.sampled_from([SEALER, VACUUM, replace(SEALER, cleaning_minutes=(0, 2, 45))]))
    full = merge(
        TimeRange(at("07:00") + SLOT * start, at("07:00") + SLOT * (start + length))
        for start, length in draw(
            st.lists(st.tuples(st.integers(0, 110), st.integers(1, 12)), max_size=2)
        )
    )
    house = MachineTime(spec, CALENDAR, (), full)
    for start in draw(st.lists(st.integers(0, 120), max_size=9)):
        starts_at = at("07:00") + SLOT * start
        if draw(st.integers(0, 3)):
            wanted = draw(jobs())
            result = place(house, wanted, starts_at)
            if isinstance(result, Placement):
                house = added(house, result, wanted.traits)
        else:
            ends_at = starts_at + SLOT * draw(st.integers(1, 12))
            wall = Neighbour(starts_at, ends_at, starts_at, None, "maintenance")
            house = walled(house, wall)
    return house


def all_starts(day: date = THURSDAY) -> Sequence[datetime]:
    return [at("00:00", day) + SLOT * step for step in range(288)]
