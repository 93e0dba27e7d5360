"""Several machines in the order of the work, on one day, with breath between them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings

from packhouse.domain.machines import STAGES, MachineKind, MachineTime, Stage
from packhouse.domain.slots import bundle_options, place
from tests.support.houses import SEALER, VACUUM, busy, clock, day_window, days, job, machine

CODER = replace(
    SEALER, code="K1", rate_per_minute=Decimal(30), attended=False, cleaning_minutes=(5, 5, 5)
)


def test_the_coder_comes_a_breath_after_the_sealer() -> None:
    (first, *others) = bundle_options(
        [[machine()], [machine(spec=CODER)]], job(400), day_window(days=7)
    )

    sealed, coded = first.placements
    assert (clock(sealed.starts_at), clock(sealed.ends_at)) == ("07:30", "08:10")
    assert (clock(coded.starts_at), clock(coded.ends_at)) == ("08:25", "08:50")
    assert first.why == ("earliest", "least_waiting")
    assert [each.why for each in others] == [("another_time",), ("another_time",)]


def test_a_longer_start_is_shown_when_the_second_machine_is_busy_for_hours() -> None:
    coder = machine(busy("07:30", "13:30"), spec=CODER)

    earliest, calm = bundle_options([[machine()], [coder]], job(400), day_window())

    assert earliest.ends_at == calm.ends_at or earliest.ends_at < calm.ends_at
    assert calm.waiting_minutes == 15
    assert earliest.waiting_minutes > 15


def test_the_faster_of_two_machines_serves_a_step_and_no_machine_serves_two() -> None:
    shown = bundle_options(
        [[machine(), machine(spec=VACUUM)], [machine(), machine(spec=CODER)]],
        job(400),
        day_window(),
    )

    assert [each.machine for each in shown[0].placements] == ["M3", "K1"]
    for each in shown:
        assert len({placed.machine for placed in each.placements}) == 2


def test_a_day_too_short_for_all_steps_gives_nothing() -> None:
    assert bundle_options([[machine()], [machine(spec=CODER)]], job(6000), day_window()) == ()


@given(days(), days())
@settings(max_examples=30)
def test_every_step_can_be_booked_and_keeps_the_order(
    first: MachineTime, second: MachineTime
) -> None:
    other = replace(second, spec=replace(second.spec, code="K1"))

    for bundle in bundle_options([[first], [other]], job(300), day_window()):
        sealed, coded = bundle.placements
        assert coded.starts_at - sealed.ends_at >= timedelta(minutes=15)
        assert place(first, job(300), sealed.starts_at) == sealed
        assert place(other, job(300), coded.starts_at) == coded


def test_every_kind_of_machine_has_its_place_in_the_work() -> None:
    assert set(STAGES) == set(MachineKind)
    assert STAGES[MachineKind.BAND_SEALER] < STAGES[MachineKind.CODER]
    assert STAGES[MachineKind.WEIGH_FILLER] == Stage.FILL
