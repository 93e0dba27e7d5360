"""What no longer fits, the plans made for it, and what people answered."""

from packhouse.models.replanning.misfits import Misfit, load_misfits, load_operators
from packhouse.models.replanning.tables import PlanAnswer, PlanRow, ReplanningPlan

__all__ = [
    "Misfit",
    "PlanAnswer",
    "PlanRow",
    "ReplanningPlan",
    "load_misfits",
    "load_operators",
]
