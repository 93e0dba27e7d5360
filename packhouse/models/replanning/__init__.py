"""What no longer fits, the plans made for it, and what people answered."""

from packhouse.models.replanning.misfits import Misfit, load_misfits, load_operators
from packhouse.models.replanning.rank import is_wanted_first
from packhouse.models.replanning.situations import Marks, load_situation
from packhouse.models.replanning.tables import PlanAnswer, PlanRow, ReplanningPlan, is_asked
from packhouse.models.replanning.touched import Touched, Work, load_touched

__all__ = [
    "Marks",
    "Misfit",
    "PlanAnswer",
    "PlanRow",
    "ReplanningPlan",
    "Touched",
    "Work",
    "is_asked",
    "is_wanted_first",
    "load_misfits",
    "load_operators",
    "load_situation",
    "load_touched",
]
