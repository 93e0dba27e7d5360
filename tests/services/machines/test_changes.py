"""Machines are bought, described anew and retired, one by one."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, MachinePack, load_tariffs
from packhouse.models.slots import Occupation
from packhouse.services.bookings import cancel
from packhouse.services.machines import create_machine, retire_machine
from packhouse.services.tariffs import set_tariff
from tests.factories import COMMISSIONED, Make
from tests.services.machines.conftest import SEALER, actions, booked, codes, edit


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
