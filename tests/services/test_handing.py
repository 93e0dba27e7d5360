from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.errors import NotFound, RuleBroken
from packhouse.models.waitlist import Offer, Reorder, Wish
from packhouse.queries.audit import verify
from packhouse.services import waitlist
from packhouse.services.waitlist import Wanted
from tests.factories import Make


class Desk:
    """An empty machine today, and three who wait: a newcomer, an old hand, one who needs notice."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))
        self.planner = self.wait(same_day=False)
        self.first = self.wait(size="mikro", at=5)
        self.second = self.wait(size="kecil", at=1)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def wait(self, *, same_day: bool = True, size: str = "mikro", at: int = 0) -> int:
        product = self.make.product(self.make.business(size=size))
        wanted = Wanted(
            product_id=product, quantity=300, site="PTK", from_at=self.at(0),
            to_at=self.at(23), same_day=same_day,
        )  # fmt: skip
        now = self.at(7) + timedelta(seconds=at)
        return int(waitlist.enter(wanted=wanted, actor=self.operator, now=now)["id"])

    def give(self, wish: int, reason: str = "") -> datetime:
        return waitlist.hand_out(
            machine="M3", wish_id=wish, actor=self.operator, now=self.at(8), reason=reason
        )


@pytest.fixture
def desk(make: Make) -> Desk:
    return Desk(make)


def offered() -> list[int]:
    return list(db.session.scalars(select(Offer.wish_id).order_by(Offer.id)))


def test_the_first_in_the_published_order_is_offered_with_one_tap(desk: Desk) -> None:
    assert desk.give(desk.first) >= desk.at(8, 15)

    assert offered() == [desk.first]
    offer = db.session.scalars(select(Offer)).one()
    assert offer.answer_by == desk.at(8, 15)
    assert verify(now=desk.at(8, 1)) == ()


def test_another_order_needs_a_reason_that_everybody_can_read(desk: Desk) -> None:
    with pytest.raises(RuleBroken) as refused:
        desk.give(desk.second)
    assert refused.value.problems[0].code == "order_needs_reason"
    assert offered() == []

    desk.give(desk.second, "Sudah di depan loket")

    assert offered() == [desk.second]
    assert db.session.scalars(select(Reorder.reason)).all() == ["Sudah di depan loket"]
    assert verify(now=desk.at(8, 1)) == ()


def test_who_needs_notice_may_be_asked_by_telephone(desk: Desk) -> None:
    desk.give(desk.planner)

    assert offered() == [desk.planner]
    assert verify(now=desk.at(8, 1)) == ()


def test_nobody_is_offered_twice_or_from_another_house(desk: Desk, make: Make) -> None:
    desk.give(desk.first)
    with pytest.raises(RuleBroken) as refused:
        desk.give(desk.first)
    assert refused.value.problems[0].code == "wish_does_not_fit"

    stranger = make.user(Role.OPERATOR, sites=(make.site(),))
    with pytest.raises(NotFound):
        waitlist.hand_out(machine="M3", wish_id=desk.second, actor=stranger, now=desk.at(8))
    assert db.session.scalars(select(Wish.state).where(Wish.id == desk.second)).one() == "open"
