"""A machine fails, and works again."""

from datetime import datetime

from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import has_failed
from packhouse.domain.runs import BROKEN
from packhouse.domain.time_range import from_epoch, to_epoch
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, Problem, RuleBroken, WrongState
from packhouse.models.downtime import Breakdown, open_breakdown
from packhouse.services.audit import Once, answer_once
from packhouse.services.downtime.steps import (
    LONGEST,
    Affected,
    audit,
    end_breakdown,
    settle,
    staffed,
)
from packhouse.services.slots import Place


@use_case
def report_breakdown(
    *,
    machine: str,
    reason: str,
    expected_back_at: datetime,
    actor: Actor,
    now: datetime,
    note: str = "",
    key: str | None = None,
) -> tuple[Affected, ...]:
    """Note that a machine is broken until a time; return the bookings that lost theirs.

    They become displaced, keep their rank, and their people are told at once. A run that is on
    stays open, interrupted. Reporting again changes reason and expected time: later, it takes
    more bookings' time; earlier, it gives time back. A repeat under the same key changes nothing.
    Raises NotFound, NotAllowed, Malformed, RuleBroken.
    """
    if reason not in BROKEN:
        raise Malformed("reason_unknown", reason=reason, known=sorted(BROKEN))
    if not now < expected_back_at <= now + LONGEST:
        raise RuleBroken([Problem("expected_back_out_of_range", {"days": LONGEST.days})])
    back = to_epoch(expected_back_at)
    request = {"machine": machine, "reason": reason, "back": back, "note": note}
    once = Once(key, "report_breakdown", request) if key else None
    with transaction() as session:

        def act() -> list[tuple[str, int, int]]:
            spot = staffed(session, machine=machine, actor=actor, now=now)
            broken = _own_fault(session, spot, actor, now)
            broken.reason, broken.note, broken.expected_back_at = reason, note, expected_back_at
            session.flush()
            affected = settle(session, spot=spot, actor=actor, now=now)
            audit(
                session, spot, actor, now, "machine:broken", reason=reason, note=note,
                expected_back_at=back,
            )  # fmt: skip
            return [
                (each.code, to_epoch(each.starts_at), to_epoch(each.ends_at)) for each in affected
            ]

        told = answer_once(session, actor=actor, now=now, once=once, act=act)
    return tuple(Affected(code, from_epoch(start), from_epoch(end)) for code, start, end in told)


def _own_fault(session: Session, spot: Place, actor: Actor, now: datetime) -> Breakdown:
    """Return a machine's open failure, or a new one; one for lack of power gives way to it."""
    broken = open_breakdown(session, machine_id=spot.machine.id)
    if broken is not None and not has_failed(broken.reason):
        end_breakdown(session, spot, broken, now)
        broken = None
    if broken is None:
        broken = Breakdown(machine_id=spot.machine.id, started_at=now, reported_by=actor.id)
        session.add(broken)
    return broken


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
