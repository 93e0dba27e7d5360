from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.domain.bookings import Every, Rule, State
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound, PackhouseError, RuleBroken, WrongState
from packhouse.models.bookings import Booking, RuleException, Series, SeriesDate
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.queries.audit import verify
from packhouse.queries.slots import product_choice
from packhouse.queries.slots.repeating import DateCheck, check_dates
from packhouse.services import bookings
from packhouse.services.bookings import ChosenDate, SeriesWish, Wish
from tests.factories import Make

THURSDAY = date(2026, 11, 26)
WEEK = timedelta(days=7)


class House:
    """Two machines, and a producer who packs every Thursday at eight."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        make.machine(self.site, code="M4")
        self.business = make.business()
        self.product = make.product(self.business)
        self.producer = make.producer(self.business)
        self.rival = make.product(make.business())
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.rule = Rule(Every.WEEK, THURSDAY, THURSDAY + 3 * WEEK)
        self.wish = SeriesWish(self.product, 400, "M3", 480, self.rule)

    def check(self, *days: date, minute: int = 480) -> tuple[DateCheck, ...]:
        return check_dates(
            product=product_choice(product_id=self.product, actor=self.producer),
            quantity=400, machine="M3", minute_of_day=minute,
            days=days or self.rule.dates, actor=self.producer, now=self.make.now,
        )  # fmt: skip

    def take(self, starts_at: datetime, machine: str = "M3", quantity: int = 400) -> None:
        wish = Wish(self.rival, quantity, machine, starts_at)
        bookings.book(wish=wish, actor=self.operator, now=self.make.now)

    def at(self, week: int, hour: int = 8, machine: str = "M3") -> ChosenDate:
        starts_at = self.make.at(hour, days=2 + 7 * week)
        return ChosenDate(THURSDAY + week * WEEK, machine, starts_at)

    def book(self, *weeks: int, actor: Actor | None = None, key: str | None = None) -> Any:
        chosen = [self.at(week) for week in weeks or range(4)]
        return bookings.book_series(
            wish=self.wish, chosen=chosen, actor=actor or self.producer, now=self.make.now, key=key
        )


@pytest.fixture
def house(make: Make) -> House:
    return House(make)


def count(model: type[Any]) -> int:
    return db.session.scalars(select(func.count()).select_from(model)).one()


def states(code: str) -> list[tuple[date, str]]:
    rows = db.session.execute(
        select(SeriesDate.day, Booking.state)
        .join(Booking, Booking.id == SeriesDate.booking_id)
        .join(Series, Series.id == SeriesDate.series_id)
        .where(Series.code == code)
        .order_by(SeriesDate.day)
        .execution_options(populate_existing=True)
    )
    return [(day, state) for day, state in rows]


def refused(error: PackhouseError) -> list[tuple[Any, str]]:
    return [(each.facts.get("day"), each.code) for each in error.problems]


def test_each_date_is_checked_and_a_clash_gets_the_nearest_alternative(house: House) -> None:
    house.take(house.make.at(8, days=9))
    house.take(house.make.at(8, days=16))
    house.take(house.make.at(8, days=16), "M4", 4000)
    house.make.closure(house.site, THURSDAY + 3 * WEEK, name="Libur contoh")

    first, second, third, fourth = house.check()

    assert first.fits is not None
    assert first.fits.starts_at == house.make.at(8)
    assert [each.code for each in second.problems] == ["time_taken"]
    assert second.nearest is not None
    assert (second.nearest.machine, second.nearest.starts_at) == ("M4", house.make.at(8, days=9))
    assert third.nearest is not None
    assert third.nearest.machine == "M3"
    assert third.nearest.starts_at > house.make.at(8, days=16)
    assert [each.code for each in fourth.problems] == ["day_closed_named"]
    assert fourth.nearest is not None


def test_dates_past_the_horizon_say_so(house: House) -> None:
    (check,) = house.check(THURSDAY + 20 * WEEK)

    assert [each.code for each in check.problems] == ["too_far"]
    assert check.nearest is None


def test_all_ticked_dates_are_booked_at_once_and_a_repeat_books_nothing_more(house: House) -> None:
    answer = house.book(key="kunci")
    again = house.book(key="kunci")

    assert again == answer
    assert [day for day, _ in states(answer["code"])] == list(house.rule.dates)
    assert count(Booking) == 4
    assert {each["starts_at"][11:16] for each in answer["bookings"]} == {"08:00"}


def test_one_date_that_does_not_fit_leaves_none_booked(house: House) -> None:
    house.take(house.make.at(8, days=9))
    house.take(house.make.at(8, days=16))

    with pytest.raises(RuleBroken) as error:
        house.book()

    assert refused(error.value) == [
        (THURSDAY + WEEK, "time_taken"), (THURSDAY + 2 * WEEK, "time_taken"),
    ]  # fmt: skip
    assert count(Series) == 0
    assert count(Booking) == 2


def test_only_dates_of_the_rule_can_be_chosen_and_each_once(house: House) -> None:
    for chosen in ([], [house.at(0), house.at(0)], [house.at(5)]):
        with pytest.raises(RuleBroken):
            bookings.book_series(
                wish=house.wish, chosen=chosen, actor=house.producer, now=house.make.now
            )


def test_this_and_later_move_to_another_time_and_what_is_bound_stays(house: House) -> None:
    code = house.book()["code"]
    now = house.make.at(9, days=1)  # Inside the window of the first date.

    answer = bookings.move_series(
        code=code, from_day=THURSDAY, minute_of_day=540, actor=house.producer, now=now
    )
    later = bookings.move_series(
        code=code, from_day=THURSDAY + 2 * WEEK, minute_of_day=600, actor=house.producer, now=now
    )

    assert len(answer["bookings"]) == 3
    assert len(later["bookings"]) == 2
    starts = db.session.scalars(select(Booking.starts_at).order_by(Booking.starts_at)).all()
    at = house.make.at
    assert starts == [at(8), at(9, days=9), at(10, days=16), at(10, days=23)]


def test_a_series_that_cannot_move_whole_stays_where_it_is(house: House) -> None:
    code = house.book()["code"]
    house.take(house.make.at(13, days=16))

    with pytest.raises(RuleBroken) as error:
        bookings.move_series(
            code=code, from_day=THURSDAY, minute_of_day=780, actor=house.producer,
            now=house.make.now,
        )  # fmt: skip

    assert refused(error.value) == [(THURSDAY + 2 * WEEK, "time_taken")]
    starts = db.session.scalars(select(Booking.starts_at).where(Booking.quantity == 400)).all()
    assert house.make.at(13) not in starts


def test_later_dates_are_called_off_and_one_is_put_back(house: House) -> None:
    code = house.book()["code"]
    gone = bookings.cancel_series(
        code=code, from_day=THURSDAY + WEEK, actor=house.producer, now=house.make.now
    )
    assert len(gone["bookings"]) == 3

    with pytest.raises(WrongState):
        bookings.restore_date(
            code=code, chosen=house.at(0), actor=house.producer, now=house.make.now
        )
    bookings.restore_date(
        code=code, chosen=house.at(2, hour=9, machine="M4"), actor=house.producer,
        now=house.make.now,
    )  # fmt: skip

    assert [state for _, state in states(code)] == [
        State.CONFIRMED, State.CANCELLED, State.CONFIRMED, State.CANCELLED,
    ]  # fmt: skip


def test_a_date_that_was_never_booked_can_be_put_in_later(house: House) -> None:
    code = house.book(0, 1)["code"]

    bookings.restore_date(code=code, chosen=house.at(3), actor=house.operator, now=house.make.now)

    assert len(states(code)) == 3


def test_a_foreign_series_does_not_exist(house: House, make: Make) -> None:
    code = house.book()["code"]
    other = make.producer()

    with pytest.raises(NotFound):
        bookings.cancel_series(code=code, from_day=THURSDAY, actor=other, now=make.now)
    with pytest.raises(NotFound):
        bookings.move_series(
            code=code, from_day=THURSDAY, minute_of_day=600, actor=other, now=make.now
        )
    with pytest.raises(NotFound):
        house.book(actor=other)


def test_a_person_gets_one_mail_of_a_series_and_the_others_say_why_they_stay(house: House) -> None:
    code = house.book(0, 1, 2)["code"]

    def mails(kind: str) -> list[tuple[str, str | None, int]]:
        db.session.rollback()
        rows = db.session.scalars(
            select(Message)
            .where(Message.kind == kind, Message.channel == "email")
            .order_by(Message.id)
        )
        return [(each.state, each.last_error, each.payload.get("more", 0)) for each in rows]

    held = ("suppressed", "together", 0)
    assert mails("booking_confirmed") == [("due", None, 2), held, held]
    inbox = select(func.count()).where(
        Message.kind == "booking_confirmed", Message.channel == "in_app", Message.state == "due"
    )
    assert db.session.scalars(inbox).one() == 3

    later = house.make.now + timedelta(minutes=5)
    day = db.session.scalars(select(SeriesDate.day).order_by(SeriesDate.day)).first()
    assert day is not None
    bookings.cancel_series(code=code, from_day=day, actor=house.producer, now=later)

    assert mails("booking_cancelled") == [("due", None, 2), held, held]
    assert verify(now=later) == ()


def test_beyond_the_limits_the_staff_books_a_series_with_a_reason_that_is_kept(
    house: House,
) -> None:
    with transaction() as session:
        session.get_one(Site, house.site).limit_open = 1
    chosen = [house.at(week) for week in range(3)]
    given: dict[str, Any] = {"wish": house.wish, "chosen": chosen, "now": house.make.now}

    with pytest.raises(RuleBroken):
        bookings.book_series(**given, actor=house.producer, override="saya mau")
    with pytest.raises(RuleBroken) as refused:
        bookings.book_series(**given, actor=house.operator)
    assert {each.code for each in refused.value.problems} == {"limit_open"}
    made = bookings.book_series(**given, actor=house.operator, override="Pameran provinsi")
    bookings.restore_date(
        code=str(made["code"]), chosen=house.at(3), actor=house.operator, now=house.make.now,
        override="Panen raya",
    )  # fmt: skip

    kept = db.session.execute(select(RuleException.reason, RuleException.beyond)).all()
    assert [tuple(each) for each in kept] == [
        ("Pameran provinsi", ["limit_open"]), ("Pameran provinsi", ["limit_open"]),
        ("Panen raya", ["limit_open"]),
    ]  # fmt: skip
    assert verify(now=house.make.now) == ()
