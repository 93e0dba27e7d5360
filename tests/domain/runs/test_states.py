"""Reasons have one meaning, intervals never overlap, and a paper log tells its runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.runs import (
    E10,
    MEANINGS,
    PAUSE_REASONS,
    PLANNED_DOWN,
    Element,
    Interval,
    PaperRow,
    Reason,
    Stretch,
    labelled_ranges,
    paper_runs,
    resolve,
)
from packhouse.domain.time_range import TimeRange
from tests.support import worked_day
from tests.support.worked_day import at

NOW = datetime(2027, 1, 1, tzinfo=UTC)
T0 = at("00:00")


def interval(
    start: str, end: str | None, reason: str, run: int | None = None, booking: int | None = None
) -> Interval:
    return Interval(at(start), at(end) if end else None, Reason(reason), run, booking)


def row(start: str, end: str, reason: str, label: str = "", good: int = 0) -> PaperRow:
    return PaperRow(at(start), at(end), Reason(reason), label, good)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = draw(st.integers(0, 40))
    length = draw(st.one_of(st.none(), st.integers(1, 20)))
    starts_at = T0 + timedelta(minutes=start)
    return Interval(
        starts_at,
        None if length is None else starts_at + timedelta(minutes=length),
        draw(st.sampled_from(Reason)),
        draw(st.sampled_from([None, 1, 2])),
        draw(st.sampled_from([None, 1, 2])),
        draw(st.booleans()),
    )


def reason_by_minute(parts: list[Interval], minute: int) -> list[Reason]:
    instant = T0 + timedelta(minutes=minute)
    return [
        each.reason
        for each in parts
        if each.starts_at <= instant and (each.ends_at is None or instant < each.ends_at)
    ]


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Reason)
    assert {meaning.state for meaning in MEANINGS.values()} == set(E10)


@pytest.mark.parametrize(
    ("state", "reasons"),
    [
        ("PRD", "running rework"),
        ("SBY", "waiting_customer no_show unbooked no_operator no_material"),
        ("ENG", "trial"),
        ("SDT", "maintenance setup changeover cleaning calibration"),
        ("UDT", "breakdown waiting_technician waiting_parts power_outage utility_outage"),
        ("NST", "closed holiday installation training"),
    ],
)
def test_a_reason_stands_for_one_e10_state(state: str, reasons: str) -> None:
    assert {reason for reason in Reason if MEANINGS[reason].state == state} == set(reasons.split())


def test_planned_downtime_is_maintenance_calibration_and_trials_with_or_without_a_run() -> None:
    assert {"maintenance", "calibration", "trial"} == PLANNED_DOWN
    assert {MEANINGS[reason].without_run for reason in PLANNED_DOWN} == {Element.PLANNED_DOWN}


def test_a_pause_is_never_production_and_never_planned_downtime() -> None:
    assert not PAUSE_REASONS & PLANNED_DOWN
    assert E10.PRD not in {MEANINGS[reason].state for reason in PAUSE_REASONS}


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    """UTIL-13, first part."""
    with pytest.raises(ValueError, match="start before end"):
        interval("10:00", "09:00", "running")
    with pytest.raises(ValueError, match="start before end"):
        row("10:00", "09:00", "running")


def test_an_interval_without_length_is_refused() -> None:
    """UTIL-13, second part."""
    with pytest.raises(ValueError, match="start before end"):
        interval("10:00", "10:00", "running")
    with pytest.raises(ValueError, match="start before end"):
        row("10:00", "10:00", "running")


def test_intervals_that_touch_are_allowed() -> None:
    """UTIL-13, third part: half-open, so 10:00 belongs to the second."""
    touching = [interval("09:00", "10:00", "setup"), interval("10:00", "11:00", "running")]

    assert resolve(touching) == touching


def test_an_interval_must_be_in_utc() -> None:
    jakarta = timezone(timedelta(hours=7))
    with pytest.raises(ValueError, match="UTC"):
        Interval(datetime(2026, 11, 26, 9, tzinfo=jakarta), None, Reason.RUNNING)
    with pytest.raises(ValueError, match="UTC"):
        Interval(at("09:00"), datetime(2026, 11, 26, 19, tzinfo=jakarta), Reason.RUNNING)


def test_two_sessions_at_once_are_counted_once() -> None:
    """UTIL-02: 08:00–10:00 and 09:30–11:00 are 180 minutes, not 210.

    That the write path refuses them is the database's and the services' part.
    """
    both = [interval("08:00", "10:00", "running", 1), interval("09:30", "11:00", "running", 1)]

    assert resolve(both) == [interval("08:00", "11:00", "running", 1)]


def test_a_session_noted_again_within_itself_stays_one() -> None:
    both = [interval("08:00", "12:00", "running", 1), interval("09:00", "10:00", "running", 1)]

    assert resolve(both) == both[:1]


def test_of_two_runs_at_once_the_later_one_is_true() -> None:
    both = [interval("08:00", "10:00", "running", 1), interval("09:30", "11:00", "running", 2)]

    assert resolve(both) == [
        interval("08:00", "09:30", "running", 1),
        interval("09:30", "11:00", "running", 2),
    ]


def test_a_breakdown_inside_a_session_wins_and_belongs_to_its_run() -> None:
    """UTIL-03."""
    session = interval("08:00", "11:00", "running", 7, 70)

    assert resolve([session, interval("09:00", "10:00", "breakdown")]) == [
        interval("08:00", "09:00", "running", 7, 70),
        interval("09:00", "10:00", "breakdown", 7, 70),
        interval("10:00", "11:00", "running", 7, 70),
    ]


def test_what_interrupts_a_run_keeps_the_booking_it_names() -> None:
    session = interval("08:00", "11:00", "running", 7, 70)

    (_, broken, _) = resolve([session, interval("09:00", "10:00", "breakdown", None, 71)])

    assert (broken.run_id, broken.booking_id) == (7, 71)


def test_precedence_goes_from_broken_down_to_not_scheduled() -> None:
    """UTIL-03: the whole order."""
    order = ["breakdown", "maintenance", "trial", "running", "cleaning", "no_show", "closed"]
    layered = [
        interval("08:00", f"{9 + position}:00", reason) for position, reason in enumerate(order)
    ]

    assert [each.reason for each in resolve(layered)] == order


def test_an_open_interval_stays_open() -> None:
    session = [interval("08:00", None, "running", 1), interval("09:00", "10:00", "breakdown", 1)]

    assert resolve(session) == [
        interval("08:00", "09:00", "running", 1),
        interval("09:00", "10:00", "breakdown", 1),
        interval("10:00", None, "running", 1),
    ]


def test_two_notes_of_the_same_that_only_touch_stay_two() -> None:
    notes = [interval("11:00", "12:00", "running", 1), interval("12:00", "13:00", "running", 1)]
    over = interval("08:00", "08:30", "setup")

    assert resolve([*notes, over, replace(over, reason=Reason.TRIAL)])[1:] == notes


def test_nothing_resolves_to_nothing() -> None:
    assert resolve([]) == []


@given(st.lists(intervals(), max_size=8))
def test_resolved_intervals_cover_the_same_time_without_overlap(parts: list[Interval]) -> None:
    resolved = resolve(parts)

    for minute in range(65):
        recorded = reason_by_minute(parts, minute)
        shown = reason_by_minute(resolved, minute)
        assert len(shown) == min(1, len(recorded))
        if recorded:
            assert MEANINGS[shown[0]].rank == max(MEANINGS[reason].rank for reason in recorded)


@given(st.lists(intervals(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_intervals_does_not_matter(parts: list[Interval], random: Random) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)

    assert resolve(shuffled) == resolve(parts)
    assert resolve(resolve(parts)) == resolve(parts)


def test_a_stretch_tells_its_instants_and_its_state() -> None:
    stretch = Stretch(
        int(at("08:00").timestamp()), int(at("09:00").timestamp()), Reason.TRIAL, is_open=True
    )

    assert (stretch.starts_at, stretch.ends_at, stretch.state) == (
        at("08:00"),
        at("09:00"),
        E10.ENG,
    )


def test_the_run_of_a_label_begins_with_its_first_work_and_ends_with_its_last() -> None:
    log = [
        row("13:00", "13:45", "breakdown", "C"),
        row("13:45", "13:55", "setup", "C"),
        row("13:55", "14:45", "running", "C", 500),
        row("14:45", "15:00", "no_operator", "C"),
    ]

    (run,) = paper_runs(log)
    assert (run.label, run.starts_at, run.ends_at, run.good, run.rows) == (
        "C",
        at("13:45"),
        at("14:45"),
        500,
        (1, 2),
    )


def test_a_label_is_booked_from_its_first_to_its_last_row() -> None:
    log = worked_day.rows(heater="C")

    assert labelled_ranges(log) == {
        "A": TimeRange(at("08:00"), at("10:15")),
        "B": TimeRange(at("10:15"), at("12:00")),
        "C": TimeRange(at("13:00"), at("14:45")),
        "D": TimeRange(at("15:15"), at("16:00")),
    }


def test_a_label_that_never_worked_has_no_run() -> None:
    log = [row("15:15", "16:00", "no_show", "D")]

    assert paper_runs(log) == []


def test_an_interruption_without_a_label_belongs_to_the_run_around_it() -> None:
    log = [
        row("08:00", "09:00", "running", "A"),
        row("09:00", "09:10", "breakdown"),
        row("09:10", "10:00", "running", "A"),
        row("10:00", "10:10", "breakdown"),
        row("10:10", "10:30", "no_show"),
    ]

    assert [run.rows for run in paper_runs(log)] == [(0, 1, 2)]


def test_time_without_a_customer_never_belongs_to_the_run_around_it() -> None:
    log = [
        row("08:00", "09:00", "running", "A"),
        row("09:00", "10:00", "unbooked"),
        row("10:00", "11:00", "running", "A"),
    ]

    assert [run.rows for run in paper_runs(log)] == [(0, 2)]


def test_of_two_runs_around_an_interruption_the_shorter_has_it() -> None:
    log = [
        row("08:00", "09:00", "running", "A"),
        row("09:00", "09:30", "running", "B"),
        row("09:30", "09:40", "power_outage"),
        row("09:40", "10:00", "running", "B"),
        row("10:00", "11:00", "running", "A"),
    ]

    assert {run.label: run.rows for run in paper_runs(log)} == {"A": (0, 4), "B": (1, 2, 3)}


def test_production_without_a_label_is_a_run_of_its_own_and_other_work_is_not() -> None:
    log = [row("08:00", "08:30", "cleaning"), row("08:30", "09:00", "running", good=90)]

    (run,) = paper_runs(log)
    assert (run.label, run.rows, run.good) == ("", (1,), 90)
    assert (run.starts_at, run.ends_at) == (at("08:30"), at("09:00"))


def test_pieces_written_on_any_row_of_the_label_count_once() -> None:
    log = [
        row("08:00", "09:00", "running", "A", 300),
        row("09:00", "09:10", "breakdown", "", 1),
        row("09:10", "10:00", "running", "A", 200),
        row("10:00", "10:10", "no_operator", "A", 7),
    ]

    assert [run.good for run in paper_runs(log)] == [508]
