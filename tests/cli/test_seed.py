"""The invented houses: lawful in every hour of the week, and never mixed with real data."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from packhouse import clock
from packhouse.cli.seeds.catalogue import PASSWORD
from packhouse.db import reading
from packhouse.domain.passwords import verify_password
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.sites import Site
from packhouse.models.slots import Demand
from packhouse.models.users import User
from packhouse.queries.audit import verify
from packhouse.services import reports
from tests.conftest import NOW
from tests.factories import Make

MOMENTS = {
    "in the morning": datetime(2026, 11, 24, 2, 20, tzinfo=UTC),
    "at night": datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
    "in a Friday break": datetime(2026, 11, 27, 5, 0, tzinfo=UTC),
    "on a holiday": datetime(2026, 12, 25, 2, 0, tzinfo=UTC),
    "in Ramadan": datetime(2027, 2, 17, 4, 0, tzinfo=UTC),
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
        address.endswith("@contoh.example") for address in reading().scalars(select(User.email))
    )


@pytest.mark.parametrize("moment", sorted(set(MOMENTS) - {"in the morning"}))
def test_the_demonstration_house_is_lawful_at_any_hour(context: Flask, moment: str) -> None:
    at = MOMENTS[moment]

    assert seed(context, at=at).exit_code == 0
    assert verify(now=at) == ()
    assert told()["finished"] >= 12
    assert told()["confirmed"] >= 4


def test_examples_are_never_mixed_with_real_data(make: Make, context: Flask) -> None:
    make.site()

    refused = seed(context)
    assert refused.exit_code == 2
    assert "holds a site already" in refused.output
    assert seed(context, "--if-empty").exit_code == 0
    assert told() == Counter()


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
