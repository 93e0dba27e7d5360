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
from packhouse.services.downtime.parts import Noted, end_part, note_part
from packhouse.services.downtime.past import release_past
from packhouse.services.downtime.photos import MOST_BYTES, add_photo, drop_photos, remove_photo
from packhouse.services.downtime.schedules import add_schedule, end_schedule, plan_due_work
from packhouse.services.downtime.steps import Affected

__all__ = [
    "MOST_BYTES",
    "PLANNED",
    "Affected",
    "Down",
    "Noted",
    "Planned",
    "add_photo",
    "add_schedule",
    "cancel_maintenance",
    "claim_maintenance",
    "drop_photos",
    "end_outage",
    "end_part",
    "end_schedule",
    "follow_outages",
    "note_part",
    "plan_due_work",
    "plan_maintenance",
    "release_past",
    "remove_photo",
    "repair",
    "report_breakdown",
    "report_outage",
    "set_utilities",
    "take_maintenance",
]
