"""What finished runs teach about how fast machines pack, as a range for people who plan."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from packhouse.db import reading
from packhouse.domain.machines import RateEstimate, learned_rate
from packhouse.models.machines import Machine
from packhouse.models.runs import load_samples


def learned_rates(*, machine_ids: Collection[int], now: datetime) -> Mapping[int, RateEstimate]:
    """Return packs a minute of each machine, with quartiles, from the runs of the last year.

    Two queries, whatever the pack. A machine without runs has its planned rate with the usual
    spread.
    """
    session = reading()
    samples: dict[int, list[Decimal]] = defaultdict(list)
    for (machine_id, _pack), runs in load_samples(
        session, machine_ids=machine_ids, now=now
    ).items():
        samples[machine_id] += (each.rate for each in runs)
    planned = session.execute(
        select(Machine.id, Machine.rate_per_minute).where(Machine.id.in_(machine_ids))
    )
    return {
        machine_id: learned_rate(Decimal(str(rate)), samples[machine_id])
        for machine_id, rate in planned
    }
