"""Two records that look like one business and are not: said once, and taken back."""

from datetime import datetime

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_merge_businesses
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, Problem, RuleBroken, WrongState
from packhouse.models.businesses import DismissedPair
from packhouse.models.businesses.merging import load_merger
from packhouse.services.businesses.merging import LONGEST_REASON
from packhouse.services.businesses.steps import locked_pair, note_business


@use_case
def dismiss_pair(
    *, first_id: int, second_id: int, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Say that two records are two businesses: they are not proposed as one any more.

    The order of the two is of no meaning. Saying it again changes nothing. Raises NotFound,
    NotAllowed, Malformed for a long reason, RuleBroken for one and the same, WrongState where one
    was merged already.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    why = reason.strip()
    if len(why) > LONGEST_REASON:
        raise Malformed("text_long", field="reason", maximum=LONGEST_REASON)
    low, high = sorted((first_id, second_id))
    with transaction() as session:
        first, second = locked_pair(session, low, high)
        if low == high:
            raise RuleBroken([Problem("merge_self")])
        if any(load_merger(session, each) is not None for each in (low, high)):
            raise WrongState("business_merged")
        if session.get(DismissedPair, (low, high)) is not None:
            return
        session.add(
            DismissedPair(first_id=low, second_id=high, reason=why, actor_id=actor.id, at=now)
        )
        for each, other in ((first, second), (second, first)):
            note_business(
                session, "business:pair_dismissed", each, actor=actor, now=now,
                other=other.id, reason=why,
            )  # fmt: skip


@use_case
def restore_pair(*, first_id: int, second_id: int, actor: Actor, now: datetime) -> None:
    """Take back that two records are two businesses; harmless where nobody said so.

    Raises NotFound, NotAllowed.
    """
    if not may_merge_businesses(actor):
        raise NotAllowed
    low, high = sorted((first_id, second_id))
    with transaction() as session:
        first, second = locked_pair(session, low, high)
        dismissed = session.get(DismissedPair, (low, high))
        if dismissed is None:
            return
        session.delete(dismissed)
        for each, other in ((first, second), (second, first)):
            note_business(
                session, "business:pair_restored", each, actor=actor, now=now, other=other.id
            )
