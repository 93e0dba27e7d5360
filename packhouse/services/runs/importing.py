"""Paper logs: what a house wrote down before it had a screen becomes runs and states."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_operate
from packhouse.domain.runs import (
    MEANINGS,
    Interval,
    PaperRow,
    PaperRun,
    Reason,
    labelled_ranges,
    paper_runs,
    resolve,
)
from packhouse.domain.time_range import TimeRange, ceil_to_slot, floor_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import Problem, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Occupation
from packhouse.services.audit import Subject, record
from packhouse.services.bookings import become, new_code, release
from packhouse.services.reports import forget_rollups
from packhouse.services.slots import Place, lock_places

MOST_PIECES = 10_000_000
MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log as it was typed; ``number`` is its line in the file.

    Times are ISO 8601; one without an offset is the site's local time, as on paper.
    """

    number: int
    machine: str
    starts_at: str
    ends_at: str
    reason: str
    booking: str = ""
    good: str = ""
    rejected: str = ""


class _Read(NamedTuple):
    number: int
    row: PaperRow


@dataclass(frozen=True, slots=True)
class Imported:
    """How many machine states and runs a log became."""

    states: int
    runs: int


@use_case
def import_log(*, lines: Sequence[LogLine], actor: Actor, now: datetime) -> Imported:
    """Write a paper log, all of it or nothing.

    A label that is no booking's code becomes a paper booking from its first to its last line of
    the day. A failure inside a run takes its time from the run; two lines of equal weight that
    overlap are refused. Raises RuleBroken with the line number of every problem.
    """
    with transaction() as session:
        machines = _machines(session, lines, actor)
        problems: list[Problem] = []
        read: dict[int, list[_Read]] = defaultdict(list)
        places = {
            spot.machine.code: spot
            for spot in lock_places(
                session, machine_ids=[machine.id for machine in machines.values()], now=now
            )
        }
        for line in lines:
            spot = places.get(line.machine)
            if spot is None:
                problems.append(_problem("log_machine_unknown", line.number, machine=line.machine))
                continue
            row = _row(line, spot, now, problems)
            if row is not None:
                read[spot.machine.id].append(_Read(line.number, row))
        for spot in places.values():
            problems += _overlaps(session, spot, read[spot.machine.id])
        if problems or not lines:
            problems = problems or [Problem("log_empty")]
            raise RuleBroken(problems[:MOST_PROBLEMS])
        done = [
            _write(session, spot, read[spot.machine.id], actor, now) for spot in places.values()
        ]
        return Imported(sum(each.states for each in done), sum(each.runs for each in done))


def _problem(code: str, number: int, **facts: object) -> Problem:
    return Problem(code, {"line": number, **facts})


def _machines(session: Session, lines: Iterable[LogLine], actor: Actor) -> dict[str, Machine]:
    """Return the machines of the log that are in this person's hands."""
    found = session.scalars(
        select(Machine).where(Machine.code.in_({line.machine for line in lines}))
    )
    return {each.code: each for each in found if may_operate(actor, each.site_id)}


def _row(line: LogLine, spot: Place, now: datetime, problems: list[Problem]) -> PaperRow | None:
    """Read one line; what is wrong with it is added to the problems."""
    before = len(problems)
    start = _instant(line.starts_at, spot.site.zone)
    end = _instant(line.ends_at, spot.site.zone)
    counts = [_count(text) for text in (line.good, line.rejected)]
    checks: tuple[tuple[bool, str, dict[str, object]], ...] = (
        (line.reason in set(Reason), "log_reason_unknown", {"text": line.reason}),
        (start is not None, "log_time_unreadable", {"text": line.starts_at}),
        (end is not None, "log_time_unreadable", {"text": line.ends_at}),
        (None not in counts, "log_count_unreadable", {"text": f"{line.good}/{line.rejected}"}),
        (not start or not end or start < end, "log_time_reversed", {}),
        (end is None or end <= now, "log_time_in_future", {"text": line.ends_at}),
    )
    problems += [_problem(code, line.number, **facts) for fine, code, facts in checks if not fine]
    if len(problems) > before or start is None or end is None:
        return None
    good, rejected = (count or 0 for count in counts)
    return PaperRow(start, end, Reason(line.reason), line.booking.strip(), good, rejected)


def _instant(text: str, zone: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text.strip())
        return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count(text: str) -> int | None:
    stripped = text.strip()
    if not stripped:
        return 0
    if not (stripped.isascii() and stripped.isdigit()) or int(stripped) > MOST_PIECES:
        return None
    return int(stripped)


def _overlaps(session: Session, spot: Place, read: Sequence[_Read]) -> list[Problem]:
    """Return lines that contradict each other, or what is already on record."""
    if not read:
        return []
    problems = []
    by_time = sorted(read, key=lambda each: each.row.starts_at)
    for number, first in enumerate(by_time):
        for second in by_time[number + 1 :]:
            if second.row.starts_at >= first.row.ends_at:
                break
            if MEANINGS[first.row.reason].rank == MEANINGS[second.row.reason].rank:
                problems.append(_problem("log_lines_overlap", second.number, other=first.number))
    window = TimeRange(
        min(each.row.starts_at for each in read), max(each.row.ends_at for each in read)
    )
    recorded = [
        TimeRange(each.starts_at, each.ends_at or window.end)
        for each in session.scalars(
            select(StateInterval).where(
                StateInterval.machine_id == spot.machine.id,
                StateInterval.starts_at < window.end,
                StateInterval.ends_at.is_(None) | (StateInterval.ends_at > window.start),
            )
        )
        if each.starts_at < (each.ends_at or window.end)
    ]
    for each in read:
        span = TimeRange(each.row.starts_at, each.row.ends_at)
        if any(span.overlaps(other) for other in recorded):
            problems.append(_problem("log_already_recorded", each.number))
    return problems


def _write(
    session: Session, spot: Place, read: Sequence[_Read], actor: Actor, now: datetime
) -> Imported:
    days: dict[date, list[PaperRow]] = defaultdict(list)
    for each in read:
        days[spot.day_of(each.row.starts_at)].append(each.row)
    states = runs = 0
    for rows in days.values():
        added = _write_day(session, spot, rows, actor, now)
        states, runs = states + added.states, runs + added.runs
    span = TimeRange(
        min(each.row.starts_at for each in read), max(each.row.ends_at for each in read)
    )
    forget_rollups(session, machine_id=spot.machine.id, from_at=span.start, to_at=span.end)
    record(
        session,
        actor=actor,
        now=now,
        action="runs:import",
        subject=Subject("machine", spot.machine.id, spot.site.id),
        lines=len(read),
        from_at=int(span.start.timestamp()),
        to_at=int(span.end.timestamp()),
    )
    return Imported(states, runs)


def _write_day(
    session: Session, spot: Place, rows: list[PaperRow], actor: Actor, now: datetime
) -> Imported:
    found = paper_runs(rows)
    with_run = {run.label for run in found}
    by = _Writer(session, spot, actor, now)
    bookings = {
        label: by.booking(
            span, [row for row in rows if row.label == label], has_run=label in with_run
        )
        for label, span in labelled_ranges(rows).items()
    }
    run_of: dict[int, int] = {}
    for run in found:
        run_id = _run(session, spot, run, bookings.get(run.label))
        run_of |= dict.fromkeys(run.rows, run_id)
    intervals = resolve(
        Interval(
            row.starts_at,
            row.ends_at,
            row.reason,
            run_of.get(number),
            bookings[row.label].id if row.label else None,
        )
        for number, row in enumerate(rows)
    )
    session.add_all(
        StateInterval(
            machine_id=spot.machine.id,
            run_id=each.run_id,
            booking_id=each.booking_id,
            reason=each.reason,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
        )
        for each in intervals
    )
    session.flush()
    return Imported(len(intervals), len(found))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who writes the log of which machine, and when."""

    session: Session
    spot: Place
    actor: Actor
    now: datetime

    def booking(self, span: TimeRange, rows: Sequence[PaperRow], *, has_run: bool) -> Booking:
        """Return the booking a label names, brought to how its day ended, or a paper booking."""
        label = rows[0].label
        missed = not has_run and any(row.reason == Reason.NO_SHOW for row in rows)
        known = self.session.scalar(
            select(Booking).where(Booking.code == label, Booking.machine_id == self.spot.machine.id)
        )
        if known is None:
            return self._paper_booking(span, rows, State.NO_SHOW if missed else State.FINISHED)
        if has_run and known.state in (State.CONFIRMED, State.ARRIVED):
            self._become(known, State.RUNNING)
            self._become(known, State.FINISHED)
            self.session.get_one(Occupation, known.occupation_id).status = "done"
        elif missed and known.state == State.CONFIRMED:
            self._become(known, State.NO_SHOW)
            release(self.session, known, self.spot)
        return known

    def _become(self, booking: Booking, state: State) -> None:
        become(self.session, booking, state, actor=self.actor, now=self.now, reason="paper")

    def _paper_booking(self, span: TimeRange, rows: Sequence[PaperRow], state: State) -> Booking:
        occupation = Occupation(
            site_id=self.spot.site.id,
            machine_id=self.spot.machine.id,
            kind="booking",
            status="released",
            from_at=floor_to_slot(span.start),
            to_at=ceil_to_slot(span.end),
        )
        self.session.add(occupation)
        self.session.flush()
        booking = Booking(
            code=new_code(self.spot.site.code),
            site_id=self.spot.site.id,
            machine_id=self.spot.machine.id,
            occupation_id=occupation.id,
            state=state,
            source="paper",
            quantity=sum(row.good + row.rejected for row in rows),
            starts_at=span.start,
            ends_at=span.end,
            reason=rows[0].label,
            created_by=self.actor.id,
            created_at=self.now,
        )
        self.session.add(booking)
        self.session.flush()
        return booking


def _run(session: Session, spot: Place, paper: PaperRun, booking: Booking | None) -> int:
    run = Run(
        machine_id=spot.machine.id,
        booking_id=booking.id if booking else None,
        started_at=paper.starts_at,
        ended_at=paper.ends_at,
        good=paper.good,
        rejected=paper.rejected,
        planned_rate=float(spot.spec.rate_per_minute),
    )
    session.add(run)
    session.flush()
    return run.id
