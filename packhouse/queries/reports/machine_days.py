"""One machine's day behind the figures: its line of states, and every row they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machine_days import machine_day, timeline
from packhouse.domain.permissions import may_review, may_see_booking
from packhouse.domain.reports import Figures, MachineDay, figures
from packhouse.domain.runs import Stretch
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.reports import day_facts
from packhouse.models.runs import Run, StateInterval
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.queries.reports.periods import FIRST_YEAR, LAST_YEAR


@dataclass(frozen=True, slots=True)
class RecordedState:
    """A state as it was recorded, whole, also beyond the day; without an end it still is."""

    starts_at: datetime
    ends_at: datetime | None
    reason: str
    run_id: int | None
    booking: str | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run that touches the day; its pieces count on the day on which it ended."""

    id: int
    booking: str | None
    started_at: datetime
    ended_at: datetime | None
    good: int
    rejected: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class DayBooking:
    """A booking that touches the day, whatever became of it.

    ``customer`` is the business, or what the paper calls it: None for whoever may not know.
    """

    code: str
    state: str
    source: str
    occupied_from: datetime
    starts_at: datetime
    ends_at: datetime
    customer: str | None
    is_open_to_reader: bool


@dataclass(frozen=True, slots=True)
class MachineDayView:
    """One machine on one local day."""

    machine: str
    name: str
    kind: str
    site: str
    site_name: str
    zone: str
    day: date
    window: TimeRange
    sums: MachineDay
    figures: Figures
    line: tuple[Stretch, ...]
    states: tuple[RecordedState, ...]
    runs: tuple[RecordedRun, ...]
    bookings: tuple[DayBooking, ...]


def machine_day_view(*, code: str, day: date, actor: Actor, now: datetime) -> MachineDayView:
    """Return a machine's local day up to now, with the rows that its figures are made of.

    Names of customers are told to who may see their bookings, codes to everybody who may review.
    Raises NotAllowed, NotFound, Malformed for a day nobody can mean.
    """
    if not may_review(actor):
        raise NotAllowed
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Malformed("period_unlikely", first=str(FIRST_YEAR), last=str(LAST_YEAR))
    session = reading()
    found = session.execute(
        select(Machine, Site).join(Site, Site.id == Machine.site_id).where(Machine.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound("machine_not_found", machine=code)
    machine, site = found
    facts = day_facts(session, machine=machine, day=day, now=now)
    sums = machine_day(facts, now=now)
    return MachineDayView(
        machine.code,
        machine.name,
        machine.kind,
        site.code,
        site.name,
        site.zone,
        day,
        facts.day,
        sums,
        figures(sums),
        tuple(timeline(facts, now=now)),
        _states(session, machine.id, facts.day),
        _runs(session, machine.id, facts.day),
        _bookings(session, machine, facts.day, actor),
    )


def _touching(start: Any, end: Any, window: TimeRange) -> tuple[Any, ...]:
    return start < window.end, end.is_(None) | (end > window.start)


def _states(session: Session, machine_id: int, window: TimeRange) -> tuple[RecordedState, ...]:
    rows = session.execute(
        select(
            StateInterval.starts_at,
            StateInterval.ends_at,
            StateInterval.reason,
            StateInterval.run_id,
            Booking.code,
            StateInterval.estimated,
        )
        .outerjoin(Booking, Booking.id == StateInterval.booking_id)
        .where(
            StateInterval.machine_id == machine_id,
            *_touching(StateInterval.starts_at, StateInterval.ends_at, window),
        )
        .order_by(StateInterval.starts_at)
    )
    return tuple(RecordedState(*row[:5], bool(row.estimated)) for row in rows)


def _runs(session: Session, machine_id: int, window: TimeRange) -> tuple[RecordedRun, ...]:
    rows = session.execute(
        select(
            Run.id,
            Booking.code,
            Run.started_at,
            Run.ended_at,
            Run.good,
            Run.rejected,
            Run.estimated,
        )
        .outerjoin(Booking, Booking.id == Run.booking_id)
        .where(
            Run.machine_id == machine_id,
            Run.undone_at.is_(None),
            *_touching(Run.started_at, Run.ended_at, window),
        )
        .order_by(Run.started_at)
    )
    return tuple(RecordedRun(*row[:6], bool(row.estimated)) for row in rows)


def _bookings(
    session: Session, machine: Machine, window: TimeRange, actor: Actor
) -> tuple[DayBooking, ...]:
    rows: Sequence[Any] = session.execute(
        select(
            Booking.code,
            Booking.state,
            Booking.source,
            Occupation.from_at,
            Booking.starts_at,
            Booking.ends_at,
            Booking.business_id,
            Booking.reason,
            Business.name,
        )
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .where(
            Booking.machine_id == machine.id,
            *_touching(Booking.starts_at, Booking.ends_at, window),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    return tuple(
        DayBooking(
            row.code,
            row.state,
            row.source,
            # A paper booking's cleaning is one of its own lines, to the minute.
            row.starts_at if row.source == "paper" else min(row.from_at, row.starts_at),
            row.starts_at,
            row.ends_at,
            _customer(row) if may_see_booking(actor, row.business_id, machine.site_id) else None,
            may_see_booking(actor, row.business_id, machine.site_id),
        )
        for row in rows
    )


def _customer(row: Any) -> str | None:
    label: str | None = row.reason if row.source == "paper" else None
    return row.name or label
