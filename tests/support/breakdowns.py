"""Bookings that lost their time: built by hand for examples, drawn at random for properties."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from packhouse.domain.machines import MachineTime
from packhouse.domain.products import ProductTraits
from packhouse.domain.replanning import Affected, Situation, Spot
from tests.support.houses import (
    CALENDAR,
    FISH,
    SEALER,
    THURSDAY,
    at,
    busy,
    job,
)

FIRST = replace(SEALER, code="M1", attended=False)
SECOND = replace(SEALER, code="M2", attended=False)
WATCHED = replace(SEALER, code="M4", attended=True)
LAST = at("16:00", THURSDAY + timedelta(days=1))


def lost(
    code: str, start: str, *, quantity: int = 600, traits: ProductTraits = FISH, **other: Any
) -> Affected:
    """A booking on M1 that needs fifty minutes unless told otherwise."""
    values: dict[str, Any] = {
        "specs": (FIRST, SECOND),
        "not_before": at("00:00"),
        "not_after": LAST,
        **other,
    }
    starts_at = values.pop("starts_at", at(start))
    return Affected(
        code,
        job(quantity, traits),
        values.pop("was", Spot("M1", starts_at)),
        starts_at + timedelta(minutes=50),
        **values,
    )


def situation(
    *affected: Affected,
    machines: Iterable[MachineTime] | None = None,
    operators_free: Mapping[datetime, int] | None = None,
) -> Situation:
    """Rank is the order given; without machines M1 is broken all Thursday and M2 is empty."""
    if machines is None:
        machines = (
            MachineTime(FIRST, CALENDAR, (busy("07:30", "16:00", None),)),
            MachineTime(SECOND, CALENDAR),
        )
    ranked = tuple(replace(each, rank=rank) for rank, each in enumerate(affected))
    return Situation(
        ranked, {each.spec.code: each for each in machines}, dict(operators_free or {})
    )
