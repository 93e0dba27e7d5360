"""The plan of a patient clerk: one booking after another, each to the best spot that is left."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from packhouse.domain.machines import MachineTime
from packhouse.domain.replanning.costs import shift_minutes
from packhouse.domain.replanning.floor import Floor
from packhouse.domain.replanning.situation import Affected, Situation, Spot
from packhouse.domain.sites import WorkingDay
from packhouse.domain.slots.searching import Stretch, stretches
from packhouse.domain.time_range import SLOT_SECONDS, TimeRange, from_epoch, to_epoch

ONE_DAY = timedelta(days=1)
FEW = 3

Spots = dict[str, Spot]


def one_after_another(situation: Situation) -> Spots:
    """Return by code where each booking goes if who booked first chooses first; the rest call.

    What the operator pinned comes before, and a step never before the step it follows.
    """
    floor, spots = Floor(situation), Spots()
    for affected in in_turn(situation.affected):
        spot = affected.pinned
        if affected.to_call or not follows(affected, floor, situation):
            continue
        if spot is None:
            spot = best_spot(floor, affected)
        if spot is None or not may_start(floor, affected, spot.starts_at):
            continue
        if isinstance(floor.put(affected, spot), int):
            spots[affected.code] = spot
    return spots


def in_turn(affected: tuple[Affected, ...]) -> list[Affected]:
    """Return bookings in the order of choosing: pinned, then by rank, each behind its step."""
    by_code = {each.code: each for each in affected}
    done: dict[str, Affected] = {}

    def take(each: Affected, waiting: frozenset[str] = frozenset()) -> None:
        if each.code in done:
            return
        before = by_code.get(each.after or "")
        if before and before.code not in waiting:
            take(before, waiting | {each.code})
        done.setdefault(each.code, each)

    for each in sorted(affected, key=lambda one: (one.pinned is None, one.rank, one.code)):
        take(each)
    return list(done.values())


def follows(affected: Affected, floor: Floor, situation: Situation) -> bool:
    """Tell whether the step before a booking has a time, or there is none to wait for."""
    moves = any(each.code == affected.after for each in situation.affected)
    return not moves or floor.done_at(affected.after or "") is not None


def may_start(floor: Floor, affected: Affected, starts_at: datetime) -> bool:
    """Tell whether the step before is done by then."""
    done = floor.done_at(affected.after or "")
    return done is None or starts_at >= done


def best_spot(floor: Floor, affected: Affected) -> Spot | None:
    """Return where a booking disturbs least as things stand, None where it finds no room."""
    done = floor.done_at(affected.after or "")
    opens = max(affected.not_before, done) if done else affected.not_before
    machines = [floor.machine(spec) for spec in floor.specs(affected)]
    best: tuple[tuple[int, int, int, str, datetime], Spot] | None = None
    for away, days in _days_outward(machines, affected, opens):
        # Nothing that many days away is nearer than this.
        if best and (not best[0][0] or best[0][1] <= (away - 1) * 24 * 60):
            break
        for number, machine in enumerate(machines):
            for day in days:
                for spot, added in _nearest(machine, affected, day, opens):
                    shift = shift_minutes(affected, spot.starts_at)
                    key = (int(away > 0), shift, added, f"{number:04}", spot.starts_at)
                    if best is None or key < best[0]:
                        best = key, spot
    return best[1] if best else None


def _days_outward(
    machines: list[MachineTime], affected: Affected, opens: datetime
) -> Iterator[tuple[int, list[date]]]:
    """Yield the local days a booking may move to, its own first, and how far they are."""
    if not machines:
        return
    calendar = machines[0].calendar
    own = calendar.day_of(affected.was.starts_at)
    first, last = calendar.day_of(opens), calendar.day_of(affected.not_after)
    for away in range(max(abs((first - own).days), abs((last - own).days)) + 1):
        both = {own - ONE_DAY * away, own + ONE_DAY * away}
        days = sorted(each for each in both if first <= each <= last)
        if days:
            yield away, days


def _nearest(
    machine: MachineTime, affected: Affected, day: date, opens: datetime
) -> Iterator[tuple[Spot, int]]:
    """Yield the best start of each free stretch of a day, with the cleaning it adds."""
    local = machine.calendar.local_day(day)
    start, code = max(local.start, opens), machine.spec.code
    if start >= local.end:
        return
    tries = FEW + sum(each.machine == code for each in affected.excluded)
    for found in stretches(machine, affected.job, TimeRange(start, local.end)):
        stretch = not_later(found, affected.not_after)
        for position in _by_distance(stretch, to_epoch(affected.was.starts_at), tries):
            starts_at = from_epoch(stretch.day.start_at(position))
            spot = Spot(code, starts_at)
            if spot not in affected.excluded:
                yield spot, stretch.added_minutes
                break


def not_later(stretch: Stretch, latest: datetime) -> Stretch:
    """Return the part of a stretch that starts at an instant or before; it may be empty."""
    day, last = stretch.day, to_epoch(latest)
    high = min(stretch.high, day.position(last) // SLOT_SECONDS * SLOT_SECONDS)
    # On a break a position stands for both sides, and a start is behind it.
    high -= SLOT_SECONDS if day.start_at(high) > last else 0
    return stretch._replace(high=high)


def _by_distance(stretch: Stretch, wanted: int, tries: int) -> list[int]:
    """Return the positions of a stretch that are nearest to an instant, the nearest first."""
    day: WorkingDay = stretch.day
    middle = day.position(wanted) // SLOT_SECONDS * SLOT_SECONDS
    middle = min(max(middle, stretch.low), stretch.high)
    around = range(middle - tries * SLOT_SECONDS, middle + (tries + 1) * SLOT_SECONDS, SLOT_SECONDS)
    inside = [each for each in around if stretch.low <= each <= stretch.high]
    return sorted(inside, key=lambda each: (abs(day.start_at(each) - wanted), each))
