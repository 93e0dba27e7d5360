from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.downtime import (
    Basis,
    Progress,
    Utility,
    is_free,
    is_time_to_plan,
    progress,
    reason_of,
    times_on,
    usual_needs,
)
from packhouse.domain.machines import MachineKind, MachineSpec, MachineTime
from packhouse.domain.products import Lane, Neighbour
from packhouse.domain.runs import MEANINGS, Element
from packhouse.domain.sites import Calendar, parse_hours
from packhouse.domain.time_range import TimeRange, is_on_grid

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOURS = parse_hours("mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30")
CALENDAR = Calendar("Asia/Pontianak", (HOURS,))
THURSDAY, SUNDAY = date(2026, 11, 26), date(2026, 11, 29)
BASES = st.sampled_from(sorted(Basis))


def told(
    basis: Basis, every: int, counted: float, per_day: float, *, days: int, now: datetime = NOW
) -> Progress:
    return progress(
        basis, every, counted=counted, per_day=per_day,
        counts_from=NOW - timedelta(days=days), now=now,
    )  # fmt: skip


def test_hours_of_running_are_due_when_they_are_full_at_the_pace_of_late() -> None:
    how_far = told(Basis.RUNNING_HOURS, 250, 231 * 3600, 5 * 3600, days=60)

    assert (how_far.used, how_far.every, how_far.is_over) == (231, 250, False)
    assert how_far.due_at == NOW + timedelta(days=3, hours=19.2)


def test_days_are_due_by_the_calendar_however_much_the_machine_ran() -> None:
    assert told(Basis.DAYS, 30, 0, 0, days=12) == Progress(12, 30, NOW + timedelta(days=18))
    assert told(Basis.DAYS, 30, 10**9, 10**9, days=40).due_at == NOW - timedelta(days=10)


def test_a_machine_that_stands_still_has_no_due_day_until_its_count_is_full() -> None:
    assert told(Basis.PIECES, 1000, 900, 0, days=9).due_at is None
    assert told(Basis.PIECES, 1000, 1000, 0, days=9).due_at == NOW
    assert told(Basis.PIECES, 10**9, 0, 0.001, days=9).due_at is None


@given(
    basis=BASES, every=st.integers(1, 100_000), counted=st.integers(0, 10**9),
    per_day=st.integers(0, 10**6), days=st.integers(0, 4000), more=st.integers(0, 10**6),
)  # fmt: skip
def test_work_is_never_due_later_because_the_machine_did_more(
    basis: Basis, every: int, counted: int, per_day: int, days: int, more: int
) -> None:
    less = told(basis, every, counted, per_day, days=days)
    further = told(basis, every, counted + more, per_day, days=days)

    assert further.used >= less.used
    if less.due_at is not None:
        assert further.due_at is not None
        assert further.due_at <= less.due_at


@given(
    basis=BASES, every=st.integers(1, 100_000), counted=st.integers(0, 10**9),
    per_day=st.integers(0, 10**6), days=st.integers(0, 4000),
)  # fmt: skip
def test_a_full_count_is_due_now_or_before_and_a_count_with_room_is_not(
    basis: Basis, every: int, counted: int, per_day: int, days: int
) -> None:
    how_far = told(basis, every, counted, per_day, days=days)

    assert how_far.used >= 0
    if how_far.is_over:
        assert how_far.due_at is not None
        assert how_far.due_at <= NOW
    elif how_far.due_at is not None:
        assert how_far.due_at > NOW
    assert is_time_to_plan(how_far, lead_days=0, now=NOW) == how_far.is_over


@given(
    basis=BASES, every=st.integers(1, 10_000), counted=st.integers(0, 10**7),
    per_day=st.integers(1, 10**6), lead=st.integers(0, 60), later=st.integers(0, 60),
)  # fmt: skip
def test_what_should_be_planned_now_should_still_be_planned_later(
    basis: Basis, every: int, counted: int, per_day: int, lead: int, later: int
) -> None:
    after = timedelta(days=later)
    now = told(basis, every, counted, per_day, days=30)
    then = told(basis, every, counted + later * per_day, per_day, days=30, now=NOW + after)

    if is_time_to_plan(now, lead_days=lead, now=NOW):
        assert is_time_to_plan(then, lead_days=lead, now=NOW + after)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 26, hour - 7, minute, tzinfo=UTC)


def test_work_begins_with_an_opening_or_half_hours_later_and_ends_by_closing() -> None:
    starts = [each.start for each in times_on(CALENDAR, THURSDAY, 90)]

    assert (starts[0], starts[1], starts[-1]) == (at(7, 30), at(8), at(14, 30))
    assert at(11, 30) in starts
    assert at(12, 30) not in starts
    assert times_on(CALENDAR, SUNDAY, 90) == []


def test_work_longer_than_a_day_begins_with_it() -> None:
    assert times_on(CALENDAR, THURSDAY, 1440) == [
        TimeRange(at(7, 30), at(7, 30) + timedelta(days=1))
    ]


@given(minutes=st.integers(1, 600).map(lambda each: each * 5))
def test_every_time_for_work_is_on_the_grid_and_as_long_as_it(minutes: int) -> None:
    times = times_on(CALENDAR, THURSDAY, minutes)

    assert times
    assert all(each.minutes == minutes and is_on_grid(each.start) for each in times)


def test_work_fits_beside_others_but_not_over_them_nor_over_their_cleaning() -> None:
    spec = MachineSpec(
        code="M1", lane=Lane.HALAL, packs=frozenset({"pouch_100"}), rate_per_minute=Decimal(15),
        setup_minutes=10, cleaning_minutes=(5, 10, 15), attended=False, tariff_per_hour=0,
        commissioned_at=NOW - timedelta(days=100),
    )  # fmt: skip
    wall = Neighbour(at(9), at(10), at(9), None, "maintenance")
    machine = MachineTime(spec, CALENDAR, [wall])

    assert is_free(machine, TimeRange(at(10), at(11)))
    assert not is_free(machine, TimeRange(at(9, 30), at(11)))


@pytest.mark.parametrize("kind", sorted(MachineKind))
def test_every_kind_of_machine_usually_needs_power_at_least(kind: MachineKind) -> None:
    assert Utility.ELECTRICITY in usual_needs(kind)
    assert usual_needs("kind_of_next_year") == {Utility.ELECTRICITY}


def test_a_machine_without_what_it_needs_is_down_but_not_planned_to_be() -> None:
    assert {MEANINGS[reason_of(each)].without_run for each in Utility} == {Element.ADOT}
