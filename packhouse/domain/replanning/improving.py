"""Bettering a large plan piece by piece: a few bookings are planned anew while the rest stands."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from time import perf_counter

from packhouse.domain.replanning.baseline import Spots, in_turn
from packhouse.domain.replanning.costs import shift_minutes, weight_of
from packhouse.domain.replanning.explaining import PlanBroken, cost_of, outcomes_of
from packhouse.domain.replanning.floor import Floor
from packhouse.domain.replanning.situation import Affected, Cost, Situation, Spot

PIECE = 24
PIECE_SECONDS = 4.0
NEARBY = timedelta(days=1)

Solver = Callable[[Situation, Spots, float], tuple[Spots, Cost]]


def improved(situation: Situation, spots: Spots, seconds: float, solver: Solver) -> Spots:
    """Return a plan that is as good or better, found by solving piece after piece.

    Begun is where most is to be gained; it ends when a round over all bookings gained nothing.
    """
    until = perf_counter() + seconds
    gained = True
    while gained and perf_counter() < until:
        gained = False
        done: set[str] = set()
        for affected in _worst_first(situation, spots):
            if affected.code in done or perf_counter() >= until:
                continue
            piece = _piece(situation, spots, affected)
            done |= {each.code for each in piece}
            better = _again(situation, spots, piece, solver)
            gained = gained or better is not None
            spots = better or spots
    return spots


def _worst_first(situation: Situation, spots: Spots) -> list[Affected]:
    """Return the bookings by what they cost now, those that cost nothing left out."""

    def price(affected: Affected) -> int:
        spot = spots.get(affected.code)
        # A call counts as more than any shift.
        shift = shift_minutes(affected, spot.starts_at) if spot else 10**6
        return shift * weight_of(affected)

    costly = [each for each in situation.affected if price(each) and not each.to_call]
    return sorted(costly, key=lambda each: (-price(each), each.code))


def _piece(situation: Situation, spots: Spots, seed: Affected) -> tuple[Affected, ...]:
    """Return a booking, and those that stand, or would like to stand, nearest to its old time."""
    wanted = seed.was.starts_at
    mine = {each.code for each in seed.specs}

    def distance(other: Affected) -> tuple[timedelta, str]:
        spot = spots.get(other.code, other.was)
        return min(abs(spot.starts_at - wanted), abs(other.was.starts_at - wanted)), other.code

    others = [each for each in situation.affected if mine & {spec.code for spec in each.specs}]
    chosen = {each.code for each in sorted(others, key=distance)[:PIECE]} | {seed.code}
    while True:
        tied = {
            each
            for affected in situation.affected
            if affected.after and {affected.code, affected.after} & chosen
            for each in (affected.code, affected.after)
        }
        if tied <= chosen:
            return tuple(each for each in situation.affected if each.code in chosen)
        chosen |= tied


def _again(
    situation: Situation, spots: Spots, piece: tuple[Affected, ...], solver: Solver
) -> Spots | None:
    """Return the plan with a piece of it bettered, None where there was nothing to gain."""
    part = _standing(situation, spots, piece)
    before = {each.code: spots[each.code] for each in piece if each.code in spots}
    found, _ = solver(part, before, PIECE_SECONDS)
    try:
        is_better = _cost(part, found) < _cost(part, before)
    except PlanBroken:
        return None
    if not is_better:
        return None
    codes = {each.code for each in piece}
    return {code: spot for code, spot in spots.items() if code not in codes} | found


def _cost(situation: Situation, spots: Mapping[str, Spot]) -> Cost:
    return cost_of(situation, outcomes_of(situation, spots))


def _standing(situation: Situation, spots: Spots, piece: tuple[Affected, ...]) -> Situation:
    """Return the situation of some bookings while all others stand where they are."""
    codes = {each.code for each in piece}
    floor = Floor(situation)
    for affected in in_turn(situation.affected):
        if affected.code in spots and affected.code not in codes:
            floor.put(affected, spots[affected.code])
    near = tuple(_near(each, spots) for each in piece)
    machines = {
        spec.code: floor.machine(situation.machines[spec.code].spec)
        for each in near
        for spec in each.specs
        if spec.code in situation.machines
    }
    return Situation(near, machines, floor.operators_free())


def _near(affected: Affected, spots: Spots) -> Affected:
    """Return a booking that may not go much farther from its time than it does now."""
    spot = spots.get(affected.code)
    if spot is None or affected.pinned is not None:
        return affected
    reach = abs(spot.starts_at - affected.was.starts_at) + NEARBY
    return replace(
        affected,
        not_before=max(affected.not_before, affected.was.starts_at - reach),
        not_after=min(affected.not_after, affected.was.starts_at + reach),
    )
