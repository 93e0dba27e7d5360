"""One machine on one local day: a line of states without gaps, and the seconds they add up to.

After SEMI E10 and ISO 22400-2, with the choices the standards leave open:

- Outside opening hours a machine is non-scheduled, lunch and Friday break included. Work done
  there is overtime: it joins the operations time and the denominators, so no rate exceeds 1.
  Production always counts, but a run that simply goes on over a break pauses over it, as it was
  planned to. Anything else (preparation, planned work, and what interrupts a run) counts only if
  it ended the same day before the house opened again, so that repair, maintenance and a paused
  run do not count the night.
- Inside opening hours a gap is standby. Out of service (before commissioning, after retirement)
  everything is non-scheduled.
- bookable (PBT) = opening hours and overtime with a run, without planned downtime (maintenance,
  calibration, trials) and without what was recorded as closed. booked = what bookings occupied
  of it, each instant once; used (AUBT) = what runs took of it; productive (APT) = production.
- Setup and cleaning are scheduled downtime in E10; with a run they are used time, without one
  they are not.
- A failure is a breakdown with its waiting for technician and parts, nights between included,
  of at least six minutes; shorter ones are assists, and outages of power, water or air are
  downtime but no failure of the machine. Repair time leaves the waiting out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from packhouse.domain.reports import MachineDay
from packhouse.domain.runs import (
    BROKEN,
    E10,
    MEANINGS,
    PLANNED_DOWN,
    PRODUCTIVE,
    UNSCHEDULED_DOWN,
    Element,
    Interval,
    Reason,
    RunCounts,
    Stretch,
    resolve,
)
from packhouse.domain.time_range import TimeRange, merge, subtract, to_epoch

ASSIST_SECONDS = 6 * 60
_NEVER = 1 << 40  # The end of an interval that has none yet.
_INTERRUPTS = frozenset({E10.SBY, E10.UDT})
# What may lie inside one failure: closed time, and an outage on top of it.
_TRANSPARENT = frozenset({E10.NST, E10.UDT})


@dataclass(frozen=True, slots=True)
class Booked:
    """What one booking occupied, from the cleaning before it.

    Live, finished and no-show bookings count; cancelled, expired and displaced ones do not.
    """

    occupied: TimeRange
    is_no_show: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """Everything recorded about one machine on one local day.

    `day` is the local day from midnight to midnight, `open_ranges` the machine's opening hours
    on it. `intervals`, `booked` and `runs` are those that overlap or touch the day, whole, not
    cut; others do no harm. `closed_reason` is closed or holiday. `period` cuts the day, for a
    machine that moved to another site on it.
    """

    day: TimeRange
    open_ranges: Sequence[TimeRange]
    intervals: Sequence[Interval] = ()
    booked: Sequence[Booked] = ()
    runs: Sequence[RunCounts] = ()
    commissioned_at: datetime | None = None
    retired_at: datetime | None = None
    closed_reason: Reason = Reason.CLOSED
    period: TimeRange | None = None


def machine_day(facts: DayFacts, *, now: datetime) -> MachineDay:
    """Return one machine's local day up to `now`; all zero for a day that has not begun.

    A run and its pieces count on the day it ended (its start on the day it started), a failure
    on the day it began. A day is broken if the machine was broken when the house closed (on a
    closed day: at its end; on a running day: now).
    """
    day = _Day(facts, to_epoch(now))
    return day.sums() if day.begins < day.ends else MachineDay()


def timeline(facts: DayFacts, *, now: datetime) -> list[Stretch]:
    """Return the elapsed part of the day without gaps or overlaps, by time.

    Gaps are filled: inside opening hours with no_show or waiting_customer where a booking stood
    and unbooked elsewhere, outside them and out of service with `closed_reason`.
    """
    day = _Day(facts, to_epoch(now))
    return day.line() if day.begins < day.ends else []


class _Span(NamedTuple):
    """A whole interval in epoch seconds."""

    begins: int
    ends: int
    reason: Reason
    has_run: bool
    is_estimated: bool


class _Part(NamedTuple):
    """A part of the day, wholly open or wholly closed.

    `reopens` is when the house opens after it, `break_from` when a break between two openings
    began.
    """

    begins: int
    ends: int
    is_open: bool
    reopens: int
    break_from: int | None


class _Chain(NamedTuple):
    """Downtime without a working minute between; `after` is the reason that touches it before."""

    begins: int
    ends: int
    seconds: int
    after: Reason | None


class _Day:
    """The elapsed part of a day, in epoch seconds; `serves` to `leaves` the machine was there."""

    def __init__(self, facts: DayFacts, now: int) -> None:
        self.facts = facts
        self.now = now
        self.midnight = to_epoch(facts.day.start)
        self.next_midnight = to_epoch(facts.day.end)
        self.begins, self.ends = self.midnight, min(self.next_midnight, now)
        if facts.period is not None:
            self.begins = max(self.begins, to_epoch(facts.period.start))
            self.ends = min(self.ends, to_epoch(facts.period.end))
        self.serves, self.leaves = self.begins, self.ends
        if facts.commissioned_at is not None:
            self.serves = min(max(self.begins, to_epoch(facts.commissioned_at)), self.ends)
        if facts.retired_at is not None:
            self.leaves = max(min(self.ends, to_epoch(facts.retired_at)), self.serves)
        self.hours = self._hours()
        self.parts = [
            _Part(max(each.begins, self.serves), min(each.ends, self.leaves), *each[2:])
            for each in self.hours
            if each.begins < self.leaves and self.serves < each.ends
        ]
        self.spans = self._spans()
        self.is_down = any(span.reason in UNSCHEDULED_DOWN for span in self.spans)
        self.failures = [chain for chain in self._chains(BROKEN) if chain.seconds >= ASSIST_SECONDS]

    def _hours(self) -> list[_Part]:
        parts: list[_Part] = []
        at = self.midnight
        for opening in self.facts.open_ranges:
            opens, closes = to_epoch(opening.start), to_epoch(opening.end)
            parts.append(_Part(at, opens, False, opens, at if parts else None))
            parts.append(_Part(opens, closes, True, opens, None))
            at = closes
        return [*parts, _Part(at, self.next_midnight, False, self.next_midnight + 1, None)]

    def _spans(self) -> list[_Span]:
        spans = self._read(self.facts.intervals)
        if all(before.ends <= after.begins for before, after in pairwise(spans)):
            return spans
        return self._read(resolve(self.facts.intervals))

    def _read(self, intervals: Iterable[Interval]) -> list[_Span]:
        spans = []
        for each in intervals:
            begins = to_epoch(each.starts_at)
            ends = _NEVER if each.ends_at is None else to_epoch(each.ends_at)
            # One that only touches midnight is kept: it tells what a failure came after.
            if begins < self.next_midnight and begins < self.now and ends >= self.midnight:
                has_run = each.run_id is not None or each.reason in PRODUCTIVE
                spans.append(_Span(begins, ends, each.reason, has_run, each.estimated))
        spans.sort()
        return spans

    def _chains(self, reasons: frozenset[Reason]) -> list[_Chain]:
        """Return the downtime of some reasons; closed time does not break a chain."""
        chains: list[_Chain] = []
        reach: int | None = None
        before: _Span | None = None
        for span in self.spans if self.is_down else ():
            joined = reach is not None and not self._opens_between(reach, span.begins)
            if span.reason in reasons:
                seconds = min(span.ends, self.now) - span.begins
                if joined:
                    seconds += chains[-1].seconds
                    chains[-1] = chains[-1]._replace(ends=span.ends, seconds=seconds)
                else:
                    chains.append(_Chain(span.begins, span.ends, seconds, _touching(before, span)))
                reach = span.ends
            else:
                reach = span.ends if joined and _state(span.reason) in _TRANSPARENT else None
            before = span
        return chains

    def _opens_between(self, begins: int, ends: int) -> bool:
        return any(
            part.is_open and max(begins, part.begins) < min(ends, part.ends) for part in self.hours
        )

    def line(self) -> list[Stretch]:
        """Return the stretches of the whole elapsed day."""
        closed = self.facts.closed_reason
        line: list[Stretch] = []
        if self.begins < self.serves:
            line.append(Stretch(self.begins, self.serves, closed, False))
        at = self.serves
        waits = self._waits()
        for span in self.spans:
            begins, ends = max(span.begins, self.serves), min(span.ends, self.leaves)
            if begins < ends:
                self._fill(line, at, begins, waits)
                self._lay(line, span, begins, ends)
                at = ends
        self._fill(line, at, self.leaves, waits)
        if self.leaves < self.ends:
            line.append(Stretch(self.leaves, self.ends, closed, False))
        return line

    def _cut(self, begins: int, ends: int) -> Iterator[tuple[int, int, _Part]]:
        for part in self.parts:
            start, end = max(begins, part.begins), min(ends, part.ends)
            if start < end:
                yield start, end, part

    def _lay(self, line: list[Stretch], span: _Span, begins: int, ends: int) -> None:
        """Append what was recorded between two instants, cut at opening and closing time."""
        failed = span.reason in BROKEN and any(
            chain.begins <= span.begins < chain.ends for chain in self.failures
        )
        told = (span.has_run, span.is_estimated, failed)
        for start, end, part in self._cut(begins, ends):
            if part.is_open or self._counts_outside(span, part):
                line.append(Stretch(start, end, span.reason, part.is_open, *told))
            else:
                line.append(Stretch(start, end, self.facts.closed_reason, False))

    def _counts_outside(self, span: _Span, part: _Part) -> bool:
        state = MEANINGS[span.reason].state
        if state is E10.NST:
            return True
        if state is E10.PRD:
            since = part.break_from
            return since is None or span.begins >= since or span.ends < part.reopens
        if span.begins < self.midnight or span.ends >= part.reopens:
            return False
        return span.has_run or state not in _INTERRUPTS

    def _waits(self) -> list[tuple[int, int, Reason]]:
        """Return when somebody was expected, without overlap; a live booking beats a no-show."""
        live = merge(each.occupied for each in self.facts.booked if not each.is_no_show)
        absent = subtract((each.occupied for each in self.facts.booked if each.is_no_show), live)
        waits = [(to_epoch(r.start), to_epoch(r.end), Reason.WAITING_CUSTOMER) for r in live]
        waits += ((to_epoch(r.start), to_epoch(r.end), Reason.NO_SHOW) for r in absent)
        return sorted(waits)

    def _fill(
        self, line: list[Stretch], begins: int, ends: int, waits: list[tuple[int, int, Reason]]
    ) -> None:
        """Append what the rule says about a gap in the record."""
        for start, end, part in self._cut(begins, ends):
            if not part.is_open:
                line.append(Stretch(start, end, self.facts.closed_reason, False))
                continue
            at = start
            for wait_begins, wait_ends, reason in waits:
                since, until = max(at, wait_begins), min(end, wait_ends)
                if since < until:
                    if at < since:
                        line.append(Stretch(at, since, Reason.UNBOOKED, True))
                    line.append(Stretch(since, until, reason, True))
                    at = until
            if at < end:
                line.append(Stretch(at, end, Reason.UNBOOKED, True))

    def sums(self) -> MachineDay:
        """Add the line up."""
        line = self.line()
        states, elements = dict.fromkeys(E10, 0), dict.fromkeys(Element, 0)
        for each in line:
            meaning = MEANINGS[each.reason]
            seconds = each.ends - each.begins
            states[meaning.state] += seconds
            elements[meaning.with_run if each.has_run else meaning.without_run] += seconds
        worked = [each for each in line if _state(each.reason) is not E10.NST]
        begun = [each for each in self.failures if self._is_on_day(each.begins)]
        bookable = [
            (each.begins, each.ends)
            for each in worked
            if (each.is_open or each.has_run) and each.reason not in PLANNED_DOWN
        ]
        return MachineDay(
            calendar_seconds=self.ends - self.begins,
            open_seconds=_seconds(part for part in self.parts if part.is_open),
            bookable_seconds=sum(ends - begins for begins, ends in bookable),
            booked_seconds=self._booked(bookable),
            used_seconds=elements[Element.APT] + elements[Element.AUST] + elements[Element.ADET],
            prd_seconds=states[E10.PRD],
            sby_seconds=states[E10.SBY],
            eng_seconds=states[E10.ENG],
            sdt_seconds=states[E10.SDT],
            udt_seconds=states[E10.UDT],
            nst_seconds=states[E10.NST],
            setup_seconds=elements[Element.AUST],
            delay_seconds=elements[Element.ADET],
            planned_down_seconds=elements[Element.PLANNED_DOWN],
            overtime_seconds=_seconds(each for each in worked if not each.is_open),
            estimated_seconds=_seconds(each for each in worked if each.is_estimated),
            repair_seconds=_seconds(
                each for each in worked if each.is_failure and each.reason is Reason.BREAKDOWN
            ),
            failures=len(begun),
            production_failures=sum(each.after in PRODUCTIVE for each in begun),
            downtime_events=sum(
                self._is_on_day(each.begins) for each in self._chains(UNSCHEDULED_DOWN)
            ),
            broken_days=self._broken_days(),
            no_shows=sum(
                each.is_no_show and self.begins <= to_epoch(each.occupied.start) < self.ends
                for each in self.facts.booked
            ),
            **self._run_counts(),
        )

    def _broken_days(self) -> int:
        closing = max((part.ends for part in self.hours if part.is_open), default=_NEVER)
        last = min(closing, self.next_midnight, self.now)
        there = self.serves < last <= self.leaves
        return int(there and any(each.begins < last <= each.ends for each in self.failures))

    def _is_on_day(self, instant: int) -> bool:
        return self.serves <= instant < self.leaves

    def _booked(self, bookable: list[tuple[int, int]]) -> int:
        seconds = 0
        for booked in merge(each.occupied for each in self.facts.booked):
            begins, ends = to_epoch(booked.start), to_epoch(booked.end)
            for start, end in bookable:
                if start < ends and begins < end:
                    seconds += min(end, ends) - max(start, begins)
        return seconds

    def _run_counts(self) -> dict[str, int]:
        finished = [
            run
            for run in self.facts.runs
            if run.ends_at is not None and self.begins < to_epoch(run.ends_at) <= self.ends
        ]
        return {
            "planned_run_seconds": sum(
                round(each.planned_minutes_per_piece * 60 * (each.good + each.rejected))
                for each in finished
            ),
            "good": sum(each.good for each in finished),
            "rejected": sum(each.rejected for each in finished),
            "runs_started": sum(
                self.begins <= to_epoch(each.starts_at) < self.ends for each in self.facts.runs
            ),
            "runs_finished": len(finished),
        }


def _state(reason: Reason) -> E10:
    return MEANINGS[reason].state


def _touching(before: _Span | None, span: _Span) -> Reason | None:
    return before.reason if before is not None and before.ends == span.begins else None


def _seconds(pieces: Iterable[Stretch | _Part]) -> int:
    return sum(each.ends - each.begins for each in pieces)
