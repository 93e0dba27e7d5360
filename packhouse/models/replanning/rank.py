"""Who lost her time keeps her rank: what comes free is hers to take before the waitlist's."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from packhouse.domain.bookings import State
from packhouse.domain.replanning.answers import PlanState
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.products import Product
from packhouse.models.replanning.tables import PlanAnswer, PlanRow, ReplanningPlan

# So long the house re-plans and calls before the time goes to those who wait.
FIRST_CHOICE = timedelta(days=1)


def is_wanted_first(now: datetime) -> ColumnElement[bool]:
    """Say whether somebody who lost her time could take the time of a machine that came free.

    She is in a proposal that is a day old at most, or was left without a time at most a day ago.
    For a query that selects from machines.
    """
    since = now - FIRST_CHOICE
    proposed = (
        select(PlanRow.booking_id)
        .join(ReplanningPlan, ReplanningPlan.id == PlanRow.plan_id)
        .where(
            PlanRow.booking_id == Booking.id,
            ReplanningPlan.state == PlanState.PROPOSED,
            ReplanningPlan.solved_at > since,
        )
    )
    left_without = select(PlanAnswer.booking_id).where(
        PlanAnswer.booking_id == Booking.id, PlanAnswer.asked_at > since
    )
    return (
        select(Booking.id)
        .join(Product, Product.id == Booking.product_id)
        .join(MachinePack, MachinePack.pack == Product.pack)
        .where(
            Booking.state == State.DISPLACED,
            Booking.site_id == Machine.site_id,
            MachinePack.machine_id == Machine.id,
            Product.lane == Machine.lane,
            or_(proposed.exists(), left_without.exists()),
        )
        .correlate(Machine)
        .exists()
    )
