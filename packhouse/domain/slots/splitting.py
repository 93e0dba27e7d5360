"""A job longer than a day: the same machine on consecutive open days.

Fewest days come first: every day is a journey for whoever comes from afar. Within them the
pieces are shared as evenly as the days' free time allows. Filling each day to the last minute
would leave a slow run no room before closing, and a last day for a handful of pieces is a
journey for nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from packhouse.domain.machines import MachineTime
from packhouse.domain.products import Job
from packhouse.domain.slots.placing import Placement
from packhouse.domain.slots.searching import first_option, most_pieces
from packhouse.domain.time_range import TimeRange

MOST_DAYS = 14


@dataclass(frozen=True, slots=True)
class Part:
    """Some pieces of a job, placed."""

    quantity: int
    placement: Placement


@dataclass(frozen=True, slots=True)
class Split:
    """A job in parts, by time; ``why`` tells why it is shown, as of a ``Choice``."""

    parts: tuple[Part, ...]
    why: tuple[str, ...] = ()

    @property
    def starts_at(self) -> datetime:
        """When the producer must be there first."""
        return self.parts[0].placement.starts_at

    @property
    def ends_at(self) -> datetime:
        """When everything is packed."""
        return self.parts[-1].placement.ends_at


def even_shares(quantity: int, room: Sequence[int]) -> list[int]:
    """Return how many pieces each day takes: as even as its room allows, their sum the quantity.

    Raises ValueError when the days have no room for them.
    """
    if quantity > sum(room):
        raise ValueError(f"{quantity} pieces do not fit into {list(room)}")
    shares = [0] * len(room)
    left = quantity
    ordered = sorted(range(len(room)), key=lambda day: room[day])
    for done, day in enumerate(ordered):
        shares[day] = min(room[day], -(-left // (len(room) - done)))
        left -= shares[day]
    return shares


def split_options(
    machines: Iterable[MachineTime], job: Job, window: TimeRange
) -> tuple[Split, ...]:
    """Return up to three ways to spread a job over consecutive open days of one machine.

    The one with fewest days (``fewest_days``), the one that is done first (``earliest``), and
    another; each in two parts at least: what fits a day needs no split.
    """
    found = [
        split
        for machine in machines
        for days in _runs_of_days(machine, job, window)
        if (split := _placed(machine, job, window, days)) is not None
    ]
    if not found:
        return ()
    by_end = sorted(found, key=lambda each: (each.ends_at, len(each.parts)))
    fewest = min(found, key=lambda each: (len(each.parts), each.ends_at))
    chosen: list[tuple[Split, list[str]]] = [(fewest, ["fewest_days"])]
    if by_end[0] is fewest:
        chosen[0][1].append("earliest")
    else:
        chosen.append((by_end[0], ["earliest"]))
    machines_shown = {each.parts[0].placement.machine for each, _ in chosen}
    for other in by_end:
        if len(chosen) < 3 and other.parts[0].placement.machine not in machines_shown:
            chosen.append((other, ["another_machine"]))
            machines_shown.add(other.parts[0].placement.machine)
    return tuple(replace(split, why=tuple(why)) for split, why in chosen)


def _runs_of_days(
    machine: MachineTime, job: Job, window: TimeRange
) -> list[list[tuple[date, int]]]:
    """Return the earliest and the shortest run of open days that together take the job.

    A day without room ends a run: what is not consecutive is another journey.
    """
    rooms = list(most_pieces(machine, job, window).items())
    found = []
    for first in range(len(rooms)):
        run, room = [], 0
        for day in rooms[first : first + MOST_DAYS]:
            if not day[1]:
                break
            run.append(day)
            room += day[1]
            if room >= job.quantity:
                found.append(run)
                break
    if not found:
        return []
    earliest, shortest = min(found, key=lambda run: run[-1][0]), min(found, key=len)
    return [earliest] if len(earliest) == len(shortest) else [earliest, shortest]


def _placed(
    machine: MachineTime, job: Job, window: TimeRange, days: Sequence[tuple[date, int]]
) -> Split | None:
    shares = even_shares(job.quantity, [room for _, room in days])
    parts = []
    for (day, _), share in zip(days, shares, strict=True):
        inside = machine.calendar.local_day(day).intersection(window)
        if inside is None or not share:
            return None
        option = first_option(machine, replace(job, quantity=share), inside)
        if option is None:
            return None
        parts.append(Part(share, option.placement))
    return Split(tuple(parts)) if len(parts) > 1 else None
