"""A cooperative books for its members: all rows or none, each counted, each with its lot."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from packhouse.channels.render import letter, render
from packhouse.db import db, transaction
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound, RuleBroken, SlotTaken
from packhouse.models.bookings import Booking, Job, JobLine, Order, RuleException
from packhouse.models.businesses import CooperativeMember
from packhouse.models.products import Product
from packhouse.models.reminders import Message
from packhouse.models.sites import Site
from packhouse.queries.audit import verify
from packhouse.services import bookings
from packhouse.services.bookings import OrderRow, Shift, Target, Wish
from packhouse.services.products import Recipe
from tests.factories import Make


class Cooperative:
    """A cooperative of three with a secretary, and a house with two sealers."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        make.machine(self.site, code="M4")
        self.id = make.business(name="Koperasi Contoh", kind="cooperative", size="kecil")
        self.members = [make.business(name=f"Anggota {number}") for number in range(3)]
        with transaction() as session:
            session.add_all(
                CooperativeMember(cooperative_id=self.id, member_id=each) for each in self.members
            )
        self.secretary: Actor = make.producer(self.id)
        self.products = [make.product(each) for each in self.members]

    def rows(self) -> list[OrderRow]:
        at = self.make.at
        new = Recipe("Kerupuk udang", "pouch_100", allergens=("fish", "crustacean"))
        return [
            OrderRow(self.members[0], 400, "M3", at(8), product_id=self.products[0]),
            OrderRow(self.members[1], 300, "M4", at(8), product_id=self.products[1]),
            OrderRow(self.members[2], 200, "M3", at(9), recipe=new),
        ]

    def book(self, rows: list[OrderRow], *, key: str | None = None) -> dict[str, object]:
        return bookings.book_order(
            cooperative_id=self.id, site="PTK", rows=rows, actor=self.secretary,
            now=self.make.now, key=key,
        )  # fmt: skip


@pytest.fixture
def cooperative(make: Make) -> Cooperative:
    return Cooperative(make)


def counts() -> tuple[int, ...]:
    return tuple(
        db.session.scalars(select(func.count()).select_from(table)).one()
        for table in (Order, JobLine, Job, Booking, Product, Message)
    )


def test_every_row_is_a_job_of_its_member_with_a_lot_of_its_own(cooperative: Cooperative) -> None:
    made = cooperative.book(cooperative.rows(), key="o")
    again = cooperative.book(cooperative.rows(), key="o")

    assert again == made
    lots = db.session.scalars(select(JobLine.lot_code).order_by(JobLine.position)).all()
    assert lots == [f"{made['code']}-0{number}" for number in (1, 2, 3)]
    served = db.session.scalars(select(Booking.business_id).distinct()).all()
    assert set(served) == set(cooperative.members)
    assert verify(now=cooperative.make.now) == ()


def test_the_secretary_is_told_of_an_order_once_and_reminded_once(
    cooperative: Cooperative,
) -> None:
    member = cooperative.make.producer(cooperative.members[1])

    cooperative.book(cooperative.rows())

    def told(actor: Actor) -> list[str]:
        query = select(Message.kind).where(
            Message.user_id == actor.id, Message.channel == "in_app", Message.state == "due"
        )
        return sorted(db.session.scalars(query))

    assert told(cooperative.secretary).count("booking_confirmed") == 1
    assert told(cooperative.secretary) == told(member)
    assert len(told(member)) == len(set(told(member)))


class Reminders:
    """The reminders of one person, a day before, by mail: what is to come, and of what it tells."""

    def __init__(self, actor: Actor, kind: str = "reminder_1_day") -> None:
        self.mine = (
            Message.user_id == actor.id, Message.kind == kind, Message.channel == "email",
        )  # fmt: skip

    def due(self) -> list[list[str]]:
        """The codes each of them names, by time."""
        db.session.rollback()
        query = select(Message.payload).where(*self.mine, Message.state == "due")
        facts = db.session.scalars(query.order_by(Message.due_at)).all()
        return [[each["code"], *(more["code"] for more in each.get("also", ()))] for each in facts]

    def send(self) -> None:
        """Let what is to come be sent."""
        with transaction() as session:
            for each in session.scalars(select(Message).where(*self.mine, Message.state == "due")):
                each.state, each.finished_at = "sent", each.due_at


def codes(made: dict[str, Any]) -> list[str]:
    return [str(each["code"]) for each in made["bookings"]]


def busy_member(cooperative: Cooperative) -> tuple[Actor, list[OrderRow]]:
    """Return a member with three rows on one day and one on the next, and the rows."""
    at, product = cooperative.make.at, cooperative.products[0]
    starts = [at(9), at(10), at(13), at(8, days=3)]
    rows = [OrderRow(cooperative.members[0], 200, "M3", each, product_id=product)
            for each in starts]  # fmt: skip
    other = OrderRow(cooperative.members[1], 200, "M4", at(9), product_id=cooperative.products[1])
    return cooperative.make.producer(cooperative.members[0]), [*rows, other]


def test_a_day_of_an_order_is_reminded_of_once_and_lists_its_rows(
    cooperative: Cooperative,
) -> None:
    member, rows = busy_member(cooperative)

    first, theirs, second, third, later = codes(cooperative.book(rows))

    assert Reminders(member).due() == [[first, second, third], [later]]
    assert Reminders(member, "reminder_2_hours").due() == [[first, second, third], [later]]
    assert Reminders(cooperative.secretary).due() == [[first, theirs, second, third], [later]]
    assert verify(now=cooperative.make.now) == ()


def test_moving_or_cancelling_a_row_corrects_the_reminder_to_come(
    cooperative: Cooperative,
) -> None:
    make = cooperative.make
    member, rows = busy_member(cooperative)
    made = cooperative.book(rows)
    first, theirs, second, third, later = codes(made)

    target = Target(make.at(10, days=3))
    bookings.move(code=second, target=target, actor=member, now=make.now)
    assert Reminders(member).due() == [[first, third], [later, second]]

    bookings.cancel(code=first, actor=member, now=make.now)
    assert Reminders(member).due() == [[third], [later, second]]
    assert Reminders(cooperative.secretary).due() == [[theirs, third], [later, second]]

    by = timedelta(days=5)
    shifts = [
        Shift(code, machine, starts_at + by)
        for code, machine, starts_at in [
            (theirs, "M4", make.at(9)), (third, "M3", make.at(13)),
            (later, "M3", make.at(8, days=3)), (second, "M3", make.at(10, days=3)),
        ]
    ]  # fmt: skip
    bookings.move_job(
        code=str(made["code"]), shifts=shifts, actor=cooperative.secretary, now=make.now
    )
    assert Reminders(cooperative.secretary).due() == [[theirs, third], [later, second]]
    assert verify(now=make.now) == ()


def test_a_reminder_that_was_sent_is_not_repeated_by_another_row(
    cooperative: Cooperative,
) -> None:
    make = cooperative.make
    member, rows = busy_member(cooperative)
    first, _theirs, second, third, _later = codes(cooperative.book(rows[:3] + rows[4:] + rows[3:4]))
    Reminders(member).send()

    bookings.cancel(code=first, actor=member, now=make.now)
    target = Target(make.at(14))
    bookings.move(code=third, target=target, actor=member, now=make.now)

    assert Reminders(member).due() == []
    assert Reminders(member, "reminder_2_hours").due()[0] == [second, third]


def test_a_mail_of_a_day_lists_the_other_rows_of_the_order(cooperative: Cooperative) -> None:
    member, rows = busy_member(cooperative)
    _first, _theirs, second, _third, _later = codes(cooperative.book(rows))
    db.session.rollback()
    facts = db.session.scalars(
        select(Message.payload)
        .where(*Reminders(member).mine, Message.state == "due")
        .order_by(Message.due_at)
    ).first()
    assert facts is not None

    rendered = render(
        MessageKind.REMINDER_1_DAY, facts=facts, site_name="Rumah Kemasan", zone="Asia/Pontianak",
        locale="id",
    )  # fmt: skip

    told = letter(rendered, name="Ibu Sari", url="https://contoh.id/messages", locale="id")
    assert "Juga pada hari itu, dari pesanan yang sama:" in told
    assert f"({second})" in told
    assert "10.00" in told


def test_nothing_stays_when_one_row_is_taken_or_breaks_a_rule(cooperative: Cooperative) -> None:
    make = cooperative.make
    other = make.product(make.business())
    owner = make.producer(db.session.get_one(Product, other).business_id)
    bookings.book(wish=Wish(other, 400, "M4", make.at(8)), actor=owner, now=make.now)
    before, rows = counts(), cooperative.rows()

    with pytest.raises(SlotTaken) as taken:
        cooperative.book(rows)
    with pytest.raises(RuleBroken) as broken:
        cooperative.book([replace(each, starts_at=make.at(20)) for each in rows])

    assert taken.value.problems[0].facts["row"] == 2
    assert {each.facts["row"] for each in broken.value.problems} == {1, 2, 3}
    assert counts() == before


def test_a_cooperative_acts_for_its_members_only(cooperative: Cooperative) -> None:
    make = cooperative.make
    stranger = make.business()
    row = cooperative.rows()[0]
    foreign = replace(row, member_id=stranger, product_id=make.product(stranger))
    borrowed = replace(row, product_id=cooperative.products[1])

    for rows in ([foreign], [borrowed]):
        with pytest.raises(NotFound):
            cooperative.book(rows)
    with pytest.raises(NotFound):  # And nobody else for the cooperative.
        bookings.book_order(
            cooperative_id=cooperative.id, site="PTK", rows=[row],
            actor=make.producer(cooperative.members[0]), now=make.now,
        )  # fmt: skip


def test_an_order_is_called_off_as_one_or_line_by_line(cooperative: Cooperative) -> None:
    now = cooperative.make.now
    made = cooperative.book(cooperative.rows())
    code = str(made["code"])
    first = db.session.scalars(select(Booking.code).order_by(Booking.starts_at)).first()

    bookings.cancel_job(code=code, actor=cooperative.secretary, now=now, only=first)
    left = db.session.scalars(select(Booking.state).order_by(Booking.starts_at)).all()
    bookings.cancel_job(code=code, actor=cooperative.secretary, now=now)

    assert left.count("confirmed") == 2
    assert set(db.session.scalars(select(Booking.state))) == {"cancelled"}
    assert verify(now=now) == ()


def test_the_auditor_finds_a_job_that_does_not_add_up_and_an_order_with_a_gap(
    cooperative: Cooperative,
) -> None:
    cooperative.book(cooperative.rows())
    with transaction() as session:
        session.execute(text("UPDATE jobs SET quantity = 401 WHERE quantity = 400"))
        session.execute(text("UPDATE job_lines SET position = 4 WHERE position = 3"))

    assert {each.rule for each in verify(now=cooperative.make.now)} == {
        "the parts of a job add up to it",
        "an order has a lot for each of its lines",
    }


def test_beyond_the_pool_the_staff_books_an_order_with_a_reason_that_is_kept(
    cooperative: Cooperative,
) -> None:
    make = cooperative.make
    with transaction() as session:
        session.get_one(Site, cooperative.site).limit_open = 0
    desk = make.user(Role.OPERATOR, sites=(cooperative.site,))
    given: dict[str, Any] = {
        "cooperative_id": cooperative.id, "site": "PTK", "rows": cooperative.rows(),
        "now": make.now,
    }  # fmt: skip

    with pytest.raises(RuleBroken):
        bookings.book_order(**given, actor=cooperative.secretary, override="saya mau")
    with pytest.raises(RuleBroken):
        bookings.book_order(**given, actor=desk)
    bookings.book_order(**given, actor=desk, override="Panen raya")

    kept = db.session.scalars(select(RuleException)).all()
    assert {each.reason for each in kept} == {"Panen raya"}
    assert all(code.startswith("pool_limit_open") for each in kept for code in each.beyond)
    assert verify(now=make.now) == ()
