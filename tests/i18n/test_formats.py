from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.i18n import formats

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
ZONE = "Asia/Pontianak"
NB = formats.NBSP


def test_a_date_is_written_as_public_offices_write_it() -> None:
    assert formats.local_date(START, ZONE) == "Kamis, 26 November 2026"
    assert formats.local_date(START, ZONE, locale="en") == "Thursday, 26 November 2026"


def test_the_date_is_that_of_the_site_not_of_utc() -> None:
    late = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
    assert formats.local_date(late, ZONE, style="long") == "27 November 2026"
    assert formats.local_date(date(2026, 11, 26), ZONE, style="long") == "26 November 2026"


def test_a_time_has_a_dot_in_indonesian_and_a_colon_in_english() -> None:
    assert formats.local_time(START, ZONE) == f"08.00{NB}WIB"
    assert formats.local_time(START, ZONE, locale="en") == f"08:00{NB}WIB"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Jakarta", "08.00 WIB"),
        ("Asia/Makassar", "09.00 WITA"),
        ("Asia/Jayapura", "10.00 WIT"),
        ("Asia/Tokyo", "10.00 Asia/Tokyo"),
    ],
)
def test_each_of_the_three_indonesian_times_has_its_name(zone: str, text: str) -> None:
    assert formats.local_time(START, zone).replace(NB, " ") == text


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.local_time(START.replace(tzinfo=None), ZONE)


def test_a_span_names_its_day_once() -> None:
    end = START + timedelta(minutes=85)
    assert formats.local_span(START, end, ZONE) == (f"Kamis, 26 November 2026, 08.00–09.25{NB}WIB")
    assert formats.local_span(START, end, ZONE, style=None) == f"08.00–09.25{NB}WIB"


def test_a_span_over_midnight_names_both_days() -> None:
    text = formats.local_span(START, START + timedelta(days=1), ZONE, style="short")
    assert text.replace(NB, " ") == "Kam, 26 Nov, 08.00 WIB – Jum, 27 Nov, 08.00 WIB"


@pytest.mark.parametrize(
    ("amount", "indonesian", "english"),
    [
        (0, "Rp 0", "Rp 0"),
        (1_250_000, "Rp 1.250.000", "Rp 1,250,000"),
        (-15_000, "-Rp 15.000", "-Rp 15,000"),
    ],
)
def test_rupiah_have_no_cents(amount: int, indonesian: str, english: str) -> None:
    assert formats.rupiah(amount).replace(NB, " ") == indonesian
    assert formats.rupiah(amount, locale="en").replace(NB, " ") == english


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.625, "62,5%"), (1, "100,0%"), (0, "0,0%"), (None, "–"), (0.0005, "0,1%")]
)
def test_a_share_has_a_decimal_comma_and_none_is_a_dash(ratio: float | None, text: str) -> None:
    assert formats.percent(ratio) == text


def test_figures_are_rounded_half_up_as_people_round() -> None:
    assert formats.number(2.25) == "2,3"
    assert formats.number(0.5, digits=0) == "1"
    assert formats.number(1234.5, locale="en") == "1,234.5"


@pytest.mark.parametrize(
    ("minutes", "indonesian", "english"),
    [
        (0, "0 menit", "0 min"),
        (45, "45 menit", "45 min"),
        (60, "1 jam", "1 h"),
        (85, "1 jam 25 menit", "1 h 25 min"),
        (-5, "-5 menit", "-5 min"),
        (119.5, "2 jam", "2 h"),
        (None, "–", "–"),
    ],
)
def test_minutes_are_told_in_hours_and_minutes(
    minutes: float | None, indonesian: str, english: str
) -> None:
    assert formats.duration(minutes).replace(NB, " ") == indonesian
    assert formats.duration(minutes, locale="en").replace(NB, " ") == english


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_for_programs_reads_back_as_itself(value: datetime) -> None:
    assert datetime.fromisoformat(formats.machine_time(value)) == value


@given(st.integers(0, 24 * 60 - 1))
def test_a_time_of_day_has_two_digits_on_both_sides(minutes: int) -> None:
    hours, rest = formats.clock(minutes).split(".")
    assert (int(hours) * 60 + int(rest), len(hours), len(rest)) == (minutes, 2, 2)


def test_lists_and_days_are_in_the_language_of_the_reader() -> None:
    assert formats.listing(["durian", "kopi"]) == "durian dan kopi"
    assert formats.listing(["durian", "coffee"], locale="en") == "durian and coffee"
    assert formats.weekday(4) == "Jumat"
    assert formats.ago(START - timedelta(hours=3), START) == "3 jam yang lalu"
