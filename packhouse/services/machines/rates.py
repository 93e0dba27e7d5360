"""What runs teach of a rate, taken over by a manager or left for now; never by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.machines import ENOUGH_RUNS, WAITS, Lesson, lesson
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken
from packhouse.models.machines import Machine, MachinePack, RateDecision
from packhouse.models.runs import load_samples
from packhouse.services.machines.changes import locked_machine, note_machine

MOST_MACHINES = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The suggestion somebody answers: the machine's code, the pack, and the rate she was shown."""

    machine: str
    pack: str
    rate: Decimal


@use_case
def accept_rate(*, asked: Asked, actor: Actor, now: datetime) -> Decimal:
    """Plan a pack of a machine with what its runs teach; return the rate (packs a minute).

    Bookings that were made keep the times they have: what is booked was booked with the rate of
    its day. Raises RuleBroken("rate_moved_on") if new runs teach something else by now,
    NotFound, NotAllowed.
    """
    with transaction() as session:
        machine, pack = _locked_pack(session, asked, actor)
        learned, last_run = _lesson_of(session, machine, pack, now)
        if learned.estimate.rate != asked.rate:
            raise RuleBroken([Problem("rate_moved_on", {"rate": learned.estimate.rate})])
        if not learned.is_known:
            raise RuleBroken([Problem("runs_too_few", {"count": learned.estimate.count})])
        pack.rate_per_minute = float(learned.estimate.rate)
        _decide(session, machine, pack, learned, last_run=last_run, actor=actor, now=now)
        return learned.estimate.rate


@use_case
def dismiss_rate(*, asked: Asked, wait_runs: int, actor: Actor, now: datetime) -> None:
    """Leave a rate as it is until so many more runs have been finished.

    Raises Malformed, NotFound, NotAllowed.
    """
    if wait_runs not in WAITS:
        raise Malformed("wait_unknown")
    with transaction() as session:
        machine, pack = _locked_pack(session, asked, actor)
        learned, last_run = _lesson_of(session, machine, pack, now)
        _decide(
            session, machine, pack, learned, last_run=last_run, actor=actor, now=now,
            wait_runs=wait_runs,
        )  # fmt: skip


@use_case
def note_lessons(*, now: datetime) -> int:
    """Keep the range of finished runs beside each pack, for quotes to tell; return how many.

    A few queries for every 200 machines. What is kept is only told: no booking is planned with
    it.
    """
    with transaction() as session:
        ids = session.scalars(select(Machine.id).order_by(Machine.id)).all()
        told = 0
        for start in range(0, len(ids), MOST_MACHINES):
            told += _note_some(session, ids[start : start + MOST_MACHINES], now)
        return told


# --- steps --------------------------------------------------------------------------------------


def _locked_pack(session: Session, asked: Asked, actor: Actor) -> tuple[Machine, MachinePack]:
    machine = locked_machine(session, asked.machine, actor)
    pack = session.get(MachinePack, (machine.id, asked.pack))
    if pack is None:
        raise NotFound("pack_not_handled", machine=asked.machine, pack=asked.pack)
    return machine, pack


def _lesson_of(
    session: Session, machine: Machine, pack: MachinePack, now: datetime
) -> tuple[Lesson, int]:
    samples = load_samples(session, machine_ids=[machine.id], now=now).get(
        (machine.id, pack.pack), ()
    )
    planned = Decimal(str(pack.rate_per_minute or machine.rate_per_minute))
    learned = lesson(planned, [each.rate for each in samples])
    return learned, max((each.run_id for each in samples), default=0)


def _decide(
    session: Session,
    machine: Machine,
    pack: MachinePack,
    learned: Lesson,
    *,
    last_run: int,
    actor: Actor,
    now: datetime,
    wait_runs: int | None = None,
) -> None:
    action = "accepted" if wait_runs is None else "dismissed"
    rate = learned.estimate.rate
    session.add(
        RateDecision(
            machine_id=machine.id,
            pack=pack.pack,
            action=action,
            rate_before=float(learned.planned),
            rate=float(rate),
            runs=learned.estimate.count,
            last_run_id=last_run,
            wait_runs=wait_runs,
            decided_by=actor.id,
            decided_at=now,
        )
    )
    facts = {
        "pack": pack.pack, "rate_before": str(learned.planned), "rate": str(rate),
        "runs": learned.estimate.count,
    }  # fmt: skip
    note_machine(session, f"machine:rate_{action}", machine, actor=actor, now=now, **facts)


def _note_some(session: Session, ids: Sequence[int], now: datetime) -> int:
    samples = load_samples(session, machine_ids=ids, now=now)
    planned = {
        row.id: row.rate_per_minute
        for row in session.execute(
            select(Machine.id, Machine.rate_per_minute).where(Machine.id.in_(ids))
        )
    }
    told = 0
    for pack in session.scalars(select(MachinePack).where(MachinePack.machine_id.in_(ids))):
        rates = [each.rate for each in samples.get((pack.machine_id, pack.pack), ())]
        if len(rates) < ENOUGH_RUNS:
            seen: tuple[float | None, float | None, int | None] = (None, None, None)
        else:
            rate = Decimal(str(pack.rate_per_minute or planned[pack.machine_id]))
            learned = lesson(rate, rates).estimate
            seen = (float(learned.low), float(learned.high), learned.count)
        if seen != (pack.seen_low, pack.seen_high, pack.seen_runs):
            pack.seen_low, pack.seen_high, pack.seen_runs = seen
            told += 1
    return told
