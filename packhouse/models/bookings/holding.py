"""What businesses hold of a house's time under its limits, and what they gave up or missed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from packhouse.domain.bookings import (
    BOOKED,
    COOL_DOWN,
    HOLDING,
    MEMORY,
    CoolDown,
    Limits,
    State,
    Use,
    broken_limits,
    cool_down,
    month_of,
    of_pool,
    week_of,
)
from packhouse.domain.sites import Calendar
from packhouse.errors import Problem
from packhouse.models.bookings.tables import Booking, JobLine
from packhouse.models.businesses import Business, CooperativeMember
from packhouse.models.sites import Site

# --- fair use -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds time under a limit: one business, or a cooperative with all its members."""

    business_id: int
    name: str
    members: tuple[int, ...]
    is_pool: bool

    def limits(self, site: Limits) -> Limits:
        """Return what it may hold in a house: the sum of what its members may."""
        return site.pooled(max(len(self.members), 1)) if self.is_pool else site


def load_holders(session: Session, *, business_id: int) -> list[Holder]:
    """Return under whose limits a business books: its own, and those of its cooperatives.

    A cooperative itself has none but its pool.
    """
    mine = select(CooperativeMember.cooperative_id).where(
        CooperativeMember.member_id == business_id
    )
    rows = session.execute(
        select(Business.id, Business.name, Business.kind, CooperativeMember.member_id)
        .outerjoin(CooperativeMember, CooperativeMember.cooperative_id == Business.id)
        .where(or_(Business.id == business_id, Business.id.in_(mine)))
        .order_by(Business.id, CooperativeMember.member_id)
    ).all()
    members: dict[tuple[int, str, bool], list[int]] = {}
    for row in rows:
        key = (row.id, row.name, row.kind == "cooperative")
        members.setdefault(key, []).extend([row.member_id] if row.member_id else [])
    return [
        Holder(holder_id, name, tuple(others), is_pool)
        for (holder_id, name, is_pool), others in members.items()
    ]


def load_use(
    session: Session,
    *,
    holder: Holder,
    site_id: int,
    calendar: Calendar,
    from_day: date,
    leaving: int | None = None,
) -> Use:
    """Return what a holder has in a house from a local day on, in one query.

    Counted are bookings that hold their time or have used it, a missed one too. A member's own
    use leaves out what its cooperative booked for it; a pool counts both, once. ``leaving`` is a
    booking that is about to give its time back.
    """
    own = ~select(JobLine.job_id).where(JobLine.job_id == Booking.job_id).exists()
    rows = session.execute(
        select(Booking.starts_at, Booking.setup_minutes + Booking.run_minutes, Booking.state).where(
            Booking.business_id.in_((holder.business_id, *holder.members)),
            Booking.starts_at >= calendar.local_day(from_day).start,
            Booking.site_id == site_id,
            Booking.state.in_(BOOKED),
            true() if holder.is_pool else own,
            true() if leaving is None else Booking.id != leaving,
        )
    )
    minutes: Counter[date] = Counter()
    open_days = []
    for starts_at, work_minutes, state in rows:
        day = calendar.day_of(starts_at)
        minutes[day] += work_minutes
        open_days += [day] if state in HOLDING else []
    return Use(tuple(sorted(open_days)), minutes)


@dataclass(frozen=True, slots=True)
class House:
    """A house whose limits count: today, the local day a booking is on, the last to be booked."""

    site_id: int
    limits: Limits
    calendar: Calendar
    today: date
    day: date
    last_day: date


def house_at(site: Site, calendar: Calendar, *, starts_at: datetime, now: datetime) -> House:
    """Return a house as its limits look at a booking that starts then."""
    return House(
        site_id=site.id,
        limits=site.limits,
        calendar=calendar,
        today=calendar.day_of(now),
        day=calendar.day_of(starts_at),
        last_day=calendar.day_of(now + timedelta(days=site.horizon_days)),
    )


def is_ordered(session: Session, job_id: int | None) -> bool:
    """Say whether a cooperative booked this job for its member."""
    if job_id is None:
        return False
    return session.scalar(select(JobLine.job_id).where(JobLine.job_id == job_id)) is not None


def load_broken_limits(
    session: Session,
    *,
    house: House,
    holders: Iterable[Holder],
    minutes: int,
    ordered: bool,
    leaving: int | None = None,
) -> list[Problem]:
    """Return which limits so many minutes of one booking break, of every holder; a query each.

    ``ordered``: a cooperative books it for its member, so that only the pool counts. ``leaving``
    is the booking itself, which gives its own time back.
    """
    first = min(house.today, house.day)
    problems: list[Problem] = []
    for holder in holders:
        if ordered and not holder.is_pool:
            continue
        use = load_use(
            session, holder=holder, site_id=house.site_id, calendar=house.calendar,
            from_day=min(week_of(first), month_of(first)), leaving=leaving,
        )  # fmt: skip
        broken = broken_limits(
            holder.limits(house.limits), use, day=house.day, minutes=minutes, today=house.today,
            last_day=house.last_day,
        )  # fmt: skip
        problems += [of_pool(each, holder.name) if holder.is_pool else each for each in broken]
    return problems


# --- who did not come ---------------------------------------------------------------------------


def taken_by_others() -> ColumnElement[bool]:
    """Say whether somebody else used the time, whole or in part, that a booking gave up late.

    While it held its time nobody could have: the claims see to that. So whoever has it now took
    it afterwards. Derived, not stored: it stays true whatever becomes of either.
    """
    other = aliased(Booking)
    begins = type_coerce(Booking.starts_at, BigInteger)
    came = (State.CONFIRMED, State.ARRIVED, State.RUNNING, State.FINISHED)
    return (
        select(other.id)
        .where(
            other.machine_id == Booking.machine_id,
            other.starts_at < Booking.ends_at,
            # No booking crosses midnight: those of a day suffice.
            type_coerce(other.starts_at, BigInteger) > begins - 86_400,
            other.ends_at > Booking.starts_at,
            other.id != Booking.id,
            or_(
                other.state.in_(came),
                and_(other.state == State.NO_SHOW, other.id > Booking.id),
            ),
        )
        .exists()
    )


def never_agreed() -> ColumnElement[bool]:
    """Say whether the house had moved a booking whose owner then did not come, unanswered.

    A time she never agreed to is no promise of hers. (The tables of plans stand above this one.)
    """
    asked = (
        "EXISTS (SELECT 1 FROM plan_answers WHERE plan_answers.booking_id = bookings.id"
        " AND plan_answers.booking_version = bookings.version - 1"
        " AND plan_answers.state IN ('asked', 'informed', 'call_wanted'))"
    )
    return literal_column(asked, Boolean)


def load_cooling(session: Session, *, business_id: int | None, now: datetime) -> CoolDown | None:
    """Return the cool-down of a business that runs now, if one does."""
    asked = {"business_id": business_id, "since": now - MEMORY - COOL_DOWN, "now": now}
    return cool_down(session.scalars(_MISSED, asked), now)


# Built once: it runs with every booking far ahead.
_MISSED = select(Booking.starts_at).where(
    Booking.business_id == bindparam("business_id"),
    Booking.starts_at >= bindparam("since"),
    Booking.starts_at <= bindparam("now"),
    Booking.state == State.NO_SHOW,
    ~taken_by_others(),
    ~never_agreed(),
)
