"""Spare parts that machines wait for, and what their arrival says of when a machine is back."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import has_failed
from packhouse.domain.machines import Part, problems_with_part
from packhouse.domain.runs import Reason
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, Problem, RuleBroken, WrongState
from packhouse.models.downtime import open_breakdown
from packhouse.models.machines import Machine, SparePart
from packhouse.services.downtime.steps import LONGEST, Affected, audit, settle, staffed
from packhouse.services.slots import Place


@dataclass(frozen=True, slots=True)
class Noted:
    """The id of a part's note, and the bookings that lost their time to the later return."""

    part_id: int
    affected: tuple[Affected, ...]


@use_case
def note_part(
    *,
    machine: str,
    part: Part,
    actor: Actor,
    now: datetime,
    back_at: datetime | None = None,
) -> Noted:
    """Note a spare part a machine waits for; with ``back_at``, also when it is to work again.

    A machine that is broken then waits for parts, and the bookings before its return lose their
    time, in this very transaction. Raises NotFound, NotAllowed, RuleBroken with all problems,
    WrongState where a return is told of a machine that is not broken.
    """
    with transaction() as session:
        spot = staffed(session, machine=machine, actor=actor, now=now)
        problems = problems_with_part(part, today=_today(spot, now))
        if back_at is not None and not now < back_at <= now + LONGEST:
            problems.append(Problem("expected_back_out_of_range", {"days": LONGEST.days}))
        if problems:
            raise RuleBroken(problems)
        broken = open_breakdown(session, machine_id=spot.machine.id)
        if broken is not None and not has_failed(broken.reason):
            broken = None  # Without power, say: no part will end that.
        row = SparePart(
            machine_id=spot.machine.id,
            breakdown_id=broken.id if broken else None,
            part=part.part,
            ordered_from=part.ordered_from,
            ordered_on=part.ordered_on,
            eta=part.eta,
            note=part.note,
            noted_by=actor.id,
            noted_at=now,
        )
        session.add(row)
        session.flush()
        audit(session, spot, actor, now, "machine:part_awaited", part=part.part,
              eta=part.eta.isoformat() if part.eta else "")  # fmt: skip
        affected: tuple[Affected, ...] = ()
        if back_at is not None:
            if broken is None:
                raise WrongState("machine_not_broken", machine=machine)
            broken.reason, broken.expected_back_at = Reason.WAITING_PARTS, back_at
            session.flush()
            affected = settle(session, spot=spot, actor=actor, now=now)
            audit(session, spot, actor, now, "machine:broken", reason=str(broken.reason),
                  note=broken.note, expected_back_at=int(back_at.timestamp()))  # fmt: skip
        return Noted(row.id, affected)


@use_case
def end_part(*, part_id: int, arrived_on: date | None, actor: Actor, now: datetime) -> None:
    """Note that a part has arrived on a day, or (None) that nobody waits for it any more.

    Raises NotFound, NotAllowed, RuleBroken, WrongState.
    """
    with transaction() as session:
        code = session.scalar(
            select(Machine.code)
            .join(SparePart, SparePart.machine_id == Machine.id)
            .where(SparePart.id == part_id)
        )
        if code is None:
            raise NotFound("part_not_found")
        spot = staffed(session, machine=code, actor=actor, now=now)
        row = _locked_part(session, part_id)
        if row.arrived_on is not None or row.dropped_at is not None:
            raise WrongState("part_settled")
        if arrived_on is None:
            row.dropped_at = now
            audit(session, spot, actor, now, "machine:part_dropped", part=row.part)
            return
        if not (row.ordered_on or date.min) <= arrived_on <= _today(spot, now):
            raise RuleBroken([Problem("arrival_out_of_range")])
        row.arrived_on = arrived_on
        audit(session, spot, actor, now, "machine:part_arrived", part=row.part,
              arrived_on=arrived_on.isoformat())  # fmt: skip


def _locked_part(session: Session, part_id: int) -> SparePart:
    return session.scalars(
        select(SparePart)
        .where(SparePart.id == part_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _today(spot: Place, now: datetime) -> date:
    return now.astimezone(ZoneInfo(spot.site.zone)).date()
