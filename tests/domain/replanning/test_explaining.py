"""Every booking of a plan carries why it goes where it goes, or why it goes nowhere."""

from dataclasses import replace
from datetime import timedelta

from packhouse.domain.machines import MachineTime
from packhouse.domain.replanning import Affected, Outcome, Result, Situation, Spot, solve
from tests.support.breakdowns import FIRST, FRIDAY, SECOND, lost, situation
from tests.support.houses import CALENDAR, COFFEE, FISH, PLAIN, PORK, at, busy, clock


def outcome(found: Situation, code: str = "A") -> Outcome:
    return next(each for each in solve(found).outcomes if each.code == code)


def test_a_free_machine_takes_a_booking_at_its_own_time() -> None:
    found = outcome(situation(lost("A", "08:00")))

    assert found.reasons == ("other_machine", "same_time")
    assert (found.result, found.shift_minutes, found.changed_day) == (Result.MOVE, 0, False)
    assert found.placement is not None
    assert (found.placement.machine, clock(found.placement.starts_at)) == ("M2", "08:00")


def test_a_full_machine_sends_a_booking_to_the_next_day_of_its_own() -> None:
    found = outcome(situation(lost("A", "15:00", specs=(FIRST,))))

    assert found.reasons == ("same_machine", "next_free_day")
    assert found.placement is not None
    assert found.placement.starts_at == at("07:30", FRIDAY)
    assert (found.changed_day, found.shift_minutes) == (True, 16 * 60 + 30)


def test_two_at_once_stay_on_the_day_and_the_far_one_keeps_her_time() -> None:
    both = situation(
        lost("A", "08:00"), lost("B", "08:00", travel_minutes=200, is_first_visit=True)
    )

    assert outcome(both, "B").reasons == ("other_machine", "same_time", "first_visit", "long_way")
    assert outcome(both, "A").reasons == ("other_machine", "same_day")


def test_who_booked_first_stays_nearer_where_all_else_is_equal() -> None:
    both = situation(lost("A", "08:00"), lost("B", "08:00"))

    assert outcome(both, "A").shift_minutes == 0
    assert outcome(replace(both, affected=_swapped(both)), "B").shift_minutes == 0


def _swapped(both: Situation) -> tuple[Affected, ...]:
    first, second = both.affected
    return replace(first, rank=1), replace(second, rank=0)


def test_a_pinned_booking_goes_where_it_was_pinned_and_others_make_way() -> None:
    both = situation(
        lost("A", "08:00"), lost("B", "10:00", pinned=Spot("M2", at("08:00")), traits=PLAIN)
    )

    assert outcome(both, "B").reasons == ("pinned", "other_machine", "same_day")
    assert outcome(both, "A").shift_minutes > 0


def test_a_pin_that_does_not_fit_is_told_and_not_bent() -> None:
    found = outcome(situation(lost("A", "08:00", pinned=Spot("M1", at("09:00")))))

    assert (found.result, found.reasons) == (Result.CALL, ("pinned", "no_room"))


def test_excluded_spots_and_machines_are_left_alone() -> None:
    spot = outcome(situation(lost("A", "08:00", excluded=frozenset({Spot("M2", at("08:00"))}))))
    machine = outcome(situation(lost("A", "08:00", excluded_machines=frozenset({"M2"}))))

    assert spot.shift_minutes == 5
    assert machine.placement is not None
    assert machine.placement.machine == "M1"


def test_who_wants_to_call_is_not_moved() -> None:
    found = outcome(situation(lost("A", "08:00", to_call=True)))

    assert (found.result, found.reasons) == (Result.CALL, ("asked_to_call",))


def test_no_machine_for_a_booking_is_told_apart_from_no_room() -> None:
    no_machine = outcome(situation(lost("A", "08:00", traits=PORK)))
    no_room = outcome(situation(lost("A", "08:00", specs=(FIRST,), not_after=at("16:00"))))

    assert no_machine.reasons == ("no_machine",)
    assert no_room.reasons == ("no_room",)


def test_a_step_whose_step_before_must_call_calls_too() -> None:
    both = situation(lost("A", "08:00", to_call=True), lost("B", "09:00", after="A"))

    assert outcome(both, "B").reasons == ("steps_do_not_fit",)


def test_steps_follow_each_other_with_time_to_carry_over() -> None:
    both = situation(lost("A", "08:00"), lost("B", "08:30", after="A"))

    first, second = outcome(both, "A").placement, outcome(both, "B").placement

    assert first is not None
    assert second is not None
    assert second.starts_at - first.ends_at >= timedelta(minutes=15)


def test_of_two_machines_as_near_the_cleaner_is_taken_and_said_so() -> None:
    machines = (
        MachineTime(FIRST, CALENDAR, (busy("07:30", "16:00", None),)),
        MachineTime(SECOND, CALENDAR, (busy("07:30", "08:00", FISH),)),
        MachineTime(replace(SECOND, code="M6"), CALENDAR, (busy("07:30", "08:00", COFFEE),)),
    )
    specs = tuple(each.spec for each in machines)
    found = outcome(situation(lost("A", "09:00", traits=COFFEE, specs=specs), machines=machines))

    assert found.placement is not None
    assert found.placement.machine == "M6"
    assert "least_cleaning" in found.reasons


def test_two_that_would_take_each_others_cleaner_machine_are_told_apart() -> None:
    machines = (
        MachineTime(FIRST, CALENDAR, (busy("07:30", "16:00", None),)),
        MachineTime(SECOND, CALENDAR, (busy("07:30", "08:00", PLAIN),)),
        MachineTime(replace(SECOND, code="M6"), CALENDAR, (busy("07:30", "08:00", COFFEE),)),
    )
    specs = tuple(each.spec for each in machines)
    asked = situation(
        lost("A", "09:00", traits=PLAIN, specs=specs),
        lost("B", "09:00", traits=COFFEE, specs=specs),
        machines=machines,
    )

    plan = solve(asked)

    spots = {each.code: each.placement.machine for each in plan.outcomes if each.placement}
    assert spots == {"A": "M2", "B": "M6"}
    assert plan.is_optimal
    assert plan.cost[3] == sum(each.added_cleaning_minutes for each in plan.outcomes)


def test_nothing_lost_needs_no_plan() -> None:
    plan = solve(situation())

    assert (plan.outcomes, plan.cost, plan.is_optimal) == ((), (0, 0, 0, 0), True)
