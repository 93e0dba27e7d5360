"""Many members' rows on a few machines: in the order that saves cleaning, with balanced ends."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from math import prod

from packhouse.domain.machines import MachineSpec, MachineTime, work_minutes
from packhouse.domain.products import Job, Neighbour, ProductTraits, cleaning_level
from packhouse.domain.slots.placing import Placement
from packhouse.domain.slots.searching import first_option
from packhouse.domain.time_range import TimeRange

# Beyond so many ways to stand, the order is looked for step by step instead of proved.
EXACT_STATES = 20_000
MOST_SHIFTS = 12

Cost = Callable[[ProductTraits, ProductTraits], int]


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row, placed; ``row`` is its number in what was given, from 0."""

    row: int
    placement: Placement


def cleaning_between(spec: MachineSpec) -> Cost:
    """Return how many minutes a machine is cleaned between two products."""
    return lambda before, after: spec.cleaning_for(cleaning_level(before, after))


def cleaning_of(traits: Sequence[ProductTraits], cost: Cost) -> int:
    """Return the minutes of cleaning between the rows of an order, begun clean."""
    return sum(cost(before, after) for before, after in pairwise(traits))


def cleaning_order(traits: Sequence[ProductTraits], cost: Cost) -> list[int]:
    """Return the order of rows that needs least cleaning between them; never more than as given.

    Rows with equal traits are alike, so few kinds of many rows are still ordered exactly; beyond
    ``EXACT_STATES`` a row is put where it costs least, row by row, and the better of that and
    the given order is taken. Ties keep the rows as given.
    """
    given = list(range(len(traits)))
    kinds = Counter(traits)
    states = prod(count + 1 for count in kinds.values()) * len(kinds)
    found = _exact(traits, cost) if states <= EXACT_STATES else _inserted(traits, cost)
    better = cleaning_of([traits[row] for row in found], cost) < cleaning_of(traits, cost)
    return found if better else given


def _exact(traits: Sequence[ProductTraits], cost: Cost) -> list[int]:
    kinds = list(dict.fromkeys(traits))
    prices = [[cost(before, after) for after in kinds] for before in kinds]

    @cache
    def best(left: tuple[int, ...], last: int | None) -> tuple[int, tuple[int, ...]]:
        """Return the least cleaning behind ``last`` for what is left, and the kinds in order."""
        ways = []
        for kind, count in enumerate(left):
            if count:
                rest = (*left[:kind], count - 1, *left[kind + 1 :])
                minutes, tail = best(rest, kind)
                first = 0 if last is None else prices[last][kind]
                ways.append((first + minutes, (kind, *tail)))
        return min(ways, default=(0, ()))

    counts = Counter(traits)
    _, order = best(tuple(counts[kind] for kind in kinds), None)
    rows = {kind: [row for row, each in enumerate(traits) if each == kind] for kind in kinds}
    return [rows[kinds[kind]].pop(0) for kind in order]


def _inserted(traits: Sequence[ProductTraits], cost: Cost) -> list[int]:
    """Put each row where it adds least, those with few allergens first."""
    order: list[int] = []
    for row in sorted(range(len(traits)), key=lambda row: (_dirt(traits[row]), row)):
        ways = [[*order[:place], row, *order[place:]] for place in range(len(order) + 1)]
        order = min(ways, key=lambda way: cleaning_of([traits[each] for each in way], cost))
    return order


def _dirt(traits: ProductTraits) -> tuple[bool, int, str]:
    return traits.wet, len(traits.allergens), traits.aroma


def plan_rows(
    machines: Sequence[MachineTime], jobs: Sequence[Job], window: TimeRange
) -> tuple[PlannedRow, ...] | None:
    """Return every row placed on one of the machines, by time; None where one finds no room.

    All rows must have the pack and lane of all machines. The order that saves most cleaning is
    cut into one piece a machine, so that the machines end as close together as whole rows allow;
    what else stands in the machines' days is seen, and a day that is full runs over into the
    next.
    """
    order = cleaning_order([job.traits for job in jobs], cleaning_between(machines[0].spec))
    pieces = _cut(machines, [jobs[row] for row in order])
    plan = _placed(machines, jobs, _pieces_of(order, pieces), window)
    for _ in range(MOST_SHIFTS if plan and len(machines) > 1 else 0):
        assert plan is not None
        better = _relieved(machines, jobs, order, pieces, plan, window)
        if better is None:
            break
        pieces, plan = better
    return tuple(sorted(plan, key=_by_time)) if plan is not None else None


def _by_time(planned: PlannedRow) -> tuple[object, str]:
    return planned.placement.starts_at, planned.placement.machine


def _cut(machines: Sequence[MachineTime], jobs: Sequence[Job]) -> list[int]:
    """Return how many rows of an order each machine takes, its longest piece the shortest."""
    lengths = [_lengths(machine.spec, jobs) for machine in machines]

    @cache
    def best(machine: int, first: int) -> tuple[int, int, tuple[int, ...]]:
        """Return the longest piece, all minutes together, and the sizes of the pieces."""
        if machine == len(machines) - 1:
            minutes = lengths[machine](first, len(jobs))
            return minutes, minutes, (len(jobs) - first,)
        ways = []
        for last in range(first, len(jobs) + 1):
            minutes = lengths[machine](first, last)
            longest, whole, sizes = best(machine + 1, last)
            ways.append((max(minutes, longest), minutes + whole, (last - first, *sizes)))
        return min(ways)

    return list(best(0, 0)[2])


def _lengths(spec: MachineSpec, jobs: Sequence[Job]) -> Callable[[int, int], int]:
    """Return a function of a piece's first and last row that tells its minutes on a machine."""
    cost = cleaning_between(spec)
    work = [work_minutes(spec, job).total for job in jobs]
    clean = [cost(before.traits, after.traits) for before, after in pairwise(jobs)]
    return lambda first, last: sum(work[first:last]) + sum(clean[first : max(last - 1, first)])


def _pieces_of(order: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    pieces, first = [], 0
    for size in sizes:
        pieces.append(list(order[first : first + size]))
        first += size
    return pieces


def _placed(
    machines: Sequence[MachineTime],
    jobs: Sequence[Job],
    pieces: Sequence[Sequence[int]],
    window: TimeRange,
) -> list[PlannedRow] | None:
    """Place the rows of each machine one behind the other, each seeing those before it."""
    plan: list[PlannedRow] = []
    for machine, piece in zip(machines, pieces, strict=True):
        cost = cleaning_between(machine.spec)
        again = cleaning_order([jobs[row].traits for row in piece], cost)
        time, start = machine, window.start
        for row in (piece[place] for place in again):
            option = None
            if start < window.end:
                option = first_option(time, jobs[row], TimeRange(start, window.end))
            if option is None:
                return None
            plan.append(PlannedRow(row, option.placement))
            time = with_placed(time, jobs[row], option.placement)
            start = option.placement.ends_at
    return plan


def with_placed(machine: MachineTime, job: Job, placement: Placement) -> MachineTime:
    """Return a machine's time with one more visit in it."""
    busy = Neighbour(
        placement.starts_at, placement.ends_at, placement.occupied_from, job.traits, "booking"
    )
    return replace(machine, neighbours=(*machine.neighbours, busy))


def _relieved(
    machines: Sequence[MachineTime],
    jobs: Sequence[Job],
    order: Sequence[int],
    sizes: Sequence[int],
    plan: Sequence[PlannedRow],
    window: TimeRange,
) -> tuple[list[int], list[PlannedRow]] | None:
    """Give a row of the machine that ends last to the one beside it, if all then end sooner.

    Whoever stands in a machine's day already makes its piece end later than counted.
    """
    ends = {each.placement.ends_at: each.placement.machine for each in plan}
    last = next(place for place, each in enumerate(machines) if each.spec.code == ends[max(ends)])
    best: tuple[list[int], list[PlannedRow]] | None = None
    for other in (last - 1, last + 1):
        if not 0 <= other < len(machines) or not sizes[last]:
            continue
        fresh = list(sizes)
        fresh[last], fresh[other] = fresh[last] - 1, fresh[other] + 1
        found = _placed(machines, jobs, _pieces_of(order, fresh), window)
        latest = max(ends) if best is None else max(each.placement.ends_at for each in best[1])
        if found and max(each.placement.ends_at for each in found) < latest:
            best = fresh, found
    return best
