"""All starts of a job on its machines, found gap by gap, and the few worth showing."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from packhouse.domain.machines import MachineSpec, MachineTime, problems_with_job, work_minutes
from packhouse.domain.products import (
    CleaningLevel,
    Job,
    Neighbour,
    ProductTraits,
    cleaning_level,
)
from packhouse.domain.sites import WorkingDay
from packhouse.domain.slots.placing import Placement, longer_than, place
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import (
    SLOT_SECONDS,
    TimeRange,
    ceil_to_grid,
    from_epoch,
    to_epoch,
)
from packhouse.errors import Problem

QUARTER = 15 * 60
APART = 2 * 60 * 60
CANDIDATES = 12
SHOWN = 3
_STARTS_AT, _ENDS_AT = attrgetter("starts_at"), attrgetter("ends_at")
_START, _END = attrgetter("start"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Option:
    """A placement to offer, with what it costs the house.

    `added_cleaning_minutes`: how much longer the house cleans that day because of it.
    `fragment_minutes`: how much of the gap it leaves too short for anybody.
    `left_minutes`: how much of the gap it leaves at all.
    `price`: whole rupiah, by the machine's tariff.
    """

    placement: Placement
    added_cleaning_minutes: int
    fragment_minutes: int
    left_minutes: int
    price: int = 0

    @property
    def starts_at(self) -> datetime:
        """When the producer must be there."""
        return self.placement.starts_at


@dataclass(frozen=True, slots=True)
class Choice:
    """An option and why: earliest, cheapest, least_cleaning, fits_gap, another_time."""

    option: Option
    why: tuple[str, ...]


class _Fit(NamedTuple):
    """The starts of a job in one gap of one day, as positions in working seconds, inclusive."""

    machine: MachineTime
    day: WorkingDay
    low: int
    high: int
    floor: int
    ceiling: int
    length: int
    added: int

    def left(self, position: int) -> tuple[int, int]:
        """Return the seconds of the gap before and after the job."""
        return position - self.floor, self.ceiling - position - self.length


class _Needs(NamedTuple):
    job: Job
    seconds: int
    closing: int


class _Gap(NamedTuple):
    """Room between two occupations, in positions; `spare` is the longest piece behind a wall."""

    start: int
    end: int
    previous: Neighbour | None
    spare_before: int
    following: Neighbour | None
    spare_after: int


def _gaps(day: WorkingDay, others: Sequence[Neighbour], seconds: int) -> list[_Gap]:
    """Return the room between the occupations of a day, in order, where so much may fit."""
    shortest = timedelta(seconds=seconds)
    starts = [each.keeps_from for each in others] + [day.ranges[-1].end]
    ends = [day.ranges[0].start] + [each.ends_at for each in others]

    def room(start: datetime, end: datetime) -> int:
        return day.position(to_epoch(end)) - day.position(to_epoch(start))

    after: list[tuple[Neighbour | None, int]] = [(None, 0)]
    for index in range(len(others) - 1, -1, -1):
        following, spare = after[-1]
        if others[index].traits:
            after.append((others[index], 0))
        else:
            after.append((following, max(spare, room(ends[index + 1], starts[index + 1]))))
    after.reverse()
    gaps: list[_Gap] = []
    previous: Neighbour | None = None
    spare = 0
    for index, (following, spare_after) in enumerate(after):
        if index and others[index - 1].traits:
            previous, spare = others[index - 1], 0
        elif index:
            spare = max(spare, room(ends[index - 1], others[index - 1].occupied_from))
        # Working time is never longer than time: most gaps of a full day are told by it alone.
        if starts[index] - ends[index] >= shortest:
            start, end = (day.position(to_epoch(each)) for each in (ends[index], starts[index]))
            gaps.append(_Gap(start, end, previous, spare, following, spare_after))
    return gaps


def _fit(machine: MachineTime, day: WorkingDay, gap: _Gap, needs: _Needs) -> _Fit | None:
    """Return where in a gap the job fits with both cleans, before any other limit."""
    spec, traits = machine.spec, needs.job.traits
    if gap.end - gap.start < needs.seconds:
        return None
    before = after = direct = 0
    if gap.previous:
        before = _clean_seconds(spec, gap.previous, traits)
        direct = needs.closing
    after = needs.closing
    if gap.following and gap.following.traits:
        after = spec.cleaning_for(cleaning_level(traits, gap.following.traits)) * 60
        direct = _clean_seconds(spec, gap.previous, gap.following.traits)
    floor = gap.start + (before if gap.spare_before < before else 0)
    ceiling = gap.end - (after if gap.spare_after < after else 0)
    low = ceil_to_grid(floor, SLOT_SECONDS)
    high = (ceiling - needs.seconds) // SLOT_SECONDS * SLOT_SECONDS
    added = before + after - direct
    return _Fit(machine, day, low, high, floor, ceiling, needs.seconds, added)


def _clean_seconds(spec: MachineSpec, previous: Neighbour | None, traits: ProductTraits) -> int:
    return spec.cleaning_for(cleaning_level(previous.traits if previous else None, traits)) * 60


def _fits(machine: MachineTime, job: Job, window: TimeRange) -> Iterator[_Fit]:
    """Yield, by time, every stretch of starts that breaks no rule; work is done per gap."""
    spec = machine.spec
    start = max(window.start, spec.commissioned_at)
    end = min(window.end, spec.retired_at or window.end)
    if start >= end or problems_with_job(spec, job):
        return
    seconds = work_minutes(spec, job).total * 60
    needs = _Needs(job, seconds, spec.cleaning_for(CleaningLevel.FULL) * 60)
    others = sorted(machine.neighbours, key=_STARTS_AT)
    first, last = to_epoch(start), to_epoch(end)
    for day in machine.calendar.working_days(TimeRange(start, end)):
        today = _on_day(machine, others, day)
        earliest = ceil_to_grid(day.position(first), SLOT_SECONDS)
        latest = day.position(last) - seconds
        for gap in _gaps(day, today.neighbours, seconds):
            fit = _fit(today, day, gap, needs)
            if fit:
                low, high = max(fit.low, earliest), min(fit.high, latest)
                yield from _with_operators(fit._replace(low=low, high=high))


def _on_day(machine: MachineTime, others: Sequence[Neighbour], day: WorkingDay) -> MachineTime:
    """Return the machine with only what touches one local day."""
    begins, ends = from_epoch(day.begins), from_epoch(day.ends)
    first = bisect_right(others, begins, key=_ENDS_AT)
    last = bisect_left(others, ends, lo=first, key=_STARTS_AT)
    full = machine.operators_full if machine.spec.attended else ()
    full_first = bisect_right(full, begins, key=_END)
    full_last = bisect_left(full, ends, lo=full_first, key=_START)
    return MachineTime(
        machine.spec, machine.calendar, others[first:last], full[full_first:full_last]
    )


def _with_operators(fit: _Fit) -> Iterator[_Fit]:
    """Yield the parts of a stretch in which an operator is free from start to end."""
    low, day = fit.low, fit.day
    for full in fit.machine.operators_full:
        starts, ends = day.position(to_epoch(full.start)), day.position(to_epoch(full.end))
        if ends <= low:
            continue
        stop = min((starts - fit.length) // SLOT_SECONDS * SLOT_SECONDS, fit.high)
        if low <= stop:
            yield fit._replace(low=low, high=stop)
        low = max(low, ceil_to_grid(ends, SLOT_SECONDS))
    if low <= fit.high:
        yield fit._replace(low=low)


def options(machine: MachineTime, job: Job, window: TimeRange) -> list[Option]:
    """Return every start worth showing inside the window, by time.

    Those are the tight starts, right behind the clean after the last product and right before
    the clean for the next one, and the quarters of an hour between. `place` takes each of them.
    """
    found = (
        _option(fit, position, job)
        for fit in _fits(machine, job, window)
        for position in sorted({fit.low, fit.high, *_quarters(fit, fit.low)})
    )
    return [each for each in found if each]


def _quarters(fit: _Fit, low: int) -> Iterator[int]:
    """Yield the quarters of an hour from a position on, up to the last start of a stretch."""
    for opens, closes, before in fit.day.spans:
        for at in range(ceil_to_grid(opens, QUARTER), closes, QUARTER):
            position = before + at - opens
            if low <= position <= fit.high:
                yield position


def _option(fit: _Fit, position: int, job: Job) -> Option | None:
    placement = place(fit.machine, job, from_epoch(fit.day.start_at(position)))
    if not isinstance(placement, Placement):
        return None
    left = fit.left(position)
    price = price_of(fit.machine.spec.tariff_per_hour, placement.phases.work_minutes)
    fragment = _fragment(fit, position) // 60
    return Option(placement, fit.added // 60, fragment, sum(left) // 60, price)


def _fragment(fit: _Fit, position: int) -> int:
    """Return the seconds of the gap that even a quarter of an hour's run cannot use."""
    spec = fit.machine.spec
    shortest = (spec.setup_minutes + spec.cleaning_for(CleaningLevel.BRUSH)) * 60 + QUARTER
    return sum(rest for rest in fit.left(position) if rest < shortest)


def _cost(fit: _Fit, job: Job) -> int:
    spec = fit.machine.spec
    return price_of(spec.tariff_per_hour, work_minutes(spec, job).total)


def best_options(
    machines: Iterable[MachineTime], job: Job, window: TimeRange
) -> tuple[Choice, ...]:
    """Return up to three good starts over all machines: `rank` without building every option."""
    fits = [fit for machine in machines for fit in _fits(machine, job, window)]
    if not fits:
        return ()
    soon = nsmallest(CANDIDATES, fits, key=lambda fit: fit.day.start_at(fit.low))
    starts = [(fit, fit.low) for fit in soon]
    for fit in soon:
        later = islice(_quarters(fit, fit.low + APART), 1)
        starts += [(fit, position) for position in (*later, fit.high)]
    starts += [
        (fit, fit.low)
        for fit in (
            min(fits, key=lambda fit: (_cost(fit, job), fit.day.start_at(fit.low))),
            min(fits, key=lambda fit: (fit.added, fit.day.start_at(fit.low))),
            min(
                fits,
                key=lambda fit: (
                    _fragment(fit, fit.low),
                    sum(fit.left(fit.low)),
                    fit.day.start_at(fit.low),
                ),
            ),
        )
    ]
    found = (_option(fit, position, job) for fit, position in starts)
    return rank([each for each in found if each])


def rank(options: Sequence[Option]) -> tuple[Choice, ...]:
    """Return up to three different options, each with why it is shown.

    The earliest; the cheapest, where prices differ; the one that adds least cleaning; and, while
    there is room, the one that leaves least of its gap unusable (then least of it at all). One
    option may win twice; then other times fill the row.
    """
    chosen: dict[tuple[str, datetime], tuple[Option, list[str]]] = {}

    def choose(option: Option, why: str) -> None:
        key = (option.placement.machine, option.starts_at)
        chosen.setdefault(key, (option, []))[1].append(why)

    by_time = sorted(options, key=lambda each: (each.starts_at, each.placement.machine))
    if not by_time:
        return ()
    choose(by_time[0], "earliest")
    if len({each.price for each in by_time}) > 1:
        choose(min(by_time, key=lambda each: each.price), "cheapest")
    choose(min(by_time, key=lambda each: each.added_cleaning_minutes), "least_cleaning")
    snug = min(by_time, key=lambda each: (each.fragment_minutes, each.left_minutes))
    if len(chosen) < SHOWN or (snug.placement.machine, snug.starts_at) in chosen:
        choose(snug, "fits_gap")
    for apart in (APART, SLOT_SECONDS):
        for option in by_time:
            away = (
                abs((option.starts_at - each.starts_at).total_seconds())
                for each, _ in chosen.values()
            )
            if len(chosen) < SHOWN and min(away) >= apart:
                choose(option, "another_time")
    return tuple(Choice(option, tuple(why)) for option, why in chosen.values())


def refusals(machine: MachineTime, job: Job, window: TimeRange) -> tuple[Problem, ...]:
    """Return why a machine has no option in the window; empty where it has one."""
    spec = machine.spec
    problems = list(problems_with_job(spec, job))
    if spec.commissioned_at >= window.end:
        problems.append(
            Problem("machine_not_yet_commissioned", {"commissioned_at": spec.commissioned_at})
        )
    if spec.retired_at and spec.retired_at <= window.start:
        problems.append(Problem("machine_retired", {"retired_at": spec.retired_at}))
    longest = max((day.length for day in machine.calendar.working_days(window)), default=0)
    if not longest:
        problems.append(Problem("closed_window", {"from": window.start, "to": window.end}))
    elif job.quantity > 0:
        too_long = longer_than(spec, work_minutes(spec, job), longest // 60)
        problems += [too_long] if too_long else []
    if not problems and next(_fits(machine, job, window), None) is None:
        problems.append(Problem("no_free_time", {"from": window.start, "to": window.end}))
    return tuple(problems)


class Stretch(NamedTuple):
    """Starts of a job between two neighbours of a machine's day, every grid step of them good.

    ``low`` and ``high`` are positions in working seconds of the day, both included;
    ``added_minutes`` is how much longer the house cleans that day because of it.
    """

    day: WorkingDay
    low: int
    high: int
    added_minutes: int


def stretches(machine: MachineTime, job: Job, window: TimeRange) -> Iterator[Stretch]:
    """Yield, by time, every start of a job in a window; `place` takes each of them."""
    for fit in _fits(machine, job, window):
        yield Stretch(fit.day, fit.low, fit.high, fit.added // 60)


def first_option(machine: MachineTime, job: Job, window: TimeRange) -> Option | None:
    """Return the earliest start of a job in the window, which it must also end in."""
    for fit in _fits(machine, job, window):
        option = _option(fit, fit.low, job)
        if option:
            return option
    return None


def most_pieces(machine: MachineTime, job: Job, window: TimeRange) -> dict[date, int]:
    """Return by open local day how many pieces of a job fit there at once, 0 where none do.

    The job's own quantity is not read.
    """
    spec = machine.spec
    found = {each.day: 0 for each in machine.calendar.working_days(window)}
    for fit in _fits(machine, replace(job, quantity=1), window):
        minutes = (fit.high + fit.length - fit.low) // 60 - spec.setup_minutes
        pieces = int(minutes * spec.rate_per_minute)
        found[fit.day.day] = max(found[fit.day.day], pieces)
    return found
