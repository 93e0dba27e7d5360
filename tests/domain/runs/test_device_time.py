from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.runs import DeviceClock, Noted, noted_time
from packhouse.domain.runs.device_time import DRIFT, LATENCY, OLDEST

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def seconds(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda each: timedelta(seconds=each))


ANY_CLOCK = seconds(-(10**9), 5 * 10**9).map(lambda each: NOW + each)
AGES = seconds(0, int(OLDEST.total_seconds()))


@given(wrong=ANY_CLOCK, age=AGES)
def test_a_clock_that_is_wrong_by_years_still_says_how_long_ago(
    wrong: datetime, age: timedelta
) -> None:
    sent_at = wrong.replace(microsecond=0)
    told = DeviceClock(sent_at - age, sent_at)

    assert noted_time(told, now=NOW, not_before=None) == Noted(NOW - age)


@given(
    tapped_at=ANY_CLOCK,
    sent_at=st.none() | ANY_CLOCK,
    ahead=st.none() | seconds(-(10**9), 10**9),
    not_before=st.none() | seconds(-(10**6), 60).map(lambda each: NOW + each),
)
def test_whatever_a_device_says_the_record_keeps_its_order(
    tapped_at: datetime,
    sent_at: datetime | None,
    ahead: timedelta | None,
    not_before: datetime | None,
) -> None:
    noted = noted_time(DeviceClock(tapped_at, sent_at, ahead), now=NOW, not_before=not_before)

    floor = not_before or NOW - OLDEST - SECOND
    assert floor <= noted.at <= max(NOW, not_before or NOW)
    assert noted.at.microsecond == 0
    if noted.estimated:
        assert noted.at == max(NOW, not_before or NOW)


@given(ages=st.lists(AGES, min_size=1, max_size=8), wrong=ANY_CLOCK)
def test_taps_sent_in_their_order_stay_in_it(ages: list[timedelta], wrong: datetime) -> None:
    last, found = None, []
    for age in sorted(ages, reverse=True):
        noted = noted_time(DeviceClock(wrong - age, wrong), now=NOW, not_before=last)
        last = noted.at
        found.append(noted)

    assert [each.at for each in found] == [NOW - age for age in sorted(ages, reverse=True)]
    assert not any(each.estimated for each in found)


@given(jump=seconds(int(DRIFT.total_seconds()) + 1, 10**8), back=st.booleans())
def test_a_clock_that_was_set_meanwhile_is_not_believed(jump: timedelta, back: bool) -> None:
    tapped_at = NOW - timedelta(minutes=20)
    sent_at = NOW - jump if back else NOW + jump
    told = DeviceClock(tapped_at, sent_at, ahead=timedelta(0))

    assert noted_time(told, now=NOW, not_before=None) == Noted(NOW, estimated=True)


def test_the_future_and_what_is_too_long_ago_are_estimates() -> None:
    for tapped_at in (NOW + LATENCY + SECOND, NOW - OLDEST - SECOND):
        told = DeviceClock(tapped_at)
        assert noted_time(told, now=NOW, not_before=None) == Noted(NOW, estimated=True)


def test_what_the_way_takes_is_no_contradiction() -> None:
    last = NOW - timedelta(minutes=5)

    early = noted_time(DeviceClock(last - LATENCY), now=NOW, not_before=last)
    late = noted_time(DeviceClock(NOW + LATENCY), now=NOW, not_before=last)

    assert (early, late) == (Noted(last), Noted(NOW))


def test_a_tap_before_the_last_state_is_an_estimate() -> None:
    last = NOW - timedelta(minutes=5)
    told = DeviceClock(last - LATENCY - SECOND)

    assert noted_time(told, now=NOW, not_before=last) == Noted(NOW, estimated=True)


def test_without_a_device_the_server_says_when() -> None:
    later = NOW + SECOND

    assert noted_time(None, now=NOW, not_before=None) == Noted(NOW)
    assert noted_time(None, now=NOW, not_before=later) == Noted(later)


def test_a_clock_at_the_end_of_time_is_no_accident() -> None:
    far = datetime.max.replace(tzinfo=UTC)
    first = datetime.min.replace(tzinfo=UTC)

    for told in (DeviceClock(far, first), DeviceClock(first, far)):
        assert noted_time(told, now=NOW, not_before=None) == Noted(NOW, estimated=True)
