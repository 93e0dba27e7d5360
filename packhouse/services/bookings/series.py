"""Wishes that come back: booked in one go, moved or called off together, a date put back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import (
    CANCELLABLE,
    GIVEN_UP,
    MOVABLE,
    Rule,
    day_on,
    instant_on,
    is_bound,
)
from packhouse.domain.permissions import may_act_for, may_operate
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, SlotTaken, WrongState
from packhouse.models.bookings import Booking, Series, SeriesDate
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.services.audit import Once, Subject, answer_once, record
from packhouse.services.bookings.booking import add_booking, new_job
from packhouse.services.bookings.changes import Target, cancel_booking, move_booking
from packhouse.services.bookings.steps import (
    Answer,
    answer_of,
    lock_by_code,
    locked_booking,
    new_code,
)
from packhouse.services.reminders import tell_together
from packhouse.services.slots import Place, lock_places, lock_product

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """So many pieces of a product on a machine at a time of day, as often as the rule says."""

    product_id: int
    quantity: int
    machine: str
    minute_of_day: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class ChosenDate:
    """A date of a series with the time that was ticked for it, maybe on another machine or day."""

    day: date
    machine: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class _By:
    actor: Actor
    now: datetime
    source: str
    override: str = ""


@use_case
def book_series(
    *,
    wish: SeriesWish,
    chosen: Sequence[ChosenDate],
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: str = "online",
    override: str = "",
) -> Answer:
    """Book every chosen date of a wish or none; return the series' code and its bookings.

    Dates of the rule that were not chosen are skipped, and may be put back one by one.
    ``override`` is the staff's reason to go beyond the limits of fair use, kept for every date
    that does. Raises RuleBroken with the problems of all dates at once, each with its ``day``;
    NotFound, Malformed, KeyReused.
    """
    dates = set(wish.rule.dates)
    if not 0 <= wish.minute_of_day < 24 * 60:
        raise Malformed
    if not chosen:
        raise RuleBroken([Problem("series_nothing_chosen")])
    days = [each.day for each in chosen]
    if len(set(days)) < len(days) or not dates.issuperset(days):
        raise RuleBroken([Problem("series_day_unknown")])
    once = Once(key, "book_series", _told(wish, chosen)) if key else None
    with transaction() as session:

        def act() -> Answer:
            return _booked(session, wish, chosen, _By(actor, now, source, override))

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def _told(wish: SeriesWish, chosen: Iterable[ChosenDate]) -> dict[str, Any]:
    """Return the command as it is compared with a repeat of it."""
    rule = asdict(wish.rule)
    days = {name: rule.pop(name).isoformat() for name in ("first_day", "last_day")}
    times = [[str(each.day), each.machine, int(each.starts_at.timestamp())] for each in chosen]
    return {
        **{name: value for name, value in asdict(wish).items() if name != "rule"},
        **days,
        "every": str(wish.rule.every),
        "weekdays": list(wish.rule.weekdays),
        "chosen": times,
    }


def _booked(
    session: Session,
    wish: SeriesWish,
    chosen: Sequence[ChosenDate],
    by: _By,
) -> Answer:
    actor, now = by.actor, by.now
    product = lock_product(session, product_id=wish.product_id)
    codes = {wish.machine, *(each.machine for each in chosen)}
    pack = product.pack if product else None
    places = lock_by_code(session, codes=codes, pack=pack, now=now)
    if product is None or not all(
        may_act_for(actor, product.business_id, place.site.id) for place in places.values()
    ):
        raise NotFound("product_not_found")
    home = places[wish.machine]
    series = Series(
        code=new_code("R"),
        business_id=product.business_id,
        product_id=product.id,
        quantity=wish.quantity,
        site_id=home.site.id,
        machine_id=home.machine.id,
        minute_of_day=wish.minute_of_day,
        every=str(wish.rule.every),
        weekdays=list(wish.rule.weekdays),
        first_day=wish.rule.first_day,
        last_day=wish.rule.last_day,
        created_by=actor.id,
        created_at=now,
    )
    made: list[tuple[date, Booking]] = []
    problems: list[Problem] = []
    for each in sorted(chosen, key=lambda each: each.starts_at):
        spot = places[each.machine]
        act = partial(_add_date, session, series, product, each, spot, by)
        booking = _tried(problems, each.day, act)
        if booking is not None:
            made.append((each.day, booking))
        if not session.is_active:  # The database itself refused: nothing more can be tried.
            break
    if problems:
        raise RuleBroken(problems)
    session.add(series)
    session.flush()
    session.add_all(
        SeriesDate(series_id=series.id, day=day, booking_id=booking.id) for day, booking in made
    )
    days = [str(day) for day, _booking in made]
    _settle(session, series, "series:create", made, actor=actor, now=now, days=days)
    return {
        "code": series.code,
        "bookings": [answer_of(session, booking) for _day, booking in made],
        "price": sum(booking.price for _day, booking in made),
    }


_KINDS = {
    "series:create": MessageKind.BOOKING_CONFIRMED,
    "series:move": MessageKind.BOOKING_MOVED,
    "series:cancel": MessageKind.BOOKING_CANCELLED,
}


def _settle(
    session: Session, series: Series, action: str, dates: Sequence[tuple[date, Booking]], *,
    actor: Actor, now: datetime, **facts: Any,
) -> None:  # fmt: skip
    """Note what became of a series, and leave each person one mail of all about its dates."""
    _note(session, series, action, actor=actor, now=now, **facts)
    bookings = [booking for _day, booking in dates]
    tell_together(session, kind=_KINDS[action], bookings=bookings, now=now)


def _add_date(
    session: Session, series: Series, product: Product, chosen: ChosenDate, spot: Place, by: _By
) -> Booking:
    job = new_job(session, product, series.quantity, actor=by.actor, now=by.now)
    return add_booking(
        session, job=job, product=product, quantity=series.quantity, spot=spot,
        starts_at=chosen.starts_at, actor=by.actor, now=by.now, source=by.source,
        override=by.override,
    )  # fmt: skip


def _tried(problems: list[Problem], day: date, act: Callable[[], R]) -> R | None:
    """Do one date's part; note what refuses it with its day, so that all dates are told at once."""
    try:
        return act()
    except SlotTaken as taken:
        told = [Problem("time_taken", taken.problems[0].facts)]
    except RuleBroken as refused:
        told = list(refused.problems)
    problems += [Problem(each.code, {**each.facts, "day": day}) for each in told]
    return None


@use_case
def move_series(
    *,
    code: str,
    from_day: date,
    minute_of_day: int,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> Answer:
    """Move this date and all later ones of a series to another time of day, or none of them.

    Each booking stays on its day and its machine. What has begun stays, and for a producer what
    is inside the house's window. Raises RuleBroken with the problems of all dates at once,
    NotFound, Malformed, KeyReused.
    """
    if not 0 <= minute_of_day < 24 * 60:
        raise Malformed
    request = {"code": code, "from_day": str(from_day), "minute_of_day": minute_of_day}
    once = Once(key, "move_series", request) if key else None
    with transaction() as session:

        def act() -> Answer:
            series, site = _series(session, code, actor)
            scope = _locked_dates(session, series, from_day, now)
            movable = [
                (day, booking)
                for day, booking in scope
                if booking.state in MOVABLE and not _is_bound(booking, site, actor, now)
            ]
            if not movable:
                raise RuleBroken([Problem("series_nothing_left")])
            problems: list[Problem] = []
            moved = []
            for day, booking in movable:
                there = day_on(booking.starts_at, site.zone)
                target = Target(instant_on(there, minute_of_day, site.zone))
                move = partial(
                    move_booking, session, code=booking.code, target=target, actor=actor, now=now
                )
                moved.append(_tried(problems, day, move))
                if not session.is_active:
                    break
            if problems:
                raise RuleBroken(problems)
            series.minute_of_day = minute_of_day
            _settle(session, series, "series:move", movable, actor=actor, now=now, **request)
            return {"code": code, "bookings": moved}

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


@use_case
def cancel_series(
    *, code: str, from_day: date, actor: Actor, now: datetime, reason: str = ""
) -> Answer:
    """Call off this date and all later ones; those inside the house's window count as late.

    A repeat has nothing left to do and returns no bookings. Raises NotFound.
    """
    with transaction() as session:
        series, _site = _series(session, code, actor)
        scope = _locked_dates(session, series, from_day, now)
        gone = []
        for _day, held in scope:
            if held.state in CANCELLABLE:
                booking, spot = locked_booking(session, code=held.code, actor=actor, now=now)
                cancel_booking(
                    session, booking=booking, spot=spot, actor=actor, now=now, reason=reason
                )
                gone.append(answer_of(session, booking))
        if gone:
            facts = {"from_day": str(from_day), "reason": reason.strip()}
            _settle(session, series, "series:cancel", scope, actor=actor, now=now, **facts)
        return {"code": code, "bookings": gone}


@use_case
def restore_date(
    *,
    code: str,
    chosen: ChosenDate,
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: str = "online",
    override: str = "",
) -> Answer:
    """Book a skipped date of a series after all, at any time that is free.

    ``override`` is the staff's reason to go beyond the limits of fair use; it is kept. Raises
    WrongState when the date has a booking, and whatever ``book`` raises.
    """
    request = {
        "code": code, "day": str(chosen.day), "machine": chosen.machine,
        "starts_at": int(chosen.starts_at.timestamp()),
    }  # fmt: skip
    once = Once(key, "restore_date", request) if key else None
    with transaction() as session:

        def act() -> Answer:
            series, _site = _series(session, code, actor)
            if chosen.day not in series.rule.dates:
                raise NotFound("series_day_unknown")
            product = lock_product(session, product_id=series.product_id)
            assert product is not None
            home = session.get_one(Machine, series.machine_id).code
            # The series' own machine is locked too: it orders whoever puts back the same date.
            codes = {home, chosen.machine}
            places = lock_by_code(session, codes=codes, pack=product.pack, now=now)
            if places[chosen.machine].site.id != series.site_id:
                raise NotFound("machine_not_found", machine=chosen.machine)
            kept = _given_up(session, series, chosen.day)
            spot, by = places[chosen.machine], _By(actor, now, source, override)
            booking = _add_date(session, series, product, chosen, spot, by)
            row = kept or SeriesDate(series_id=series.id, day=chosen.day)
            row.booking_id = booking.id
            session.add(row)
            facts = {"day": str(chosen.day), "booking": booking.code}
            _note(session, series, "series:restore", actor=actor, now=now, **facts)
            return answer_of(session, booking)

        answer: Answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return answer


def _given_up(session: Session, series: Series, day: date) -> SeriesDate | None:
    """Return the row of a date that may be put back, if it has one. Raises WrongState."""
    kept = session.get(SeriesDate, (series.id, day), populate_existing=True)
    if kept is not None:
        held = session.get_one(Booking, kept.booking_id, populate_existing=True)
        if held.state not in GIVEN_UP:
            raise WrongState("series_day_booked", code=held.code)
    return kept


# --- what they share ----------------------------------------------------------------------------


def _series(session: Session, code: str, actor: Actor) -> tuple[Series, Site]:
    series = session.scalar(select(Series).where(Series.code == code))
    if series is None or not may_act_for(actor, series.business_id, series.site_id):
        raise NotFound("series_not_found")
    return series, session.get_one(Site, series.site_id)


def _locked_dates(
    session: Session, series: Series, from_day: date, now: datetime
) -> list[tuple[date, Booking]]:
    """Return the bookings of a series that have not begun, with their machines locked, in order."""
    query = (
        select(SeriesDate.day, Booking)
        .join(Booking, Booking.id == SeriesDate.booking_id)
        .where(
            SeriesDate.series_id == series.id,
            SeriesDate.day >= from_day,
            Booking.starts_at > now,
        )
        .order_by(Booking.starts_at)
    )
    machines = [booking.machine_id for _day, booking in session.execute(query)]
    lock_places(session, machine_ids=machines, now=now)
    rows = session.execute(query.execution_options(populate_existing=True))
    return [(day, booking) for day, booking in rows]


def _is_bound(booking: Booking, site: Site, actor: Actor, now: datetime) -> bool:
    """Say whether the house's window has closed for a producer's booking."""
    return not may_operate(actor, site.id) and is_bound(
        state=booking.state, starts_at=booking.starts_at, now=now, cancel_hours=site.cancel_hours
    )


def _note(
    session: Session, series: Series, action: str, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    subject = Subject("series", series.id, series.site_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
