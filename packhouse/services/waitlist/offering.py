"""Promotion: whatever time frees up is offered to the first wish in order that it fits.

One pass looks at one day of one machine, with the machine's row locked: who is chosen, the time
that is held for her and the message to her are one transaction. Two workers at once do no harm,
and one that dies leaves the freed time for the next.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.reminders import MessageKind
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import TimeRange, slot_of, to_epoch
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import (
    Fit,
    Standing,
    WishKind,
    WishState,
    answer_by,
    earliest_start,
    in_order,
)
from packhouse.errors import Conflict, RuleBroken
from packhouse.models.machines import Machine
from packhouse.models.replanning import is_wanted_first
from packhouse.models.slots import OperatorLoad
from packhouse.models.waitlist import (
    FreedTime,
    Offer,
    Wish,
    load_standings,
    start_of_day,
)
from packhouse.services.bookings.limits import problems_with_use
from packhouse.services.businesses.steps import problems_with_tier
from packhouse.services.reminders import tell_business
from packhouse.services.slots import Place, lock_places, take
from packhouse.services.waitlist.days import Candidate, Day, candidates, fit_for, refused_times
from packhouse.services.waitlist.steps import facts_of, lock_wish, note_wish, tell_of_offer

# Of those who only want to know: so many at a time, or the fastest phone wins.
MOST_TOLD = 5
TOLD_KEEPS = timedelta(hours=12)


@use_case
def promote(*, actor: Actor, now: datetime) -> int:
    """Look at one machine's day that came free and offer it; return 1, or 0 when nothing waits.

    Called by the worker until there is nothing left, and right after time has come free.
    """
    if reading().scalar(select(FreedTime.id).limit(1)) is None:
        return 0
    try:
        with transaction() as session:
            return _next_freed(session, actor, now)
    except (Conflict, RuleBroken):
        return 0  # Another machine took the last operator meanwhile: the next round looks again.


def _next_freed(session: Session, actor: Actor, now: datetime) -> int:
    if session.scalar(select(Wish.id).where(Wish.state == WishState.OPEN).limit(1)) is None:
        session.execute(delete(FreedTime).execution_options(synchronize_session=False))
        return 0
    freed = session.scalar(
        select(FreedTime)
        .join(Machine, Machine.id == FreedTime.machine_id)
        # Who lost her time to the house comes before those who wait for one.
        .where(or_(FreedTime.to_at <= now, ~is_wanted_first(now)))
        .order_by(FreedTime.id)
        .limit(1)
        .with_for_update(of=FreedTime, skip_locked=True)
    )
    if freed is None:
        return 0
    spot = lock_places(session, machine_ids=[freed.machine_id], now=now)[0]
    _serve(session, spot, freed, actor, now)
    return 1


def offer_freed(session: Session, *, spot: Place, actor: Actor, now: datetime) -> int:
    """Offer what has just come free on a locked machine; return how many offers were made."""
    session.flush()
    rows = session.scalars(
        select(FreedTime)
        .where(FreedTime.machine_id == spot.machine.id)
        .order_by(FreedTime.id)
        .with_for_update(skip_locked=True)
    ).all()
    days = {spot.day_of(max(each.from_at, now)): each for each in rows if each.to_at > now}
    return sum(_serve(session, spot, each, actor, now) for each in days.values())


def _serve(session: Session, spot: Place, freed: FreedTime, actor: Actor, now: datetime) -> int:
    """Serve the first day of a freed time, and strike it off; a longer one keeps its rest."""
    start = max(freed.from_at, now)
    local = spot.calendar.local_day(spot.day_of(start))
    _spread(session, spot, freed)
    if freed.to_at > local.end:
        freed.from_at = local.end
    else:
        session.delete(freed)
    session.flush()
    if local.end <= now:
        return 0
    horizon = now + timedelta(days=spot.site.horizon_days)
    begins, ends = max(local.start, earliest_start(now)), min(local.end, horizon)
    if begins >= ends:
        return 0
    return _fill(Day(session, spot, TimeRange(begins, ends), now), actor)


def _spread(session: Session, spot: Place, freed: FreedTime) -> None:
    """Where the freed operator was the last one, look at the site's other attended machines too.

    Those marks have no length, and so spread no further.
    """
    if not spot.spec.attended or freed.from_at == freed.to_at:
        return
    scarce = session.scalar(
        select(OperatorLoad.slot)
        .where(
            OperatorLoad.site_id == spot.site.id,
            OperatorLoad.slot >= slot_of(freed.from_at),
            OperatorLoad.slot < slot_of(freed.to_at),
            OperatorLoad.used >= OperatorLoad.capacity - 1,
        )
        .limit(1)
    )
    if scarce is None:
        return
    others = session.scalars(
        select(Machine.id).where(
            Machine.site_id == spot.site.id, Machine.attended, Machine.id != spot.machine.id
        )
    )
    session.add_all(
        FreedTime(machine_id=each, from_at=freed.from_at, to_at=freed.from_at) for each in others
    )


def _fill(day: Day, actor: Actor) -> int:
    """Offer a machine's day piece by piece, each to the first in order whom one fits."""
    if day.room() < 1:
        return 0
    session, spot = day.session, day.spot
    waiting = candidates(session, spot=spot, window=day.window, today=day.is_today)
    if not waiting:
        return 0
    standings = load_standings(
        session, site_id=spot.site.id, zone=spot.site.zone, wishes=waiting.values(), now=day.now
    )
    refused = refused_times(session, waiting)
    ordered = in_order(standings.values())
    passed: dict[str, list[int]] = defaultdict(list)
    made = 0
    for place in ordered:
        wish = waiting[place.wish_id]
        if wish.kind != WishKind.OFFER:
            continue
        fit, reason = fit_for(day, wish, refused.get(wish.id, ()))
        if fit is not None:
            reason = hold_for(
                session, day=day, wished=wish, place=place, fit=fit, passed=dict(passed),
                actor=actor,
            )  # fmt: skip
        if reason:
            passed[reason].append(wish.id)
            continue
        made += 1
        day.forget()
        if day.room() < 1:
            return made
    _tell_others(day, [waiting[each.wish_id] for each in ordered], refused)
    return made


def hold_for(
    session: Session,
    *,
    day: Day,
    wished: Candidate,
    place: Standing,
    fit: Fit,
    passed: dict[str, list[int]],
    actor: Actor,
) -> str:
    """Hold a time for a wish and tell her; return why not, if she may not have it."""
    now, time = day.now, day.time_for(wished.pack)
    wish = session.get_one(Wish, wished.id)
    lock_wish(session, wish)
    if wish.state != WishState.OPEN or wish.version < 1:
        return "gone"
    spot = Place(day.spot.machine, day.spot.site, time.spec, day.spot.calendar)
    placed, job = fit.option.placement, wished.need().job(fit.quantity)
    broken = [
        *problems_with_use(
            session, spot=spot, job=job, business_id=wish.business_id,
            starts_at=placed.starts_at, now=now,
        ),
        *problems_with_tier(session, business_id=wish.business_id, quantity=fit.quantity),
    ]  # fmt: skip
    if broken:
        return "limits"
    occupation = take(session, spot=spot, job=job, placed=placed, kind="offer")
    offer = Offer(
        wish_id=wish.id,
        product_id=wish.product_id,
        site_id=spot.site.id,
        machine_id=spot.machine.id,
        occupation_id=occupation.id,
        quantity=fit.quantity,
        starts_at=placed.starts_at,
        ends_at=placed.ends_at,
        price=price_of(time.spec.tariff_per_hour, placed.phases.work_minutes),
        answer_by=answer_by(now=now, starts_at=placed.starts_at, calendar=spot.calendar),
        facts={"key": list(place.key), "why": list(place.why), "passed": passed},
        made_at=now,
    )
    wish.state = WishState.OFFERED
    session.add(offer)
    note_wish(
        session, wish, action="offer:made", actor=actor, now=now,
        machine_id=spot.machine.id, starts_at=to_epoch(placed.starts_at),
    )  # fmt: skip
    tell_of_offer(
        session, kind=MessageKind.OFFER_MADE, offer=offer, wish=wish, site=spot.site, now=now
    )
    return ""


def _tell_others(
    day: Day, ordered: Sequence[Candidate], refused: Mapping[int, Sequence[TimeRange]]
) -> None:
    """Tell some of those who only want to know what is left, each once a day."""
    told = 0
    today = start_of_day(day.now, day.spot.site.zone)
    for each in ordered:
        if told >= MOST_TOLD:
            return
        if each.kind != WishKind.NOTIFY or (each.told_at and each.told_at >= today):
            continue
        fit, _ = fit_for(day, each, refused.get(each.id, ()))
        if fit is None:
            continue
        wish = day.session.get_one(Wish, each.id)
        lock_wish(day.session, wish)
        if wish.state != WishState.OPEN or wish.told_at != each.told_at:
            continue
        wish.told_at = day.now
        told += 1
        _tell_freed(day, wish, fit)


def _tell_freed(day: Day, wish: Wish, fit: Fit) -> None:
    placed = fit.option.placement
    tell_business(
        day.session, kind=MessageKind.TIME_FREED, business_id=wish.business_id,
        site=day.spot.site, key=f"wish:{wish.id}:{to_epoch(day.now)}",
        facts=facts_of(
            day.session, wish, day.spot.machine.id, placed.starts_at, placed.ends_at
        ),
        now=day.now, not_after=min(placed.starts_at, day.now + TOLD_KEEPS),
    )  # fmt: skip
