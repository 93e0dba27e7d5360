"""Fair use when booking: which limits of a house a booking would break, right under races.

A business's use is spread over many machines, so the lock of a machine does not protect it.
Whoever books where a limit is set first locks the row of the business whose limit it is, or of
its cooperative, whose pool her own use is part of. Machines come first, then businesses, and a
cooperative stands for its members: two commands never wait for each other's row. What is counted
is read after the lock, and stands still until the commit.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import COOL_HORIZON_DAYS, problems_with_cooling
from packhouse.domain.machines import work_minutes
from packhouse.domain.products import Job
from packhouse.errors import Problem
from packhouse.models.bookings import (
    Holder,
    house_at,
    is_ordered,
    load_broken_limits,
    load_cooling,
    load_holders,
)
from packhouse.models.businesses import Business
from packhouse.services.slots import Place


def problems_with_use(
    session: Session,
    *,
    spot: Place,
    job: Job,
    business_id: int,
    starts_at: datetime,
    now: datetime,
    job_id: int | None = None,
    leaving: int | None = None,
) -> list[Problem]:
    """Return every limit of fair use that a booking would break, and lock what is counted.

    ``job_id`` tells whether a cooperative books it for its member: then only the pool counts.
    ``leaving`` is the booking that moves, which gives its own time back.
    """
    if starts_at < now or starts_at > now + timedelta(days=spot.site.horizon_days):
        return []  # Refused anyway, and there is nothing to count.
    problems: list[Problem] = []
    if starts_at > now + timedelta(days=COOL_HORIZON_DAYS):
        cooling = load_cooling(session, business_id=business_id, now=now)
        found = problems_with_cooling(cooling=cooling, starts_at=starts_at, now=now)
        problems += [problem.told_in(spot.site.zone) for problem in found]
    limits = spot.site.limits
    if not limits.are_set or job.quantity < 1:
        return problems
    holders = _locked_holders(session, business_id)
    problems += load_broken_limits(
        session, house=house_at(spot.site, spot.calendar, starts_at=starts_at, now=now),
        holders=holders,
        minutes=work_minutes(spot.spec, job).total,
        ordered=is_ordered(session, job_id), leaving=leaving,
    )  # fmt: skip
    return problems


def _locked_holders(session: Session, business_id: int) -> list[Holder]:
    """Lock whose limits count: the cooperatives, or the business itself if it is in none."""
    holders = load_holders(session, business_id=business_id)
    pools = [holder.business_id for holder in holders if holder.is_pool]
    session.execute(
        select(Business.id)
        .where(Business.id.in_(pools or [business_id]))
        .order_by(Business.id)
        .with_for_update(key_share=True)
    )
    return holders
