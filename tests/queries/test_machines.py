from datetime import datetime, timedelta

import pytest

from packhouse.db import transaction
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, NotFound
from packhouse.models.downtime import Breakdown
from packhouse.queries.machines import machine_detail, machines_page, packs, schedule
from packhouse.services.bookings import Wish, book
from packhouse.services.machines import retire_machine
from packhouse.services.tariffs import set_tariff
from tests.factories import COMMISSIONED, Make
from tests.support.queries import CountQueries


def break_down(make: Make, machine: int) -> None:
    with transaction() as session:
        session.add(
            Breakdown(
                machine_id=machine,
                reason="breakdown",
                started_at=make.now,
                expected_back_at=make.at(8),
            )
        )


def test_machines_are_listed_with_tariff_packs_and_state(
    make: Make, now: datetime, count_queries: CountQueries
) -> None:
    house = make.site(code="PTK")
    broken = make.machine(house, code="A", packs=("pouch_50", "pouch_100"))
    make.machine(house, code="B", retired_at=now)
    make.machine(make.site(), code="C", kind="vffs")
    break_down(make, broken)
    with count_queries() as few:
        machines_page(now=now)
    for _ in range(8):
        make.machine(house)

    with count_queries() as many:
        page = machines_page(now=now, site="PTK", limit=2)

    assert few.total == many.total
    assert [each.code for each in page.items] == ["A", "B"]
    assert page.items[0].packs == ("pouch_100", "pouch_50")
    assert page.items[0].tariff_per_hour == 15_000
    assert page.items[0].broken_until == make.at(8)
    in_use = machines_page(now=now, site="PTK", in_use=True).items
    assert "B" not in [each.code for each in in_use]
    assert [each.code for each in machines_page(now=now, kind="vffs").items] == ["C"]


def test_a_machine_tells_its_past_to_everybody_and_its_names_to_the_staff(
    make: Make, now: datetime, count_queries: CountQueries
) -> None:
    house = make.site()
    machine = make.machine(house, code="A", acquisition_value=45_000_000)
    break_down(make, machine)
    manager = make.user(Role.MANAGER, sites=(house,))
    set_tariff(
        machine="A", per_hour=20_000, valid_from=now + timedelta(days=7),
        legal_basis="Perda 1/2026", actor=manager, now=now,
    )  # fmt: skip

    with count_queries() as counted:
        seen = machine_detail(code="A", actor=manager, now=now)
    public = machine_detail(code="A", actor=None, now=now)

    assert counted.total <= 10
    assert [each.per_hour for each in seen.tariffs] == [20_000, 15_000]
    current = seen.tariff_at(now)
    assert current is not None
    assert current.per_hour == 15_000
    assert seen.tariff_at(COMMISSIONED - timedelta(days=1)) is None
    assert [(each.action, each.who) for each in seen.changes] == [
        ("machine:tariff_set", manager.name)
    ]
    assert seen.asset.acquisition_value == 45_000_000
    assert (public.changes, public.asset.acquisition_value) == ((), None)
    assert len(public.breakdowns) == 1
    with pytest.raises(NotFound):
        machine_detail(code="B", actor=manager, now=now)


def test_a_schedule_names_customers_only_to_those_who_may_see_them(
    make: Make, now: datetime
) -> None:
    house = make.site()
    make.machine(house, code="A")
    business = make.business(name="Ibu Sari")
    owner = make.producer(business)
    wish = Wish(make.product(business), 300, "A", make.at(9))
    code = book(wish=wish, actor=owner, now=now)["code"]
    day = TimeRange(make.at(0), make.at(24))
    readers = (owner, make.user(Role.OPERATOR, sites=(house,)), make.producer())

    told = [schedule(code="A", time=day, actor=each, now=now).busy[0] for each in readers]

    assert [(each.booking, each.business) for each in told] == [
        (code, "Ibu Sari"), (code, "Ibu Sari"), (None, None),
    ]  # fmt: skip
    assert {each.starts_at for each in told} == {make.at(9)}
    with pytest.raises(Malformed):
        schedule(code="A", time=TimeRange(make.at(0), make.at(0, days=90)), actor=SYSTEM, now=now)


def test_packs_are_those_of_the_catalogue_and_of_the_machines(make: Make) -> None:
    make.machine(packs=("barrel_20l", "pouch_100"))

    families = {each.code: each.family for each in packs()}

    assert families["barrel_20l"] == ""
    assert families["pouch_100"] == "pouch"
    assert "jar" in families


def test_a_retired_machine_is_still_shown(make: Make, now: datetime) -> None:
    make.machine(code="A")
    retire_machine(code="A", retired_at=now, reason="Tua", actor=SYSTEM, now=now)

    assert machine_detail(code="A", actor=None, now=now).machine.retired_at == now
