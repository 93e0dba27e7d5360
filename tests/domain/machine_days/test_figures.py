"""A machine's day has no gaps: every stretch of it counts as what it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from packhouse.domain.machine_days import Booked, machine_day, timeline
from packhouse.domain.reports import MachineDay, figures, total
from packhouse.domain.runs import Interval, Reason, RunCounts
from packhouse.domain.sites import Calendar, Closure, parse_hours
from packhouse.domain.time_range import TimeRange
from tests.support.machine_days import LATER, facts, minutes, spell
from tests.support.worked_day import CALENDAR, DAY, at

SUNDAY = date(2026, 11, 29)
ONE_DAY = timedelta(days=1)


def booked(start: str, end: str, *, is_no_show: bool = False, day: date = DAY) -> Booked:
    return Booked(TimeRange(at(start, day), at(end, day)), is_no_show)


def month(
    intervals: Sequence[Interval] = (),
    *,
    first: date = date(2026, 11, 1),
    days: int = 30,
    now: datetime = LATER,
    calendar: Calendar = CALENDAR,
    **more: Any,
) -> MachineDay:
    every = (first + n * ONE_DAY for n in range(days))
    return total(
        machine_day(facts(*intervals, day=day, calendar=calendar, **more), now=now) for day in every
    )


def test_a_day_without_records_is_standby_while_open_and_not_scheduled_else() -> None:
    assert minutes() == {
        "calendar": 1440,
        "open": 450,
        "bookable": 450,
        "sby": 450,
        "nst": 990,
    }


def test_gaps_are_named_by_who_was_expected() -> None:
    line = timeline(
        facts(
            spell("08:30", "09:00", "running"),
            booked=[booked("08:00", "10:00"), booked("15:00", "16:00", is_no_show=True)],
        ),
        now=LATER,
    )

    assert [(part.starts_at, part.reason) for part in line] == [
        (at("00:00"), "closed"),
        (at("07:30"), "unbooked"),
        (at("08:00"), "waiting_customer"),
        (at("08:30"), "running"),
        (at("09:00"), "waiting_customer"),
        (at("10:00"), "unbooked"),
        (at("12:00"), "closed"),
        (at("13:00"), "unbooked"),
        (at("15:00"), "no_show"),
        (at("16:00"), "closed"),
    ]


def test_the_lunch_break_is_not_scheduled_even_while_a_run_is_paused_over_it() -> None:
    day = minutes(
        spell("11:00", "11:50", "running", 1),
        spell("11:50", "13:00", "no_operator", 1),
        spell("13:00", "14:00", "running", 1),
    )

    assert (day["nst"], day["prd"], day["delay"], day["used"]) == (990, 110, 10, 120)
    assert "overtime" not in day


def test_a_run_that_goes_on_over_the_break_pauses_over_it() -> None:
    day = minutes(spell("11:00", "14:00", "running", 1), booked=[booked("11:00", "14:00")])

    assert (day["prd"], day["used"], day["booked"], day["nst"]) == (120, 120, 120, 990)
    assert "overtime" not in day


def test_production_that_begins_or_ends_in_the_break_is_overtime() -> None:
    into = minutes(spell("11:00", "12:20", "running", 1))
    out_of = minutes(spell("12:40", "14:00", "running", 1))
    through = minutes(
        spell("11:00", "12:00", "running", 1),
        spell("12:00", "13:00", "running", 1),
        spell("13:00", "14:00", "running", 1),
    )

    assert (into["prd"], into["overtime"]) == (80, 20)
    assert (out_of["prd"], out_of["overtime"]) == (80, 20)
    assert (through["prd"], through["overtime"]) == (180, 60)


def test_production_through_the_night_counts() -> None:
    night = Interval(at("15:00"), at("32:00"), Reason.RUNNING, 1)

    assert minutes(night)["overtime"] == 8 * 60
    assert minutes(night, day=DAY + ONE_DAY)["overtime"] == 450


def test_preparation_before_the_house_opens_again_is_overtime() -> None:
    day = minutes(spell("12:40", "12:55", "setup", 1), spell("12:55", "14:00", "running", 1))

    assert (day["overtime"], day["setup"], day["prd"]) == (20, 15, 65)
    assert (day["open"], day["bookable"]) == (450, 470)


def test_recorded_closing_inside_opening_hours_is_not_bookable() -> None:
    day = minutes(spell("08:00", "10:00", "training"), booked=[booked("07:30", "12:00")])

    assert (day["open"], day["bookable"], day["booked"], day["nst"]) == (450, 330, 150, 1110)


def test_cleaning_without_a_run_is_scheduled_downtime_but_not_used() -> None:
    day = minutes(spell("15:30", "16:20", "cleaning"))

    assert (day["sdt"], day["bookable"], day["overtime"]) == (50, 450, 20)
    assert "used" not in day
    assert "setup" not in day


def test_maintenance_over_days_does_not_count_the_night() -> None:
    repair = Interval(at("14:00"), at("34:00"), Reason.MAINTENANCE)

    assert minutes(repair)["planned_down"] == 120
    assert minutes(repair, day=DAY + ONE_DAY)["planned_down"] == 150


def test_downtime_that_overlaps_a_session_is_counted_once() -> None:
    """UTIL-02 and UTIL-03: the union, and breakdown over running."""
    union = minutes(spell("08:00", "10:00", "running", 1), spell("09:30", "11:00", "running", 2))
    broken = minutes(spell("08:00", "11:00", "running", 1), spell("09:00", "10:00", "breakdown"))

    assert union["prd"] == 180
    assert (broken["prd"], broken["udt"], broken["delay"], broken["used"]) == (120, 60, 60, 180)
    assert (broken["failures"], broken["production_failures"]) == (1, 1)


def test_a_run_over_midnight_gives_two_hours_to_each_month() -> None:
    """UTIL-04."""
    last = date(2026, 11, 30)
    night = Interval(at("22:00", last), at("26:00", last), Reason.RUNNING, 1)

    november = month([night])
    december = month([night], first=date(2026, 12, 1), days=31)

    assert (november.prd_seconds, december.prd_seconds) == (7200, 7200)


def test_an_event_after_local_midnight_is_in_december() -> None:
    """UTIL-05."""
    start = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
    event = [Interval(start, start + timedelta(minutes=5), Reason.RUNNING, 1)]

    assert month(event).prd_seconds == 0
    assert month(event, first=date(2026, 12, 1), days=31).prd_seconds == 300


def test_closed_days_have_no_rate_and_change_no_average() -> None:
    """UTIL-06: 24 and 25 December 2026."""
    closure = Closure(date(2026, 12, 24), date(2026, 12, 25))
    calendar = Calendar(CALENDAR.zone, CALENDAR.hours, (closure,))
    closed = month(first=closure.day_from, days=2, calendar=calendar, closed_reason=Reason.HOLIDAY)
    worked = machine_day(facts(spell("08:00", "12:00", "running", 1)), now=LATER)

    assert closed.bookable_seconds == 0
    assert closed.nst_seconds == 2 * 86400
    rates = figures(closed)
    assert (rates.booked_rate, rates.used_rate, rates.productive_rate) == (None, None, None)
    assert figures(total([closed, worked])).used_rate == figures(worked).used_rate


def test_a_machine_commissioned_within_the_month_counts_from_then() -> None:
    """UTIL-07: 3.0 h on the first day and 10 × 7.5 h."""
    november = month(commissioned_at=at("13:00", date(2026, 11, 16)))

    assert november.bookable_seconds == 78 * 3600
    assert month().bookable_seconds == 21 * 450 * 60


def test_what_was_recorded_before_commissioning_is_not_scheduled() -> None:
    day = minutes(spell("08:00", "14:00", "running", 1), commissioned_at=at("13:00"))

    assert (day["prd"], day["bookable"], day["nst"], day["calendar"]) == (60, 180, 1260, 1440)


def test_a_machine_retired_within_the_month_counts_until_then() -> None:
    """UTIL-08, first part."""
    until = month(retired_at=at("13:00", date(2026, 11, 16)))

    assert until.bookable_seconds == (10 * 450 + 270) * 60
    assert until.calendar_seconds == 30 * 86400


def test_a_moved_machine_follows_the_hours_of_each_house() -> None:
    """UTIL-08, second part: a placement from its first to its last instant, and no longer."""
    other = Calendar(CALENDAR.zone, (parse_hours("mon-fri 08:00-12:00"),))
    moved = at("10:00")

    before = machine_day(facts(period=TimeRange(at("00:00"), moved)), now=LATER)
    after = machine_day(facts(calendar=other, period=TimeRange(moved, at("24:00"))), now=LATER)

    assert before.bookable_seconds == 150 * 60
    assert after.bookable_seconds == 120 * 60
    assert total([before, after]).calendar_seconds == 86400


def test_a_session_on_a_sunday_is_overtime_and_its_own_denominator() -> None:
    """UTIL-09."""
    day = minutes(
        spell("08:00", "08:20", "setup", 1, day=SUNDAY),
        spell("08:20", "09:00", "running", 1, day=SUNDAY),
        spell("09:00", "09:10", "breakdown", 1, day=SUNDAY),
        spell("09:10", "10:00", "running", 1, day=SUNDAY),
        day=SUNDAY,
        booked=[booked("08:00", "12:00", day=SUNDAY)],
    )

    assert (day["overtime"], day["bookable"], day["used"], day["booked"]) == (120, 120, 120, 120)
    assert (day["prd"], day["udt"], day["nst"]) == (90, 10, 1320)
    assert "open" not in day


def test_maintenance_on_a_sunday_grows_the_operations_time_only() -> None:
    day = minutes(spell("08:00", "11:00", "maintenance", day=SUNDAY), day=SUNDAY)

    assert (day["sdt"], day["overtime"], day["planned_down"]) == (180, 180, 180)
    assert "bookable" not in day


def test_an_unattended_stop_outside_opening_hours_is_not_scheduled() -> None:
    broken = minutes(spell("08:00", "11:00", "breakdown", day=SUNDAY), day=SUNDAY)
    waiting = minutes(spell("08:00", "11:00", "no_show", day=SUNDAY), day=SUNDAY)

    assert (broken["nst"], waiting["nst"]) == (1440, 1440)


def test_a_machine_still_broken_is_broken_until_now() -> None:
    """UTIL-10."""
    day = minutes(spell("10:00", None, "breakdown"), now=at("11:00"))

    assert (day["udt"], day["calendar"], day["open"], day["bookable"]) == (60, 660, 210, 210)
    assert (day["failures"], day["broken_days"]) == (1, 1)


def test_a_running_month_is_measured_up_to_now() -> None:
    """UTIL-11: two whole working days and 90 minutes of the third."""
    sofar = month(now=at("09:00", date(2026, 11, 4)))

    assert sofar.bookable_seconds == (2 * 450 + 90) * 60
    assert sofar.calendar_seconds == 3 * 86400 + 9 * 3600
    assert sofar.calendar_seconds - sofar.nst_seconds == sofar.sby_seconds


def test_a_booking_that_has_not_happened_yet_counts_up_to_now() -> None:
    """UTIL-11 for the numerator."""
    day = minutes(booked=[booked("08:00", "12:00")], now=at("09:00"))

    assert (day["booked"], day["bookable"]) == (60, 90)


def test_a_day_that_has_not_begun_is_all_zero() -> None:
    assert machine_day(facts(), now=at("00:00")) == MachineDay()
    assert timeline(facts(), now=at("00:00")) == []


def test_time_closed_by_the_system_is_shown_as_estimated() -> None:
    """UTIL-15: that a forgotten run is closed at booking end + grace is the services' part."""
    forgotten = replace(spell("09:00", "10:15", "running", 1), estimated=True)

    assert minutes(spell("08:00", "09:00", "running", 1), forgotten)["estimated"] == 75


def test_events_that_arrive_late_give_the_figures_of_the_whole_record() -> None:
    """UTIL-16, pure part: a day is computed from its record alone, whatever came when.

    Server time, device time and the forgotten rollups are the services' part.
    """
    morning, late = spell("08:00", "09:00", "running", 1), spell("07:45", "08:00", "setup", 1)

    assert minutes(morning)["used"] == 60
    assert minutes(morning, late)["used"] == minutes(late, morning)["used"] == 75


def test_a_correction_makes_a_new_figure_and_leaves_the_old_one_as_it_was() -> None:
    """UTIL-17, pure part: frozen, numbered snapshots are the services' part."""
    published = month([spell("08:00", "09:00", "running", 1)])
    corrected = month([spell("08:00", "10:00", "running", 1)])

    assert (published.prd_seconds, corrected.prd_seconds) == (3600, 7200)
    with pytest.raises(AttributeError):
        published.prd_seconds = 7200  # type: ignore[misc]


def test_three_weeks_without_parts_count_opening_hours_and_calendar_days() -> None:
    """UTIL-18: broken on Monday 2 November 10:00, back on Monday 23 November 10:00."""
    down = [
        spell("10:00", "10:30", "breakdown", day=date(2026, 11, 2)),
        Interval(
            at("10:30", date(2026, 11, 2)), at("10:00", date(2026, 11, 23)), Reason.WAITING_PARTS
        ),
    ]

    november = month(down)

    assert november.udt_seconds == 15 * 450 * 60
    assert november.broken_days == 21
    assert (november.failures, november.downtime_events) == (1, 1)
    assert november.repair_seconds == 30 * 60


def test_a_walk_in_takes_over_the_time_of_a_no_show() -> None:
    """UTIL-19: standby until the walk-in starts; the no-show is still counted."""
    line = facts(
        spell("08:40", "10:00", "running", 2),
        booked=[booked("08:00", "10:00", is_no_show=True), booked("08:40", "10:00")],
    )
    day = machine_day(line, now=LATER)

    assert [part.reason for part in timeline(line, now=LATER)][2:4] == ["no_show", "running"]
    assert (day.no_shows, day.booked_seconds, day.prd_seconds) == (1, 7200, 4800)


def test_a_session_on_two_machines_counts_the_hours_of_both() -> None:
    """UTIL-20, pure part: machine-hours add up; counting session and business once is a query."""
    sealer = machine_day(facts(spell("08:00", "10:00", "running", 1)), now=LATER)
    coder = machine_day(facts(spell("08:00", "10:00", "running", 2)), now=LATER)

    assert total([sealer, coder]).prd_seconds == 4 * 3600


def test_pieces_count_on_the_day_the_run_ended() -> None:
    overnight = RunCounts(at("22:00"), at("24:00"), 90, 10, 0.5)
    unfinished = RunCounts(at("23:00"), None, 5, 0, 0.5)
    early = RunCounts(at("00:00") - ONE_DAY, at("00:00"), 7, 0, 0.5)

    day = minutes(runs=[overnight, unfinished, early])

    assert (day["good"], day["rejected"], day["planned_run"]) == (90, 10, 50)
    assert (day["runs_started"], day["runs_finished"]) == (2, 1)
