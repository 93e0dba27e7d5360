"""A plan breaks no law, is never worse than a clerk's, and is the best where it says so."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from math import prod

import pytest
from hypothesis import assume, given, settings

from packhouse.domain.machines import cleanings_on, closing_clean_fits
from packhouse.domain.replanning import (
    Affected,
    Plan,
    Result,
    Situation,
    Spot,
    improving,
    solve,
    solving,
)
from packhouse.domain.replanning.explaining import PlanBroken, cost_of, outcomes_of
from packhouse.domain.sites import ONE_DAY
from packhouse.domain.slots import Placement, place, with_placed
from packhouse.domain.time_range import SLOT
from tests.support.breakdowns import narrow_situations, situations
from tests.support.houses import THURSDAY, all_starts

CARRYING = timedelta(minutes=15)
EXAMPLES = settings(max_examples=40, deadline=None)


def spots_of(plan: Plan) -> dict[str, Spot]:
    return {
        each.code: Spot(each.placement.machine, each.placement.starts_at)
        for each in plan.outcomes
        if each.placement
    }


@given(situations())
@EXAMPLES
def test_no_plan_breaks_a_law(situation: Situation) -> None:
    plan = solve(situation)

    machines = dict(situation.machines)
    for affected, outcome in zip(situation.affected, plan.outcomes, strict=True):
        assert (outcome.result == Result.CALL) == (outcome.placement is None)
        if outcome.placement is None:
            continue
        spec = next(each for each in affected.specs if each.code == outcome.placement.machine)
        machine = replace(machines[spec.code], spec=spec)
        placed = place(machine, affected.job, outcome.placement.starts_at)
        assert isinstance(placed, Placement), placed
        machines[spec.code] = with_placed(machine, affected.job, placed)
    for machine in machines.values():
        for day in {machine.calendar.day_of(each.starts_at) for each in machine.neighbours}:
            assert closing_clean_fits(machine, day)
            assert all(each.occupied_from is not None for each in cleanings_on(machine, day))


@given(situations())
@EXAMPLES
def test_what_the_operator_said_is_kept(situation: Situation) -> None:
    plan = solve(situation)

    for affected, outcome in zip(situation.affected, plan.outcomes, strict=True):
        spot = spots_of(plan).get(affected.code)
        assert outcome.code == affected.code
        if spot is None:
            continue
        assert not affected.to_call
        if affected.pinned:
            assert spot == affected.pinned
            continue
        assert affected.not_before <= spot.starts_at <= affected.not_after
        assert spot not in affected.excluded
        assert spot.machine not in affected.excluded_machines


@given(situations())
@EXAMPLES
def test_no_more_attended_machines_run_than_people_are_there(situation: Situation) -> None:
    plan = solve(situation)

    attended = [
        each.placement
        for each in plan.outcomes
        if each.placement and situation.machines[each.placement.machine].spec.attended
    ]
    for slot, free in situation.operators_free.items():
        running = [each for each in attended if each.starts_at < slot + SLOT <= each.ends_at]
        assert len(running) <= free


@given(situations())
@EXAMPLES
def test_steps_of_a_job_stay_in_their_order(situation: Situation) -> None:
    placed = {each.code: each.placement for each in solve(situation).outcomes}

    for affected in situation.affected:
        mine = placed[affected.code]
        if mine and affected.after in placed:
            before = placed[affected.after]
            assert before is not None
            assert before.ends_at + CARRYING <= mine.starts_at


@given(situations())
@EXAMPLES
def test_a_plan_is_never_worse_than_a_clerks_nor_than_calling_everybody(
    situation: Situation,
) -> None:
    plan = solve(situation)

    everybody = (len(situation.affected), 0, 0, 0)
    assert plan.bound <= plan.cost <= plan.baseline <= everybody
    assert plan.is_optimal
    assert plan.cost == cost_of(situation, plan.outcomes)


@given(situations(most=4))
@settings(max_examples=15, deadline=None)
def test_the_same_situation_has_the_same_plan(situation: Situation) -> None:
    assert solve(situation) == solve(situation)


def every_spot(situation: Situation, affected: Affected) -> Iterator[Spot | None]:
    yield None
    if affected.to_call:
        return
    for spec in affected.specs:
        machine = replace(situation.machines[spec.code], spec=spec)
        for day in (THURSDAY, THURSDAY + ONE_DAY):
            for start in all_starts(day):
                if isinstance(place(machine, affected.job, start), Placement):
                    yield Spot(spec.code, start)


@given(narrow_situations())
@settings(max_examples=60, deadline=None)
def test_the_best_of_all_plans_is_found_and_known_to_be_it(situation: Situation) -> None:
    ways = [list(every_spot(situation, each)) for each in situation.affected]
    assume(prod(map(len, ways)) <= 3000)
    costs = []
    for chosen in product(*ways):
        pairs = zip(situation.affected, chosen, strict=True)
        spots = {affected.code: spot for affected, spot in pairs if spot}
        try:
            costs.append(cost_of(situation, outcomes_of(situation, spots)))
        except PlanBroken:
            continue

    plan = solve(situation)

    assert plan.cost == min(costs)
    assert plan.is_optimal


@given(situations(most=5))
@settings(max_examples=15, deadline=None)
def test_piece_by_piece_a_plan_is_lawful_and_no_worse(situation: Situation) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "LARGE", 1)
        patch.setattr(improving, "PIECE", 1)
        plan = solve(situation)

    assert plan.bound <= plan.cost <= plan.baseline
    assert plan.cost == cost_of(situation, outcomes_of(situation, spots_of(plan)))
    assert plan.is_optimal


@given(situations(most=4))
@settings(max_examples=15, deadline=None)
def test_a_plan_that_got_no_time_is_still_a_plan(situation: Situation) -> None:
    plan = solve(situation, seconds=0)

    assert plan.bound <= plan.cost <= plan.baseline
    assert plan.cost == cost_of(situation, outcomes_of(situation, spots_of(plan)))


def test_web_and_worker_at_rest_pay_nothing_for_the_optimiser() -> None:
    program = (
        "import packhouse.domain.replanning, sys; print({'numpy', 'highspy'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.strip() == b"set()"
