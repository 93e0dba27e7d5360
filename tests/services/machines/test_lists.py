"""A list of machines is taken over whole or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.machines import Machine, load_tariffs
from packhouse.services.machines import import_machines, retire_machine
from packhouse.services.tariffs import set_tariff
from tests.factories import Make
from tests.services.machines.conftest import actions, booked, codes, edit

ROW = {
    "site": "PTK",
    "code": "BS-1",
    "name": "Band sealer",
    "kind": "band_sealer",
    "lane": "halal",
    "packs": "pouch_100;pouch_250",
    "rate_per_minute": "15",
    "setup_minutes": "10",
    "cleaning_minutes_1": "5",
    "cleaning_minutes_2": "10",
    "cleaning_minutes_3": "15",
    "attended": "0",
    "tariff_per_hour": "15000",
    "commissioned_at": "2026-01-01",
}


def test_a_list_adds_machines_and_says_how_many(house: int, manager: Actor, now: datetime) -> None:
    rows = [(2, ROW), (3, ROW | {"code": "BS-2", "packs": "barrel_20l", "kind": "drum_filler"})]

    done = import_machines(rows=rows, actor=manager, now=now)

    assert (done.created, done.updated, done.unchanged) == (2, 0, 0)
    machine = db.session.scalars(select(Machine).where(Machine.code == "BS-1")).one()
    assert machine.commissioned_at == datetime(2025, 12, 31, 17, tzinfo=UTC)
    assert load_tariffs(db.session(), machine_ids=[machine.id], now=now) == {machine.id: 15_000}


def test_a_list_read_twice_changes_nothing(house: int, manager: Actor, now: datetime) -> None:
    import_machines(rows=[(2, ROW)], actor=manager, now=now)

    done = import_machines(rows=[(2, ROW)], actor=manager, now=now)

    assert (done.created, done.updated, done.unchanged) == (0, 0, 1)
    assert actions() == ["machine:created"]


def test_a_list_updates_what_it_names_and_keeps_the_old_tariff_on_record(
    house: int, manager: Actor, now: datetime
) -> None:
    import_machines(rows=[(2, ROW)], actor=manager, now=now)
    later = now + timedelta(days=1)
    changed = ROW | {"tariff_per_hour": "20000", "rate_per_minute": "12.5", "packs": "pouch_50"}

    done = import_machines(rows=[(2, changed)], actor=manager, now=later)

    machine = db.session.scalars(select(Machine)).one()
    prices = [
        load_tariffs(db.session(), machine_ids=[machine.id], now=at)[machine.id]
        for at in (now, later)
    ]
    assert (done.created, done.updated) == (0, 1)
    assert machine.rate_per_minute == 12.5
    assert prices == [15_000, 20_000]


def test_empty_cells_take_the_planning_values_of_the_kind_and_later_stay(
    house: int, manager: Actor, now: datetime
) -> None:
    short = {name: ROW[name] for name in ("site", "code", "name", "kind", "lane")}
    import_machines(rows=[(2, ROW | {"setup_minutes": "7"})], actor=manager, now=now)
    import_machines(rows=[(2, short), (3, short | {"code": "BS-2"})], actor=manager, now=now)

    rows = db.session.scalars(select(Machine).order_by(Machine.code)).all()
    assert [row.setup_minutes for row in rows] == [7, 10]
    assert [row.rate_per_minute for row in rows] == [15.0, 15.0]
    assert load_tariffs(db.session(), machine_ids=[rows[0].id], now=now) == {rows[0].id: 15_000}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"site": "TIDAK"}, ["site_unknown"]),
        ({"site": ""}, ["site_unknown"]),
        ({"code": ""}, ["machine_code_malformed"]),
        ({"name": ""}, ["name_missing"]),
        ({"lane": "both"}, ["lane_unknown"]),
        ({"packs": "Pouch 100"}, ["pack_malformed"]),
        ({"kind": "own", "packs": " ; "}, ["machine_packs_missing"]),
        ({"rate_per_minute": "fast"}, ["cell_unreadable"]),
        ({"rate_per_minute": "nan"}, ["machine_rate_not_positive"]),
        ({"rate_per_minute": "-1"}, ["machine_rate_not_positive"]),
        ({"rate_per_minute": "1e999999999"}, ["machine_rate_too_large"]),
        ({"setup_minutes": "ten"}, ["cell_unreadable"]),
        ({"setup_minutes": "9" * 5000}, ["cell_unreadable"]),
        ({"cleaning_minutes_1": "20"}, ["machine_cleaning_not_rising"]),
        ({"attended": "maybe"}, ["cell_unreadable"]),
        ({"tariff_per_hour": "-5"}, ["machine_tariff_negative"]),
        ({"tariff_per_hour": "Rp 15.000"}, ["cell_unreadable"]),
        ({"commissioned_at": "yesterday"}, ["cell_unreadable"]),
        ({"commissioned_at": "0001-01-01T00:00"}, ["cell_unreadable"]),
        ({"name": "Band\x00sealer"}, ["cell_unreadable"]),
        ({"site": "\x00"}, ["cell_unreadable", "site_unknown"]),
    ],
)  # fmt: skip
def test_a_list_with_one_wrong_line_adds_nothing_and_names_the_line(
    house: int, manager: Actor, now: datetime, cells: dict[str, str], expected: list[str]
) -> None:
    rows = [(2, ROW | {"code": "BS-9"}), (3, ROW | cells)]
    with pytest.raises(RuleBroken) as broken:
        import_machines(rows=rows, actor=manager, now=now)

    assert codes(broken) == expected
    assert {problem.facts["line"] for problem in broken.value.problems} == {3}
    assert db.session.scalars(select(func.count()).select_from(Machine)).one() == 0


def test_all_problems_of_all_lines_are_told_together(make: Make, house: int, now: datetime) -> None:
    make.site(code="LAIN")
    import_machines(rows=[(2, ROW | {"site": "LAIN", "code": "L"})], actor=SYSTEM, now=now)
    import_machines(rows=[(2, ROW)], actor=SYSTEM, now=now)
    rows = [
        (2, ROW | {"lane": "non_halal"}),
        (3, ROW | {"code": "BS-3"}),
        (4, ROW | {"code": "BS-3", "name": ""}),
        (5, ROW | {"code": "L"}),
    ]

    with pytest.raises(RuleBroken) as broken:
        import_machines(rows=rows, actor=SYSTEM, now=now)

    told = {(problem.facts["line"], problem.code) for problem in broken.value.problems}
    assert told == {
        (2, "lane_fixed"), (4, "name_missing"), (4, "line_repeated"), (5, "machine_at_other_site"),
    }  # fmt: skip


def test_an_empty_list_is_a_mistake(house: int, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        import_machines(rows=[], actor=SYSTEM, now=now)

    assert codes(broken) == ["list_empty"]


def test_a_list_for_another_house_is_refused(make: Make, house: int, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        import_machines(rows=[(2, ROW)], actor=make.user(Role.MANAGER), now=now)


def test_a_list_whose_longer_cleaning_finds_no_room_names_the_line(
    make: Make, house: int, manager: Actor, now: datetime
) -> None:
    import_machines(rows=[(2, ROW)], actor=manager, now=now)
    booked(make, 8)
    booked(make, 8, 35)

    longer = ROW | {f"cleaning_minutes_{level}": "25" for level in (1, 2, 3)}
    with pytest.raises(RuleBroken) as broken:
        import_machines(rows=[(7, longer)], actor=manager, now=now)

    assert codes(broken) == ["cleaning_does_not_fit"]
    assert broken.value.problems[0].facts["line"] == 7


def test_a_retired_machine_cannot_begin_later(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    retire_machine(code="BS-1", retired_at=now, reason="Tua", actor=manager, now=now)

    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, commissioned_at=make.at(8))

    assert codes(broken) == ["machine_retired_before_commissioned"]
    with pytest.raises(NotFound):
        set_tariff(
            machine="TIDAK", per_hour=0, valid_from=now, legal_basis="", actor=manager, now=now
        )
