from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.domain.machines import Move, Part
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, NotAllowed, RuleBroken, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import (
    ConditionNote,
    Machine,
    MachinePack,
    Placement,
    RateDecision,
    SparePart,
)
from packhouse.models.slots import Occupation
from packhouse.queries.audit.verify import verify
from packhouse.queries.machines.rates import HouseRates, house_rates
from packhouse.queries.machines.upkeep import machine_reliability, upkeep
from packhouse.queries.reports import Period, utilization
from packhouse.queries.reports.periods import By
from packhouse.services.bookings import Wish, book, cancel
from packhouse.services.downtime import (
    end_part,
    note_part,
    plan_maintenance,
    repair,
    report_breakdown,
)
from packhouse.services.machines import (
    Asked,
    accept_rate,
    convert_lane,
    dismiss_rate,
    import_machines,
    move_machine,
    note_condition,
    note_lessons,
)
from packhouse.services.slots import Ask, quote
from tests.factories import Make
from tests.support.lessons import finish_runs
from tests.support.queries import CountQueries

THERE = Move(site="SKW", reason="Pameran", document="BA-1")


def codes(refused: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [each.code for each in refused.value.problems]


def machine() -> Machine:
    db.session.rollback()
    found = db.session.scalars(select(Machine).where(Machine.code == "A")).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def placements() -> list[Placement]:
    db.session.rollback()
    return list(db.session.scalars(select(Placement).order_by(Placement.from_at)))


@pytest.fixture
def house(make: Make) -> int:
    site = make.site(code="PTK")
    make.machine(site, code="A")
    return site


# --- where it stands


def test_the_first_move_writes_down_where_a_machine_stood_before(
    make: Make, house: int, now: datetime
) -> None:
    move_machine(code="A", move=Move("PTK", "Ruang 2", "Terang"), actor=SYSTEM, now=now)

    first, second = placements()
    assert (first.room, first.to_at, second.room, second.to_at) == ("", now, "Ruang 2", None)
    assert first.from_at == machine().commissioned_at
    with pytest.raises(RuleBroken) as refused:
        move_machine(code="A", move=Move("PTK", "Ruang 2", "Lagi"), actor=SYSTEM, now=now)
    assert codes(refused) == ["placement_same"]
    assert verify(now=now) == ()


def test_a_booked_machine_cannot_leave_its_house_but_change_its_room(
    make: Make, house: int, now: datetime
) -> None:
    make.site(code="SKW")
    wish = Wish(make.product(make.business()), 100, "A", make.at(9))
    code = str(book(wish=wish, actor=SYSTEM, now=now)["code"])
    with pytest.raises(RuleBroken) as refused:
        move_machine(code="A", move=THERE, actor=SYSTEM, now=now)
    assert codes(refused) == ["machine_still_booked"]

    move_machine(code="A", move=Move("PTK", "Ruang 2", "Terang"), actor=SYSTEM, now=now)
    cancel(code=code, actor=SYSTEM, now=now)
    move_machine(code="A", move=THERE, actor=SYSTEM, now=now + timedelta(hours=1))

    assert len(placements()) == 3
    assert machine().site_id != house
    assert verify(now=now) == ()


def test_who_lost_her_time_keeps_a_machine_too(make: Make, house: int, now: datetime) -> None:
    make.site(code="SKW")
    book(wish=Wish(make.product(make.business()), 100, "A", make.at(9)), actor=SYSTEM, now=now)
    report_breakdown(
        machine="A", reason="breakdown", expected_back_at=make.at(15), actor=SYSTEM, now=now
    )

    with pytest.raises(RuleBroken) as refused:
        move_machine(code="A", move=THERE, actor=SYSTEM, now=now)

    assert codes(refused) == ["machine_still_booked"]


def test_a_fault_and_planned_work_go_with_the_machine(
    make: Make, house: int, now: datetime
) -> None:
    there = make.site(code="SKW")
    report_breakdown(
        machine="A", reason="breakdown", expected_back_at=make.at(15), actor=SYSTEM, now=now
    )
    plan_maintenance(
        machine="A", from_at=make.at(9, days=7), to_at=make.at(10, days=7), reason="maintenance",
        actor=SYSTEM, now=now,
    )  # fmt: skip

    move_machine(code="A", move=THERE, actor=SYSTEM, now=now + timedelta(minutes=30))

    live = select(Occupation.site_id).where(Occupation.status == "live")
    assert set(db.session.scalars(live)) == {there}
    db.session.rollback()
    repair(machine="A", actor=SYSTEM, now=now + timedelta(hours=1))
    assert verify(now=now + timedelta(hours=1)) == ()


def test_only_who_manages_both_houses_moves_between_them(
    make: Make, house: int, now: datetime
) -> None:
    there = make.site(code="SKW")
    for sites in ((house,), (there,)):
        with pytest.raises(NotAllowed):
            move_machine(code="A", move=THERE, actor=make.user(Role.MANAGER, sites=sites), now=now)

    move_machine(code="A", move=THERE, actor=make.user(Role.MANAGER, sites=(house, there)), now=now)


def test_a_loan_has_an_end_and_a_document_and_comes_back(
    make: Make, house: int, now: datetime
) -> None:
    with pytest.raises(RuleBroken) as refused:
        move_machine(code="A", move=Move("PTK", "R", "Pinjam", kind="loan"), actor=SYSTEM, now=now)
    assert codes(refused) == ["document_missing", "loan_without_end"]
    lent = Move("PTK", "R", "Pinjam", "BA-2", "loan", date(2026, 12, 24))
    move_machine(code="A", move=lent, actor=SYSTEM, now=now)

    back = Move("PTK", "R", "Kembali")
    move_machine(code="A", move=back, actor=SYSTEM, now=now + timedelta(days=1))

    assert [each.kind for each in placements()] == ["own", "loan", "own"]


def test_a_moved_machines_days_are_told_by_where_it_was(
    make: Make, house: int, now: datetime
) -> None:
    """UTIL-08: it left Pontianak on Tuesday noon for a house that opens no day of the week."""
    there = make.site(code="SKW")
    make.closure(there, date(2026, 11, 1), day_to=date(2026, 11, 30))
    moved_at = datetime(2026, 11, 24, 5, tzinfo=UTC)
    move_machine(code="A", move=THERE, actor=SYSTEM, now=moved_at)
    later = make.at(17, days=2)
    first, last = date(2026, 11, 23), date(2026, 11, 25)

    def bookable(by: By, site: str | None = None) -> dict[str, float]:
        report = utilization(period=Period(first, last, by, site), actor=SYSTEM, now=later)
        return {row.key: row.figures.bookable_minutes for row in report.rows}

    assert bookable("site") == {"PTK": 450, "SKW": 0}
    assert bookable("machine") == {"A": 450}
    assert bookable("machine", "PTK") == {"A": 450}
    assert bookable("machine", "SKW") == {"A": 0}
    assert sum(bookable("day").values()) == 450
    report = utilization(period=Period(first, last, "site"), actor=SYSTEM, now=later)
    assert [row.sums.calendar_seconds for row in report.rows] == [86_400, 2 * 86_400]


# --- its lane and its shape


def test_a_lane_changes_once_with_a_document_and_the_past_stays_right(
    make: Make, house: int, now: datetime
) -> None:
    wish = Wish(make.product(make.business()), 100, "A", make.at(9, days=0))
    book(wish=wish, actor=SYSTEM, now=now)
    with pytest.raises(RuleBroken) as refused:
        convert_lane(code="A", document="", actor=SYSTEM, now=now)
    assert codes(refused) == ["machine_still_booked", "document_missing"]
    with transaction() as session:  # It ran, and was finished.
        booking = session.scalars(select(Booking)).one()
        session.get_one(Occupation, booking.occupation_id).status = "done"

    later = make.at(17, days=0)
    convert_lane(code="A", document="BA-3", actor=SYSTEM, now=later)

    assert machine().lane == "non_halal"
    assert machine().lane_at(now) == "halal"
    broken = {each.rule for each in verify(now=later)}
    assert "a product stays in its lane" not in broken
    with pytest.raises(RuleBroken) as again:
        convert_lane(code="A", document="BA-4", actor=SYSTEM, now=later)
    assert codes(again) == ["lane_converted"]


def test_a_worse_condition_needs_words_and_every_look_is_kept(
    make: Make, house: int, now: datetime
) -> None:
    with pytest.raises(RuleBroken) as refused:
        note_condition(code="A", condition="bad", note="", actor=SYSTEM, now=now)
    assert codes(refused) == ["note_missing"]

    note_condition(code="A", condition="good", note="", actor=SYSTEM, now=now)
    note_condition(code="A", condition="fair", note="Sabuk aus", actor=SYSTEM, now=now)

    kept = db.session.scalars(select(ConditionNote.condition).order_by(ConditionNote.id)).all()
    assert (kept, machine().condition) == (["good", "fair"], "fair")


def test_a_list_may_bring_the_register_along_or_leave_it_alone(
    make: Make, house: int, now: datetime
) -> None:
    row = {"site": "PTK", "code": "A", "name": "Sealer", "kind": "band_sealer", "lane": "halal"}
    told = row | {
        "asset_code": "1.3.2 08/01", "asset_number": "7", "acquired_year": "2025",
        "acquisition_value": "45000000", "fund_kind": "APBD", "holder": "UPTD", "condition": "RR",
    }  # fmt: skip
    import_machines(rows=[(2, told)], actor=SYSTEM, now=now)
    import_machines(rows=[(2, row)], actor=SYSTEM, now=now)

    kept = machine()
    assert (kept.asset_code, kept.fund_kind, kept.condition) == ("1.3.2.08.01", "apbd", "fair")
    wrong = told | {"asset_code": "KIB", "acquired_year": "x", "holder": "198501012010011001"}
    with pytest.raises(RuleBroken) as refused:
        import_machines(rows=[(2, wrong)], actor=SYSTEM, now=now)
    assert set(codes(refused)) == {"cell_unreadable", "asset_code_malformed", "holder_is_person"}


# --- parts


def test_a_part_tells_when_the_machine_is_back_and_whom_that_hits(
    make: Make, house: int, now: datetime
) -> None:
    with pytest.raises(WrongState):
        note_part(machine="A", part=Part("Pemanas"), actor=SYSTEM, now=now, back_at=make.at(7))
    report_breakdown(
        machine="A", reason="breakdown", expected_back_at=make.at(12, days=1), actor=SYSTEM, now=now
    )
    code = book(
        wish=Wish(make.product(make.business()), 100, "A", make.at(9)), actor=SYSTEM, now=now
    )["code"]
    part = Part("Pemanas", eta=date(2026, 12, 2))

    noted = note_part(machine="A", part=part, actor=SYSTEM, now=now, back_at=make.at(8, days=9))

    assert [each.code for each in noted.affected] == [code]
    broken = db.session.scalars(select(Breakdown)).one()
    assert (broken.reason, broken.expected_back_at) == ("waiting_parts", make.at(8, days=9))
    db.session.rollback()
    with pytest.raises(RuleBroken):
        end_part(part_id=noted.part_id, arrived_on=date(2026, 11, 25), actor=SYSTEM, now=now)
    end_part(part_id=noted.part_id, arrived_on=date(2026, 11, 24), actor=SYSTEM, now=now)
    with pytest.raises(WrongState):
        end_part(part_id=noted.part_id, arrived_on=None, actor=SYSTEM, now=now)
    assert verify(now=now) == ()


def test_a_part_that_is_refused_leaves_no_trace(make: Make, house: int, now: datetime) -> None:
    report_breakdown(
        machine="A", reason="breakdown", expected_back_at=make.at(12), actor=SYSTEM, now=now
    )
    wrong = Part("", eta=date(2026, 11, 1))

    with pytest.raises(RuleBroken) as refused:
        note_part(machine="A", part=wrong, actor=SYSTEM, now=now, back_at=now - timedelta(hours=1))

    assert codes(refused) == ["part_missing", "eta_in_past", "expected_back_out_of_range"]
    assert db.session.scalar(select(func.count()).select_from(SparePart)) == 0


def test_the_figures_of_a_machine_are_the_reports(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    other = make.machine(house, code="B")
    finish_runs(make, other, [60] * 3)
    for hour in (9, 11):
        at = make.at(hour, days=-1)
        report_breakdown(
            machine="A", reason="breakdown", expected_back_at=at + timedelta(hours=3),
            actor=SYSTEM, now=at,
        )  # fmt: skip
        repair(machine="A", actor=SYSTEM, now=at + timedelta(minutes=40))
    today = date(2026, 11, 24)
    period = Period(today - timedelta(days=90), today)
    report = {row.key: row for row in utilization(period=period, actor=SYSTEM, now=now).rows}

    with count_queries() as few:
        seen = upkeep(site="PTK", actor=SYSTEM, now=now)

    for item in seen.machines:
        e10, sums = report[item.code].figures.e10, report[item.code].sums
        alone = machine_reliability(code=item.code, zone="Asia/Pontianak", now=now)
        assert item.figures == alone
        assert item.figures.mttr_minutes == e10.mttr_minutes
        assert item.figures.mtbf_productive_minutes == e10.mtbf_productive_minutes
        assert (item.figures.failures, item.figures.down_days) == (sums.failures, sums.broken_days)
    assert seen.months[-1][1].mttr_minutes == 40
    for _ in range(4):
        make.machine(house)
    with count_queries() as many:
        upkeep(site="PTK", actor=SYSTEM, now=now)
    assert many.total == few.total


# --- rates


def _rates(now: datetime) -> HouseRates:
    return house_rates(site="PTK", actor=SYSTEM, now=now)


def test_runs_suggest_a_rate_and_name_the_odd_one(make: Make, house: int, now: datetime) -> None:
    finish_runs(make, machine().id, [10, 10, 11, 9, 10, 10, 60])

    (line,) = _rates(now).suggested

    assert (line.lesson.planned, line.lesson.estimate.rate) == (Decimal("15"), Decimal("10.5"))
    assert [each.rate for each in line.outliers] == [60]
    assert line.lesson.estimate.count == 7


def test_an_accepted_rate_holds_for_new_bookings_alone(
    make: Make, house: int, now: datetime
) -> None:
    wish = Wish(make.product(make.business()), 600, "A", make.at(9))
    before = book(wish=wish, actor=SYSTEM, now=now)
    finish_runs(make, machine().id, [10] * 9)
    (line,) = _rates(now).suggested
    asked = Asked("A", "pouch_100", line.lesson.estimate.rate)

    assert accept_rate(asked=asked, actor=SYSTEM, now=now) == 10

    kept = db.session.scalars(select(Booking).where(Booking.code == before["code"])).one()
    assert kept.run_minutes == 40
    assert kept.ends_at == make.at(9, 50)
    db.session.rollback()
    later = book(wish=Wish(wish.product_id, 600, "A", make.at(13)), actor=SYSTEM, now=now)
    assert later["ends_at"].startswith("2026-11-26T14:10")
    assert _rates(now).suggested == ()
    decided = db.session.scalars(select(RateDecision)).one()
    assert (decided.action, decided.rate_before, decided.rate, decided.runs) == (
        "accepted", 15, 10, 9,
    )  # fmt: skip


def test_a_suggestion_that_moved_on_is_not_taken_over_unseen(
    make: Make, house: int, now: datetime
) -> None:
    finish_runs(make, machine().id, [10] * 9)

    with pytest.raises(RuleBroken) as refused:
        accept_rate(asked=Asked("A", "pouch_100", Decimal(11)), actor=SYSTEM, now=now)

    assert codes(refused) == ["rate_moved_on"]
    assert db.session.scalars(select(MachinePack.rate_per_minute)).one() is None


def test_a_dismissed_suggestion_waits_for_more_runs(make: Make, house: int, now: datetime) -> None:
    finish_runs(make, machine().id, [10] * 9)
    asked = Asked("A", "pouch_100", Decimal(10))
    with pytest.raises(Malformed):
        dismiss_rate(asked=asked, wait_runs=3, actor=SYSTEM, now=now)

    dismiss_rate(asked=asked, wait_runs=5, actor=SYSTEM, now=now)
    assert _rates(now).suggested == ()
    finish_runs(make, machine().id, [10] * 4, after=10)
    assert _rates(now).suggested == ()
    finish_runs(make, machine().id, [10], after=20)
    assert len(_rates(now).suggested) == 1


def test_rates_of_a_house_are_told_in_a_constant_number_of_queries(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    finish_runs(make, machine().id, [10] * 5)
    with count_queries() as few:
        _rates(now)
    for _ in range(3):
        finish_runs(make, make.machine(house), [10] * 5)

    with count_queries() as many:
        assert len(_rates(now).lines) == 4
    assert few.total == many.total


def test_a_quote_tells_how_long_such_jobs_usually_take_and_asks_no_more(
    make: Make, house: int, now: datetime, count_queries: CountQueries
) -> None:
    product = make.product(make.business())
    owner = make.user(Role.MANAGER, sites=(house,))
    ask = Ask(product_id=product, quantity=300)
    with count_queries() as before:
        first = quote(ask=ask, actor=owner, now=now).offers[0]
    assert first.usual_minutes is None
    finish_runs(make, machine().id, [8, 9, 10, 11, 12, 13, 14])

    assert note_lessons(now=now) == 1
    assert note_lessons(now=now) == 0
    with count_queries() as after:
        first = quote(ask=ask, actor=owner, now=now).offers[0]

    assert first.usual_minutes == (30, 40)
    assert after.total == before.total


def test_the_auditor_finds_a_machine_that_is_not_where_its_record_says(
    make: Make, house: int, now: datetime
) -> None:
    there = make.site(code="SKW")
    move_machine(code="A", move=Move("PTK", "Ruang 2", "Terang"), actor=SYSTEM, now=now)
    rule, known = "a machine is where its last placement says", machine().id
    with transaction() as session:
        session.get_one(Machine, known).site_id = there

    assert rule in {each.rule for each in verify(now=now)}
    with transaction() as session:
        session.get_one(Machine, known).site_id = house
        last = session.scalars(select(Placement).where(Placement.to_at.is_(None))).one()
        last.to_at = now + timedelta(hours=1)

    assert rule in {each.rule for each in verify(now=now)}
