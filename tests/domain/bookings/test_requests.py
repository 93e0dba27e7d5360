"""The clock of a request that is asked something, and the break of the Friday prayer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import extended_deadline, is_near, problems_with_words
from packhouse.domain.sites import Opening, without_friday_prayer

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOURS = st.integers(1, 400).map(lambda hours: timedelta(hours=hours))


@given(left=HOURS, ahead=HOURS, request_hours=st.integers(1, 720), asked_before=st.booleans())
def test_a_question_never_shortens_a_deadline_and_extends_it_once(
    left: timedelta, ahead: timedelta, request_hours: int, asked_before: bool
) -> None:
    decide_by, starts_at = NOW + min(left, ahead), NOW + ahead
    until = extended_deadline(
        decide_by=decide_by, now=NOW, starts_at=starts_at, request_hours=request_hours,
        asked_before=asked_before,
    )  # fmt: skip

    assert decide_by <= until <= starts_at
    assert until <= max(decide_by, NOW + timedelta(hours=request_hours))
    assert not asked_before or until == decide_by


def test_the_last_hours_before_a_deadline_are_near() -> None:
    assert is_near(NOW + timedelta(hours=4), NOW)
    assert not is_near(NOW + timedelta(hours=4, minutes=1), NOW)


def test_words_are_wanted_and_have_an_end() -> None:
    assert [each.code for each in problems_with_words("  ", code="answer_missing")] == [
        "answer_missing"
    ]
    assert [each.code for each in problems_with_words("x" * 501, code="x")] == ["text_long"]
    assert problems_with_words("x" * 500, code="x") == []


GRID = st.integers(0, 288).map(lambda slot: slot * 5)


@given(st.tuples(GRID, GRID).filter(lambda pair: pair[0] < pair[1]))
def test_the_friday_prayer_is_taken_out_and_nothing_else(pair: tuple[int, int]) -> None:
    opens, closes = pair
    rest = without_friday_prayer([Opening(4, opens, closes)])
    minutes = {minute for each in rest for minute in range(each.opens, each.closes)}

    assert minutes == {m for m in range(opens, closes) if not 690 <= m < 780}
