"""What is a failure of the machine, what is another one, and what is none."""

from tests.support.machine_days import minutes, spell


def test_a_short_jam_is_an_assist_and_no_failure() -> None:
    day = minutes(spell("09:00", "09:05", "breakdown", 1))

    assert day["udt"] == 5
    assert day["downtime_events"] == 1
    assert "failures" not in day
    assert "repair" not in day


def test_a_failure_goes_on_over_lunch_and_over_waiting() -> None:
    day = minutes(
        spell("11:00", "11:30", "breakdown"),
        spell("11:30", "12:00", "waiting_technician"),
        spell("13:00", "13:30", "breakdown"),
    )

    assert (day["failures"], day["downtime_events"], day["repair"]) == (1, 1, 60)


def test_a_breakdown_after_work_in_between_is_another_failure() -> None:
    day = minutes(
        spell("08:00", "08:30", "breakdown"),
        spell("08:30", "09:00", "running", 1),
        spell("09:00", "09:30", "breakdown", 1),
        spell("10:00", "10:30", "breakdown"),
    )

    assert (day["failures"], day["production_failures"]) == (3, 1)


def test_an_outage_is_downtime_but_no_failure_of_the_machine() -> None:
    day = minutes(spell("08:00", "09:00", "running", 1), spell("09:00", "10:00", "power_outage"))

    assert (day["udt"], day["downtime_events"]) == (60, 1)
    assert "failures" not in day


def test_a_failure_that_closed_time_interrupts_on_record_is_one() -> None:
    day = minutes(
        spell("11:00", "12:00", "breakdown"),
        spell("12:00", "13:00", "closed"),
        spell("13:00", "14:00", "breakdown"),
    )

    assert day["failures"] == 1


def test_a_machine_repaired_before_closing_has_no_broken_day() -> None:
    assert "broken_days" not in minutes(spell("08:00", "15:00", "breakdown"))
    assert minutes(spell("08:00", "16:00", "breakdown"))["broken_days"] == 1
