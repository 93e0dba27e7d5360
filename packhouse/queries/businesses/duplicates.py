"""Businesses that may be on record twice, and what would go over if two become one."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.businesses import (
    BusinessKind,
    Known,
    Likeness,
    Mergeable,
    PaperKind,
    PaperState,
    likely_pairs,
    likenesses,
    name_key,
    problems_with_merge,
)
from packhouse.domain.permissions import may_merge_businesses
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem
from packhouse.models.businesses import Business, DismissedPair, Document
from packhouse.models.businesses.merging import (
    are_linked,
    is_dismissed_with,
    is_going_on,
    load_merger,
    load_moves,
)
from packhouse.models.users import User
from packhouse.queries.businesses.records import BusinessItem, items_by_id

MOST_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two records that may be one business, the older first, and what they have in common."""

    first: BusinessItem
    second: BusinessItem
    likeness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dismissed:
    """Two records that are two businesses, the older first; who said so, when and why."""

    first: BusinessItem
    second: BusinessItem
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What would go over from one record to the other, by table, and what speaks against it."""

    merged: BusinessItem
    into: BusinessItem
    moved: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]
    likeness: tuple[str, ...]
    dismissed: Dismissed | None


def duplicates(*, actor: Actor) -> tuple[Duplicate, ...]:
    """Return pairs that may be one business, most telling first, at most a hundred.

    Five queries whatever there is. Raises NotAllowed.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    session = reading()
    pairs = likely_pairs(_known(session), apart=_apart(session))[:MOST_PAIRS]
    ids = {each for pair in pairs for each in (pair.first, pair.second)}
    items = items_by_id(session, ids)
    return tuple(
        Duplicate(items[pair.first], items[pair.second], tuple(pair.likeness)) for pair in pairs
    )


def duplicates_of(*, business_id: int, actor: Actor) -> tuple[Duplicate, ...]:
    """Return whom a business may be once more, most telling first, in six queries.

    Nobody where it was merged, or there is none. Raises NotAllowed.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    session = reading()
    me = next(iter(_known(session, Business.id == business_id)), None)
    if me is None:
        return ()
    apart = _apart(session, is_dismissed_with(business_id))
    found = {
        (min(business_id, each.id), max(business_id, each.id)): alike
        for each in _known(session, _may_resemble(me), Business.id != business_id)
        if (alike := likenesses(me, each))
    }
    items = items_by_id(session, {each for pair in found for each in pair})
    order = list(Likeness)
    return tuple(
        Duplicate(items[pair[0]], items[pair[1]], tuple(alike))
        for pair, alike in sorted(
            found.items(), key=lambda each: (order.index(each[1][0]), each[0])
        )
        if pair not in apart
    )


def _may_resemble(me: Known) -> ColumnElement[bool]:
    """Say of a business, in a query, that it is worth a closer look beside another."""
    papers = select(Document.business_id).where(Document.number.in_(me.nibs))
    return (Business.kind == me.kind) & or_(
        Business.regency_code == me.regency_code,
        (Business.phone == me.phone) & (Business.phone != ""),
        Business.nib.in_(me.nibs),
        Business.id.in_(papers),
    )


def _apart(session: Session, *which: ColumnElement[bool]) -> set[tuple[int, int]]:
    rows = session.execute(select(DismissedPair.first_id, DismissedPair.second_id).where(*which))
    return {(row.first_id, row.second_id) for row in rows}


def dismissed_pairs(*, actor: Actor, business_id: int | None = None) -> tuple[Dismissed, ...]:
    """Return pairs that are two businesses, latest first, at most a hundred; in two queries.

    ``business_id`` leaves only those of one. Raises NotAllowed.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    which = () if business_id is None else (is_dismissed_with(business_id),)
    return _dismissed(reading(), *which)


def _dismissed(session: Session, *which: ColumnElement[bool]) -> tuple[Dismissed, ...]:
    rows = session.execute(
        select(DismissedPair, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == DismissedPair.actor_id)
        .where(*which)
        .order_by(DismissedPair.at.desc(), DismissedPair.first_id, DismissedPair.second_id)
        .limit(MOST_PAIRS)
    ).all()
    items = items_by_id(
        session, {each for row, _ in rows for each in (row.first_id, row.second_id)}
    )
    return tuple(
        Dismissed(items[row.first_id], items[row.second_id], row.reason, by, row.at)
        for row, by in rows
    )


def _known(session: Session, *which: ColumnElement[bool]) -> list[Known]:
    papers = session.execute(
        select(Document.business_id, Document.number).where(
            Document.kind == PaperKind.NIB,
            Document.state != PaperState.REMOVED,
            *([Document.business_id.in_(select(Business.id).where(*which))] if which else []),
        )
    )
    numbers: dict[int, set[str]] = defaultdict(set)
    for business_id, number in papers:
        numbers[business_id].add(number)
    rows = session.execute(
        select(
            Business.id, Business.name, Business.kind, Business.regency_code, Business.phone,
            Business.nib,
        ).where(is_going_on(), *which)
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
    pair = sorted((merged_id, into_id))
    both = _known(session, Business.id.in_(pair))
    dismissed = _dismissed(
        session, DismissedPair.first_id == pair[0], DismissedPair.second_id == pair[1]
    )
    return MergePreview(
        merged,
        into,
        told,
        tuple(problems),
        likenesses(*both) if len(both) > 1 else (),
        next(iter(dismissed), None),
    )


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
