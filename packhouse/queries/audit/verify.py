"""The auditor: runs every check and reports the rows that break a rule."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.queries.audit import (
    closed,
    complaints,
    downtime,
    fair_use,
    jobs,
    machine_time,
    mergers,
    placements,
    replanning,
    sessions,
    tiers,
    trail,
    waiting,
)

MOST_ROWS = 20

Rows = Iterable[dict[str, Any]]
Check = Callable[[Session, datetime], Rows]


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, with the first of the rows that break it."""

    rule: str
    rows: tuple[dict[str, Any], ...]


CHECKS: dict[str, Check] = {
    "one occupation per machine and time": machine_time.overlapping_occupations,
    "one booking per machine and time": machine_time.overlapping_bookings,
    "claims are the slots of live occupations": machine_time.wrong_claims,
    "no more attended machines than operators": machine_time.wrong_operator_load,
    "a booking holds time exactly while its state says so": machine_time.wrong_holdings,
    "a booking lies inside its occupation, on the grid": machine_time.wrong_periods,
    "every booking is cleaned for, as its neighbours demand": machine_time.wrong_cleaning,
    "a product stays in its lane": machine_time.wrong_lanes,
    "a machine is where its last placement says": placements.wrong_placements,
    "planned work holds its time exactly while it is taken": downtime.wrong_maintenance,
    "machines are down while an outage is on, and no longer": downtime.wrong_outages,
    "states of a machine never overlap": machine_time.overlapping_states,
    "a run is open exactly while its booking runs": machine_time.wrong_runs,
    "taps of a session follow one another": sessions.wrong_taps,
    "a run begun by a tap has a lot": sessions.wrong_lots,
    "every clean has who stands for it, every run its clean": sessions.wrong_cleanings,
    "prices follow the tariff": machine_time.wrong_prices,
    "nobody holds more than the limits of a house": fair_use.beyond_limits,
    "tiers follow from papers": tiers.wrong_tiers,
    "the parts of a job add up to it": jobs.wrong_sums,
    "an order has a lot for each of its lines": jobs.wrong_lines,
    "the audit trail is whole": trail.broken_chains,
    "every booking's states are in the audit trail": trail.unaudited_states,
    "kept answers name what exists": trail.wrong_answers,
    "no message is stuck or contradicts its booking": trail.wrong_messages,
    "every complaint has the state and deadline of its record": complaints.wrong_clocks,
    "an answered complaint has its answer": complaints.wrong_answers,
    "nobody who lost her time is forgotten": replanning.forgotten,
    "an applied plan stands as it was written, or was changed since": replanning.applied_otherwise,
    "an offer holds its time exactly while it is open": waiting.wrong_offers,
    "a wish has one offer at a time and is served once": waiting.wrong_promotions,
    "offers follow the published order": waiting.wrong_order,
    "nobody on the waitlist is forgotten": waiting.forgotten_wishes,
    "a merged business has nothing left": mergers.left_behind,
    "a closed account tells nobody who it was": closed.left_behind,
    "what messages said is forgotten after its time": closed.texts_kept_too_long,
    "who complained is forgotten after its time": closed.contacts_kept_too_long,
    "rollups equal raw figures": machine_time.wrong_rollups,
    "the database keeps its rules": trail.missing_rules,
}


def verify(*, now: datetime) -> tuple[Finding, ...]:
    """Return every broken rule; empty when all is well. Reads everything, changes nothing."""
    session = reading()
    return tuple(_findings(session, now))


def _findings(session: Session, now: datetime) -> Iterator[Finding]:
    for rule, check in CHECKS.items():
        rows = tuple(islice(check(session, now), MOST_ROWS))
        if rows:
            yield Finding(rule, rows)
