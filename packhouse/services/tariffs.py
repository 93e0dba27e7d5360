"""Dated tariffs: what an hour of a machine costs from an instant on, and by which decree."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.machines import Machine
from packhouse.models.tariffs import Tariff
from packhouse.services.audit import Subject, record

MOST_PER_HOUR = 1_000_000_000
LONGEST_BASIS = 200


@use_case
def set_tariff(
    *,
    machine: str,
    per_hour: int,
    valid_from: datetime,
    legal_basis: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Set the rupiah per hour of a machine (by code) from an instant on; zero is normal.

    Bookings keep the price they were made at. A tariff is never set for time that has passed,
    except the first one of a machine; one that has not begun yet may be replaced. Money needs a
    legal basis. Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    legal_basis = legal_basis.strip()
    problems = problems_with_tariff(per_hour)
    if per_hour > 0 and not legal_basis:
        problems.append(Problem("legal_basis_missing"))
    if len(legal_basis) > LONGEST_BASIS:
        problems.append(Problem("text_long", {"maximum": LONGEST_BASIS}))
    with transaction() as session:
        row = session.scalar(
            select(Machine).where(Machine.code == machine).with_for_update(key_share=True)
        )
        if row is None:
            raise NotFound("machine_not_found", machine=machine)
        if not may_manage(actor, row.site_id):
            raise NotAllowed
        known = session.scalars(select(Tariff).where(Tariff.machine_id == row.id)).all()
        if known and valid_from < now:
            problems.append(Problem("tariff_in_the_past"))
        if problems:
            raise RuleBroken(problems)
        same = next((each for each in known if each.valid_from == valid_from), None)
        tariff = same or Tariff(machine_id=row.id, valid_from=valid_from)
        facts = {"before": same.per_hour if same else None, "valid_from": valid_from.isoformat()}
        tariff.per_hour, tariff.legal_basis = per_hour, legal_basis
        session.add(tariff)
        note_tariff(session, row, per_hour, actor=actor, now=now, legal_basis=legal_basis, **facts)


def problems_with_tariff(per_hour: int) -> list[Problem]:
    """Return why an amount can be no tariff."""
    if per_hour < 0:
        return [Problem("machine_tariff_negative")]
    if per_hour > MOST_PER_HOUR:
        return [Problem("amount_out_of_range")]
    return []


def note_tariff(
    session: Session, machine: Machine, per_hour: int, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a new tariff."""
    subject = Subject("machine", machine.id, machine.site_id)
    facts = {"per_hour": per_hour, **facts}
    record(session, actor=actor, now=now, action="machine:tariff_set", subject=subject, **facts)
