"""What a machine waits for, and how reliable it is."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.machines import Part
from packhouse.domain.users import SYSTEM
from packhouse.errors import RuleBroken, WrongState
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import SparePart
from packhouse.queries.audit.verify import verify
from packhouse.queries.machines.upkeep import machine_reliability, upkeep
from packhouse.queries.reports import Period, utilization
from packhouse.services.bookings import Wish, book
from packhouse.services.downtime import end_part, note_part, repair, report_breakdown
from tests.factories import Make
from tests.services.machine_assets.conftest import codes
from tests.support.lessons import finish_runs
from tests.support.queries import CountQueries


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
