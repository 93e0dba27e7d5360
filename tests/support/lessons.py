"""Finished runs, at rates to learn from."""

from datetime import timedelta

from packhouse.db import transaction
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Occupation
from tests.factories import Make


def finish_runs(make: Make, machine_id: int, rates: list[int], *, after: int = 0) -> None:
    """Finished runs of ten minutes, at so many packs a minute, an hour apart."""
    product = make.product(make.business())
    with transaction() as session:
        site = session.get_one(Machine, machine_id).site_id
        begun = make.now - timedelta(days=20) + timedelta(hours=after)
        for number, rate in enumerate(rates):
            start = begun + timedelta(hours=number)
            occupation = Occupation(
                site_id=site, machine_id=machine_id, kind="booking", status="done",
                from_at=start, to_at=start + timedelta(minutes=10),
            )  # fmt: skip
            session.add(occupation)
            session.flush()
            booking = Booking(
                occupation_id=occupation.id,
                code=f"R-{machine_id}-{number}-{start.timestamp():.0f}",
                site_id=site,
                machine_id=machine_id, product_id=product, state="finished", source="paper",
                quantity=rate * 10, starts_at=start, ends_at=start + timedelta(minutes=10),
                cleaning_level=0, changeover_minutes=0, setup_minutes=0, run_minutes=10,
                break_minutes=0, closing_minutes=0, tariff_per_hour=0, price=0,
                created_at=start,
            )  # fmt: skip
            session.add(booking)
            session.flush()
            run = Run(
                machine_id=machine_id, booking_id=booking.id, started_at=start,
                ended_at=start + timedelta(minutes=10), good=rate * 10, planned_rate=15.0,
            )  # fmt: skip
            session.add(run)
            session.flush()
            session.add(
                StateInterval(
                    machine_id=machine_id, run_id=run.id, reason="running", starts_at=start,
                    ends_at=start + timedelta(minutes=10),
                )
            )  # fmt: skip
