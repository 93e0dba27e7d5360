from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.complaints import (
    ANSWER_DAYS,
    REOPEN_WITHIN,
    ComplaintState,
    Topic,
    answer_due,
    may_become,
    may_reopen,
    problems_with,
    read_ticket,
    ticket_for,
    working_days_left,
)
from packhouse.domain.sites import Calendar, Closure, parse_hours

WEEK = parse_hours("mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30")
ZONE = "Asia/Pontianak"
TUESDAY = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def house(*closed: date) -> Calendar:
    return Calendar(ZONE, (WEEK,), tuple(Closure(day, day) for day in closed))


def test_two_working_days_from_tuesday_end_when_thursday_closes() -> None:
    due = answer_due(topic=Topic.SCHEDULE, since=TUESDAY, calendar=house())

    assert due == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)  # Thursday, 16.00 WIB.


def test_weekends_and_holidays_do_not_count() -> None:
    friday = TUESDAY + timedelta(days=3)

    due = answer_due(topic=Topic.SCHEDULE, since=friday, calendar=house(date(2026, 11, 30)))

    assert due == datetime(2026, 12, 2, 9, 0, tzinfo=UTC)  # Not Sunday, not the closed Monday.


def test_what_comes_late_at_night_counts_from_its_local_day() -> None:
    night = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # Tuesday 00.30 WIB.

    assert answer_due(topic=Topic.FEES, since=night, calendar=house()) == answer_due(
        topic=Topic.FEES, since=TUESDAY, calendar=house()
    )


def test_a_house_that_never_opens_still_has_to_answer() -> None:
    due = answer_due(topic=Topic.FEES, since=TUESDAY, calendar=Calendar(ZONE, ()))

    assert TUESDAY + timedelta(days=60) < due < TUESDAY + timedelta(days=80)


@given(
    since=st.integers(0, 700 * 24).map(lambda hours: TUESDAY + timedelta(hours=hours)),
    topic=st.sampled_from(Topic),
    closed=st.sets(st.dates(date(2026, 1, 1), date(2028, 3, 1)), max_size=30),
)
def test_the_clock_counts_exactly_the_days_the_house_works(
    since: datetime, topic: Topic, closed: set[date]
) -> None:
    calendar = house(*closed)

    due = answer_due(topic=topic, since=since, calendar=calendar)

    day, last = calendar.day_of(since), calendar.day_of(due)
    worked = [
        day + timedelta(days=each + 1)
        for each in range((last - day).days)
        if calendar.is_open_day(day + timedelta(days=each + 1))
    ]
    assert len(worked) == ANSWER_DAYS[topic]
    assert worked[-1] == last
    assert working_days_left(due_at=due, now=since, calendar=calendar) == ANSWER_DAYS[topic]


def test_who_is_late_is_late_by_working_days() -> None:
    due = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    calendar = house()

    def left(now: datetime) -> int:
        return working_days_left(due_at=due, now=now, calendar=calendar)

    assert left(due - timedelta(minutes=1)) == 0
    assert left(due) == -1
    assert left(due + timedelta(days=4)) == -2  # Monday: Friday and Monday passed.


def test_an_answer_comes_before_the_end_and_the_end_is_not_for_ever() -> None:
    assert not may_become(ComplaintState.RECEIVED, ComplaintState.CLOSED)
    assert not may_become(ComplaintState.REOPENED, ComplaintState.CLOSED)
    assert may_become(ComplaintState.CLOSED, ComplaintState.REOPENED)
    assert not may_become(ComplaintState.CLOSED, ComplaintState.ANSWERED)


@pytest.mark.parametrize("state", [ComplaintState.ANSWERED, ComplaintState.CLOSED])
def test_the_complainer_comes_back_for_thirty_days(state: ComplaintState) -> None:
    end = TUESDAY + REOPEN_WITHIN

    assert may_reopen(state=state, answered_at=TUESDAY, now=end - timedelta(seconds=1))
    assert not may_reopen(state=state, answered_at=TUESDAY, now=end)


def test_what_was_never_answered_cannot_be_opened_again() -> None:
    assert not may_reopen(state=ComplaintState.RECEIVED, answered_at=None, now=TUESDAY)


def test_all_that_is_wrong_is_said_at_once() -> None:
    problems = problems_with(
        topic="x", text="", name="n" * 200, phone="0" * 99, booking_code="k" * 99
    )

    assert len(problems) == 5


@given(key=st.text(max_size=40))
def test_a_ticket_is_read_as_it_is_written_and_as_people_type_it(key: str) -> None:
    ticket = ticket_for(key)
    typed = ticket.token.lower().replace("0", "o").replace("1", "l").replace("-", " ")

    assert read_ticket(ticket.token) == ticket
    assert read_ticket(typed) == ticket
    assert ticket_for(key) == ticket
    assert ticket_for(key + "x") != ticket


@pytest.mark.parametrize("text", ["", "ABC", "U" * 20, "x" * 500, "ABCDEFGH", "é" * 20])
def test_what_is_no_ticket_is_not_taken_for_one(text: str) -> None:
    assert read_ticket(text) is None
