"""What the figures of a machine and a day are made of, and the daily rollups that cache them.

A rollup row is there when nothing has touched the day since it was computed; who changes what a
day is made of deletes its rows in the same transaction, and a missing row is computed from raw
states.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Table, select
from sqlalchemy.orm import Session, aliased

from packhouse.db import Base
from packhouse.domain.bookings import BOOKED, State
from packhouse.domain.machine_days import Booked, DayFacts, machine_day
from packhouse.domain.reports import FIELDS, MachineDay
from packhouse.domain.runs import Interval, Reason, RunCounts
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange, to_epoch
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, Placement, load_placements, site_at
from packhouse.models.runs import Run, StateInterval
from packhouse.models.sites import Closure, load_calendar, load_calendars
from packhouse.models.slots import Occupation

DAY_SECONDS = 86_400

daily_rollups = Table(
    "daily_rollups",
    Base.metadata,
    Column("machine_id", ForeignKey("machines.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in FIELDS),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


@dataclass(slots=True)
class _Raw:
    """Everything recorded about one machine, by number of the local day it touches."""

    intervals: dict[int, list[Interval]] = field(default_factory=lambda: defaultdict(list))
    booked: dict[int, list[Booked]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[int, list[RunCounts]] = field(default_factory=lambda: defaultdict(list))


def load_machine_days(
    session: Session,
    *,
    machines: Collection[Machine],
    days: Sequence[date],
    now: datetime,
    only: Collection[tuple[int, date]] | None = None,
    placed: Mapping[int, Sequence[Placement]] | None = None,
) -> dict[tuple[int, date], MachineDay]:
    """Compute the figures of machines in ONE zone on consecutive local days, from raw rows.

    ``only`` names the pairs of machine id and day that are wanted, all by default. A machine that
    was moved has the hours of the site where it ended the day (``placed`` is read if not given).
    A handful of queries for any number of sites, machines and days; none reads further back than
    the days ask for.
    """
    if not machines or not days:
        return {}
    if placed is None:
        placed = load_placements(session, machine_ids=[machine.id for machine in machines])
    sites = {machine.site_id for machine in machines}
    sites.update(each.site_id for rows in placed.values() for each in rows)
    calendars = load_calendars(session, sites)
    first = next(calendars[machine.site_id] for machine in machines)
    window = TimeRange(first.local_day(days[0]).start, first.local_day(days[-1]).end)
    raw = _load(session, [machine.id for machine in machines], window, now)
    holidays = _holidays(session, calendars)
    figures: dict[tuple[int, date], MachineDay] = {}
    for machine in machines:
        stood = placed.get(machine.id, ())
        own = {site: calendars[site].for_machine(machine.code)
               for site in {machine.site_id, *(each.site_id for each in stood)}}  # fmt: skip
        for number, day in enumerate(days):
            if only is None or (machine.id, day) in only:
                last = first.local_day(day).end - timedelta(seconds=1)
                site = site_at(stood, last, otherwise=machine.site_id)
                reason = Reason.HOLIDAY if day in holidays[site] else Reason.CLOSED
                facts = _facts(machine, own[site], day, raw[machine.id], number, reason)
                figures[machine.id, day] = machine_day(facts, now=now)
    return figures


def day_facts(session: Session, *, machine: Machine, day: date, now: datetime) -> DayFacts:
    """Return everything recorded about one machine on one local day."""
    placed = load_placements(session, machine_ids=[machine.id]).get(machine.id, ())
    calendar = load_calendar(session, machine.site_id)
    last = calendar.local_day(day).end - timedelta(seconds=1)
    site = site_at(placed, last, otherwise=machine.site_id)
    if site != machine.site_id:
        calendar = load_calendar(session, site)
    raw = _load(session, [machine.id], calendar.local_day(day), now)
    holiday = day in _holidays(session, [site])[site]
    reason = Reason.HOLIDAY if holiday else Reason.CLOSED
    own = calendar.for_machine(machine.code)
    return _facts(machine, own, day, raw[machine.id], 0, reason)


def _facts(
    machine: Machine, calendar: Calendar, day: date, raw: _Raw, number: int, closed: Reason
) -> DayFacts:
    return DayFacts(
        day=calendar.local_day(day),
        open_ranges=calendar.open_ranges_on(day),
        intervals=raw.intervals.get(number, ()),
        booked=raw.booked.get(number, ()),
        runs=raw.runs.get(number, ()),
        commissioned_at=machine.commissioned_at,
        retired_at=machine.retired_at,
        closed_reason=closed,
    )


def _holidays(session: Session, site_ids: Collection[int]) -> dict[int, set[date]]:
    days: dict[int, set[date]] = defaultdict(set)
    for row in session.execute(
        select(Closure.site_id, Closure.day_from, Closure.day_to).where(
            Closure.site_id.in_(site_ids),
            Closure.source == "holiday",
            Closure.state != "rejected",
        )
    ):
        length = (row.day_to - row.day_from).days + 1
        days[row.site_id].update(row.day_from + timedelta(days=number) for number in range(length))
    return days


def _load(
    session: Session, ids: Sequence[int], window: TimeRange, now: datetime
) -> dict[int, _Raw]:
    raw: dict[int, _Raw] = defaultdict(_Raw)
    first = to_epoch(window.start)
    last = (to_epoch(window.end) - first - 1) // DAY_SECONDS

    def days_of(start: datetime, end: datetime | None) -> range:
        until = to_epoch(end or max(now, start)) - first
        return range(
            max((to_epoch(start) - first) // DAY_SECONDS, 0),
            min(until // DAY_SECONDS, last) + 1,
        )

    for row in _interval_rows(session, ids, window):
        interval = Interval(
            row.starts_at, row.ends_at, Reason(row.reason), row.run_id, row.booking_id,
            bool(row.estimated),
        )  # fmt: skip
        for number in days_of(row.starts_at, row.ends_at):
            raw[row.machine_id].intervals[number].append(interval)
    for row in _booked_rows(session, ids, window):
        # A paper booking's cleaning is one of its own lines, to the minute.
        start = row.starts_at if row.source == "paper" else min(row.from_at, row.starts_at)
        booked = Booked(TimeRange(start, row.ends_at), row.state == State.NO_SHOW)
        for number in days_of(booked.occupied.start, booked.occupied.end):
            raw[row.machine_id].booked[number].append(booked)
    for row in _run_rows(session, ids, window):
        counts = RunCounts(
            row.started_at, row.ended_at, row.good, row.rejected, 1 / row.planned_rate
        )
        for number in days_of(row.started_at, row.ended_at):
            raw[row.machine_id].runs[number].append(counts)
    return raw


def _interval_rows(session: Session, ids: Sequence[int], window: TimeRange) -> Sequence[Any]:
    """Return the states that touch the window: those that begin in it, and the one before it.

    States of a machine never overlap, so of all that began earlier only the last can reach in.
    """
    columns = (
        StateInterval.machine_id,
        StateInterval.starts_at,
        StateInterval.ends_at,
        StateInterval.reason,
        StateInterval.run_id,
        StateInterval.booking_id,
        StateInterval.estimated,
    )
    inside = session.execute(
        select(*columns)
        .where(
            StateInterval.machine_id.in_(ids),
            StateInterval.starts_at >= window.start,
            StateInterval.starts_at < window.end,
        )
        .order_by(StateInterval.machine_id, StateInterval.starts_at)
    ).all()
    earlier = aliased(StateInterval)
    last_before = (
        select(earlier.id)
        .where(earlier.machine_id == Machine.id, earlier.starts_at < window.start)
        .order_by(earlier.starts_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    before = session.execute(
        select(*columns)
        .join(Machine, StateInterval.id == last_before)
        .where(
            Machine.id.in_(ids),
            StateInterval.ends_at.is_(None) | (StateInterval.ends_at > window.start),
        )
    ).all()
    return [*before, *inside]


def _booked_rows(session: Session, ids: Sequence[int], window: TimeRange) -> Sequence[Any]:
    return session.execute(
        select(
            Booking.machine_id,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Booking.source,
            Occupation.from_at,
        )
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(
            Booking.machine_id.in_(ids),
            Booking.starts_at >= window.start - timedelta(days=1),
            Booking.starts_at < window.end,
            Booking.state.in_(sorted(BOOKED)),
        )
    ).all()


def _run_rows(session: Session, ids: Sequence[int], window: TimeRange) -> Sequence[Any]:
    return session.execute(
        select(
            Run.machine_id,
            Run.started_at,
            Run.ended_at,
            Run.good,
            Run.rejected,
            Run.planned_rate,
        ).where(
            Run.machine_id.in_(ids),
            Run.started_at >= window.start - timedelta(days=2),
            Run.started_at < window.end,
            Run.undone_at.is_(None),
        )
    ).all()
