"""A year of use of fifty machines: from rollups, from raw states, and as the page shows it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.histories import NOW, TODAY, Past, all_pasts, compare
from bench.report import progress, tell
from bench.serving import CONTEXT
from bench.stores import Store
from packhouse.db import db
from packhouse.domain.users import SYSTEM, Actor
from packhouse.queries.reports import Period, Utilization, utilization
from packhouse.services import reports

FIRST, LAST = TODAY - timedelta(days=365), TODAY - timedelta(days=1)
PAGE = f"/reports/utilization?from={FIRST}&to={LAST}&by=machine"
TIMES = {"rollups": 20, "raw": 1, "page": 20}


def run() -> None:
    """Measure both databases and both pasts; raises SystemExit where figures differ."""
    for engine, pasts in all_pasts():
        for past in pasts:
            _prepare(past)
        for what, act in (("rollups", kept), ("raw", raw)):
            acts = [(past, _of(act, past)) for past in pasts]
            compare(
                "utilization", what, acts, times=TIMES[what], warm=2 if what == "rollups" else 0
            )
            for past in pasts:
                tell(
                    "utilization",
                    what=f"{what}, peak memory",
                    engine=engine,
                    bookings=past.bookings,
                    peak_mib=_peak_mib(past, raw=what == "raw"),
                )
        shown = [(past, past.page(PAGE)) for past in pasts]
        compare("utilization", "page", shown, times=TIMES["page"], bytes=len(shown[0][1]()))


def kept(past: Past) -> Utilization:
    """Return the year from rollups."""
    return utilization(period=Period(FIRST, LAST), actor=past.actor, now=NOW)


def raw(past: Past) -> Utilization:
    """Return the year from the states as they were recorded."""
    return utilization(period=Period(FIRST, LAST), actor=past.actor, now=NOW, raw=True)


def _of(act: Callable[[Past], Utilization], past: Past) -> Callable[[], Utilization]:
    return lambda: act(past)


def _prepare(past: Past) -> None:
    """Roll up as the worker does; the figures must be those of the raw states, to the second."""
    with past.at_work():
        days = 0
        while done := reports.roll_up(actor=SYSTEM, now=NOW):
            days += done
        progress(f"{past.store.engine}: {days} days of machines rolled up")
        if kept(past) != raw(past):
            raise SystemExit("utilization: rollups and raw states give different figures")
    tell("utilization", what="equal", engine=past.store.engine, bookings=past.bookings, equal=True)


def _peak_mib(past: Past, *, raw: bool) -> float:
    """Return the peak memory of a process that does nothing but this report, app included."""
    queue = CONTEXT.Queue()
    child = CONTEXT.Process(target=_report_alone, args=(past.store, past.actor, raw, queue))
    child.start()
    peak: float = queue.get(timeout=600)
    child.join(30)
    return peak


def _report_alone(store: Store, actor: Actor, raw: bool, queue: Any) -> None:
    with store.app().app_context():
        utilization(period=Period(FIRST, LAST), actor=actor, now=NOW, raw=raw)
        db.session.remove()
    # Not ru_maxrss: that also remembers the process from which this one was made.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    queue.put(round(peak / 1024, 1))
