"""The published order, the deadline of an offer, and the link that opens it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.time_range import TimeRange
from packhouse.domain.waitlist import (
    MOST_SILENT,
    Need,
    PartOfDay,
    Standing,
    answer_by,
    best_fit,
    in_order,
    little_served,
    offer_of_token,
    offer_token,
)
from tests.support.houses import CALENDAR, FISH, VACUUM, at, busy, day_window, machine

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)

standings = st.builds(
    Standing,
    wish_id=st.integers(1, 10_000),
    arrived_at=st.integers(0, 50).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    first_timer=st.booleans(),
    micro=st.booleans(),
    little_served=st.booleans(),
    used_minutes=st.integers(0, 600),
    silent=st.integers(0, 3),
    preferred_at=st.sampled_from([None, NOW, NOW + timedelta(hours=1)]),
)


def names(*given: Standing) -> list[int]:
    return [each.wish_id for each in in_order(given)]


def test_the_order_is_points_then_hours_then_arrival() -> None:
    plain = Standing(1, NOW)
    later = Standing(2, NOW + timedelta(minutes=1))
    used = Standing(3, NOW - timedelta(days=9), used_minutes=60)
    micro = Standing(4, NOW, micro=True, used_minutes=600)
    far = Standing(5, NOW, little_served=True)
    first = Standing(6, NOW, first_timer=True)
    silent = Standing(7, NOW, first_timer=True, micro=True, silent=MOST_SILENT)
    chosen = Standing(8, NOW, used_minutes=900, preferred_at=NOW)

    everybody = (silent, used, later, plain, far, micro, first, chosen)
    assert names(*everybody) == [8, 6, 4, 5, 1, 2, 3, 7]
    assert {tuple(names(*some)) for some in permutations(everybody[:4])} == {(1, 2, 3, 7)}
    assert first.why == ("first_timer", "arrival")
    assert used.why == ("used", "arrival")


@given(st.lists(standings, unique_by=lambda each: each.wish_id, max_size=20), st.data())
def test_the_order_does_not_depend_on_how_the_wishes_are_read(
    waiting: list[Standing], data: st.DataObject
) -> None:
    assert in_order(data.draw(st.permutations(waiting))) == in_order(waiting)


@given(standings, standings)
def test_nobody_falls_back_by_being_new_micro_or_from_afar(one: Standing, other: Standing) -> None:
    other = replace(other, wish_id=one.wish_id + 1)
    if one.key < other.key:
        for better in ({"first_timer": True}, {"micro": True}, {"little_served": True}):
            assert replace(one, **better).key < other.key  # type: ignore[arg-type]


def test_a_regency_is_little_served_below_half_of_what_one_uses_on_average() -> None:
    assert little_served({"61.71": 90, "61.06": 10}, {"61.71", "61.06"}) == {"61.06"}
    assert little_served({"61.71": 70, "61.06": 30}, {"61.71", "61.06"}) == set()
    assert little_served({}, {"61.71", "61.06"}) == set()


def test_an_offer_stands_two_working_hours_or_fifteen_minutes_the_same_day() -> None:
    thursday = at("10:00")

    assert answer_by(now=at("08:00"), starts_at=thursday, calendar=CALENDAR) == at("08:15")
    assert answer_by(now=at("09:55"), starts_at=thursday, calendar=CALENDAR) == thursday
    days = timedelta(days=1)
    assert (
        answer_by(now=at("11:00") - days, starts_at=thursday, calendar=CALENDAR)
        == at("14:00") - days
    )  # The break does not count.
    assert (
        answer_by(now=at("15:30") - 2 * days, starts_at=thursday, calendar=CALENDAR)
        == at("09:00") - days
    )
    assert answer_by(now=at("22:00") - days, starts_at=thursday, calendar=CALENDAR) == at("09:00")


def test_as_many_pieces_as_fit_are_offered_and_never_fewer_than_the_least() -> None:
    tight = machine(busy("07:30", "09:00"), busy("10:00", "16:00"), spec=VACUUM)
    window = day_window()
    need = Need(FISH, "pouch_100", 1000, 50, window, PartOfDay.ANY)

    fit = best_fit(tight, need, window)

    assert fit is not None
    assert 50 <= fit.quantity < 1000
    assert fit.option.placement.ends_at <= at("10:00")
    assert best_fit(tight, replace(need, least=900), window) is None
    assert best_fit(tight, replace(need, part=PartOfDay.AFTERNOON), window) is None
    early = TimeRange(window.start, at("08:00"))
    assert best_fit(tight, replace(need, window=early), window) is None


def test_a_token_opens_its_own_offer_and_cannot_be_guessed() -> None:
    token = offer_token("rahasia", 77)

    assert offer_of_token("rahasia", token) == 77
    assert offer_of_token("lain", token) is None
    for wrong in ("", "-", "4d-", token[:-1], token.replace("4d-", "4e-"), "é" * 50, "zz-00"):
        assert offer_of_token("rahasia", wrong) is None
