from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings import State
from packhouse.domain.reminders import (
    APPOINTMENTS,
    LAST_HOUR,
    LEAD,
    NEWS_KEEPS,
    ORDINARY,
    REMINDERS,
    RETRY_CAP,
    ROOM,
    URGENT,
    Channel,
    MessageKind,
    QuietHours,
    dedupe_key,
    due_at,
    is_still_true,
    may_disturb,
    reference,
    retry_at,
    timing,
)

WIB = ZoneInfo("Asia/Pontianak")
NIGHT = QuietHours(time(20), time(7))
NEVER = QuietHours(time(0), time(0))
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
THREE = MessageKind.REMINDER_3_DAYS
ONE = MessageKind.REMINDER_1_DAY
TWO = MessageKind.REMINDER_2_HOURS

zones = st.sampled_from(["Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]).map(ZoneInfo)
starts = st.integers(0, 60 * 288).map(
    lambda slot: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=5 * slot)
)
nights = st.builds(
    QuietHours,
    st.integers(17 * 4, 23 * 4).map(lambda q: time(q // 4, q % 4 * 15)),
    st.integers(3 * 4, 9 * 4).map(lambda q: time(q // 4, q % 4 * 15)),
)
news = st.sampled_from([kind for kind in MessageKind if kind not in REMINDERS])


def local(text: str, zone: ZoneInfo = WIB) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def when(kind: MessageKind, start: str, now: datetime = LONG_AGO) -> str | None:
    due = due_at(kind, starts_at=local(start), now=now, zone=WIB, quiet=NIGHT)
    return due.astimezone(WIB).strftime("%a %H.%M") if due else None


@pytest.mark.parametrize(
    ("start", "three", "one", "two"),
    [
        # Thursday, 26 November 2026.
        ("2026-11-26 10:00", "Mon 10.00", "Wed 10.00", "Thu 08.00"),
        ("2026-11-26 09:00", "Mon 09.00", "Wed 09.00", "Thu 07.00"),
        ("2026-11-26 08:30", "Mon 08.30", "Wed 08.30", "Thu 07.00"),
        ("2026-11-26 08:00", "Mon 08.00", "Wed 08.00", "Thu 07.00"),
        ("2026-11-26 07:55", "Mon 07.55", "Wed 07.55", "Wed 19.30"),
        ("2026-11-26 07:00", "Mon 07.00", "Wed 07.00", "Wed 19.30"),
        ("2026-11-26 06:00", "Mon 07.00", "Wed 07.00", "Wed 19.30"),
        ("2026-11-26 21:00", "Tue 07.00", "Thu 07.00", "Thu 19.00"),
        ("2026-11-26 22:30", "Tue 07.00", "Thu 07.00", "Thu 19.30"),
    ],
)
def test_reminders_go_three_days_one_day_and_two_hours_before_but_never_at_night(
    start: str, three: str, one: str, two: str
) -> None:
    assert (when(THREE, start), when(ONE, start), when(TWO, start)) == (three, one, two)


def test_a_reminder_whose_time_has_passed_is_left_to_the_confirmation() -> None:
    start = "2026-11-26 10:00"

    assert when(THREE, start, now=local("2026-11-23 10:00")) is None
    assert when(THREE, start, now=local("2026-11-23 09:59")) == "Mon 10.00"
    assert when(TWO, start, now=local("2026-11-26 08:30")) is None


@given(start=starts, zone=zones, quiet=nights)
def test_reminders_never_come_at_night_nor_late_and_keep_their_order(
    start: datetime, zone: ZoneInfo, quiet: QuietHours
) -> None:
    plan = [timing(k, starts_at=start, now=LONG_AGO, zone=zone, quiet=quiet) for k in (
        THREE, ONE, TWO,
    )]  # fmt: skip
    times = [each for each in plan if each is not None]

    assert len(times) == len(REMINDERS)
    assert all(not quiet.holds(each.due_at, zone) for each in times)
    assert all(each.due_at <= start - LAST_HOUR for each in times)
    assert all(each.due_at + ROOM <= each.not_after < start for each in times)
    assert all(first.due_at < second.due_at for first, second in pairwise(times))
    assert {each.priority for each in times} == {ORDINARY}


@given(start=starts, zone=zones, quiet=nights)
def test_a_reminder_that_was_shifted_has_half_an_hour_of_day_to_be_sent_in(
    start: datetime, zone: ZoneInfo, quiet: QuietHours
) -> None:
    for kind in REMINDERS:
        due = due_at(kind, starts_at=start, now=LONG_AGO, zone=zone, quiet=quiet)

        assert due is not None
        if due != start - LEAD[kind]:
            assert not quiet.holds(due + ROOM - timedelta(minutes=1), zone)


@given(start=starts, zone=zones, hours=st.integers(0, 100))
def test_a_reminder_that_is_planned_late_is_the_same_or_none(
    start: datetime, zone: ZoneInfo, hours: int
) -> None:
    now = start - timedelta(hours=hours)
    for kind in REMINDERS:
        early = due_at(kind, starts_at=start, now=LONG_AGO, zone=zone, quiet=NIGHT)
        late = due_at(kind, starts_at=start, now=now, zone=zone, quiet=NIGHT)

        assert early is not None
        assert late == (early if early > now else None)


@given(kind=news, start=starts, lead=st.integers(-500, 20_000), zone=zones, quiet=nights)
def test_news_goes_at_once_or_in_the_morning_and_always_before_it_lapses(
    kind: MessageKind, start: datetime, lead: int, zone: ZoneInfo, quiet: QuietHours
) -> None:
    now = start - timedelta(minutes=lead)

    told = timing(kind, starts_at=start, now=now, zone=zone, quiet=quiet)

    assert told is not None
    assert now <= told.due_at < told.not_after
    assert told.due_at == now or not quiet.holds(told.due_at, zone)
    if quiet.holds(told.due_at, zone):
        assert told.priority == URGENT


def test_a_change_to_a_booking_within_twelve_hours_may_disturb_the_night() -> None:
    start = local("2026-11-26 07:30")

    def disturbs(kind: MessageKind, now: str) -> bool:
        return may_disturb(kind, starts_at=start, now=local(now))

    assert disturbs(MessageKind.BOOKING_DISPLACED, "2026-11-25 22:00")
    assert disturbs(MessageKind.BOOKING_CANCELLED, "2026-11-25 19:30")
    assert not disturbs(MessageKind.BOOKING_DISPLACED, "2026-11-25 19:29")
    assert not disturbs(MessageKind.BOOKING_DISPLACED, "2026-11-26 07:31")
    assert not disturbs(MessageKind.NO_SHOW, "2026-11-26 07:00")
    assert disturbs(MessageKind.BOOKING_CONFIRMED, "2026-11-01 23:00")


def test_without_quiet_hours_nothing_is_shifted() -> None:
    start = local("2026-11-26 07:30")

    for kind in REMINDERS:
        due = due_at(kind, starts_at=start, now=LONG_AGO, zone=WIB, quiet=NEVER)
        assert due is not None
        assert due in {start - timedelta(days=3), start - timedelta(days=1), local(
            "2026-11-26 05:30"
        )}  # fmt: skip


def test_the_first_quiet_minute_is_quiet_and_the_last_is_not() -> None:
    siesta = QuietHours(time(12), time(13))

    assert [NIGHT.holds(local(f"2026-11-26 {t}"), WIB) for t in ("19:59", "20:00", "06:59")] == [
        False, True, True,
    ]  # fmt: skip
    assert not NIGHT.holds(local("2026-11-26 07:00"), WIB)
    assert siesta.holds(local("2026-11-26 12:30"), WIB)
    assert not siesta.holds(local("2026-11-26 13:00"), WIB)
    assert siesta.ends_after(local("2026-11-26 12:30"), WIB) == local("2026-11-26 13:00")


def test_news_of_an_appointment_lapses_at_its_start_and_other_news_after_three_days() -> None:
    now = local("2026-11-24 08:00")
    start = local("2026-11-26 08:00")
    for kind in MessageKind:
        told = timing(kind, starts_at=start, now=now, zone=WIB, quiet=NIGHT)
        if told is None or kind in REMINDERS:
            continue
        assert told.not_after == (start if kind in APPOINTMENTS else now + NEWS_KEEPS)


def test_a_walk_in_still_hears_of_her_booking() -> None:
    now = local("2026-11-26 08:00")

    told = timing(MessageKind.BOOKING_CONFIRMED, starts_at=now, now=now, zone=WIB, quiet=NIGHT)

    assert told is not None
    assert told.not_after == now + LAST_HOUR


@pytest.mark.parametrize("kind", sorted(REMINDERS))
@pytest.mark.parametrize("state", list(State))
def test_a_reminder_is_true_only_for_a_confirmed_booking_of_its_version(
    kind: MessageKind, state: State
) -> None:
    assert is_still_true(kind, told_version=2, version=2, state=state) == (state == State.CONFIRMED)
    assert not is_still_true(kind, told_version=1, version=2, state=state)


def test_every_kind_is_true_of_some_state() -> None:
    of_no_booking = {
        MessageKind.OFFER_MADE, MessageKind.OFFER_EXPIRED, MessageKind.OFFER_WITHDRAWN,
        MessageKind.TIME_FREED, MessageKind.WISH_LAPSED,
        MessageKind.COMPLAINT_ANSWERED, MessageKind.PAPER_EXPIRES, MessageKind.PASSWORD_LINK,
        MessageKind.EMAIL_LINK, MessageKind.REQUEST_ANSWERED, MessageKind.REQUEST_MISSED,
        MessageKind.WORK_PROPOSED, MessageKind.BUSINESS_MERGED,
    }  # fmt: skip
    for kind in set(MessageKind) - of_no_booking:
        assert any(is_still_true(kind, told_version=1, version=1, state=s) for s in State)


def test_a_cancellation_stays_true_whatever_the_version() -> None:
    assert is_still_true(
        MessageKind.BOOKING_CANCELLED, told_version=1, version=3, state=State.CANCELLED
    )


def test_the_dedupe_key_names_booking_version_kind_channel_and_person() -> None:
    key = dedupe_key(booking_id=7, version=2, kind=ONE, channel=Channel.EMAIL, user_id=9)

    assert key == "booking:7:v2:reminder_1_day:email:9"
    assert reference(key) == reference(key)
    assert reference(key) != reference(key + "0")


@given(attempts=st.integers(1, 1000), luck=st.floats(0, 1, exclude_max=True))
def test_waits_between_tries_grow_from_half_a_minute_to_half_an_hour(
    attempts: int, luck: float
) -> None:
    now = LONG_AGO

    wait = retry_at(attempts=attempts, now=now, luck=luck) - now

    full = min(RETRY_CAP.total_seconds(), 30.0 * 2.0 ** min(attempts - 1, 60))
    assert full / 2 - 1 <= wait.total_seconds() <= full
