"""Businesses that may be on record twice, and what would go over if two become one."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.businesses import (
    BusinessKind,
    Known,
    Mergeable,
    PaperKind,
    PaperState,
    likely_pairs,
    name_key,
    problems_with_merge,
)
from packhouse.domain.permissions import may_merge_businesses
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem
from packhouse.models.businesses import Business, Document
from packhouse.models.businesses.merging import are_linked, is_going_on, load_merger, load_moves
from packhouse.queries.businesses.records import BusinessItem, items_by_id

MOST_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two records that may be one business, the older first, and what they have in common."""

    first: BusinessItem
    second: BusinessItem
    likeness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What would go over from one record to the other, by table, and what speaks against it."""

    merged: BusinessItem
    into: BusinessItem
    moved: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]


def duplicates(*, actor: Actor) -> tuple[Duplicate, ...]:
    """Return pairs that may be one business, most telling first, at most a hundred.

    Four queries whatever there is. Raises NotAllowed.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    session = reading()
    pairs = likely_pairs(_known(session))[:MOST_PAIRS]
    ids = {each for pair in pairs for each in (pair.first, pair.second)}
    items = items_by_id(session, ids)
    return tuple(
        Duplicate(items[pair.first], items[pair.second], tuple(pair.likeness)) for pair in pairs
    )


def _known(session: Session) -> list[Known]:
    papers = session.execute(
        select(Document.business_id, Document.number).where(
            Document.kind == PaperKind.NIB, Document.state != PaperState.REMOVED
        )
    )
    numbers: dict[int, set[str]] = defaultdict(set)
    for business_id, number in papers:
        numbers[business_id].add(number)
    rows = session.execute(
        select(
            Business.id, Business.name, Business.kind, Business.regency_code, Business.phone,
            Business.nib,
        ).where(is_going_on())
    )  # fmt: skip
    return [
        Known(
            row.id, row.name, row.kind, row.regency_code, row.phone,
            frozenset({*numbers.get(row.id, ()), *([row.nib] if row.nib else [])}),
        )
        for row in rows
    ]  # fmt: skip


def merge_preview(*, merged_id: int, into_id: int, actor: Actor) -> MergePreview:
    """Return what a merger would do. Raises NotAllowed, NotFound."""
    if not may_merge_businesses(actor):
        raise NotAllowed
    session = reading()
    items = items_by_id(session, {merged_id, into_id})
    if not {merged_id, into_id} <= items.keys():
        raise NotFound("business_not_found")
    merged, into = items[merged_id], items[into_id]
    problems = problems_with_merge(
        _mergeable(session, merged), _mergeable(session, into),
        linked=are_linked(session, merged_id, into_id),
    )  # fmt: skip
    moved = load_moves(session, merged_id)
    told = tuple((name, count) for name, count in moved.items() if count)
    return MergePreview(merged, into, told, tuple(problems))


def _mergeable(session: Session, item: BusinessItem) -> Mergeable:
    gone = load_merger(session, item.id) is not None
    return Mergeable(item.id, item.kind, item.nib or None, gone)


def goes_on_as(*, business_id: int) -> int | None:
    """Return the business that a merged one goes on as; None for one that goes on itself."""
    return load_merger(reading(), business_id)


def has_namesake(*, name: str, regency: str) -> bool:
    """Say whether more than one business of this name is on record in a regency."""
    wanted = name_key(name)
    if not wanted:
        return False
    names = reading().scalars(
        select(Business.name).where(
            Business.regency_code == regency, Business.kind == BusinessKind.UMKM, is_going_on()
        )
    )
    return sum(1 for each in names if name_key(each) == wanted) > 1
