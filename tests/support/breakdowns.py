"""Bookings that lost their time: built by hand for examples, drawn at random for properties."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from packhouse.domain.machines import MachineSpec, MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.products import Neighbour, ProductTraits
from packhouse.domain.replanning import Affected, Situation, Spot
from packhouse.domain.sites import Calendar, parse_hours
from packhouse.domain.slots import Placement, place, with_placed
from packhouse.domain.time_range import SLOT
from tests.support.houses import (
    CALENDAR,
    COFFEE,
    FISH,
    PLAIN,
    SEALER,
    THURSDAY,
    WET,
    at,
    busy,
    job,
)

FRIDAY = THURSDAY + timedelta(days=1)
SHORT = Calendar("Asia/Pontianak", (parse_hours("thu 07:30-08:00 08:10-08:40; fri 07:30-08:30"),))
FIRST = replace(SEALER, code="M1", attended=False)
SECOND = replace(SEALER, code="M2", attended=False)
WATCHED = replace(SEALER, code="M4", attended=True)
LAST = at("16:00", FRIDAY)


def lost(
    code: str, start: str, *, quantity: int = 600, traits: ProductTraits = FISH, **other: Any
) -> Affected:
    """A booking on M1 that needs fifty minutes unless told otherwise."""
    values: dict[str, Any] = {
        "specs": (FIRST, SECOND),
        "not_before": at("00:00"),
        "not_after": LAST,
        **other,
    }
    starts_at = values.pop("starts_at", at(start))
    return Affected(
        code,
        job(quantity, traits),
        values.pop("was", Spot("M1", starts_at)),
        starts_at + timedelta(minutes=50),
        **values,
    )


def situation(
    *affected: Affected,
    machines: Iterable[MachineTime] | None = None,
    operators_free: Mapping[datetime, int] | None = None,
) -> Situation:
    """Rank is the order given; without machines M1 is broken all Thursday and M2 is empty."""
    if machines is None:
        machines = (
            MachineTime(FIRST, CALENDAR, (busy("07:30", "16:00", None),)),
            MachineTime(SECOND, CALENDAR),
        )
    ranked = tuple(replace(each, rank=rank) for rank, each in enumerate(affected))
    return Situation(
        ranked, {each.spec.code: each for each in machines}, dict(operators_free or {})
    )


TRAITS = (FISH, PLAIN, COFFEE, WET)


def _sound(machine: MachineTime, day: date) -> bool:
    cleans = cleanings_on(machine, day)
    return closing_clean_fits(machine, day) and all(each.occupied_from for each in cleans)


@st.composite
def _filled(draw: st.DrawFn, spec: MachineSpec, calendar: Calendar, most: int) -> MachineTime:
    """A machine with bookings and maintenance of two days, all by the rules."""
    machine = MachineTime(spec, calendar)
    for _ in range(draw(st.integers(0, most))):
        day = draw(st.sampled_from([THURSDAY, FRIDAY]))
        starts_at = at("07:30", day) + SLOT * draw(st.integers(0, 100 if most > 2 else 12))
        if draw(st.integers(0, 3)):
            wanted = job(draw(st.sampled_from([75, 150, 600])), draw(st.sampled_from(TRAITS)))
            found = place(machine, wanted, starts_at)
            if isinstance(found, Placement):
                machine = with_placed(machine, wanted, found)
            continue
        ends_at = starts_at + SLOT * draw(st.integers(1, 8))
        wall = Neighbour(starts_at, ends_at, starts_at, None, "maintenance")
        walled = replace(machine, neighbours=(*machine.neighbours, wall))
        taken = any(
            each.starts_at < ends_at and starts_at < each.ends_at for each in machine.neighbours
        )
        if not taken and _sound(walled, day):
            machine = walled
    return machine


@st.composite
def _affected(
    draw: st.DrawFn, number: int, specs: Sequence[MachineSpec], quantities: Sequence[int]
) -> Affected:
    day = draw(st.sampled_from([THURSDAY, FRIDAY]))
    starts_at = at("07:30", day) + SLOT * draw(st.integers(0, 12))
    own = draw(st.sampled_from(specs))
    some = draw(st.lists(st.sampled_from(specs), min_size=1, unique_by=lambda each: each.code))
    after = draw(st.integers(0, 5))
    spot = Spot(draw(st.sampled_from(specs)).code, starts_at + SLOT * draw(st.integers(0, 4)))
    is_special = draw(st.integers(0, 9))
    return Affected(
        code=f"B{number}",
        job=job(draw(st.sampled_from(quantities)), draw(st.sampled_from(TRAITS))),
        was=Spot(own.code, starts_at),
        ends_at=starts_at + SLOT * 4,
        specs=tuple(some),
        not_before=at("07:30") + SLOT * draw(st.integers(0, 6)),
        not_after=draw(st.sampled_from([at("07:50"), at("08:30"), LAST])),
        travel_minutes=draw(st.sampled_from([10, 70, 300])),
        is_first_visit=draw(st.booleans()),
        rank=number,
        pinned=spot if is_special == 0 else None,
        excluded=frozenset([spot] if is_special == 1 else []),
        excluded_machines=frozenset([spot.machine] if is_special == 2 else []),
        to_call=is_special == 3,
        after=f"B{after}" if after < number and is_special > 6 else None,
    )


@st.composite
def situations(
    draw: st.DrawFn, *, most: int = 6, calendar: Calendar = CALENDAR, busy_with: int = 5
) -> Situation:
    """Two days in a house of three machines, one of them attended."""
    specs = (FIRST, SECOND, WATCHED)
    machines = {each.code: draw(_filled(each, calendar, busy_with)) for each in specs}
    quantities = (150, 450, 900) if busy_with > 2 else (75, 150)
    count = draw(st.integers(1, most))
    affected = tuple(draw(_affected(number, specs, quantities)) for number in range(count))
    free = {
        at("07:30", day) + SLOT * slot: draw(st.integers(0, 1))
        for day in (THURSDAY, FRIDAY)
        for slot in draw(st.lists(st.integers(0, 14), max_size=3, unique=True))
    }
    return Situation(tuple(draw(st.permutations(affected))), machines, free)


def narrow_situations() -> st.SearchStrategy[Situation]:
    """Days of an hour, so that all plans can be counted."""
    return situations(most=3, calendar=SHORT, busy_with=2)
