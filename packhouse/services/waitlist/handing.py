"""An offer made by hand: the desk gives a gap of its board to somebody who waits."""

from collections import defaultdict
from datetime import datetime

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_operate
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import Standing, WishKind, earliest_start, in_order
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken
from packhouse.models.waitlist import Reorder, Wish, load_standings
from packhouse.services.slots import lock_place
from packhouse.services.waitlist.days import Candidate, Day, candidates, fit_for, refused_times
from packhouse.services.waitlist.offering import hold_for
from packhouse.services.waitlist.steps import lock_wish, note_wish

LONGEST_REASON = 500


@use_case
def hand_out(
    *, machine: str, wish_id: int, actor: Actor, now: datetime, reason: str = ""
) -> datetime:
    """Offer what is free today on a machine to one who waits; return the start that is held.

    Whoever stands before her in the published order, asks for the same day and fits comes first:
    another order needs a reason, which is kept and shown as that of every reordering. Raises
    NotFound, Malformed, RuleBroken when it needs a reason or does not fit any more.
    """
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise Malformed("text_long", field="reason", maximum=LONGEST_REASON)
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_operate(actor, spot.site.id):
            raise NotFound("machine_not_found", machine=machine)
        begins, ends = earliest_start(now), spot.calendar.local_day(spot.day_of(now)).end
        if begins >= ends:
            raise RuleBroken([Problem("wish_does_not_fit")])
        day = Day(session, spot, TimeRange(begins, ends), now)
        waiting = candidates(session, spot=spot, window=day.window, today=False)
        chosen = waiting.get(wish_id)
        if chosen is None or chosen.kind != WishKind.OFFER:
            raise RuleBroken([Problem("wish_does_not_fit")])
        return _hand_out(day, chosen, waiting, reason, actor)


def _hand_out(
    day: Day, chosen: Candidate, waiting: dict[int, Candidate], reason: str, actor: Actor
) -> datetime:
    ordered = _standings(day, waiting)
    place = next(each for each in ordered if each.wish_id == chosen.id)
    refused = refused_times(day.session, waiting)
    passed: dict[str, list[int]] = defaultdict(list)
    for each in ordered[: ordered.index(place)]:
        wish = waiting[each.wish_id]
        if wish.kind != WishKind.OFFER or not wish.same_day:
            continue
        fit, why = fit_for(day, wish, refused.get(wish.id, ()))
        if fit is not None and not reason:
            raise RuleBroken([Problem("order_needs_reason")])
        if fit is not None:
            place = _put_first(day, chosen, waiting, reason, actor)
            passed.clear()
            break
        passed[why].append(wish.id)
    fit, _why = fit_for(day, chosen, ())
    if fit is None or hold_for(
        day.session, day=day, wished=chosen, place=place, fit=fit, passed=dict(passed), actor=actor
    ):
        raise RuleBroken([Problem("wish_does_not_fit")])
    return fit.option.placement.starts_at


def _standings(day: Day, waiting: dict[int, Candidate]) -> list[Standing]:
    site, session = day.spot.site, day.session
    found = load_standings(
        session, site_id=site.id, zone=site.zone, wishes=waiting.values(), now=day.now
    )
    return in_order(found.values())


def _put_first(
    day: Day, chosen: Candidate, waiting: dict[int, Candidate], reason: str, actor: Actor
) -> Standing:
    """Put a wish before all others, as any reordering does, and return its new place."""
    session, now = day.session, day.now
    wish = session.get_one(Wish, chosen.id)
    lock_wish(session, wish)
    wish.preferred_at = now
    wish.version += 1
    session.add(Reorder(wish_id=wish.id, at=now, actor_id=actor.id, to_front=True, reason=reason))
    note_wish(session, wish, action="wish:preferred", actor=actor, now=now, reason=reason)
    again = {**waiting, chosen.id: chosen._replace(preferred=int(now.timestamp()))}
    return next(each for each in _standings(day, again) if each.wish_id == chosen.id)
