"""Dated tariffs and reductions: what machine time costs whom, since when, by which decree."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_manage, may_rule_prices
from packhouse.domain.tariffs import MOST_PERCENT, ReductionKind
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.models.tariffs import Tariff, TariffReduction
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


# --- reductions ---------------------------------------------------------------------------------


@use_case
def add_reduction(
    *,
    kind: str,
    percent: int,
    site: str | None,
    valid_from: datetime,
    legal_basis: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Reduce the tariffs for a kind of business by so many per cent; return the rule's id.

    ``site`` is a code, None is every house: then only who administers may. A reduction needs a
    legal basis and never acts backwards; bookings that were made keep their price. Raises
    RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    legal_basis = legal_basis.strip()
    problems = _problems_with_reduction(kind, percent, legal_basis)
    if valid_from < now:
        problems.append(Problem("tariff_in_the_past"))
    with transaction() as session:
        site_id = _site_of_rule(session, site, actor)
        if problems:
            raise RuleBroken(problems)
        row = TariffReduction(
            site_id=site_id,
            kind=kind,
            percent=percent,
            valid_from=valid_from,
            legal_basis=legal_basis,
        )
        session.add(row)
        session.flush()
        _note_reduction(
            session, row, "reduction:added", actor=actor, now=now,
            kind=kind, percent=percent, legal_basis=legal_basis, valid_from=valid_from.isoformat(),
        )  # fmt: skip
        return row.id


@use_case
def end_reduction(*, reduction_id: int, actor: Actor, now: datetime) -> None:
    """End a reduction now; one that has not begun never will. Bookings keep their price.

    Raises NotFound, NotAllowed, and WrongState for one that has ended.
    """
    with transaction() as session:
        row = session.get(TariffReduction, reduction_id, with_for_update=True)
        if row is None:
            raise NotFound("reduction_not_found")
        if not may_rule_prices(actor, row.site_id):
            raise NotAllowed
        if row.valid_to is not None and row.valid_to <= now:
            raise WrongState("reduction_ended")
        row.valid_to = max(now, row.valid_from)
        _note_reduction(session, row, "reduction:ended", actor=actor, now=now)


def _problems_with_reduction(kind: str, percent: int, legal_basis: str) -> list[Problem]:
    checks = (
        (kind in set(ReductionKind), Problem("reduction_kind_unknown")),
        (1 <= percent <= MOST_PERCENT, Problem("percent_out_of_range", {"maximum": MOST_PERCENT})),
        (bool(legal_basis), Problem("legal_basis_missing")),
        (len(legal_basis) <= LONGEST_BASIS, Problem("text_long", {"maximum": LONGEST_BASIS})),
    )
    return [problem for holds, problem in checks if not holds]


def _site_of_rule(session: Session, code: str | None, actor: Actor) -> int | None:
    site_id = None
    if code is not None:
        site_id = session.scalar(select(Site.id).where(Site.code == code))
        if site_id is None:
            raise NotFound("site_not_found", site=code)
    if not may_rule_prices(actor, site_id):
        raise NotAllowed
    return site_id


def _note_reduction(
    session: Session,
    row: TariffReduction,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    **facts: Any,
) -> None:
    subject = Subject("reduction", row.id, row.site_id or 0)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)
