"""The invented houses: lawful in every hour of the week, and never mixed with real data."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from packhouse import clock
from packhouse.cli.seeds.catalogue import PASSWORD
from packhouse.cli.seeds.history import write_history
from packhouse.cli.seeds.province import NEVER_USED, WAITS_FOR_PARTS
from packhouse.db import reading
from packhouse.domain.machines import MachineTime
from packhouse.domain.passwords import verify_password
from packhouse.domain.slots import Placement, place
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Breakdown
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.runs import Run
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Demand, load_neighbours
from packhouse.models.users import User
from packhouse.queries.audit import verify
from packhouse.services import reports
from packhouse.services.slots import job_of
from tests.conftest import NOW
from tests.factories import Make

MOMENTS = {
    "in the morning": datetime(2026, 11, 24, 2, 20, tzinfo=UTC),
    "at night": datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
    "in a Friday break": datetime(2026, 11, 27, 5, 0, tzinfo=UTC),
    "on a holiday": datetime(2026, 12, 25, 2, 0, tzinfo=UTC),
    "in Ramadan": datetime(2027, 2, 17, 4, 0, tzinfo=UTC),
    "right after Lebaran": datetime(2027, 3, 17, 3, 0, tzinfo=UTC),
}


def seed(app: Flask, *arguments: str, at: datetime = NOW) -> Result:
    with clock.frozen(at):
        return app.test_cli_runner().invoke(args=["seed", *arguments])


def told() -> Counter[str]:
    return Counter(reading().scalars(select(Booking.state)))


def test_the_demonstration_house_is_lawful_and_shows_every_state(context: Flask) -> None:
    at = MOMENTS["in the morning"]
    result = seed(context, "--profile", "demo", at=at)

    assert result.exit_code == 0, result.output
    assert verify(now=at) == ()
    assert set(told()) >= {
        "finished", "running", "arrived", "confirmed", "requested", "rejected", "no_show",
        "cancelled",
    }  # fmt: skip
    cancelled = reading().scalars(
        select(Booking.cancelled_late).where(Booking.state == "cancelled")
    )
    assert set(cancelled) == {True, False}
    assert len(reading().scalars(select(Demand.id)).all()) >= 3
    assert reports.roll_up(actor=SYSTEM, now=at) == 0


def test_all_that_is_invented_says_so(context: Flask) -> None:
    seed(context, "--profile", "demo")

    for table in (Site, User, Business):
        assert set(reading().scalars(select(table.is_demo))) == {True}
    assert all(
        (address or "").endswith("@contoh.example")
        for address in reading().scalars(select(User.email))
    )


@pytest.mark.one_engine
@pytest.mark.parametrize("moment", sorted(set(MOMENTS) - {"in the morning"}))
def test_the_demonstration_house_is_lawful_at_any_hour(context: Flask, moment: str) -> None:
    at = MOMENTS[moment]

    assert seed(context, at=at).exit_code == 0
    assert verify(now=at) == ()
    assert told()["finished"] >= 12
    assert told()["confirmed"] >= 4


def test_a_part_of_a_province_is_lawful_and_has_its_figures_ready(context: Flask) -> None:
    at = MOMENTS["at night"]
    result = seed(context, "--profile", "kalbar", "--scale", "0.1", at=at)

    assert result.exit_code == 0, result.output
    assert verify(now=at) == ()
    assert set(told()) >= {"finished", "confirmed", "requested", "no_show", "cancelled"}
    assert reports.roll_up(actor=SYSTEM, now=at) == 0
    used = select(Machine.code).join(Run, Run.machine_id == Machine.id).distinct()
    assert NEVER_USED not in set(reading().scalars(used))
    broken = select(Machine.code).join(Breakdown).where(Breakdown.ended_at.is_(None))
    assert reading().scalars(broken).all() == [WAITS_FOR_PARTS]


def test_a_part_of_the_nation_is_lawful(context: Flask) -> None:
    at = MOMENTS["in the morning"]
    result = seed(context, "--profile", "nasional", "--scale", "0.006", at=at)

    assert result.exit_code == 0, result.output
    assert verify(now=at) == ()
    assert set(told()) == {"finished", "confirmed", "no_show", "cancelled"}
    for table in (Site, User, Business):
        assert set(reading().scalars(select(table.is_demo))) == {True}


@pytest.fixture
def sealers(make: Make) -> list[int]:
    """Three band sealers of long ago, and what is packed on them."""
    site = make.site(code="PTK")
    business = make.business()
    traits: tuple[dict[str, Any], ...] = (
        {}, {"allergens": ["fish"]}, {"aroma": "durian"}, {"wet": True},
    )  # fmt: skip
    for each in traits:
        make.product(business, **each)
    long_ago = NOW - timedelta(days=800)
    return [make.machine(site, commissioned_at=long_ago) for _ in range(3)]


def test_a_history_has_exactly_the_bookings_asked_for(sealers: list[int]) -> None:
    batches: list[int] = []
    written = write_history(machine_ids=sealers, bookings=500, until=NOW, tell=batches.append)

    assert written.bookings == sum(batches) == 500
    assert verify(now=NOW) == ()
    assert told() == {"finished": 500}
    last = reading().execute(select(func.max(Booking.ends_at))).scalar_one()
    assert NOW - timedelta(days=1) < last < NOW


def test_planning_would_have_placed_every_booking_of_a_history_just_there(
    sealers: list[int],
) -> None:
    write_history(machine_ids=sealers, bookings=120, until=NOW)
    session = reading()
    machines = session.scalars(select(Machine)).all()
    specs = load_specs(session, machines=machines, now=NOW)
    calendar = load_calendar(session, machines[0].site_id)
    around = load_neighbours(
        session,
        machine_ids=sealers,
        window=TimeRange(NOW - timedelta(days=60, hours=8), NOW - timedelta(hours=8)),
    )
    for booking, product in session.execute(
        select(Booking, Product).join(Product, Product.id == Booking.product_id)
    ):
        others = [each for each in around[booking.machine_id] if each.key != booking.id]
        time = MachineTime(specs[booking.machine_id], calendar, others)
        placed = place(time, job_of(product, booking.quantity), booking.starts_at)
        assert isinstance(placed, Placement), placed
        assert (placed.ends_at, placed.phases.changeover_minutes) == (
            booking.ends_at,
            booking.changeover_minutes,
        )


def test_the_same_seed_tells_the_same_history(sealers: list[int]) -> None:
    write_history(machine_ids=sealers[:1], bookings=60, until=NOW, seed=5)
    write_history(machine_ids=sealers[1:2], bookings=60, until=NOW, seed=5)
    write_history(machine_ids=sealers[2:], bookings=60, until=NOW, seed=6)

    first, again, other = (
        reading()
        .execute(
            select(Booking.starts_at, Booking.quantity, Booking.product_id)
            .where(Booking.machine_id == machine)
            .order_by(Booking.starts_at)
        )
        .all()
        for machine in sealers
    )
    assert first == again
    assert first != other


def test_young_machines_have_no_long_history(sealers: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot have served"):
        write_history(machine_ids=sealers, bookings=1_000_000, until=NOW)


def test_examples_are_never_mixed_with_real_data(make: Make, context: Flask) -> None:
    make.site()

    refused = seed(context)
    assert refused.exit_code == 2
    assert "holds a site already" in refused.output
    assert seed(context, "--if-empty").exit_code == 0
    assert told() == Counter()


def test_a_house_that_wants_no_examples_gets_none(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "DEMO", False)

    assert seed(context, "--if-empty").exit_code == 0
    assert reading().scalars(select(Site.id)).all() == []


def test_every_role_has_an_account_that_the_printed_password_opens(context: Flask) -> None:
    seed(context)
    printed = context.test_cli_runner().invoke(args=["demo-accounts"]).output.splitlines()

    assert [line.split()[0] for line in printed] == [str(role) for role in Role]
    kept = reading().scalars(select(User.password_hash)).all()
    assert all(verify_password(each, PASSWORD)[0] for each in kept)
    assert all(line.split()[2] == PASSWORD for line in printed)


def test_real_people_are_not_printed_among_the_invented(make: Make, context: Flask) -> None:
    make.user(Role.ADMIN)

    assert context.test_cli_runner().invoke(args=["demo-accounts"]).output == ""
