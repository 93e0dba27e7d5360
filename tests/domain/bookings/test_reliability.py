"""How reliable a business was."""

from packhouse.domain.bookings.reliability import Reliability


def test_who_has_no_past_has_no_share() -> None:
    assert Reliability().share is None
    assert Reliability(cancelled_in_time=4).share is None


def test_a_late_cancellation_that_somebody_used_breaks_nothing() -> None:
    assert Reliability(came=3, late_cancels=1).share == 0.75
    assert Reliability(came=3, late_cancels=1, forgiven=1).share == 1


def test_who_came_late_has_come() -> None:
    assert Reliability(came=2, late_arrivals=2).share == 1
    assert Reliability(came=1, no_shows=1).share == 0.5
