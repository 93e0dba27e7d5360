"""Machines that cannot work: broken, without power or water, or kept for planned work."""

from packhouse.services.downtime.breakdowns import repair, report_breakdown
from packhouse.services.downtime.maintenance import (
    PLANNED,
    Planned,
    cancel_maintenance,
    claim_maintenance,
    plan_maintenance,
    take_maintenance,
)
from packhouse.services.downtime.outages import (
    Down,
    end_outage,
    follow_outages,
    report_outage,
    set_utilities,
)
from packhouse.services.downtime.past import release_past
from packhouse.services.downtime.steps import Affected

__all__ = [
    "PLANNED",
    "Affected",
    "Down",
    "Planned",
    "cancel_maintenance",
    "claim_maintenance",
    "end_outage",
    "follow_outages",
    "plan_maintenance",
    "release_past",
    "repair",
    "report_breakdown",
    "report_outage",
    "set_utilities",
    "take_maintenance",
]
