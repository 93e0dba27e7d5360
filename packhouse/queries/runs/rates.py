"""What finished runs teach about how fast machines pack, as a range for people who plan."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, func, select, type_coerce

from packhouse.db import reading
from packhouse.domain.machines import RateEstimate, learned_rate
from packhouse.models.machines import Machine
from packhouse.models.runs import Run, StateInterval

TAUGHT_BY = timedelta(days=365)
MOST_RUNS = 2000


def learned_rates(*, machine_ids: Collection[int], now: datetime) -> Mapping[int, RateEstimate]:
    """Return packs a minute of each machine, with quartiles, from the runs of the last year.

    Two queries. Only the minutes in which the machine ran count, and only runs that counted what
    they made. A machine without runs has its planned rate with the usual spread.
    """
    session = reading()
    ends, starts = StateInterval.ends_at, StateInterval.starts_at
    ran = func.sum(type_coerce(ends, BigInteger) - type_coerce(starts, BigInteger))
    rows = session.execute(
        select(Run.machine_id, Run.good + Run.rejected, ran)
        .join(StateInterval, StateInterval.run_id == Run.id)
        .where(
            Run.machine_id.in_(machine_ids),
            Run.started_at > now - TAUGHT_BY,
            Run.ended_at.is_not(None),
            Run.estimated.is_(False),
            StateInterval.reason == "running",
            StateInterval.ends_at.is_not(None),
        )
        .group_by(Run.id)
        .order_by(Run.id.desc())
        .limit(MOST_RUNS)
    )
    samples: dict[int, list[Decimal]] = defaultdict(list)
    for machine_id, made, seconds in rows:
        if made and seconds:
            samples[machine_id].append(Decimal(made) * 60 / Decimal(int(seconds)))
    planned = session.execute(
        select(Machine.id, Machine.rate_per_minute).where(Machine.id.in_(machine_ids))
    )
    return {
        machine_id: learned_rate(Decimal(str(rate)), samples[machine_id])
        for machine_id, rate in planned
    }
