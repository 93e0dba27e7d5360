"""A situation in parts that have nothing to do with each other, so that each is solved alone.

Bookings have to do with each other if some machine may take both, if one is a step behind the
other, or if both may need an operator where operators are short. The best plan of the whole is
the best plans of the parts, and bounds add up.
"""

from collections import defaultdict
from collections.abc import Iterator

from packhouse.domain.replanning.situation import Affected, Situation


def parts_of(situation: Situation) -> list[Situation]:
    """Return the parts of a situation, each with the machines it may use, in a fixed order."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    for affected in situation.affected:
        for tie in _ties(affected, situation):
            leader[find(tie)] = find(f"booking {affected.code}")
    groups: defaultdict[str, list[Affected]] = defaultdict(list)
    for affected in situation.affected:
        groups[find(f"booking {affected.code}")].append(affected)
    return [_part(situation, tuple(each)) for each in groups.values()]


def _ties(affected: Affected, situation: Situation) -> Iterator[str]:
    """Yield what a booking shares with others."""
    yield f"booking {affected.code}"
    if affected.after is not None:
        yield f"booking {affected.after}"
    for spec in affected.specs:
        yield f"machine {spec.code}"
        if spec.attended and situation.operators_free:
            yield "operators"


def _part(situation: Situation, affected: tuple[Affected, ...]) -> Situation:
    codes = {spec.code for each in affected for spec in each.specs}
    machines = {code: each for code, each in situation.machines.items() if code in codes}
    return Situation(affected, machines, situation.operators_free)
