"""Bookings that no longer fit: their house's hours, closures or people changed under them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from packhouse.domain.machines import (
    MachineTime,
    cleanings_on,
    closing_clean_fits,
    occupations_on,
)
from packhouse.domain.products import CleaningLevel, Neighbour
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import slot_starts_at, to_epoch
from packhouse.errors import Problem


def misfits_on(
    machine: MachineTime, day: date, work_minutes: Mapping[int, int]
) -> dict[int, tuple[Problem, ...]]:
    """Return by key which bookings of a machine's local day its hours no longer allow, and why.

    Looked at are the neighbours whose key has ``work_minutes`` (setup and run, as booked): a rate
    that was learned since changes nothing that is promised. Also a clean that found room before
    and finds none now makes its booking a misfit.
    """
    working = machine.calendar.working_day(day)
    found: dict[int, tuple[Problem, ...]] = {}
    last: int | None = None
    for each in occupations_on(machine, working):
        if each.traits is None:
            continue
        last = each.key
        if last is None or last not in work_minutes:
            continue
        problems = tuple(_problems_with_time(machine, working, each, work_minutes[last]))
        if problems:
            found[last] = problems
    for key, problem in _lost_cleaning(machine, day, last):
        if key in work_minutes:
            found.setdefault(key, (problem,))
    return found


def _problems_with_time(
    machine: MachineTime, day: WorkingDay, booked: Neighbour, minutes: int
) -> Iterator[Problem]:
    retired_at = machine.spec.retired_at
    if retired_at and booked.ends_at > retired_at:
        yield Problem("machine_retired", {"retired_at": retired_at})
    if not day.length:
        yield Problem("closed_day", {"day": day.day})
        return
    opens_at, closes_at = day.ranges[0].start, day.ranges[-1].end
    starts, ends = to_epoch(booked.starts_at), to_epoch(booked.ends_at)
    if not any(each.contains(booked.starts_at) for each in day.ranges):
        yield Problem("outside_hours", {"opens_at": opens_at, "closes_at": closes_at})
    elif day.position(ends) - day.position(starts) < minutes * 60:
        yield Problem("past_closing", {"closes_at": closes_at, "work_minutes": minutes})


def _lost_cleaning(
    machine: MachineTime, day: date, last: int | None
) -> Iterator[tuple[int, Problem]]:
    working = machine.calendar.working_day(day)
    if not working.length:
        return
    for each in cleanings_on(machine, day):
        if each.occupied_from is None and each.neighbour.key is not None:
            facts = {"level": each.level, "minutes": each.minutes}
            yield each.neighbour.key, Problem("cleaning_before_missing", facts)
    # A machine that breaks down is not cleaned that day: nobody behind the fault is to blame.
    broken = any(each.kind == "breakdown" for each in occupations_on(machine, working))
    if last is not None and not broken and not closing_clean_fits(machine, day):
        full, closes_at = CleaningLevel.FULL, working.ranges[-1].end
        told = {"level": full, "minutes": machine.spec.cleaning_for(full), "closes_at": closes_at}
        yield last, Problem("closing_clean_missing", told)


@dataclass(frozen=True, slots=True)
class Attended:
    """What keeps an operator from one slot up to, not including, another.

    ``rank`` is the place in which it is served: the lowest first. Without a key it stays whatever
    happens, such as a run that is on.
    """

    key: int | None
    rank: int
    first: int
    last: int


def without_operator(
    attended: Iterable[Attended], operators: Callable[[int], int]
) -> dict[int, Problem]:
    """Return by key which bookings find no operator, if who was there first is served first.

    ``operators`` says how many people work in a slot.
    """
    used: Counter[int] = Counter()
    found: dict[int, Problem] = {}
    for each in sorted(attended, key=lambda one: (one.key is not None, one.rank)):
        slots = range(each.first, each.last)
        full = next((slot for slot in slots if used[slot] >= operators(slot)), None)
        if full is None or each.key is None:
            used.update(slots)
        else:
            facts = {"starts_at": slot_starts_at(full), "ends_at": slot_starts_at(each.last)}
            found[each.key] = Problem("operators_full", facts)
    return found
