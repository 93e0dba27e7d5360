"""Where a machine stands: moved, lent, brought back; and the one change of its lane."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.downtime import has_failed
from packhouse.domain.machines import Condition, Move, problems_with_move
from packhouse.domain.machines.assets import LONGEST_NOTE, LONGEST_TEXT
from packhouse.domain.permissions import may_manage
from packhouse.domain.products import Lane
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.downtime import open_breakdown
from packhouse.models.machines import ConditionNote, Machine, Placement
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.services.machines.changes import locked_machine, note_machine
from packhouse.services.reports import forget_rollups

# What people hold; planned work and a fault stay with the machine wherever it goes.
OF_PEOPLE = ("booking", "hold", "offer")


@use_case
def move_machine(*, code: str, move: Move, actor: Actor, now: datetime) -> int:
    """Put a machine into another room or house from now on; return the id of its placement.

    To another house only when nobody has booked it: its bookings were made for hours and people
    of this one, so they are planned anew first. Whoever moves it manages both houses. Planned
    work and a breakdown go with it. Raises RuleBroken with all problems, NotFound, NotAllowed.
    """
    with transaction() as session:
        machine = locked_machine(session, code, actor)
        here = session.get_one(Site, machine.site_id)
        there = session.scalar(select(Site).where(Site.code == move.site))
        if there is None:
            raise NotFound("site_unknown", site=move.site)
        if not may_manage(actor, there.id):
            raise NotAllowed
        last = _open_placement(session, machine)
        today = now.astimezone(ZoneInfo(here.zone)).date()
        problems = problems_with_move(
            move, at_site=here.code, in_room=last.room if last else "", today=today
        )
        if last is not None and last.kind != move.kind:
            # Coming back from a loan is a move even into the same room.
            problems = [each for each in problems if each.code != "placement_same"]
        if there.id != here.id:
            problems += _problems_with_leaving(session, machine, now)
        if problems:
            raise RuleBroken(problems)
        placement = _place(
            session, machine, here=here, there=there, last=last, move=move, actor=actor, now=now
        )
        facts = {
            "from_site": here.code, "to_site": there.code, "room": move.room, "kind": move.kind,
            "reason": move.reason, "document": move.document, "placement": placement.id,
        }  # fmt: skip
        note_machine(session, "machine:moved", machine, actor=actor, now=now, **facts)
        return placement.id


@use_case
def convert_lane(*, code: str, document: str, actor: Actor, now: datetime) -> None:
    """Take a machine into the other lane for good, on the strength of a document.

    It happens once: a machine that went from the non-halal to the halal lane (washed, witnessed,
    documented) never goes back. Nobody may have booked it. Raises RuleBroken, NotFound,
    NotAllowed.
    """
    with transaction() as session:
        machine = locked_machine(session, code, actor)
        problems = _problems_with_leaving(session, machine, now)
        checks = (
            (bool(document), Problem("document_missing")),
            (len(document) <= LONGEST_TEXT, Problem("text_long", {"maximum": LONGEST_TEXT})),
            (machine.converted_at is None, Problem("lane_converted", {"machine": code})),
        )
        problems += [problem for fine, problem in checks if not fine]
        if problems:
            raise RuleBroken(problems)
        before = machine.lane
        machine.lane = Lane.NON_HALAL if before == Lane.HALAL else Lane.HALAL
        machine.converted_at, machine.lane_document = now, document
        facts = {"from_lane": before, "to_lane": machine.lane, "document": document}
        note_machine(session, "machine:converted", machine, actor=actor, now=now, **facts)


@use_case
def note_condition(*, code: str, condition: str, note: str, actor: Actor, now: datetime) -> None:
    """Note in what shape a machine was found, be it the same as before: it was looked at.

    Raises RuleBroken, NotFound, NotAllowed.
    """
    with transaction() as session:
        machine = locked_machine(session, code, actor)
        checks = (
            (condition in set(Condition), Problem("condition_unknown", {"value": condition[:80]})),
            (len(note) <= LONGEST_NOTE, Problem("text_long", {"maximum": LONGEST_NOTE})),
            (
                bool(note) or condition in (machine.condition, Condition.GOOD),
                Problem("note_missing"),
            ),
        )
        problems = [problem for fine, problem in checks if not fine]
        if problems:
            raise RuleBroken(problems)
        facts = {"from_condition": machine.condition, "to_condition": condition, "note": note}
        machine.condition = condition
        session.add(
            ConditionNote(
                machine_id=machine.id,
                condition=condition,
                note=note,
                found_at=now,
                noted_by=actor.id,
            )
        )
        note_machine(session, "machine:condition", machine, actor=actor, now=now, **facts)


# --- steps --------------------------------------------------------------------------------------


def _open_placement(session: Session, machine: Machine) -> Placement | None:
    return session.scalar(
        select(Placement).where(Placement.machine_id == machine.id, Placement.to_at.is_(None))
    )


def _place(
    session: Session,
    machine: Machine,
    *,
    here: Site,
    there: Site,
    last: Placement | None,
    move: Move,
    actor: Actor,
    now: datetime,
) -> Placement:
    """End where it stood, which is written down now if nobody had moved it before."""
    if last is None:
        begun = min(machine.commissioned_at, now - timedelta(seconds=1))
        last = Placement(machine_id=machine.id, site_id=here.id, from_at=begun)
        session.add(last)
    begins = max(now, last.from_at + timedelta(seconds=1))
    last.to_at = begins
    session.flush()
    placement = Placement(
        machine_id=machine.id,
        site_id=there.id,
        room=move.room,
        kind=move.kind,
        reason=move.reason,
        document=move.document,
        due_on=move.due_on if move.kind == "loan" else None,
        from_at=begins,
        decided_by=actor.id,
    )
    session.add(placement)
    if there.id != here.id:
        machine.site_id = there.id
        session.execute(
            update(Occupation)
            .where(
                Occupation.machine_id == machine.id,
                Occupation.status == "live",
                Occupation.kind.not_in(OF_PEOPLE),
            )
            .values(site_id=there.id)
        )
        forget_rollups(session, machine_id=machine.id, from_at=begins, to_at=None)
    session.flush()
    return placement


def _problems_with_leaving(session: Session, machine: Machine, now: datetime) -> list[Problem]:
    """Return what keeps a machine: bookings, held times, and a fault that is its house's."""
    held = session.scalar(
        select(func.count()).where(
            Occupation.machine_id == machine.id,
            Occupation.status == "live",
            Occupation.kind.in_(OF_PEOPLE),
            Occupation.to_at > now,
        )
    )
    waiting = session.scalar(
        select(func.count()).where(
            Booking.machine_id == machine.id, Booking.state == State.DISPLACED
        )
    )
    problems = []
    if held or waiting:
        count = (held or 0) + (waiting or 0)
        problems.append(Problem("machine_still_booked", {"bookings": count}))
    broken = open_breakdown(session, machine_id=machine.id)
    if broken is not None and not has_failed(broken.reason):
        problems.append(Problem("machine_without_power", {"reason": broken.reason}))
    return problems
