"""From a situation to a plan: a baseline, then what the optimiser makes of it."""

from time import perf_counter
from typing import TYPE_CHECKING

from packhouse.domain.replanning.baseline import Spots, one_after_another
from packhouse.domain.replanning.candidates import candidates_of
from packhouse.domain.replanning.cleaning import Sequenced, SequenceRules, sequenced
from packhouse.domain.replanning.costs import weight_of
from packhouse.domain.replanning.explaining import PlanBroken, cost_of, outcomes_of
from packhouse.domain.replanning.improving import improved
from packhouse.domain.replanning.parting import parts_of
from packhouse.domain.replanning.programme import Level, Price
from packhouse.domain.replanning.rows import Rules
from packhouse.domain.replanning.searching import Search
from packhouse.domain.replanning.situation import Cost, Outcome, Plan, Situation

if TYPE_CHECKING:
    from packhouse.domain.replanning.candidates import Ints

LEAST: Cost = (0, 0, 0, 0)
# Of the time that is left, what calls, changed days and shift may take, and then cleaning.
SHARES = (0.3, 0.4, 0.5)
CLEANING_SHARE = 0.8
MOST_SEQUENCED = 20_000
LARGE = 60
IMPROVING_SHARE = 0.7


def solve(situation: Situation, *, seconds: float = 10.0) -> Plan:
    """Return where every affected booking goes, or that it must call.

    The plan costs the least there is, part by part, whenever that is proven in time; else it is
    the best that was found, never worse than the baseline, and ``bound`` tells how much better
    one could be. The same situation has the same plan, unless ``seconds`` cut the search short.
    """
    spots = one_after_another(situation)
    outcomes = outcomes_of(situation, spots)
    baseline = cost_of(situation, outcomes)
    better, bound = _in_parts(situation, spots, seconds)
    found = _checked(situation, better)
    if found is None or cost_of(situation, found) > baseline:
        return Plan(outcomes, baseline, LEAST, baseline)
    cost = cost_of(situation, found)
    return Plan(found, cost, min(bound, cost), baseline)


def _in_parts(situation: Situation, spots: Spots, seconds: float) -> tuple[Spots, Cost]:
    """Return the best plan found, and a bound; each part has its share of the time."""
    until = perf_counter() + seconds
    parts = sorted(parts_of(situation), key=lambda each: len(each.affected))
    left = len(situation.affected)
    better: Spots = {}
    total = LEAST
    for part in parts:
        share = len(part.affected) / left
        found, bound = _optimised(part, spots, (until - perf_counter()) * share, LARGE)
        better |= found
        total = _sum(total, bound)
        left -= len(part.affected)
    return better, total


def _sum(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _checked(situation: Situation, spots: Spots) -> tuple[Outcome, ...] | None:
    """Return the outcomes of a plan after `place` has taken every booking, None if it did not."""
    try:
        return outcomes_of(situation, spots)
    except PlanBroken:
        return None


def _in_one(situation: Situation, spots: Spots, seconds: float) -> tuple[Spots, Cost]:
    """Return the best plan found for a piece, which is never cut again."""
    return _optimised(situation, spots, seconds, len(situation.affected))


def _optimised(situation: Situation, spots: Spots, seconds: float, most: int) -> tuple[Spots, Cost]:
    """Return the best plan found for one part, and a bound of the cost of any.

    More than ``most`` bookings are not left to one go alone.
    """
    import numpy as np

    until = perf_counter() + seconds
    every = candidates_of(situation)
    if not len(every):
        return {}, (len(situation.affected), 0, 0, 0)
    search = Search(every, Rules(situation, every), every.rows(spots))
    weights = np.array([weight_of(each) for each in situation.affected], dtype=np.float64)
    prices = (
        Price(np.zeros(len(every)), 1),
        Price(every.changed.astype(np.float64)),
        Price(every.shift * weights[every.booking]),
    )
    levels: list[Level] = []
    bounds: list[int] = []
    for price, share in zip(prices, SHARES, strict=True):
        if price is prices[-1] and len(situation.affected) > most:
            # Many at once are too many for the finer parts of the cost; few at a time are not.
            room = (until - perf_counter()) * IMPROVING_SHARE
            better = improved(situation, every.spots(search.plan), room, _in_one)
            search.plan = every.rows(better)
        bounds.append(search.minimise(price, levels, (until - perf_counter()) * share))
        levels.append(Level(price, search.worth(price, search.plan)))
    plan, cleaning = _cleaned(situation, search, levels, until)
    costs = [int(each.most) for each in levels]
    return every.spots(plan), _bound([*bounds, cleaning], costs)


def _bound(bounds: list[int], costs: list[int]) -> Cost:
    """Return the bound as a whole: behind a part that is not proven nothing is known."""
    known = [0, 0, 0, 0]
    for part, bound in enumerate(bounds):
        known[part] = bound
        if part < len(costs) and bound < costs[part]:
            break
    return known[0], known[1], known[2], known[3]


def _cleaned(
    situation: Situation, search: Search, levels: list[Level], until: float
) -> "tuple[Ints, int]":
    """Return the plan that is cleanest among equals, and a bound of its added cleaning.

    Where that is proven, who booked first is then kept nearest to her time, as far as it costs
    nobody anything.
    """
    plan = search.plan
    if not len(plan) or until < perf_counter():
        return plan, 0
    rows = search.promising(MOST_SEQUENCED)
    found = sequenced(situation, search.every, rows)
    rules = SequenceRules(situation, found)
    cleaner = Search(found.every, rules, rules.copies(plan))
    cleaner.rows = list(rules.balance())
    price = Price(found.price)
    ours = [Level(_behind(found, each.price), each.most) for each in levels]
    bound = cleaner.minimise(price, ours, (until - perf_counter()) * CLEANING_SHARE)
    worth = cleaner.worth(price, cleaner.plan)
    if bound == worth:
        ours.append(Level(price, worth))
        cleaner.minimise(_by_rank(situation, found), ours, until - perf_counter())
    plan = found.origin[cleaner.plan]
    is_whole = len(rows) == search.alive.sum()
    return plan[plan >= 0], bound - found.offset if is_whole else 0


def _behind(found: Sequenced, price: Price) -> Price:
    import numpy as np

    return Price(np.where(found.origin >= 0, price.of[found.origin], 0.0), price.call)


def _by_rank(situation: Situation, found: Sequenced) -> Price:
    """Return the shift of each candidate, the more important the earlier its booking was made."""
    import numpy as np

    order = sorted(range(len(situation.affected)), key=lambda each: situation.affected[each].rank)
    importance = np.zeros(found.every.bookings)
    importance[order] = np.arange(len(order), 0, -1)
    return Price(found.every.shift * importance[found.every.booking])
