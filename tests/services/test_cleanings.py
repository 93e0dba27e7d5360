from datetime import datetime

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.errors import NotFound, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.runs import Cleaning, Run
from packhouse.queries.runs import cleaning_log, label_of, lots_after, lots_of, session_record
from packhouse.services import bookings, runs
from packhouse.services.bookings import OrderRow, Wish
from packhouse.services.runs import Counts
from tests.factories import Make


class Floor:
    """A machine that has just packed fish, a plain product that comes next, and two operators."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine_id = make.machine(self.site, code="M3")
        self.business = make.business(name="Dapur Rasa")
        self.fish = make.product(self.business, name="Amplang", allergens=["fish"])
        self.plain = make.product(self.business, name="Keripik")
        self.first = make.user(Role.OPERATOR, sites=(self.site,))
        self.second = make.user(Role.OPERATOR, sites=(self.site,))
        self.stranger = make.user(Role.OPERATOR, sites=(make.site(),))
        self.dirty = self.pack(self.fish, 8)
        self.code = self.book(self.plain, 10)

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, product: int, hour: int) -> str:
        wish = Wish(product, 400, "M3", self.at(hour))
        return str(bookings.book(wish=wish, actor=self.first, now=self.make.now)["code"])

    def pack(self, product: int, hour: int, *, unclean: str = "") -> str:
        code = self.book(product, hour)
        self.start(code, hour, unclean=unclean)
        counts = Counts(400, 0)
        runs.finish(code=code, counts=counts, actor=self.first, now=self.at(hour, 40))
        return code

    def start(self, code: str, hour: int, *, unclean: str = "") -> None:
        runs.start(code=code, actor=self.first, now=self.at(hour), unclean=unclean)

    def refused(self) -> str:
        with pytest.raises(RuleBroken) as refused:
            self.start(self.code, 10)
        return refused.value.problems[0].code

    def sign(self) -> None:
        runs.sign_clean(code=self.code, actor=self.first, now=self.at(9, 30))

    def lot(self, code: str) -> str:
        return label_of(code=code, actor=self.first).lot


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def test_a_run_waits_for_the_clean_and_for_a_second_pair_of_eyes(floor: Floor) -> None:
    assert floor.refused() == "clean_unsigned"
    floor.sign()
    floor.sign()
    assert floor.refused() == "clean_unchecked"
    runs.check_clean(
        code=floor.code, checker=floor.second.id or 0, actor=floor.first, now=floor.at(9, 35)
    )
    floor.start(floor.code, 10)

    row = db.session.scalars(select(Cleaning)).one()
    assert (row.level, row.done_by, row.checked_by) == (3, floor.first.id, floor.second.id)


def test_who_cleaned_does_not_check_and_a_stranger_neither(floor: Floor) -> None:
    floor.sign()
    for checker, code in ((floor.first, "same_person"), (floor.stranger, "not_of_this_house")):
        with pytest.raises(RuleBroken) as refused:
            runs.check_clean(
                code=floor.code, checker=checker.id or 0, actor=floor.first, now=floor.at(9, 35)
            )
        assert refused.value.problems[0].code == code


def test_a_reason_lets_it_run_and_is_kept(floor: Floor) -> None:
    floor.start(floor.code, 10, unclean="  hanya satu petugas  ")

    row = db.session.scalars(select(Cleaning)).one()
    assert (row.kind, row.reason, row.level) == ("skipped", "hanya satu petugas", 3)
    query = select(AuditEntry.facts).where(AuditEntry.action == "cleaning:skipped")
    assert db.session.scalars(query).one()["reason"] == "hanya satu petugas"


def test_an_excused_start_that_is_undone_needs_no_second_excuse(floor: Floor) -> None:
    floor.start(floor.code, 10, unclean="hanya satu petugas")
    runs.undo(code=floor.code, actor=floor.first, now=floor.at(10, 1))
    runs.start(code=floor.code, actor=floor.first, now=floor.at(10, 2))

    assert len(db.session.scalars(select(Cleaning)).all()) == 1


def test_nothing_is_signed_for_while_a_run_is_on_or_where_nothing_is_due(floor: Floor) -> None:
    with pytest.raises(WrongState):
        runs.sign_clean(code=floor.dirty, actor=floor.first, now=floor.at(9))
    floor.start(floor.code, 10, unclean="hanya satu petugas")
    with pytest.raises(WrongState):
        runs.close_day(machine="M3", actor=floor.first, now=floor.at(10, 5))


def test_the_screen_says_what_is_due_and_why(floor: Floor) -> None:
    due = session_record(code=floor.code, actor=floor.first, now=floor.at(9, 30)).clean

    assert due is not None
    assert (due.clean.level, due.clean.why, due.clean.after) == (3, "allergens", "Amplang")
    assert (due.clean.allergens, due.missing, due.needs_second) == (("fish",), "clean", True)


def test_a_day_is_closed_once_and_its_log_tells_all(floor: Floor) -> None:
    floor.start(floor.code, 10, unclean="hanya satu petugas")
    counts = Counts(400, 0)
    runs.finish(code=floor.code, counts=counts, actor=floor.first, now=floor.at(10, 40))
    log = cleaning_log(machine="M3", day=None, actor=floor.first, now=floor.at(10, 50))
    assert (log.lacks_closing, log.may_close) == (True, True)

    ids = {runs.close_day(machine="M3", actor=floor.first, now=floor.at(11, m)) for m in (0, 1)}

    assert len(ids) == 1
    log = cleaning_log(machine="M3", day=None, actor=floor.first, now=floor.at(11, 5))
    assert [each.kind for each in log.entries] == ["run", "skipped", "run", "closing"]
    assert (log.lacks_closing, log.may_close) == (False, False)
    with pytest.raises(NotFound):
        cleaning_log(machine="M3", day=None, actor=floor.stranger, now=floor.at(11, 5))


def test_the_lots_behind_a_dirty_session_end_with_the_clean_that_counts(floor: Floor) -> None:
    floor.start(floor.code, 10, unclean="hanya satu petugas")
    counts = Counts(400, 0)
    runs.finish(code=floor.code, counts=counts, actor=floor.first, now=floor.at(10, 40))
    runs.close_day(machine="M3", actor=floor.first, now=floor.at(10, 50))
    clean = floor.pack(floor.plain, 13)

    traced = lots_after(lot=floor.lot(floor.dirty), actor=floor.first)

    assert traced.first is not None
    assert [row.code for row in traced.rows] == [floor.code]
    assert traced.rows[0].skipped == "hanya satu petugas"
    every = lots_of(actor=floor.first, window=(floor.at(0), floor.at(23)), machine="M3")
    assert [row.code for row in every.rows] == [clean, floor.code, floor.dirty]
    assert every.rows[0].full
    assert lots_of(actor=floor.stranger, window=(floor.at(0), floor.at(23))).rows == ()
    with pytest.raises(NotFound):
        lots_after(lot=floor.dirty, actor=floor.stranger)


def test_the_row_of_an_order_has_one_name_for_its_packs(floor: Floor) -> None:
    cooperative = floor.make.business(kind="cooperative")
    product = floor.make.product(cooperative)
    rows = [OrderRow(cooperative, 100, "M3", floor.at(13), product)]
    order = bookings.book_order(
        cooperative_id=cooperative, site="PTK", rows=rows, actor=floor.first, now=floor.make.now
    )
    code = str(order["bookings"][0]["code"])
    floor.start(code, 13, unclean="hanya satu petugas")

    lot = db.session.scalars(select(Run.lot_code).order_by(Run.id.desc())).first()
    assert lot == f"{order['code']}-01"
