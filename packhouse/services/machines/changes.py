"""Getting a machine, describing it better, and giving it up, without breaking what is booked."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import HOLDING
from packhouse.domain.downtime import usual_needs
from packhouse.domain.machines import (
    ASSET_FIELDS,
    MachineTime,
    cleanings_on,
    closing_clean_fits,
)
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.bookings import Booking
from packhouse.models.downtime import MachineUtility
from packhouse.models.machines import ConditionNote, Machine
from packhouse.models.runs import StateInterval
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation, load_neighbours
from packhouse.models.tariffs import Tariff
from packhouse.services.audit import Subject, record
from packhouse.services.machines.drafts import Draft, problems_with_draft
from packhouse.services.machines.packs import new_packs, problems_with_packs, repack
from packhouse.services.reports import forget_rollups
from packhouse.services.slots import lock_place, refit_day
from packhouse.services.tariffs import problems_with_tariff

CLEANING = ("cleaning_minutes_1", "cleaning_minutes_2", "cleaning_minutes_3")


@use_case
def create_machine(
    *,
    site: str,
    draft: Draft,
    tariff_per_hour: int,
    legal_basis: str = "",
    actor: Actor,
    now: datetime,
) -> int:
    """Add a machine to a site (by code) and return its id; the tariff holds from its first day.

    Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    problems = [*problems_with_draft(draft), *problems_with_tariff(tariff_per_hour)]
    with transaction() as session:
        house = session.scalar(select(Site).where(Site.code == site))
        if house is None:
            raise NotFound("site_unknown", site=site)
        if not may_manage(actor, house.id):
            raise NotAllowed
        if not problems and session.scalar(select(Machine.id).where(Machine.code == draft.code)):
            problems.append(Problem("machine_code_taken", {"code": draft.code}))
        if problems:
            raise RuleBroken(problems)
        machine = new_machine(house, draft)
        session.add(machine)
        try:
            session.flush()
        except IntegrityError as error:
            raise RuleBroken([Problem("machine_code_taken", {"code": draft.code})]) from error
        furnish(session, machine, draft, per_hour=tariff_per_hour, legal_basis=legal_basis, now=now)
        facts = {"code": draft.code, "tariff_per_hour": tariff_per_hour}
        note_machine(session, "machine:created", machine, actor=actor, now=now, **facts)
        return machine.id


@use_case
def edit_machine(*, draft: Draft, actor: Actor, now: datetime) -> None:
    """Describe a machine (by its code, which stays) anew.

    Its lane never changes. Bookings keep their times; longer cleaning must fit between them, and
    a pack with bookings stays. Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    problems = problems_with_draft(draft)
    with transaction() as session:
        machine = locked_machine(session, draft.code, actor)
        problems += problems_with_change(session, machine, draft, now=now)
        if problems:
            raise RuleBroken(problems)
        redescribe(session, machine, draft, actor=actor, now=now)


@use_case
def retire_machine(
    *, code: str, retired_at: datetime, reason: str, actor: Actor, now: datetime
) -> None:
    """Take a machine out of service from an instant on; what it did stays on record.

    Bookings behind that instant must be moved first. Raises RuleBroken, NotFound, NotAllowed.
    """
    with transaction() as session:
        machine = locked_machine(session, code, actor)
        held = session.execute(
            select(func.count()).where(
                Occupation.machine_id == machine.id,
                Occupation.status == "live",
                Occupation.to_at > retired_at,
            )
        ).scalar_one()
        checks = (
            (bool(reason.strip()), Problem("reason_missing")),
            (
                retired_at > machine.commissioned_at,
                Problem("machine_retired_before_commissioned"),
            ),
            (not held, Problem("machine_has_bookings", {"bookings": held})),
        )
        problems = [problem for fine, problem in checks if not fine]
        if problems:
            raise RuleBroken(problems)
        earliest = min(retired_at, machine.retired_at or retired_at)
        machine.retired_at = retired_at
        forget_rollups(session, machine_id=machine.id, from_at=earliest, to_at=None)
        facts = {"retired_at": retired_at.isoformat(), "reason": reason.strip()}
        note_machine(session, "machine:retired", machine, actor=actor, now=now, **facts)


# --- steps --------------------------------------------------------------------------------------


def new_machine(site: Site, draft: Draft) -> Machine:
    """Return the row of a machine that is new, still without packs and tariff."""
    return Machine(site_id=site.id, lane=draft.lane, **_fields(draft))


def furnish(
    session: Session,
    machine: Machine,
    draft: Draft,
    *,
    per_hour: int,
    now: datetime,
    legal_basis: str = "",
) -> None:
    """Give a new machine its packs and its first tariff, which holds for bookings made today.

    It needs what its kind usually does, until somebody says otherwise.
    """
    session.add_all(new_packs(machine, draft))
    session.add_all(
        MachineUtility(machine_id=machine.id, utility=each)
        for each in sorted(usual_needs(draft.kind))
    )
    session.add(
        ConditionNote(
            machine_id=machine.id,
            condition=draft.condition,
            found_at=max(draft.commissioned_at, now),
        )
    )
    session.add(
        Tariff(
            machine_id=machine.id,
            per_hour=per_hour,
            valid_from=min(draft.commissioned_at, now),
            legal_basis=legal_basis,
        )
    )


def problems_with_change(
    session: Session, machine: Machine, draft: Draft, *, now: datetime
) -> list[Problem]:
    """Return what forbids describing a machine so, given what is booked and what it did."""
    problems: list[Problem] = []
    if draft.lane != machine.lane:
        problems.append(Problem("lane_fixed", {"machine": machine.code}))
    if draft.attended != machine.attended:
        problems += _problems_with_attended(session, machine, now)
    if draft.commissioned_at > machine.commissioned_at:
        problems += _problems_with_start(session, machine, draft)
    if machine.retired_at is not None and machine.retired_at <= draft.commissioned_at:
        problems.append(Problem("machine_retired_before_commissioned"))
    return problems + problems_with_packs(session, machine, draft)


def redescribe(
    session: Session, machine: Machine, draft: Draft, *, actor: Actor, now: datetime
) -> bool:
    """Write what is different, keep the cleaning between bookings right, and note it.

    Returns whether anything was. Raises RuleBroken("cleaning_does_not_fit") if longer cleaning
    finds no room.
    """
    wanted = _fields(draft)
    changed = {
        field: [_told(getattr(machine, field)), _told(value)]
        for field, value in wanted.items()
        if getattr(machine, field) != value
    }
    begins = min(machine.commissioned_at, draft.commissioned_at)
    rate_was = machine.rate_per_minute
    if "condition" in changed:
        session.add(
            ConditionNote(
                machine_id=machine.id,
                condition=draft.condition,
                found_at=now,
                noted_by=actor.id,
            )
        )
    for field, value in wanted.items():
        setattr(machine, field, value)
    before = repack(session, machine, draft, rate_was=rate_was, actor=actor, now=now)
    if before is not None:
        changed["packs"] = [before, sorted(draft.packs)]
    session.flush()
    if changed.keys() & set(CLEANING):
        _refit(session, machine, now)
    if "commissioned_at" in changed:
        forget_rollups(session, machine_id=machine.id, from_at=begins, to_at=None)
    if changed:
        note_machine(session, "machine:edited", machine, actor=actor, now=now, changed=changed)
    return bool(changed)


def note_machine(
    session: Session, action: str, machine: Machine, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a change of a machine."""
    subject = Subject("machine", machine.id, machine.site_id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def locked_machine(session: Session, code: str, actor: Actor) -> Machine:
    """Return a machine in its manager's hands, its row locked. Raises NotFound, NotAllowed."""
    machine = session.scalar(
        select(Machine).where(Machine.code == code).with_for_update(key_share=True)
    )
    if machine is None:
        raise NotFound("machine_not_found", machine=code)
    if not may_manage(actor, machine.site_id):
        raise NotAllowed
    return machine


def _fields(draft: Draft) -> dict[str, Any]:
    brush, aroma, full = draft.cleaning_minutes
    return {
        "code": draft.code,
        "name": draft.name,
        "kind": draft.kind,
        "rate_per_minute": float(draft.rate_per_minute),
        "setup_minutes": draft.setup_minutes,
        "cleaning_minutes_1": brush,
        "cleaning_minutes_2": aroma,
        "cleaning_minutes_3": full,
        "attended": draft.attended,
        "needs_approval": draft.needs_approval,
        "commissioned_at": draft.commissioned_at,
        **{name: getattr(draft, name) for name in ASSET_FIELDS},
    }


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _problems_with_attended(session: Session, machine: Machine, now: datetime) -> list[Problem]:
    """Whether an operator is needed is counted when the time is claimed, so it must be free."""
    held = session.execute(
        select(func.count()).where(
            Occupation.machine_id == machine.id,
            Occupation.status == "live",
            Occupation.to_at > now,
        )
    ).scalar_one()
    return [Problem("attended_has_bookings", {"bookings": held})] if held else []


def _problems_with_start(session: Session, machine: Machine, draft: Draft) -> list[Problem]:
    used = session.execute(
        select(
            select(func.min(Occupation.from_at))
            .where(Occupation.machine_id == machine.id, Occupation.status != "released")
            .scalar_subquery(),
            select(func.min(StateInterval.starts_at))
            .where(StateInterval.machine_id == machine.id)
            .scalar_subquery(),
        )
    ).one()
    first = min((each for each in used if each is not None), default=None)
    if first is None or draft.commissioned_at <= first:
        return []
    return [Problem("machine_used_before_commissioned", {"starts_at": first})]


def _refit(session: Session, machine: Machine, now: datetime) -> None:
    """Give every coming booking the cleaning it needs now, or refuse if one finds no room."""
    spot = lock_place(session, code=machine.code, now=now)
    starts = session.scalars(
        select(Booking.starts_at)
        .where(
            Booking.machine_id == machine.id, Booking.state.in_(HOLDING), Booking.starts_at > now
        )
        .order_by(Booking.starts_at)
    )
    days = sorted({spot.day_of(start) for start in starts})
    tight = []
    for day in days:
        window = spot.calendar.local_day(day)
        found = load_neighbours(session, machine_ids=[machine.id], window=window)
        around = MachineTime(spot.spec, spot.calendar, found[machine.id])
        ahead = [each for each in cleanings_on(around, day) if each.neighbour.starts_at > now]
        if not closing_clean_fits(around, day) or any(not each.occupied_from for each in ahead):
            tight.append(day)
        else:
            refit_day(session, spot=spot, day=day)
    if tight:
        facts = {"machine": machine.code, "days": len(tight), "day": tight[0]}
        raise RuleBroken([Problem("cleaning_does_not_fit", facts)])
