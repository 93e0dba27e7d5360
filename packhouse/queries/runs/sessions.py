"""What a session screen needs beside the board: its taps, its clean, its lot and its counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.permissions import may_manage, may_operate
from packhouse.domain.runs import Missing, may_correct, may_undo
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.runs import Cleaning, CleaningState, Run, Tap, load_cleaning
from packhouse.models.sites import load_calendar
from packhouse.models.users import User
from packhouse.queries.runs.views import Clean

MOST_TAPS = 200


@dataclass(frozen=True, slots=True)
class TapItem:
    """One tap of a session: what, when by the record, and by whom.

    ``late`` when it was kept on a phone and came later; ``estimated`` when the phone's time could
    not be believed.
    """

    number: int
    action: str
    reason: str
    at: datetime
    late: bool
    estimated: bool
    device: str
    by: str


@dataclass(frozen=True, slots=True)
class CleanBefore:
    """The clean that is due before a session, and who has signed for it."""

    clean: Clean
    needs_second: bool
    missing: Missing | None
    done_by: str
    done_at: datetime | None
    is_mine: bool
    checked_by: str


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What is on record of a session; counts are None before it is finished.

    ``can_undo`` names the tap that can still be taken back, else it is empty.
    """

    taps: tuple[TapItem, ...]
    clean: CleanBefore | None
    lot: str
    good: int | None
    rejected: int | None
    estimated: bool
    can_undo: str
    can_correct: bool

    @property
    def last(self) -> int:
        """Return the number of the last tap, 0 before the first."""
        return self.taps[-1].number if self.taps else 0


def session_record(*, code: str, actor: Actor, now: datetime) -> SessionRecord:
    """Return the record of one session. Raises NotFound for what is not the actor's to run."""
    session = reading()
    row = session.execute(
        select(Booking, Machine).join(Machine).where(Booking.code == code)
    ).one_or_none()
    if row is None or not may_operate(actor, row.Booking.site_id):
        raise NotFound("booking_not_found", code=code)
    booking: Booking = row.Booking
    taps = taps_of(session, booking.id)
    run = session.scalars(
        select(Run)
        .where(Run.booking_id == booking.id, Run.undone_at.is_(None))
        .order_by(Run.id.desc())
        .limit(1)
    ).one_or_none()
    ended_at = run.ended_at if run else None
    last = taps[-1] if taps else None
    is_open = run is not None and run.ended_at is None
    undoable = is_open and last is not None and may_undo(last.action, at=last.at, now=now)
    manages = may_manage(actor, booking.site_id)
    return SessionRecord(
        taps=taps,
        clean=None if run else _clean(session, booking, row.Machine, actor),
        lot=(run.lot_code or "") if run else "",
        good=run.good if run and ended_at else None,
        rejected=run.rejected if run and ended_at else None,
        estimated=bool(run and run.estimated),
        can_undo=last.action if undoable and last else "",
        can_correct=ended_at is not None
        and may_correct(ended_at=ended_at, now=now, manages=manages),
    )


def taps_of(session: Session, booking_id: int, *, after: int = 0) -> tuple[TapItem, ...]:
    """Return the taps of a session behind a number, in their order."""
    rows = session.execute(
        select(Tap, User.name)
        .outerjoin(User, User.id == Tap.actor_id)
        .where(Tap.booking_id == booking_id, Tap.number > after)
        .order_by(Tap.number)
        .limit(MOST_TAPS)
    )
    return tuple(
        TapItem(
            tap.number, tap.action, tap.reason, tap.at, tap.device_at is not None
            and (tap.received_at - tap.at).total_seconds() > 60, bool(tap.estimated), tap.device,
            name or "",
        )
        for tap, name in rows
    )  # fmt: skip


def changes_since(*, code: str, seen: int, actor: Actor) -> tuple[TapItem, ...]:
    """Return what happened to a session after the tap that a screen knew last."""
    session = reading()
    row = session.execute(
        select(Booking.id, Booking.site_id).where(Booking.code == code)
    ).one_or_none()
    if row is None or not may_operate(actor, row.site_id):
        raise NotFound("booking_not_found", code=code)
    return taps_of(session, row.id, after=seen)


def _clean(
    session: Session, booking: Booking, machine: Machine, actor: Actor
) -> CleanBefore | None:
    calendar = load_calendar(session, booking.site_id)
    since = calendar.local_day(calendar.day_of(booking.starts_at)).start
    state = load_cleaning(
        session, machine_id=booking.machine_id, product_id=booking.product_id, since=since
    )
    if state is None:
        return None
    minutes = (
        0, machine.cleaning_minutes_1, machine.cleaning_minutes_2, machine.cleaning_minutes_3,
    )[state.due.level]  # fmt: skip
    clean = Clean(
        int(state.due.level), minutes, str(state.due.why), state.after.product,
        state.due.allergens, state.due.aroma,
    )  # fmt: skip
    row, names = _newest(session, state, machine.id)
    done = row if row is not None and state.missing != Missing.CLEAN else None
    return CleanBefore(
        clean=clean,
        needs_second=state.due.needs_second,
        missing=state.missing,
        done_by=names.get(done.done_by or 0, "") if done else "",
        done_at=done.done_at if done else None,
        is_mine=done is not None and done.done_by == actor.id,
        checked_by=names.get(done.checked_by or 0, "") if done else "",
    )


def _newest(
    session: Session, state: CleaningState, machine_id: int
) -> tuple[Cleaning | None, dict[int, str]]:
    """Return the clean that counts since the run before, and the names of who stands behind it."""
    row = session.scalars(
        select(Cleaning)
        .where(
            Cleaning.machine_id == machine_id,
            Cleaning.done_at >= state.after.ended_at,
            Cleaning.kind != "skipped",
            Cleaning.level >= int(state.due.level),
        )
        .order_by(Cleaning.checked_at.is_(None), Cleaning.done_at.desc())
        .limit(1)
    ).one_or_none()
    people = [each for each in (row.done_by, row.checked_by) if each] if row else []
    names = session.execute(select(User.id, User.name).where(User.id.in_(people)))
    return row, {each.id: each.name for each in names}
