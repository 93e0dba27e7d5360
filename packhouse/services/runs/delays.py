"""Who comes next on a machine that is late, or free early: told once, with the new time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Select, func, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import Due, Expected, State, knock_on, later, run_end
from packhouse.domain.permissions import may_operate
from packhouse.domain.reminders import LAST_HOUR, MessageKind
from packhouse.domain.runs import WORK
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import slot_of, to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.reminders import Message
from packhouse.models.runs import Run, StateInterval
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Claim, Occupation
from packhouse.services.bookings import become, release
from packhouse.services.reminders import tell
from packhouse.services.runs.states import open_run
from packhouse.services.slots import Place, lock_places

# So many minutes late are worth a message before her own clean should have begun.
WORTH_TELLING = 15
# So much earlier is worth leaving home for.
WORTH_COMING = timedelta(minutes=15)
WAITING = (State.REQUESTED, State.CONFIRMED, State.ARRIVED)


@use_case
def warn_of_overruns(*, now: datetime) -> int:
    """Tell everybody whose machine will not be hers in time because a run before her is late.

    As soon as a quarter of an hour is foreseen, or when the house should clean for her by now.
    Each booking is warned once, with the time that is likely; returns how many were. Who has
    arrived sees it herself.
    """
    late = reading().scalars(_may_be_late(now)).all()
    if not late:
        return 0
    with transaction() as session:
        warned = 0
        runs = select(Run).where(Run.id.in_(late), Run.ended_at.is_(None)).order_by(Run.id)
        for run in session.scalars(runs):
            for booking, site, likely in _behind(session, run, now):
                tell(
                    session, kind=MessageKind.RUN_OVERRAN, booking=booking, site=site, now=now,
                    payload={"expected": to_epoch(likely.starts_at)},
                )  # fmt: skip
                warned += 1
        return warned


def _may_be_late(now: datetime) -> Select[int]:
    """Find open runs that may reach into the time of somebody behind them, in one query.

    A rough sieve, so that a province at work is not gone through run by run: begun too late for
    its plan, stood still, or in the way of a clean that should have begun.
    """
    own, stood = aliased(Booking), aliased(StateInterval)
    minutes = own.setup_minutes + own.run_minutes + own.break_minutes
    planned_end = type_coerce(Run.started_at, BigInteger) + minutes * 60
    behind = (
        select(Booking.id)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id == Run.machine_id,
            Booking.state.in_(WAITING),
            Occupation.status == "live",
            Booking.starts_at > now - LAST_HOUR,
            Booking.starts_at < now + timedelta(days=1),
            or_(
                Occupation.from_at <= now,
                planned_end > type_coerce(Occupation.from_at, BigInteger),
                select(stood.id).where(stood.run_id == Run.id, stood.reason.not_in(WORK)).exists(),
            ),
        )
        .exists()
    )
    return (
        select(Run.id)
        .join(own, own.id == Run.booking_id)
        .where(Run.ended_at.is_(None), behind)
        .order_by(Run.id)
    )


def _behind(session: Session, run: Run, now: datetime) -> Iterator[tuple[Booking, Site, Expected]]:
    """Yield who is to be warned behind an open run, with when she is likely to begin."""
    chain = _chain(session, run, now)
    told = _told(session, [booking for booking, *_ in chain])
    for booking, from_at, likely in chain:
        late = likely.house_minutes >= WORTH_TELLING or from_at <= now
        if booking.state == State.CONFIRMED and late and (booking.id, booking.version) not in told:
            yield booking, session.get_one(Site, booking.site_id), likely


def _chain(session: Session, run: Run, now: datetime) -> list[tuple[Booking, datetime, Expected]]:
    """Return who is still to come today behind an open run: her booking, its clean, her time."""
    rows = session.execute(
        select(Booking, Occupation.from_at)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id == run.machine_id,
            Booking.state.in_(WAITING),
            Occupation.status == "live",
            Booking.starts_at > now - LAST_HOUR,
            Booking.starts_at < now + timedelta(days=1),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    if not rows:
        return []
    calendar = load_calendar(session, rows[0].Booking.site_id)
    today = calendar.day_of(now)
    rows = [row for row in rows if calendar.day_of(row.Booking.starts_at) == today]
    working = calendar.working_day(today)
    free_from = _run_end(session, run, working, now)
    dues = [_due(row.Booking) for row in rows]
    likely = {each.code: each for each in knock_on(working, dues, free_from=free_from, now=now)}
    return [(row.Booking, row.from_at, likely[row.Booking.code]) for row in rows]


@use_case
def set_aside_slipping(*, site: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Take today's time from whoever the house makes wait too long, to be given another.

    Too long is more than the house's limit, or beyond its closing. The first one behind a late
    run goes first: often nobody behind her has to. She is told, and keeps her rank. Returns the
    codes. Raises NotFound.
    """
    with transaction() as session:
        house = session.scalar(select(Site).where(Site.code == site))
        if house is None or not may_operate(actor, house.id):
            raise NotFound("site_not_found", site=site)
        machines = select(Run.machine_id).join(Machine, Machine.id == Run.machine_id)
        late = session.scalars(
            machines.where(Run.ended_at.is_(None), Machine.site_id == house.id)
        ).all()
        found: list[str] = []
        for spot in lock_places(session, machine_ids=late, now=now):
            while (booking := _too_late(session, spot, now)) is not None:
                become(session, booking, State.DISPLACED, actor=actor, now=now, reason="delayed")
                release(session, booking, spot)
                tell(
                    session, kind=MessageKind.BOOKING_DISPLACED, booking=booking, site=spot.site,
                    now=now,
                )  # fmt: skip
                found.append(booking.code)
        return tuple(found)


def _too_late(session: Session, spot: Place, now: datetime) -> Booking | None:
    run = open_run(session, machine_id=spot.machine.id)
    for booking, _from_at, likely in _chain(session, run, now) if run is not None else ():
        over = likely.house_minutes > spot.site.delay_minutes
        if (
            booking.state != State.ARRIVED
            and likely.house_minutes
            and (over or likely.past_closing)
        ):
            return booking
    return None


def _due(booking: Booking) -> Due:
    minutes = booking.setup_minutes + booking.run_minutes
    return Due(booking.code, booking.starts_at, booking.changeover_minutes, minutes)


def _run_end(session: Session, run: Run, working: WorkingDay, now: datetime) -> datetime:
    """Return when an open run is likely to be done, by what it has not done yet."""
    booking = session.get(Booking, run.booking_id) if run.booking_id else None
    if booking is None:
        return now
    ended = func.coalesce(StateInterval.ends_at, to_epoch(now))
    stood = type_coerce(ended, BigInteger) - type_coerce(StateInterval.starts_at, BigInteger)
    lost = session.scalar(
        select(func.sum(stood, type_=BigInteger)).where(
            StateInterval.run_id == run.id, StateInterval.reason.not_in(WORK)
        )
    )
    return run_end(
        working,
        planned_minutes=booking.setup_minutes + booking.run_minutes,
        started_at=run.started_at,
        lost=timedelta(seconds=int(lost or 0)),
        now=now,
    )


def _told(session: Session, bookings: list[Booking]) -> set[tuple[int | None, int | None]]:
    rows = session.execute(
        select(Message.booking_id, Message.booking_version).where(
            Message.booking_id.in_([each.id for each in bookings]),
            Message.kind == MessageKind.RUN_OVERRAN,
        )
    )
    return {(row.booking_id, row.booking_version) for row in rows}


def tell_next(session: Session, *, booking: Booking, spot: Place, now: datetime) -> None:
    """Tell who comes next today that she may come earlier, after a run that left time on it.

    Only if nobody on the waitlist was given that time, and it is worth leaving home for. Her
    booked time stays hers: she comes earlier if she wishes.
    """
    session.flush()
    following = session.execute(
        select(Booking, Occupation.from_at)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id == booking.machine_id,
            Booking.starts_at > booking.starts_at,
            Booking.starts_at < spot.calendar.local_day(spot.day_of(now)).end,
            Booking.state == State.CONFIRMED,
            Occupation.status == "live",
        )
        .order_by(Booking.starts_at)
        .limit(1)
    ).first()
    if following is None or _is_held(session, booking.machine_id, now, following.from_at):
        return
    hers = following.Booking
    working = spot.calendar.working_day(spot.day_of(now))
    ready_at = later(working, now, hers.changeover_minutes)
    if ready_at <= hers.starts_at - WORTH_COMING:
        tell(
            session, kind=MessageKind.MAY_COME_EARLIER, booking=hers, site=spot.site, now=now,
            payload={"earlier": to_epoch(ready_at)},
        )  # fmt: skip


def _is_held(session: Session, machine_id: int, start: datetime, end: datetime) -> bool:
    found = session.scalar(
        select(Claim.occupation_id)
        .where(
            Claim.machine_id == machine_id,
            Claim.slot >= slot_of(start),
            Claim.slot < slot_of(end),
        )
        .limit(1)
    )
    return found is not None
