from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from packhouse.domain.sites import Opening
from packhouse.domain.users import SYSTEM
from packhouse.errors import Malformed, NotFound
from packhouse.queries.replanning import misfits, recent_misfits
from packhouse.queries.sites import site_cards, site_detail
from packhouse.services.bookings import Target, Wish, book, move
from packhouse.services.sites import (
    add_closure,
    change_hours,
    create_site,
    decide_holiday,
    remove_closure,
    set_shift,
)
from tests.factories import Make
from tests.support.queries import CountQueries

HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:30-16:30"


@pytest.fixture
def house(make: Make, now: datetime) -> int:
    return create_site(
        code="PTK", name="Rumah Kemasan", regency="61.71", zone="Asia/Pontianak", hours=HOURS,
        operators=3, actor=SYSTEM, now=now,
    )  # fmt: skip


@pytest.fixture
def change(house: int, now: datetime) -> Callable[..., Any]:
    return lambda act, **given: act(code="PTK", actor=SYSTEM, now=now, **given)


def test_a_house_shows_its_hours_coming_closures_and_shifts(
    make: Make, change: Callable[..., Any], now: datetime
) -> None:
    ramadan = {"valid_from": date(2027, 2, 8), "valid_to": date(2027, 3, 9)}
    change(change_hours, hours="mon 08:00-12:00", **ramadan)
    change(set_shift, from_at=make.at(7), to_at=make.at(12), operators=1)

    found = site_detail(code="PTK", now=now)

    assert found.today == date(2026, 11, 24)
    assert [each.is_current for each in found.periods] == [True, False]
    assert found.current is not None
    assert found.current.days[0] == (Opening(0, 450, 720), Opening(0, 780, 960))
    assert found.current.days[6] == ()
    assert found.closures[0].day_from == date(2026, 12, 24)
    assert [each.operators for each in found.shifts] == [1]


def test_a_house_that_is_not_there_is_not_found(context: object, now: datetime) -> None:
    with pytest.raises(NotFound):
        site_detail(code="TIDAK", now=now)


def test_a_house_is_read_in_the_same_number_of_queries_however_full_it_is(
    make: Make, change: Callable[..., Any], now: datetime, count_queries: CountQueries
) -> None:
    with count_queries() as before:
        site_detail(code="PTK", now=now)
    for day in range(1, 20):
        given = {"day_from": date(2026, 12, day), "day_to": date(2026, 12, day)}
        change(add_closure, name=f"Tutup {day}", **given)

    with count_queries() as after:
        site_detail(code="PTK", now=now)

    assert before.total == after.total


def test_the_list_of_houses_tells_todays_hours_and_machines_in_use(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    make.machine(house)
    make.machine(house, retired_at=now)
    closed = make.site(code="TUTUP")
    make.closure(closed, date(2026, 11, 24))
    with count_queries() as few:
        page = site_cards(now=now)
    for _ in range(10):
        make.site()

    with count_queries() as many:
        assert len(site_cards(now=now).items) == 12

    first, second = page.items
    assert (first.site.code, first.machines) == ("PTK", 1)
    assert first.today == (Opening(1, 450, 720), Opening(1, 780, 960))
    assert (second.site.code, second.today) == ("TUTUP", ())
    assert few.total == many.total
    with pytest.raises(Malformed):
        site_cards(now=now, cursor="?")


def test_no_house_at_all_is_an_empty_list(context: object, now: datetime) -> None:
    assert site_cards(now=now).items == ()


def booked(make: Make, house: int, hour: int, minute: int = 0, **when: int) -> str:
    machine = make.machine(house)
    product = make.product(make.business(name="Ibu Sari"))
    wish = Wish(product, 300, make.code(machine), make.at(hour, minute, **when))
    return str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])


def test_bookings_that_changed_hours_and_closures_no_longer_hold_are_listed(
    make: Make, house: int, change: Callable[..., Any], now: datetime
) -> None:
    early, late, other_day = (booked(make, house, 8), booked(make, house, 15, 15),
                              booked(make, house, 9, days=3))  # fmt: skip
    assert misfits(house, now) == ()

    thursday = date(2026, 11, 26)
    shorter = {"valid_from": thursday, "valid_to": thursday, "hours": "thu 07:30-15:30"}
    change(change_hours, **shorter)
    found = misfits(house, now)
    assert [(each.code, each.business_name) for each in found] == [(late, "Ibu Sari")]

    closure = change(add_closure, day_from=thursday, day_to=date(2026, 11, 27), name="Banjir")
    found = misfits(house, now)
    assert [each.code for each in found] == [early, late, other_day]

    change(remove_closure, closure_id=closure)
    assert len(misfits(house, now)) == 1


def test_a_booking_whose_closing_clean_no_longer_fits_is_listed(
    make: Make, house: int, change: Callable[..., Any], now: datetime
) -> None:
    code = booked(make, house, 15, 15)
    thursday = date(2026, 11, 26)

    hours = "thu 07:30-12:00 13:00-15:45"
    change(change_hours, valid_from=thursday, valid_to=thursday, hours=hours)

    found = misfits(house, now)
    assert [each.code for each in found] == [code]


def test_what_no_longer_fits_is_kept_until_the_record_tells_of_more(
    make: Make, house: int, change: Callable[..., Any], count_queries: CountQueries, now: datetime
) -> None:
    code = booked(make, house, 9)
    assert recent_misfits(house, now) == ()

    thursday = date(2026, 11, 26)
    change(add_closure, day_from=thursday, day_to=thursday, name="Banjir")
    assert [each.code for each in recent_misfits(house, now)] == [code]

    booked(make, house, 9, days=3)
    with count_queries() as counted:
        assert [each.code for each in recent_misfits(house, now)] == [code]
    assert counted.total == 1

    free = Target(make.at(9, days=6), version=1)
    move(code=code, target=free, actor=SYSTEM, now=now)
    assert recent_misfits(house, now) == ()


def test_a_minute_after_somebody_books_all_is_looked_through_again(
    make: Make, house: int, count_queries: CountQueries, now: datetime
) -> None:
    recent_misfits(house, now)
    booked(make, house, 9)
    late = now + timedelta(minutes=1)

    with count_queries() as again:
        recent_misfits(house, late)
    with count_queries() as at_rest:
        recent_misfits(house, late + timedelta(hours=1))

    assert (again.total > 1, at_rest.total) == (True, 1)


def test_what_no_longer_fits_is_not_told_of_once_it_has_begun(
    make: Make, house: int, change: Callable[..., Any], now: datetime
) -> None:
    booked(make, house, 9)
    change(add_closure, day_from=date(2026, 11, 26), day_to=date(2026, 11, 26), name="Banjir")
    assert recent_misfits(house, now)

    assert recent_misfits(house, make.at(9)) == ()


def test_a_holiday_confirmed_after_it_was_opened_lists_its_bookings(
    make: Make, house: int, change: Callable[..., Any], now: datetime
) -> None:
    christmas_eve = site_detail(code="PTK", now=now).closures[0]
    change(decide_holiday, closure_id=christmas_eve.id, decision="open")
    code = booked(make, house, 9, days=30)

    change(decide_holiday, closure_id=christmas_eve.id, decision="confirm")

    found = misfits(house, now)
    assert [each.code for each in found] == [code]
