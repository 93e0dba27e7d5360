"""Tiers: how far a business has come by what an officer verified, and its next step.

Few small producers have all their papers, so none of them is shut out: without a NIB she packs a
trial, with one she packs, and with licence and halal certificate her product is fit for the shelf.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from packhouse.domain.businesses.identity import Level
from packhouse.domain.businesses.papers import MARKET_LICENCES, Paper, PaperKind
from packhouse.domain.products import Lane
from packhouse.errors import Problem

ORDER = (Level.TRIAL, Level.NIB, Level.MARKET_READY)
ALLOWED: MappingProxyType[Level, tuple[str, ...]] = MappingProxyType(
    {
        Level.TRIAL: ("trial_run",),
        Level.NIB: ("any_quantity", "sell_by_own_duty"),
        Level.MARKET_READY: ("any_quantity", "licence_on_label"),
    }
)
"""What each tier may do, by code; published on the page of every business."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a business can do next, and for which product."""

    code: str
    product_id: int | None = None


def level_of(
    *, seen: Level, papers: Iterable[Paper], lanes: Mapping[int, str], today: date
) -> Level:
    """Return the tier of a business: the higher of what an officer saw and what papers say.

    `seen` is the tier for which an officer saw the originals without noting each of them.
    `papers` are all of the business, `lanes` those of its products in use. Market-ready is a
    business with a NIB and one product that has a P-IRT or MD number and, in the halal lane, a
    halal certificate of its own or of the business. Expired papers count for nothing.
    """
    held = [paper for paper in papers if paper.holds(today)]
    has_nib = seen is not Level.TRIAL or any(paper.kind is PaperKind.NIB for paper in held)
    if not has_nib:
        return Level.TRIAL
    ready = any(not _lacking(held, product, lane) for product, lane in lanes.items())
    return max(seen, Level.MARKET_READY if ready else Level.NIB, key=ORDER.index)


def _lacking(papers: list[Paper], product_id: int, lane: str) -> list[str]:
    """Return which kinds of paper a product is without."""
    own = {paper.kind for paper in papers if paper.product_id == product_id}
    general = {paper.kind for paper in papers if paper.product_id is None}
    lacking = [] if own & MARKET_LICENCES else ["licence"]
    if lane == Lane.HALAL and PaperKind.HALAL not in own | general:
        lacking.append("halal")
    return lacking


def next_steps(
    *, level: Level, papers: Iterable[Paper], lanes: Mapping[int, str], today: date
) -> tuple[Step, ...]:
    """Return what is missing for the next tier, nearest first; there always is a way forward.

    A step ends in "_wait" where the paper was told and an officer has not yet seen it.
    """
    told = [paper for paper in papers if paper.is_told()]
    if level is Level.TRIAL:
        waits = any(paper.kind is PaperKind.NIB for paper in told)
        return (Step("nib_wait" if waits else "nib_get"),)
    if level is Level.MARKET_READY:
        return ()
    if not lanes:
        return (Step("product_add"),)
    held = [paper for paper in told if paper.holds(today)]
    lacking = {product: _lacking(held, product, lane) for product, lane in lanes.items()}
    nearest = min(lacking, key=lambda product: (len(lacking[product]), product))
    fresh = [each for each in told if each.expires_on is None or each.expires_on >= today]
    missing = set(_lacking(fresh, nearest, lanes[nearest]))
    return tuple(
        Step(f"{what}_get" if what in missing else f"{what}_wait", nearest)
        for what in lacking[nearest]
    )


def problems_with_trial(*, level: str, quantity: int, most: int) -> list[Problem]:
    """Return why a trial is none: without a NIB she packs at most so many pieces at a time."""
    if level != Level.TRIAL or quantity <= most:
        return []
    return [Problem("trial_quantity", {"quantity": quantity, "most": most})]
