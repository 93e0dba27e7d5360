"""A new time for every booking that lost its own, with as little disturbance as possible."""

from packhouse.domain.replanning.situation import Affected, Outcome, Plan, Result, Situation, Spot
from packhouse.domain.replanning.solving import solve

__all__ = ["Affected", "Outcome", "Plan", "Result", "Situation", "Spot", "solve"]
