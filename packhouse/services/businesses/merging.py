"""Two records of one business become one: everything goes over, and nothing is written anew."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.businesses import Level, Mergeable, problems_with_merge
from packhouse.domain.permissions import may_merge_businesses
from packhouse.domain.reminders import NEWS_KEEPS, MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, RuleBroken
from packhouse.models.businesses import (
    Business,
    CooperativeMember,
    DismissedPair,
    Membership,
    Merger,
)
from packhouse.models.businesses.merging import (
    MOVED,
    are_linked,
    is_dismissed_with,
    load_merger,
    load_moves,
    owner_in,
)
from packhouse.services.audit import Once, answer_once
from packhouse.services.businesses.steps import (
    OWNER,
    locked_pair,
    nearest_house,
    note_business,
    relevel,
)
from packhouse.services.reminders import tell_business

LONGEST_REASON = 500
BATCH = 200


@use_case
def merge_businesses(
    *,
    merged_id: int,
    into_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> int:
    """Let one record go on as another; return the other's id. It cannot be undone.

    People, products, bookings, jobs, orders, series, wishes, papers and members go over, in one
    transaction; the emptied record stays, and says where it went. What is in the audit trail,
    and what was refused to it, stays with the record of its time. The owners of both are told. A
    repeat under the same key changes nothing. Raises NotFound, NotAllowed, Malformed without a
    reason, RuleBroken.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    why = reason.strip()
    if not why:
        raise Malformed("reason_missing")
    if len(why) > LONGEST_REASON:
        raise Malformed("text_long", field="reason", maximum=LONGEST_REASON)
    request = {"merged": merged_id, "into": into_id}
    once = Once(key, "merge_businesses", request) if key else None
    with transaction() as session:

        def act() -> int:
            merged, into = locked_pair(session, merged_id, into_id)
            _refuse(session, merged, into)
            moved = load_moves(session, merged.id)
            _hand_over(session, merged, into)
            merger = Merger(
                merged_id=merged.id, into_id=into.id, at=now, actor_id=actor.id, reason=why,
                moved=moved,
            )  # fmt: skip
            session.add(merger)
            for each in (merged, into):
                relevel(session, each, actor=actor, now=now)
            facts = {"reason": why, "moved": moved}
            note_business(
                session, "business:merged", merged, actor=actor, now=now, into=into.id, **facts
            )
            note_business(
                session, "business:took_over", into, actor=actor, now=now, merged=merged.id, **facts
            )
            _tell_owners(session, merged, into, moved, now=now)
            return into.id

        done: int = answer_once(session, actor=actor, now=now, once=once, act=act)
        return done


@use_case
def move_stragglers(*, actor: Actor, now: datetime) -> int:
    """Move what reached a merged record in the very moment of the merger; return how many did.

    A booking that had read its business just before is written to the emptied record after it.
    """
    found = [
        (each.merged_id, late)
        for each in reading().scalars(select(Merger).order_by(Merger.at.desc()).limit(BATCH))
        if (late := _left_behind(reading(), each.merged_id))
    ]
    if not found:
        return 0
    with transaction() as session:
        for merged_id, late in found:
            into_id = load_merger(session, merged_id) or merged_id
            merged, into = locked_pair(session, merged_id, into_id)
            _hand_over(session, merged, into)
            for business in (merged, into):
                relevel(session, business, actor=actor, now=now)
            facts = {"merged": merged.id, "moved": late}
            note_business(session, "business:took_over", into, actor=actor, now=now, **facts)
    return sum(sum(late.values()) for _, late in found)


# --- steps --------------------------------------------------------------------------------------


def _refuse(session: Session, merged: Business, into: Business) -> None:
    def told(business: Business) -> Mergeable:
        gone = load_merger(session, business.id) is not None
        return Mergeable(business.id, business.kind, business.nib, gone)

    problems = problems_with_merge(
        told(merged), told(into), linked=are_linked(session, merged.id, into.id)
    )
    if problems:
        raise RuleBroken(problems)


def _left_behind(session: Session, business_id: int) -> dict[str, int]:
    return {name: count for name, count in load_moves(session, business_id).items() if count}


def _hand_over(session: Session, merged: Business, into: Business) -> None:
    _hand_over_identity(session, merged, into)
    for name in MOVED:
        owner = owner_in(name)
        session.execute(update(owner.table).where(owner == merged.id).values({owner: into.id}))
    _hand_over_people(session, merged.id, into.id)
    _hand_over_members(session, merged.id, into.id)
    _hand_over_dismissals(session, merged.id, into.id)
    session.expire_all()


def _hand_over_identity(session: Session, merged: Business, into: Business) -> None:
    """Fill what the record that goes on does not say of itself; it keeps what it says."""
    nib, merged.nib = merged.nib, None
    session.flush()
    into.nib = into.nib or nib
    into.phone, into.village = into.phone or merged.phone, into.village or merged.village
    tiers = list(Level)
    into.seen_level = max(
        into.seen_level, merged.seen_level, key=lambda each: tiers.index(Level(each))
    )
    merged.seen_level = Level.TRIAL
    session.flush()


def _hand_over_people(session: Session, merged_id: int, into_id: int) -> None:
    there = {
        each.user_id: each
        for each in session.scalars(select(Membership).where(Membership.business_id == into_id))
    }
    for each in session.scalars(select(Membership).where(Membership.business_id == merged_id)):
        known = there.get(each.user_id)
        if known is None:
            session.add(Membership(user_id=each.user_id, business_id=into_id, role=each.role))
        elif each.role == OWNER:
            known.role = OWNER
        session.delete(each)
    session.flush()


def _hand_over_members(session: Session, merged_id: int, into_id: int) -> None:
    """Put the record that goes on in the place of the other in every cooperative."""
    rows = session.execute(
        select(CooperativeMember.cooperative_id, CooperativeMember.member_id).where(
            (CooperativeMember.cooperative_id == merged_id)
            | (CooperativeMember.member_id == merged_id)
        )
    ).all()
    for cooperative_id, member_id in rows:
        pair: dict[str, Any] = {
            "cooperative_id": into_id if cooperative_id == merged_id else cooperative_id,
            "member_id": into_id if member_id == merged_id else member_id,
        }
        if session.get(CooperativeMember, tuple(pair.values())) is None:
            session.add(CooperativeMember(**pair))
    session.flush()
    session.execute(
        delete(CooperativeMember)
        .where(
            (CooperativeMember.cooperative_id == merged_id)
            | (CooperativeMember.member_id == merged_id)
        )
        .execution_options(synchronize_session=False)
    )


def _hand_over_dismissals(session: Session, merged_id: int, into_id: int) -> None:
    """Who was another than the one is another than both; that these two were two is forgotten."""
    dismissed = session.scalars(select(DismissedPair).where(is_dismissed_with(merged_id))).all()
    for each in dismissed:
        other = each.second_id if each.first_id == merged_id else each.first_id
        first, second = sorted((other, into_id))
        if first != second and session.get(DismissedPair, (first, second)) is None:
            session.add(
                DismissedPair(
                    first_id=first, second_id=second, reason=each.reason,
                    actor_id=each.actor_id, at=each.at,
                )
            )  # fmt: skip
        session.delete(each)
    session.flush()


def _tell_owners(
    session: Session, merged: Business, into: Business, moved: dict[str, int], *, now: datetime
) -> None:
    """Tell the owners of both, who all are owners of the one by now; without a house, nobody."""
    site = nearest_house(session, into)
    if site is None:
        return
    tell_business(
        session,
        kind=MessageKind.BUSINESS_MERGED,
        business_id=into.id,
        owners_only=True,
        site=site,
        key=f"merger:{merged.id}",
        facts={
            "business": into.id,
            "into": into.name,
            "old": merged.id,
            "merged": merged.name,
            "moved": {name: count for name, count in moved.items() if count},
            "phone": site.phone,
        },
        now=now,
        not_after=now + NEWS_KEEPS,
    )
