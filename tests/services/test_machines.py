from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, MachinePack, load_tariffs
from packhouse.models.slots import Occupation
from packhouse.models.tariffs import Tariff
from packhouse.services.bookings import Wish, book, cancel
from packhouse.services.machines import (
    Draft,
    create_machine,
    edit_machine,
    import_machines,
    retire_machine,
)
from packhouse.services.tariffs import set_tariff
from tests.factories import COMMISSIONED, Make

SEALER = Draft(
    code="BS-1",
    name="Band sealer",
    kind="band_sealer",
    lane="halal",
    packs={"pouch_100": None, "pouch_250": Decimal(10)},
    rate_per_minute=Decimal(15),
    setup_minutes=10,
    cleaning_minutes=(5, 10, 15),
    attended=False,
    commissioned_at=COMMISSIONED,
)
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


@pytest.fixture
def house(make: Make) -> int:
    return make.site(code="PTK")


@pytest.fixture
def manager(make: Make, house: int) -> Actor:
    return make.user(Role.MANAGER, sites=(house,))


@pytest.fixture
def sealer(house: int, now: datetime) -> int:
    return create_machine(site="PTK", draft=SEALER, tariff_per_hour=15_000, actor=SYSTEM, now=now)


def codes(broken: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [problem.code for problem in broken.value.problems]


def actions() -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.subject_kind == "machine")
    return list(db.session.scalars(query.order_by(AuditEntry.seq)))


def booked(make: Make, hour: int, minute: int = 0, **product: Any) -> str:
    wish = Wish(make.product(make.business(), **product), 300, "BS-1", make.at(hour, minute))
    return str(book(wish=wish, actor=SYSTEM, now=make.now)["code"])


def edit(actor: Actor, now: datetime, **changes: Any) -> None:
    edit_machine(draft=replace(SEALER, **changes), actor=actor, now=now)


# --- one by one


def test_a_machine_is_bought_with_its_packs_and_its_tariff(sealer: int, now: datetime) -> None:
    packs = {
        row.pack: row.rate_per_minute
        for row in db.session.scalars(select(MachinePack).where(MachinePack.machine_id == sealer))
    }

    assert packs == {"pouch_100": None, "pouch_250": 10.0}
    assert load_tariffs(db.session(), machine_ids=[sealer], now=now) == {sealer: 15_000}
    assert actions() == ["machine:created"]


def test_a_machine_that_starts_next_month_has_its_price_today(house: int, now: datetime) -> None:
    draft = replace(SEALER, commissioned_at=now + timedelta(days=30))
    machine = create_machine(site="PTK", draft=draft, tariff_per_hour=15_000, actor=SYSTEM, now=now)

    assert load_tariffs(db.session(), machine_ids=[machine], now=now) == {machine: 15_000}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": ""}, ["machine_code_malformed"]),
        ({"code": "A B"}, ["machine_code_malformed"]),
        ({"code": "BS\x00"}, ["machine_code_malformed"]),
        ({"name": ""}, ["name_missing"]),
        ({"name": "x" * 121}, ["name_long"]),
        ({"kind": "Band Sealer"}, ["machine_kind_malformed"]),
        ({"lane": "both"}, ["lane_unknown"]),
        ({"packs": {}}, ["machine_packs_missing"]),
        ({"packs": {"POUCH": None}}, ["pack_malformed"]),
        ({"packs": {"pouch_100": Decimal(0)}}, ["machine_rate_not_positive"]),
        ({"packs": {"pouch_100": Decimal("NaN")}}, ["machine_rate_not_positive"]),
        ({"rate_per_minute": Decimal(0)}, ["machine_rate_not_positive"]),
        ({"rate_per_minute": Decimal("Infinity")}, ["machine_rate_not_positive"]),
        ({"rate_per_minute": Decimal("1e9")}, ["machine_rate_too_large"]),
        ({"setup_minutes": -1}, ["machine_setup_out_of_range"]),
        ({"cleaning_minutes": (10, 5, 15)}, ["machine_cleaning_not_rising"]),
        ({"acquired_year": 1800}, ["year_out_of_range"]),
        ({"acquisition_value": -1}, ["amount_out_of_range"]),
        ({"condition": "shiny"}, ["condition_unknown"]),
        ({"fund_source": "x" * 201}, ["text_long"]),
        ({"code": "", "name": "", "lane": "", "packs": {}, "setup_minutes": -1},
         ["machine_code_malformed", "name_missing", "lane_unknown", "machine_packs_missing",
          "machine_setup_out_of_range"]),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_new_machine_is_told_at_once(
    house: int, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(RuleBroken) as broken:
        create_machine(
            site="PTK", draft=replace(SEALER, **fields), tariff_per_hour=0, actor=SYSTEM, now=now
        )

    assert codes(broken) == expected


def test_a_code_names_one_machine(sealer: int, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        create_machine(site="PTK", draft=SEALER, tariff_per_hour=0, actor=SYSTEM, now=now)

    assert codes(broken) == ["machine_code_taken"]


def test_machines_are_managed_by_the_manager_of_their_house(
    make: Make, sealer: int, now: datetime
) -> None:
    for actor in (make.user(Role.MANAGER), make.user(Role.OPERATOR, sites=(1,)), make.user()):
        with pytest.raises(NotAllowed):
            create_machine(
                site="PTK", draft=replace(SEALER, code="X"), tariff_per_hour=0, actor=actor,
                now=now,
            )  # fmt: skip
        with pytest.raises(NotAllowed):
            edit(actor, now)
        with pytest.raises(NotAllowed):
            retire_machine(code="BS-1", retired_at=now, reason="Tua", actor=actor, now=now)
        with pytest.raises(NotAllowed):
            set_tariff(
                machine="BS-1", per_hour=0, valid_from=now, legal_basis="", actor=actor, now=now
            )
    with pytest.raises(NotFound):
        create_machine(site="TIDAK", draft=SEALER, tariff_per_hour=0, actor=SYSTEM, now=now)
    with pytest.raises(NotFound):
        edit(SYSTEM, now, code="TIDAK")


def test_a_better_description_is_noted_with_what_was_before(
    sealer: int, manager: Actor, now: datetime
) -> None:
    edit(manager, now, name="Band sealer baru", rate_per_minute=Decimal("12.5"))

    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "machine:edited")
    ).one()
    assert entry.facts["changed"] == {
        "name": ["Band sealer", "Band sealer baru"],
        "rate_per_minute": [15.0, 12.5],
    }


def test_the_same_description_changes_nothing(sealer: int, manager: Actor, now: datetime) -> None:
    edit(manager, now)

    assert actions() == ["machine:created"]


def test_a_lane_is_for_life(sealer: int, manager: Actor, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, lane="non_halal")

    assert codes(broken) == ["lane_fixed"]


def test_a_pack_with_bookings_stays(make: Make, sealer: int, manager: Actor, now: datetime) -> None:
    booked(make, 9)
    edit(manager, now, packs={"pouch_100": None})

    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, packs={"pouch_250": None})

    assert codes(broken) == ["pack_has_bookings"]


def test_a_booked_machine_cannot_start_to_need_an_operator(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    code = booked(make, 9)
    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, attended=True)

    cancel(code=code, actor=SYSTEM, now=now)
    edit(manager, now, attended=True)

    assert codes(broken) == ["attended_has_bookings"]


def test_a_machine_cannot_start_after_it_was_used(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    booked(make, 9)
    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, commissioned_at=make.at(10))

    assert codes(broken) == ["machine_used_before_commissioned"]
    edit(manager, now, commissioned_at=make.at(8))


def test_longer_cleaning_is_laid_between_the_bookings(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    booked(make, 8)
    code = booked(make, 10)

    edit(manager, now, cleaning_minutes=(20, 25, 30))

    row = db.session.execute(
        select(Occupation.from_at, Booking.changeover_minutes)
        .join(Booking, Booking.occupation_id == Occupation.id)
        .where(Booking.code == code)
    ).one()
    assert tuple(row) == (make.at(9, 40), 20)


def test_cleaning_that_finds_no_room_is_refused_with_the_days_it_concerns(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    booked(make, 8)
    booked(make, 8, 35)

    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, cleaning_minutes=(20, 25, 30))

    assert codes(broken) == ["cleaning_does_not_fit"]
    assert broken.value.problems[0].facts["days"] == 1
    db.session.rollback()
    assert db.session.scalars(select(Machine.cleaning_minutes_1)).one() == 5


def test_closing_clean_must_fit_too(make: Make, sealer: int, manager: Actor, now: datetime) -> None:
    booked(make, 15, 15)

    with pytest.raises(RuleBroken) as broken:
        edit(manager, now, cleaning_minutes=(5, 10, 60))

    assert codes(broken) == ["cleaning_does_not_fit"]


def test_a_machine_retires_once_nothing_is_booked_behind_it(
    make: Make, sealer: int, manager: Actor, now: datetime
) -> None:
    code = booked(make, 9)
    with pytest.raises(RuleBroken) as broken:
        retire_machine(code="BS-1", retired_at=make.at(8), reason="Tua", actor=manager, now=now)

    cancel(code=code, actor=SYSTEM, now=now)
    retire_machine(code="BS-1", retired_at=make.at(8), reason="Tua", actor=manager, now=now)

    assert codes(broken) == ["machine_has_bookings"]
    db.session.rollback()
    assert db.session.scalars(select(Machine.retired_at)).one() == make.at(8)


def test_retiring_needs_a_reason_and_a_life(sealer: int, manager: Actor, now: datetime) -> None:
    with pytest.raises(RuleBroken) as broken:
        retire_machine(code="BS-1", retired_at=COMMISSIONED, reason=" ", actor=manager, now=now)

    assert codes(broken) == ["reason_missing", "machine_retired_before_commissioned"]


# --- tariffs


def test_a_tariff_holds_from_its_instant_on(sealer: int, manager: Actor, now: datetime) -> None:
    later = now + timedelta(days=7)
    set_tariff(
        machine="BS-1", per_hour=20_000, valid_from=later, legal_basis="Perda 1/2026",
        actor=manager, now=now,
    )  # fmt: skip

    prices = [
        load_tariffs(db.session(), machine_ids=[sealer], now=instant)[sealer]
        for instant in (now, later - timedelta(seconds=1), later)
    ]
    assert prices == [15_000, 15_000, 20_000]
    assert actions() == ["machine:created", "machine:tariff_set"]


def test_a_tariff_that_has_not_begun_may_be_replaced(
    sealer: int, manager: Actor, now: datetime
) -> None:
    later = now + timedelta(days=7)
    for per_hour in (20_000, 0):
        set_tariff(
            machine="BS-1", per_hour=per_hour, valid_from=later, legal_basis="Perda 1/2026",
            actor=manager, now=now,
        )  # fmt: skip

    assert load_tariffs(db.session(), machine_ids=[sealer], now=later) == {sealer: 0}
    assert db.session.scalars(select(func.count()).select_from(Tariff)).one() == 2


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"per_hour": -1}, ["machine_tariff_negative"]),
        ({"per_hour": 10**10}, ["amount_out_of_range"]),
        ({"legal_basis": " "}, ["legal_basis_missing"]),
        ({"legal_basis": "x" * 201}, ["text_long"]),
        ({"valid_from": COMMISSIONED}, ["tariff_in_the_past"]),
        ({"legal_basis": "", "valid_from": COMMISSIONED},
         ["legal_basis_missing", "tariff_in_the_past"]),
    ],
)  # fmt: skip
def test_a_wrong_tariff_is_refused(
    sealer: int, now: datetime, fields: dict[str, Any], expected: list[str]
) -> None:
    given = {"per_hour": 10_000, "valid_from": now, "legal_basis": "Perda 1/2026", **fields}
    with pytest.raises(RuleBroken) as broken:
        set_tariff(machine="BS-1", **given, actor=SYSTEM, now=now)

    assert codes(broken) == expected


# --- a list


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
