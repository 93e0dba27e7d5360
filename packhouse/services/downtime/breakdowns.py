"""A machine fails, and works again."""

from datetime import datetime

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import has_failed
from packhouse.domain.runs import BROKEN
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, Problem, RuleBroken, WrongState
from packhouse.models.downtime import Breakdown, open_breakdown
from packhouse.services.downtime.steps import (
    LONGEST,
    Affected,
    audit,
    end_breakdown,
    settle,
    staffed,
)


@use_case
def report_breakdown(
    *,
    machine: str,
    reason: str,
    expected_back_at: datetime,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> tuple[Affected, ...]:
    """Note that a machine is broken until a time; return the bookings that lost theirs.

    They become displaced, keep their rank, and their people are told at once. A run that is on
    stays open, interrupted. Reporting again changes reason and expected time: later, it takes
    more bookings' time; earlier, it gives time back.
    Raises NotFound, NotAllowed, Malformed, RuleBroken.
    """
    if reason not in BROKEN:
        raise Malformed("reason_unknown", reason=reason, known=sorted(BROKEN))
    if not now < expected_back_at <= now + LONGEST:
        raise RuleBroken([Problem("expected_back_out_of_range", {"days": LONGEST.days})])
    with transaction() as session:
        spot = staffed(session, machine=machine, actor=actor, now=now)
        broken = open_breakdown(session, machine_id=spot.machine.id)
        if broken is not None and not has_failed(broken.reason):
            # It lacks power, too; from now on it is down for its own fault.
            end_breakdown(session, spot, broken, now)
            broken = None
        if broken is None:
            broken = Breakdown(machine_id=spot.machine.id, started_at=now, reported_by=actor.id)
            session.add(broken)
        broken.reason, broken.note, broken.expected_back_at = reason, note, expected_back_at
        session.flush()
        affected = settle(session, spot=spot, actor=actor, now=now)
        audit(
            session, spot, actor, now, "machine:broken", reason=reason, note=note,
            expected_back_at=int(expected_back_at.timestamp()),
        )  # fmt: skip
        return affected


@use_case
def repair(*, machine: str, actor: Actor, now: datetime) -> None:
    """Note that a machine works again; its time is free from this commit on.

    A run that was interrupted waits for its operator to go on. Where an outage is on, the machine
    stays down until that is over. Raises WrongState if the machine is not broken.
    """
    with transaction() as session:
        spot = staffed(session, machine=machine, actor=actor, now=now)
        broken = open_breakdown(session, machine_id=spot.machine.id)
        if broken is None or not has_failed(broken.reason):
            raise WrongState("machine_not_broken", machine=machine)
        end_breakdown(session, spot, broken, now)
        settle(session, spot=spot, actor=actor, now=now, was_down=True)
        audit(session, spot, actor, now, "machine:repaired")
