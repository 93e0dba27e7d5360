"""When to be at the house, and when to leave home for it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from packhouse.domain.businesses import REGENCIES
from packhouse.domain.slots import arrive_by, journey_to

ZONE = ZoneInfo("Asia/Pontianak")
PONTIANAK, SINTANG, KETAPANG, KAYONG_UTARA = "61.71", "61.05", "61.04", "61.11"


def at(hour: int) -> datetime:
    return datetime(2026, 11, 26, hour, tzinfo=ZONE)


def test_people_come_a_quarter_of_an_hour_early() -> None:
    assert arrive_by(at(8)) == datetime(2026, 11, 26, 7, 45, tzinfo=ZONE)


def test_from_sintang_one_leaves_the_day_before() -> None:
    journey = journey_to(home=SINTANG, house=PONTIANAK, starts_at=at(8))

    assert journey is not None
    assert journey.day_before
    assert not journey.by_sea
    assert journey.hours == 8


def test_a_way_of_half_a_morning_is_told_with_its_hour() -> None:
    journey = journey_to(home="61.72", house=PONTIANAK, starts_at=at(10))

    assert journey is not None
    assert not journey.day_before
    assert journey.leave_by == datetime(2026, 11, 26, 6, 15, tzinfo=ZONE)


def test_ketapang_goes_by_sea_except_to_its_neighbour() -> None:
    away = journey_to(home=KETAPANG, house=PONTIANAK, starts_at=at(13))
    beside = journey_to(home=KETAPANG, house=KAYONG_UTARA, starts_at=at(13))

    assert away is not None
    assert away.by_sea
    assert beside is None or not beside.by_sea


@pytest.mark.parametrize("other", ["61.71", "61.12", "31.71", ""])
def test_near_or_unknown_ways_need_no_advice(other: str) -> None:
    assert journey_to(home=other, house=PONTIANAK, starts_at=at(8)) is None


def test_every_regency_has_a_way_and_ways_are_as_long_back_as_forth() -> None:
    for home in REGENCIES:
        for house in REGENCIES:
            there = journey_to(home=home, house=house, starts_at=at(8))
            back = journey_to(home=house, house=home, starts_at=at(8))
            assert there == back
        assert home in {PONTIANAK, "61.12", "61.02"} or journey_to(
            home=home, house=PONTIANAK, starts_at=at(8)
        )
