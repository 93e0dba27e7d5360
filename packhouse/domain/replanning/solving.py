"""From a situation to a plan."""

from packhouse.domain.replanning.baseline import one_after_another
from packhouse.domain.replanning.explaining import cost_of, outcomes_of
from packhouse.domain.replanning.situation import Plan, Situation


def solve(situation: Situation, *, seconds: float = 10.0) -> Plan:
    """Return where every affected booking goes, or that it must call.

    ``seconds`` bound the search; what was found until then is answered, with its bound.
    """
    spots = one_after_another(situation)
    outcomes = outcomes_of(situation, spots)
    baseline = cost_of(situation, outcomes)
    return Plan(outcomes, baseline, (0, 0, 0, 0), baseline)
