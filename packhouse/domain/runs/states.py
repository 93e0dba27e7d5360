"""What a machine was doing: reason codes, what they mean, and intervals that never overlap.

The states are those of SEMI E10, the time elements those of ISO 22400-2. MEANINGS is the only
place where a reason is given a meaning; every figure is derived from it.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from packhouse.domain.time_range import TimeRange, from_epoch, require_utc

_OPEN_END = datetime.max.replace(tzinfo=UTC)
_Claim = tuple[int, float, bool, str, int, int, datetime]


class Reason(StrEnum):
    """Why a machine is in its state: what an operator chooses, or what fills a gap by rule."""

    RUNNING = "running"
    REWORK = "rework"
    WAITING_CUSTOMER = "waiting_customer"
    NO_SHOW = "no_show"
    UNBOOKED = "unbooked"
    NO_OPERATOR = "no_operator"
    NO_MATERIAL = "no_material"
    TRIAL = "trial"
    MAINTENANCE = "maintenance"
    SETUP = "setup"
    CHANGEOVER = "changeover"
    CLEANING = "cleaning"
    CALIBRATION = "calibration"
    BREAKDOWN = "breakdown"
    WAITING_TECHNICIAN = "waiting_technician"
    WAITING_PARTS = "waiting_parts"
    POWER_OUTAGE = "power_outage"
    UTILITY_OUTAGE = "utility_outage"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    INSTALLATION = "installation"
    TRAINING = "training"


class E10(StrEnum):
    """The six states of SEMI E10; a machine is always in exactly one."""

    PRD = "PRD"  # productive
    SBY = "SBY"  # standby
    ENG = "ENG"  # engineering
    SDT = "SDT"  # scheduled downtime
    UDT = "UDT"  # unscheduled downtime
    NST = "NST"  # non-scheduled


class Element(StrEnum):
    """The time elements of ISO 22400-2 that the figures are made of."""

    APT = "APT"  # actual production time
    AUST = "AUST"  # actual unit setup time
    ADET = "ADET"  # actual unit delay time: an order is on, and interrupted
    ADOT = "ADOT"  # actual unit down time: no order is on
    PLANNED_DOWN = "planned_down"  # taken out of the planned busy time
    OUTSIDE = "outside"  # not planned operation time at all


class Meaning(NamedTuple):
    """What a reason stands for; of two reasons at one instant the higher rank is true."""

    state: E10
    rank: int
    with_run: Element
    without_run: Element


_PRODUCTION = Meaning(E10.PRD, 4, Element.APT, Element.APT)
_PREPARATION = Meaning(E10.SDT, 3, Element.AUST, Element.ADOT)
_STANDBY = Meaning(E10.SBY, 2, Element.ADET, Element.ADOT)
_TRIAL = Meaning(E10.ENG, 5, Element.PLANNED_DOWN, Element.PLANNED_DOWN)
_PLANNED = Meaning(E10.SDT, 6, Element.PLANNED_DOWN, Element.PLANNED_DOWN)
_DOWN = Meaning(E10.UDT, 7, Element.ADET, Element.ADOT)
_NOT_SCHEDULED = Meaning(E10.NST, 1, Element.OUTSIDE, Element.OUTSIDE)

MEANINGS: dict[Reason, Meaning] = {
    Reason.RUNNING: _PRODUCTION,
    Reason.REWORK: _PRODUCTION,
    Reason.WAITING_CUSTOMER: _STANDBY,
    Reason.NO_SHOW: _STANDBY,
    Reason.UNBOOKED: _STANDBY,
    Reason.NO_OPERATOR: _STANDBY,
    Reason.NO_MATERIAL: _STANDBY,
    Reason.TRIAL: _TRIAL,
    Reason.MAINTENANCE: _PLANNED,
    Reason.SETUP: _PREPARATION,
    Reason.CHANGEOVER: _PREPARATION,
    Reason.CLEANING: _PREPARATION,
    Reason.CALIBRATION: _PLANNED,
    Reason.BREAKDOWN: _DOWN,
    Reason.WAITING_TECHNICIAN: _DOWN,
    Reason.WAITING_PARTS: _DOWN,
    Reason.POWER_OUTAGE: _DOWN,
    Reason.UTILITY_OUTAGE: _DOWN,
    Reason.CLOSED: _NOT_SCHEDULED,
    Reason.HOLIDAY: _NOT_SCHEDULED,
    Reason.INSTALLATION: _NOT_SCHEDULED,
    Reason.TRAINING: _NOT_SCHEDULED,
}

PRODUCTIVE = frozenset({Reason.RUNNING, Reason.REWORK})
PREPARATION = frozenset({Reason.SETUP, Reason.CHANGEOVER, Reason.CLEANING})
# What a run is made of; its first and its last such row are its ends.
WORK = PRODUCTIVE | PREPARATION
PLANNED_DOWN = frozenset(
    reason for reason, meaning in MEANINGS.items() if meaning.with_run is Element.PLANNED_DOWN
)
UNSCHEDULED_DOWN = frozenset(
    reason for reason, meaning in MEANINGS.items() if meaning.state is E10.UDT
)
# The machine itself has failed; without power or air it is down but not broken.
BROKEN = frozenset({Reason.BREAKDOWN, Reason.WAITING_TECHNICIAN, Reason.WAITING_PARTS})
_WAITS = frozenset({Reason.WAITING_CUSTOMER, Reason.NO_OPERATOR, Reason.NO_MATERIAL})
# What an operator may say interrupts a run; waiting for a technician follows a breakdown report.
PAUSE_REASONS = (
    _WAITS | PREPARATION | {Reason.BREAKDOWN, Reason.POWER_OUTAGE, Reason.UTILITY_OUTAGE}
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A machine was in one state from one instant to another; without an end it still is.

    `run_id` belongs on an interval only as far as the run was on: from its first preparation to
    its last piece, interruptions between included.
    """

    starts_at: datetime
    ends_at: datetime | None
    reason: Reason
    run_id: int | None = None
    booking_id: int | None = None
    estimated: bool = False

    def __post_init__(self) -> None:
        require_utc(self.starts_at)
        if self.ends_at is not None:
            require_utc(self.ends_at)
            if self.ends_at <= self.starts_at:
                raise ValueError(f"an interval needs start before end: {self}")


@dataclass(frozen=True, slots=True)
class RunCounts:
    """The pieces of one run; they count on the local day on which it ended."""

    starts_at: datetime
    ends_at: datetime | None
    good: int
    rejected: int
    planned_minutes_per_piece: float


class Stretch(NamedTuple):
    """A piece of a day in one state, in epoch seconds; what the coloured strip shows."""

    begins: int
    ends: int
    reason: Reason
    is_open: bool
    has_run: bool = False
    is_estimated: bool = False
    is_failure: bool = False

    @property
    def starts_at(self) -> datetime:
        """First instant, UTC."""
        return from_epoch(self.begins)

    @property
    def ends_at(self) -> datetime:
        """The instant at which the next stretch begins, UTC."""
        return from_epoch(self.ends)

    @property
    def state(self) -> E10:
        """The SEMI E10 state of the reason."""
        return MEANINGS[self.reason].state


def resolve(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time as sorted intervals of which no two overlap.

    At each instant the reason of the highest rank is true: broken over maintenance over trial
    over running over preparation over standby over non-scheduled; of equals the one reported
    last. What interrupts a run belongs to it, so it inherits run and booking. Where two that say
    the same overlap they become one.
    """
    ordered = sorted(set(intervals), key=lambda each: each.starts_at)
    points = {each.starts_at for each in ordered} | {_end(each) for each in ordered}
    pending = deque(ordered)
    active: list[tuple[_Claim, Interval]] = []
    resolved: list[Interval] = []
    lasts = _OPEN_END  # Until when what was true before lasts by itself.
    for start, end in pairwise(sorted(points)):
        while pending and pending[0].starts_at == start:
            each = pending.popleft()
            heappush(active, (_claim(each), each))
        while active and _end(active[0][1]) <= start:
            heappop(active)
        if active:
            winner = _with_run(active, start)
            ends_at = None if end == _OPEN_END else end
            part = replace(winner, starts_at=start, ends_at=ends_at)
            if lasts > start and resolved and _says_the_same(resolved[-1], part):
                resolved[-1] = replace(resolved[-1], ends_at=ends_at)
                lasts = max(lasts, _end(winner))
            else:
                resolved.append(part)
                lasts = _end(winner)
    return resolved


def _end(interval: Interval) -> datetime:
    return interval.ends_at or _OPEN_END


def _claim(interval: Interval) -> _Claim:
    """Order overlapping intervals, the true one first; total, so that input order is nothing."""
    return (
        -MEANINGS[interval.reason].rank,
        -interval.starts_at.timestamp(),
        interval.estimated,
        interval.reason,
        -1 if interval.run_id is None else interval.run_id,
        -1 if interval.booking_id is None else interval.booking_id,
        _end(interval),
    )


def _with_run(active: Sequence[tuple[_Claim, Interval]], start: datetime) -> Interval:
    """Return the true interval, with the run that is on if it names none itself."""
    winner = active[0][1]
    runs = [entry for entry in active if entry[1].run_id is not None and _end(entry[1]) > start]
    if winner.run_id is not None or not runs:
        return winner
    run = min(runs)[1]
    booking_id = run.booking_id if winner.booking_id is None else winner.booking_id
    return replace(winner, run_id=run.run_id, booking_id=booking_id)


def _says_the_same(before: Interval, after: Interval) -> bool:
    return before.ends_at == after.starts_at and before == replace(
        after, starts_at=before.starts_at, ends_at=before.ends_at
    )


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One line of a paper log; the label is what the house wrote for one customer's job."""

    starts_at: datetime
    ends_at: datetime
    reason: Reason
    label: str = ""
    good: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError(f"a row needs start before end: {self}")


@dataclass(frozen=True, slots=True)
class PaperRun:
    """A run as a paper log tells it, with the numbers of its rows (positions in the input)."""

    label: str
    starts_at: datetime
    ends_at: datetime
    good: int
    rejected: int
    rows: tuple[int, ...]


def labelled_ranges(rows: Sequence[PaperRow]) -> dict[str, TimeRange]:
    """Return what each label of one machine and day had booked: from its first to its last row."""
    labels = dict.fromkeys(row.label for row in rows if row.label)
    return {label: _range(row for row in rows if row.label == label) for label in labels}


def paper_runs(rows: Sequence[PaperRow]) -> list[PaperRun]:
    """Return the runs in the rows of one machine and one local day, by their start.

    The run of a label begins at its first preparation or production row and ends with its last
    such row. Rows of the label outside (broken before the start, did not come) are not part of
    it; an interruption without a label inside it is. A label without such a row had no run.
    Production without a label, outside of every run, is a run of its own.
    """
    labels = dict.fromkeys(row.label for row in rows if row.label and row.reason in WORK)
    spans = {
        label: _range(row for row in rows if row.label == label and row.reason in WORK)
        for label in labels
    }
    members: dict[str, list[int]] = {label: [] for label in labels}
    runs: list[PaperRun] = []
    for number, row in enumerate(rows):
        label = row.label or _surrounding(row, spans)
        if label in spans and _lies_in(row, spans[label]):
            members[label].append(number)
        elif not row.label and row.reason in PRODUCTIVE:
            own = (row.starts_at, row.ends_at, row.good, row.rejected, (number,))
            runs.append(PaperRun("", *own))
    for label, numbers in members.items():
        # Pieces are often written on the last row of a label, whatever its reason.
        counted = [row for at, row in enumerate(rows) if row.label == label or at in numbers]
        good, rejected = sum(row.good for row in counted), sum(row.rejected for row in counted)
        span = spans[label]
        runs.append(PaperRun(label, span.start, span.end, good, rejected, tuple(numbers)))
    return sorted(runs, key=lambda run: run.starts_at)


def _range(rows: Iterable[PaperRow]) -> TimeRange:
    """Return the time from the first start to the last end of rows; there must be one."""
    starts, ends = zip(*((row.starts_at, row.ends_at) for row in rows), strict=True)
    return TimeRange(min(starts), max(ends))


def _lies_in(row: PaperRow, span: TimeRange) -> bool:
    return span.start <= row.starts_at and row.ends_at <= span.end


def _surrounding(row: PaperRow, spans: dict[str, TimeRange]) -> str:
    """Return the label of the shortest run around an interruption that has no label."""
    if row.reason not in WORK | UNSCHEDULED_DOWN | _WAITS:
        return ""
    around = [(span.seconds, label) for label, span in spans.items() if _lies_in(row, span)]
    return min(around)[1] if around else ""
