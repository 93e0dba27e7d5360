"""Whatever was recorded, a day adds up exactly, and no rate can exceed what there was."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.machine_days import Booked, DayFacts, machine_day, timeline
from packhouse.domain.reports import MachineDay, total
from packhouse.domain.runs import MEANINGS, Interval, Reason, RunCounts
from packhouse.domain.time_range import TimeRange
from tests.support.machine_days import LATER, facts
from tests.support.worked_day import at

RESOLUTION = timedelta(seconds=30)
spans = st.tuples(st.integers(-400, 3000), st.integers(1, 900))


@st.composite
def spells(draw: st.DrawFn) -> Interval:
    start, length = draw(spans)
    starts_at = at("00:00") + start * RESOLUTION
    return Interval(
        starts_at,
        draw(st.sampled_from([None] + 5 * [starts_at + length * RESOLUTION])),
        draw(st.sampled_from(Reason)),
        draw(st.sampled_from([None, 1, 2])),
        None,
        draw(st.booleans()),
    )


@st.composite
def bookings(draw: st.DrawFn) -> Booked:
    start, length = draw(spans)
    starts_at = at("00:00") + start * RESOLUTION
    return Booked(TimeRange(starts_at, starts_at + length * RESOLUTION), draw(st.booleans()))


@st.composite
def runs(draw: st.DrawFn) -> RunCounts:
    start, length = draw(spans)
    starts_at = at("00:00") + start * RESOLUTION
    return RunCounts(
        starts_at, starts_at + length * RESOLUTION, draw(st.integers(0, 900)), 3, 0.123
    )


instants = st.integers(-100, 3200).map(lambda steps: at("00:00") + steps * RESOLUTION)


@st.composite
def records(draw: st.DrawFn) -> DayFacts:
    return facts(
        *draw(st.lists(spells(), max_size=8)),
        booked=draw(st.lists(bookings(), max_size=5)),
        runs=draw(st.lists(runs(), max_size=3)),
        commissioned_at=draw(st.one_of(st.none(), instants)),
        retired_at=draw(st.one_of(st.none(), instants)),
    )


@given(records(), instants)
def test_the_states_of_a_day_add_up_to_its_elapsed_time(record: DayFacts, now: datetime) -> None:
    """UTIL-14."""
    day = machine_day(record, now=now)

    elapsed = min(max(now, at("00:00")), at("24:00")) - at("00:00")
    assert timedelta(seconds=day.calendar_seconds) == elapsed
    states = [getattr(day, f"{state}_seconds") for state in ("prd", "sby", "eng", "sdt", "udt")]
    assert sum(states) + day.nst_seconds == day.calendar_seconds


@given(records(), instants)
def test_the_line_of_a_day_has_no_gap_and_no_overlap(record: DayFacts, now: datetime) -> None:
    line = timeline(record, now=now)

    ends = [at("00:00"), *(part.ends_at for part in line)]
    assert [part.starts_at for part in line] == ends[:-1]
    assert not line or ends[-1] == min(now, at("24:00"))
    assert all(part.starts_at < part.ends_at for part in line)


@given(records())
def test_no_rate_exceeds_what_there_was(record: DayFacts) -> None:
    day = machine_day(record, now=LATER)

    assert day.prd_seconds <= day.used_seconds <= day.bookable_seconds <= day.operations_seconds
    assert day.booked_seconds <= day.bookable_seconds
    assert day.used_seconds == day.prd_seconds + day.setup_seconds + day.delay_seconds
    assert day.operations_seconds <= day.open_seconds + day.overtime_seconds
    assert day.estimated_seconds <= day.operations_seconds


@given(records(), instants, st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_matter(
    record: DayFacts, now: datetime, random: Random
) -> None:
    intervals, taken = list(record.intervals), list(record.booked)
    random.shuffle(intervals)
    random.shuffle(taken)

    shuffled = replace(record, intervals=intervals, booked=taken)

    assert machine_day(shuffled, now=now) == machine_day(record, now=now)


@given(records(), instants, st.integers(1, 2879))
def test_a_day_cut_in_two_adds_up_to_the_whole(record: DayFacts, now: datetime, steps: int) -> None:
    cut = at("00:00") + steps * RESOLUTION
    parts = [TimeRange(at("00:00"), cut), TimeRange(cut, at("24:00"))]

    halves = [machine_day(replace(record, period=part), now=now) for part in parts]

    assert total(halves) == machine_day(record, now=now)


@given(records())
def test_what_lies_on_other_days_does_no_harm(record: DayFacts) -> None:
    noise = [
        Interval(at(start), at(end), Reason.BREAKDOWN, 9)
        for start, end in (("24:10", "30:00"), ("30:00", "33:00"), ("33:00", "99:00"))
    ]
    fixed = [each for each in record.intervals if each.ends_at and each.ends_at <= at("24:00")]

    quiet = replace(record, intervals=fixed)
    loud = replace(record, intervals=[*fixed, *noise])

    assert machine_day(loud, now=LATER) == machine_day(quiet, now=LATER)


@given(records(), records(), records())
def test_adding_days_does_not_depend_on_how_they_are_grouped(
    first: DayFacts, second: DayFacts, third: DayFacts
) -> None:
    one, two, three = (machine_day(each, now=LATER) for each in (first, second, third))

    assert total([total([one, two]), three]) == total([one, total([two, three])])
    assert total([one, two, three]) == total([three, one, two])
    assert total([]) == MachineDay()


@given(records())
def test_only_the_record_makes_downtime(record: DayFacts) -> None:
    states = {
        MEANINGS[part.reason].state for part in timeline(replace(record, intervals=()), now=LATER)
    }

    assert states <= {"SBY", "NST"}
