"""Where a machine stands, its lane and its shape are written down, and the past stays right."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.machines import Move
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import NotAllowed, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.machines import ConditionNote, Machine, Placement
from packhouse.models.slots import Occupation
from packhouse.queries.audit.verify import verify
from packhouse.queries.reports import Period, utilization
from packhouse.queries.reports.periods import By
from packhouse.services.bookings import Wish, book, cancel
from packhouse.services.downtime import plan_maintenance, repair, report_breakdown
from packhouse.services.machines import convert_lane, import_machines, move_machine, note_condition
from tests.factories import Make
from tests.services.machine_assets.conftest import codes, machine

THERE = Move(site="SKW", reason="Pameran", document="BA-1")


def placements() -> list[Placement]:
    db.session.rollback()
    return list(db.session.scalars(select(Placement).order_by(Placement.from_at)))


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
