"""Bookings that need a new time, the plans that give them one, and who is to be called."""

from packhouse.queries.replanning.answers import (
    CallItem,
    NewTime,
    calls,
    new_time_of,
    new_times,
)
from packhouse.queries.replanning.misfits import MisfitItem, misfits, recent_misfits
from packhouse.queries.replanning.plans import affected, open_plans, plan_view
from packhouse.queries.replanning.views import PlanItem, PlanView, RowItem

__all__ = [
    "CallItem",
    "MisfitItem",
    "NewTime",
    "PlanItem",
    "PlanView",
    "RowItem",
    "affected",
    "calls",
    "misfits",
    "new_time_of",
    "new_times",
    "open_plans",
    "plan_view",
    "recent_misfits",
]
