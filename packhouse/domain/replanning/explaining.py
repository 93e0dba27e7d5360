"""What a plan does with each booking, in codes: where it goes, and why there or why nowhere."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from packhouse.domain.machines import MachineTime
from packhouse.domain.replanning.baseline import in_turn
from packhouse.domain.replanning.costs import shift_minutes, weight_of
from packhouse.domain.replanning.floor import Floor
from packhouse.domain.replanning.situation import (
    Affected,
    Cost,
    Outcome,
    Result,
    Situation,
    Spot,
)
from packhouse.domain.slots.placing import Placement
from packhouse.domain.slots.searching import refusals, stretches
from packhouse.domain.time_range import TimeRange, to_epoch

LONG_WAY_MINUTES = 120


class PlanBroken(Exception):
    """A plan breaks a law; ``code`` is the booking that does not fit where it was put."""

    def __init__(self, code: str, problems: object) -> None:
        super().__init__(code, problems)
        self.code = code


def outcomes_of(situation: Situation, spots: Mapping[str, Spot]) -> tuple[Outcome, ...]:
    """Return what happens to each booking, in their order, after every one has been placed.

    Each is put by `place` next to those before it. Raises PlanBroken where one is refused.
    """
    floor = Floor(situation)
    added: dict[str, int] = {}
    for affected in in_turn(situation.affected):
        spot = spots.get(affected.code)
        if spot is not None:
            added[affected.code] = _put(floor, affected, spot, situation)
    return tuple(
        _moved(floor, each, spots[each.code], added[each.code])
        if each.code in spots
        else _to_call(floor, each, spots)
        for each in situation.affected
    )


def cost_of(situation: Situation, outcomes: tuple[Outcome, ...]) -> Cost:
    """Return what a whole plan costs."""
    weights = {each.code: weight_of(each) for each in situation.affected}
    return (
        sum(each.result == Result.CALL for each in outcomes),
        sum(each.changed_day for each in outcomes),
        sum(each.shift_minutes * weights[each.code] for each in outcomes),
        sum(each.added_cleaning_minutes for each in outcomes),
    )


def _put(floor: Floor, affected: Affected, spot: Spot, situation: Situation) -> int:
    if affected.to_call or not _is_allowed(affected, spot):
        raise PlanBroken(affected.code, "not_allowed")
    before = next((each for each in situation.affected if each.code == affected.after), None)
    if before is not None:
        done = floor.done_at(before.code)
        if done is None or done > spot.starts_at:
            raise PlanBroken(affected.code, "steps_do_not_fit")
    added = floor.put(affected, spot)
    if not isinstance(added, int):
        raise PlanBroken(affected.code, added)
    return added


def _is_allowed(affected: Affected, spot: Spot) -> bool:
    if affected.pinned is not None:
        return spot == affected.pinned
    within = affected.not_before <= spot.starts_at <= affected.not_after
    ruled_out = spot in affected.excluded or spot.machine in affected.excluded_machines
    return within and not ruled_out


def _moved(floor: Floor, affected: Affected, spot: Spot, added: int) -> Outcome:
    placement = floor.placed(affected, spot)
    calendar = floor.situation.machines[spot.machine].calendar
    day, own = (calendar.day_of(each) for each in (spot.starts_at, affected.was.starts_at))
    shift = shift_minutes(affected, spot.starts_at)
    reasons = ["same_machine" if spot.machine == affected.was.machine else "other_machine"]
    if day != own:
        reasons.append("next_free_day")
    else:
        reasons.append("same_day" if shift else "same_time")
    if affected.pinned is not None:
        reasons.insert(0, "pinned")
    else:
        reasons += _what_weighed(floor, affected, placement)
    return Outcome(affected.code, Result.MOVE, placement, shift, day != own, added, tuple(reasons))


def _what_weighed(floor: Floor, affected: Affected, placement: Placement) -> list[str]:
    reasons = []
    if affected.is_first_visit:
        reasons.append("first_visit")
    if affected.travel_minutes >= LONG_WAY_MINUTES:
        reasons.append("long_way")
    if _is_cleaner(floor, affected, placement):
        reasons.append("least_cleaning")
    return reasons


def _is_cleaner(floor: Floor, affected: Affected, placement: Placement) -> bool:
    """Tell whether another spot as near as this one would have made the house clean longer."""
    start, own = placement.starts_at, affected.was.starts_at
    added = {
        (spec.code, each): minutes
        for spec in floor.specs(affected)
        for each in (start, own + (own - start))
        for minutes in _added_at(floor.machine(spec, without=affected.code), affected, each)
    }
    return max(added.values(), default=0) > added.get((placement.machine, start), 0)


def _added_at(machine: MachineTime, affected: Affected, start: datetime) -> Iterator[int]:
    """Yield the cleaning that a booking adds at a start, if it fits there."""
    if not affected.not_before <= start <= affected.not_after:
        return
    local = machine.calendar.local_day(machine.calendar.day_of(start))
    for each in stretches(machine, affected.job, local):
        position = each.day.position(to_epoch(start))
        is_open = each.day.length and each.day.start_at(position) == to_epoch(start)
        if is_open and each.low <= position <= each.high:
            yield each.added_minutes


def _to_call(floor: Floor, affected: Affected, spots: Mapping[str, Spot]) -> Outcome:
    reasons = _why_nowhere(floor, affected, spots)
    return Outcome(affected.code, Result.CALL, None, 0, False, 0, reasons)


def _why_nowhere(floor: Floor, affected: Affected, spots: Mapping[str, Spot]) -> tuple[str, ...]:
    if affected.to_call:
        return ("asked_to_call",)
    if affected.pinned is not None:
        return ("pinned", "no_room")
    codes = {each.code for each in floor.situation.affected}
    if affected.after in codes and affected.after not in spots:
        return ("steps_do_not_fit",)
    if not any(_ever_takes(floor.machine(spec), affected) for spec in floor.specs(affected)):
        return ("no_machine",)
    follows = any(each.after == affected.code for each in floor.situation.affected)
    return ("no_room", "steps_do_not_fit") if affected.after or follows else ("no_room",)


def _ever_takes(machine: MachineTime, affected: Affected) -> bool:
    """Tell whether a machine would take a booking if nobody else stood there."""
    ends = machine.calendar.local_day(machine.calendar.day_of(affected.not_after)).end
    if affected.not_before >= ends:
        return False
    empty = MachineTime(machine.spec, machine.calendar)
    return not refusals(empty, affected.job, TimeRange(affected.not_before, ends))
