"""Two records of one business become one, in one transaction and for good."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from packhouse.db import Base, db, transaction
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, CooperativeMember, Membership, Merger
from packhouse.models.businesses.merging import MOVED, STAYS
from packhouse.models.products import Product
from packhouse.models.waitlist import Wish
from packhouse.queries.audit import verify
from packhouse.queries.businesses import (
    business_id_of,
    businesses_page,
    duplicates,
    has_namesake,
    merge_preview,
)
from packhouse.services import bookings, waitlist
from packhouse.services.bookings import Wish as Asked
from packhouse.services.businesses import edit_business, merge_businesses, move_stragglers
from packhouse.services.businesses.records import Papers
from packhouse.services.waitlist import Wanted
from tests.factories import Make


class Twice:
    """One business that signed up twice: with a booking, a wish and an owner on each side."""

    def __init__(self, make: Make) -> None:
        self.make, self.now = make, make.now
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3", rate_per_minute=10.0)
        self.old = make.business(name="UD Amplang Sari", phone="+6281234567890", village="Sungai")
        self.new = make.business(name="amplang sari", phone="+6281234567890")
        self.products = [make.product(each) for each in (self.old, self.new)]
        self.owners = [make.producer(each) for each in (self.old, self.new)]
        self.manager = make.user(Role.MANAGER, sites=(self.site,))
        self.codes = [
            self.book(number, hour) for number, hour in ((0, 8), (1, 10))
        ]  # fmt: skip
        wanted = Wanted(self.products[0], 500, make.at(0), make.at(0, days=9), site="PTK")
        waitlist.enter(wanted=wanted, actor=self.owners[0], now=self.now)

    def book(self, number: int, hour: int, *, days: int = 2) -> str:
        wish = Asked(self.products[number], 300, "M3", self.make.at(hour, days=days))
        return str(bookings.book(wish=wish, actor=self.owners[number], now=self.now)["code"])

    def merge(self, actor: Actor | None = None, key: str | None = None) -> int:
        return merge_businesses(
            merged_id=self.old, into_id=self.new, reason="mendaftar dua kali",
            actor=actor or self.manager, now=self.now + timedelta(minutes=1), key=key,
        )  # fmt: skip


@pytest.fixture
def twice(make: Make) -> Twice:
    return Twice(make)


def test_everything_goes_over_and_history_stays(twice: Twice) -> None:
    before = db.session.execute(
        select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id)
    ).all()
    db.session.rollback()

    twice.merge(key="sekali")
    twice.merge(key="sekali")

    assert set(db.session.scalars(select(Booking.business_id))) == {twice.new}
    assert set(db.session.scalars(select(Product.business_id))) == {twice.new}
    assert set(db.session.scalars(select(Wish.business_id))) == {twice.new}
    people = db.session.scalars(select(Membership).order_by(Membership.user_id)).all()
    assert {(each.user_id, each.business_id) for each in people} == {
        (actor.id, twice.new) for actor in twice.owners
    }
    merger = db.session.scalars(select(Merger)).one()
    assert (merger.merged_id, merger.into_id) == (twice.old, twice.new)
    assert merger.moved["bookings"] == merger.moved["products"] == merger.moved["people"] == 1
    kept = db.session.execute(select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id)).all()
    assert kept[: len(before)] == before
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions.count("business:merged") == actions.count("business:took_over") == 1
    assert db.session.get_one(Business, twice.new).village == "Sungai"
    assert verify(now=twice.now + timedelta(minutes=2)) == ()


def test_the_old_number_leads_to_the_one_that_goes_on_and_cannot_be_changed(twice: Twice) -> None:
    twice.merge()

    assert business_id_of(reference=str(twice.old)) == twice.new
    page = businesses_page(actor=twice.manager)
    assert [each.id for each in page.items] == [twice.new]
    assert duplicates(actor=twice.manager) == ()
    with pytest.raises(WrongState):
        edit_business(
            business_id=twice.old, papers=Papers("Lain", "61.71", "mikro"), actor=twice.manager,
            now=twice.now,
        )  # fmt: skip
    with pytest.raises(RuleBroken) as refused:
        twice.merge()
    assert [each.code for each in refused.value.problems] == ["merge_done"]


def test_both_count_as_one_under_the_limits_of_a_house(twice: Twice) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sites SET limit_week_hours = 2"))
    twice.book(1, 13)
    twice.merge()

    with pytest.raises(RuleBroken) as refused:
        twice.book(1, 14)

    assert {each.code for each in refused.value.problems} & {"limit_week", "limit_week_full"}


def test_managers_see_who_is_alike_and_what_would_go_over(twice: Twice) -> None:
    (pair,) = duplicates(actor=twice.manager)
    assert (pair.first.id, pair.second.id) == (twice.old, twice.new)
    assert pair.likeness == ("phone", "name")
    assert has_namesake(name="AMPLANG SARI", regency="61.71")
    assert not has_namesake(name="Amplang Sari", regency="61.04")

    preview = merge_preview(merged_id=twice.old, into_id=twice.new, actor=twice.manager)

    assert dict(preview.moved)["bookings"] == 1
    assert preview.problems == ()
    for actor in (twice.owners[0], twice.make.user(Role.OPERATOR)):
        with pytest.raises(NotAllowed):
            twice.merge(actor)
        with pytest.raises(NotAllowed):
            duplicates(actor=actor)


def test_members_and_cooperatives_go_over_each_once(make: Make) -> None:
    manager = make.user(Role.MANAGER)
    first, second, member, other = (
        make.business(kind=kind) for kind in ("cooperative", "cooperative", "umkm", "umkm")
    )
    with transaction() as session:
        session.add_all(
            CooperativeMember(cooperative_id=house, member_id=each)
            for house, each in ((first, member), (second, member), (first, other))
        )

    merge_businesses(merged_id=first, into_id=second, reason="satu", actor=manager, now=make.now)

    rows = db.session.execute(
        select(CooperativeMember.cooperative_id, CooperativeMember.member_id)
    ).all()
    assert set(map(tuple, rows)) == {(second, member), (second, other)}
    with pytest.raises(RuleBroken):
        merge_businesses(
            merged_id=member, into_id=second, reason="satu", actor=manager, now=make.now
        )
    with pytest.raises(NotFound):
        merge_businesses(merged_id=member, into_id=99, reason="satu", actor=manager, now=make.now)


def test_a_nib_goes_over_with_its_paper_and_its_tier(make: Make) -> None:
    manager = make.user(Role.MANAGER)
    old = make.business(nib="0123456789012", level="nib")
    new = make.business(level="trial", seen_level="trial")

    merge_businesses(merged_id=old, into_id=new, reason="satu", actor=manager, now=make.now)

    assert db.session.get_one(Business, new).nib == "0123456789012"
    assert db.session.get_one(Business, new).level == "nib"
    assert db.session.get_one(Business, old).nib is None
    assert verify(now=make.now) == ()


def test_what_came_in_the_very_moment_goes_over_later(twice: Twice) -> None:
    twice.merge()
    with transaction() as session:
        session.execute(
            text("UPDATE products SET business_id = :old WHERE id = :id"),
            {"old": twice.old, "id": twice.products[0]},
        )
    assert [each.rule for each in verify(now=twice.now)] == ["a merged business has nothing left"]

    assert move_stragglers(actor=SYSTEM, now=twice.now) == 1
    assert move_stragglers(actor=SYSTEM, now=twice.now) == 0

    assert verify(now=twice.now) == ()


def test_whatever_refers_to_a_business_goes_over_or_stays_for_a_reason() -> None:
    links = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column.table.name == "businesses" for key in column.foreign_keys)
    }
    moved = {f"{table}.{column}" for table, column in MOVED.items()}
    linked = {
        "memberships.business_id",
        "cooperative_members.cooperative_id",
        "cooperative_members.member_id",
        "dismissed_pairs.first_id",
        "dismissed_pairs.second_id",
    }

    assert links == moved | linked | STAYS
