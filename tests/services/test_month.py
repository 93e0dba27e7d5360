"""Days on end with breakdowns, through the services: minutes, messages and people add up."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from packhouse.db import reading
from packhouse.models.audit import AuditEntry
from packhouse.queries.audit import verify
from tests.factories import Make
from tests.support import accounts, month

DAYS = 6


@pytest.mark.one_engine
@pytest.mark.timeout(300)
def test_after_days_of_breakdowns_every_minute_message_and_customer_is_accounted_for(
    app: Flask, make: Make
) -> None:
    house = month.build(app, make, seed=7)
    house.mean_between_failures = timedelta(hours=6)

    over = house.live(make.now, days=DAYS)

    assert house.failed == []
    displaced = reading().scalars(
        select(func.count()).where(AuditEntry.action == "booking:displaced")
    )
    assert displaced.one() > 5, "nothing happened: nothing is proved"
    assert house.done["finish"] > 20
    first = make.now + timedelta(days=1)
    assert accounts.unaccounted_minutes(site_id=house.site_id, first=first, over=over) == []
    assert accounts.doubled_messages() == []
    assert list(accounts.left_alone()) == []
    assert verify(now=over) == ()
