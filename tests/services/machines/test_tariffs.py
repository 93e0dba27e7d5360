"""A machine's tariff holds from an instant on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import RuleBroken
from packhouse.models.machines import load_tariffs
from packhouse.models.tariffs import Tariff
from packhouse.services.tariffs import set_tariff
from tests.factories import COMMISSIONED
from tests.services.machines.conftest import actions, codes


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
