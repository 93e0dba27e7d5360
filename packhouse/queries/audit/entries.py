"""The audit trail as people read it: who did what to which thing, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from packhouse.db import reading
from packhouse.domain.permissions import may_audit
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.users import User

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; ``subject`` is the code of a booking or machine, or kind and id."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, Any]
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for: the code of a booking or machine, entries before an id."""

    subject: str = ""
    before: int | None = None


def entries(*, wanted: Filter, actor: Actor) -> tuple[tuple[Entry, ...], int | None]:
    """Return a page of the trail, newest first, and where the next one begins.

    Raises NotAllowed to all but auditors and admins.
    """
    if not may_audit(actor):
        raise NotAllowed
    query = (
        select(AuditEntry, User.name, Booking.code, Machine.code)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(
            Booking,
            (AuditEntry.subject_kind == "booking") & (Booking.id == AuditEntry.subject_id),
        )
        .outerjoin(
            Machine,
            (AuditEntry.subject_kind == "machine") & (Machine.id == AuditEntry.subject_id),
        )
        .order_by(AuditEntry.id.desc())
        .limit(PAGE + 1)
    )
    if wanted.subject:
        query = query.where((Booking.code == wanted.subject) | (Machine.code == wanted.subject))
    if wanted.before is not None:
        query = query.where(AuditEntry.id < wanted.before)
    rows = reading().execute(query).all()
    found = tuple(
        Entry(
            id=row.id,
            at=row.at,
            actor=name or "packhouse",
            action=row.action,
            subject=booking or machine or f"{row.subject_kind} {row.subject_id}",
            facts=row.facts,
            seq=row.seq,
            hash=row.hash,
        )
        for row, name, booking, machine in rows[:PAGE]
    )
    return found, found[-1].id if len(rows) > PAGE else None
