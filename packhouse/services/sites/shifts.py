"""How many operators a house has, usually and in a period: what limits attended machines."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.time_range import (
    SLOT_SECONDS,
    TimeRange,
    is_on_grid,
    slot_of,
    slot_starts_at,
    subtract,
)
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken
from packhouse.models.sites import Shift, Site
from packhouse.models.slots import Occupation, OperatorLoad
from packhouse.services.sites.steps import MOST_OPERATORS, locked_site, note_site
from packhouse.services.sites.unfit import refuse_unseen, unfit_now

LONGEST_SHIFT = timedelta(days=366)
A_DAY = timedelta(days=1)
MOST_SHIFT_DAYS = 92


@use_case
def set_operators(
    *,
    code: str,
    operators: int,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> None:
    """Say how many operators a site usually has, from now on; shifts keep their own number.

    Fewer than what is booked needs are only possible for who has ``seen`` (codes) which bookings
    find nobody then; these keep their place until they have another. Raises RuleBroken
    (``operators_booked`` with how many bookings need more, or ``misfits_unseen``), NotFound,
    NotAllowed.
    """
    _check_number(operators)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        future = [OperatorLoad.site_id == site.id, OperatorLoad.slot >= slot_of(now)]
        shifts = _shifts(session, site=site, after=now)
        usual = [*future, *(or_(*_outside(each)) for each in shifts)]
        unfit = unfit_now(session, site, seen=seen, now=now)
        _set_capacity(session, site=site, condition=usual, operators=operators, seen=seen)
        before, site.operators = site.operators, operators
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        facts = {"before": before, "operators": operators}
        note_site(session, "site:operators_set", site, actor=actor, now=now, **facts)


@use_case
def set_shift(
    *,
    code: str,
    from_at: datetime,
    to_at: datetime,
    operators: int,
    actor: Actor,
    now: datetime,
    days: int = 1,
    seen: Collection[str] | None = None,
) -> int:
    """Give a site another number of operators for a period; return the (first) shift's id.

    ``days`` is on how many days in a row, each at the same hours.

    An earlier shift loses the time they share. Both ends stand on the five-minute grid. ``seen``
    as in ``set_operators``. Raises RuleBroken, NotFound, NotAllowed.
    """
    _check_number(operators)
    _check_period(from_at, to_at, days)
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        unfit = unfit_now(session, site, seen=seen, now=now)
        shifts = [
            _lay(session, site, period, operators, now=now, seen=seen)
            for period in _repeated(TimeRange(from_at, to_at), days)
        ]
        session.flush()
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        facts = _facts(shifts[0]) | ({"days": days} if days > 1 else {})
        note_site(session, "site:shift_set", site, actor=actor, now=now, **facts)
        return shifts[0].id


@use_case
def remove_shift(
    *,
    code: str,
    shift_id: int,
    actor: Actor,
    now: datetime,
    seen: Collection[str] | None = None,
) -> None:
    """Go back to the usual number of operators in the rest of a shift.

    ``seen`` as in ``set_operators``. Raises RuleBroken, NotFound, NotAllowed.
    """
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        shift = session.get(Shift, shift_id)
        if shift is None or shift.site_id != site.id:
            raise NotFound
        unfit = unfit_now(session, site, seen=seen, now=now)
        within = _within(shift, site, now)
        _set_capacity(session, site=site, condition=within, operators=site.operators, seen=seen)
        facts = _facts(shift)
        session.delete(shift)
        refuse_unseen(session, site, before=unfit, seen=seen, now=now)
        note_site(session, "site:shift_removed", site, actor=actor, now=now, **facts)


# --- steps --------------------------------------------------------------------------------------


def _shifts(session: Session, *, site: Site, after: datetime) -> list[Shift]:
    return list(session.scalars(select(Shift).where(Shift.site_id == site.id, Shift.to_at > after)))


def _outside(shift: Shift) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    first, last = slot_of(shift.from_at), slot_of(shift.to_at)
    return OperatorLoad.slot < first, OperatorLoad.slot >= last


def _within(shift: Shift, site: Site, now: datetime) -> list[ColumnElement[bool]]:
    return [
        OperatorLoad.site_id == site.id,
        OperatorLoad.slot >= max(slot_of(shift.from_at), slot_of(now)),
        OperatorLoad.slot < slot_of(shift.to_at),
    ]


def _set_capacity(
    session: Session,
    *,
    site: Site,
    condition: list[ColumnElement[bool]],
    operators: int,
    seen: Collection[str] | None,
) -> None:
    """Write the new number into the slots that are counted already.

    None may need more, unless who asks knows what is booked there: that stays promised.
    """
    booked = [*condition, OperatorLoad.used > operators]
    row = session.execute(
        select(func.max(OperatorLoad.used), func.min(OperatorLoad.slot)).where(*booked)
    ).one()
    needed: int | None = row[0]
    if needed is not None and seen is None:
        facts = {
            "bookings": _bookings_in(session, site=site, booked=booked),
            "needed": needed,
            "starts_at": slot_starts_at(row[1]),
            "zone": site.zone,
        }
        raise RuleBroken([Problem("operators_booked", facts)])
    session.execute(
        update(OperatorLoad)
        .where(*condition)
        .values(
            capacity=operators,
            promised=case((OperatorLoad.used > operators, OperatorLoad.used - operators), else_=0),
        )
        .execution_options(synchronize_session=False)
    )


def _bookings_in(session: Session, *, site: Site, booked: list[ColumnElement[bool]]) -> int:
    """Count what keeps an operator in one of these slots."""
    attended_from = type_coerce(Occupation.attended_from, BigInteger)
    to_at = type_coerce(Occupation.to_at, BigInteger)
    shared = (
        select(OperatorLoad.slot)
        .where(
            *booked,
            OperatorLoad.slot * SLOT_SECONDS >= attended_from,
            OperatorLoad.slot * SLOT_SECONDS < to_at,
        )
        .exists()
    )
    query = select(func.count()).where(
        Occupation.site_id == site.id,
        Occupation.status == "live",
        Occupation.attended_from.is_not(None),
        shared,
    )
    return session.execute(query).scalar_one()


def _repeated(period: TimeRange, days: int) -> list[TimeRange]:
    """Return a period on so many days in a row; a day has one length where houses stand."""
    return [TimeRange(period.start + A_DAY * day, period.end + A_DAY * day) for day in range(days)]


def _lay(
    session: Session,
    site: Site,
    period: TimeRange,
    operators: int,
    *,
    now: datetime,
    seen: Collection[str] | None,
) -> Shift:
    _cut(session, site=site, period=period)
    shift = Shift(site_id=site.id, from_at=period.start, to_at=period.end, operators=operators)
    within = _within(shift, site, now)
    _set_capacity(session, site=site, condition=within, operators=operators, seen=seen)
    session.add(shift)
    return shift


def _cut(session: Session, *, site: Site, period: TimeRange) -> None:
    """Take a period out of the shifts that share time with it, so that shifts never overlap."""
    for shift in _shifts(session, site=site, after=period.start):
        if shift.from_at >= period.end:
            continue
        session.add_all(
            Shift(site_id=site.id, from_at=rest.start, to_at=rest.end, operators=shift.operators)
            for rest in subtract([TimeRange(shift.from_at, shift.to_at)], [period])
        )
        session.delete(shift)
    session.flush()


def _facts(shift: Shift) -> dict[str, Any]:
    return {
        "from_at": shift.from_at.isoformat(),
        "to_at": shift.to_at.isoformat(),
        "operators": shift.operators,
    }


def _check_number(operators: int) -> None:
    if not 0 <= operators <= MOST_OPERATORS:
        raise RuleBroken([Problem("operators_out_of_range", {"maximum": MOST_OPERATORS})])


def _check_period(from_at: datetime, to_at: datetime, days: int) -> None:
    most = MOST_SHIFT_DAYS
    checks = (
        (from_at < to_at, Problem("shift_reversed")),
        (1 <= days <= most, Problem("shift_days_out_of_range", {"most": most})),
        (days == 1 or to_at - from_at <= A_DAY, Problem("shift_reversed")),
        (is_on_grid(from_at) and is_on_grid(to_at), Problem("off_grid")),
        (to_at - from_at <= LONGEST_SHIFT, Problem("shift_long", {"days": LONGEST_SHIFT.days})),
    )
    problems = [problem for fine, problem in checks if not fine]
    if problems:
        raise RuleBroken(problems)
