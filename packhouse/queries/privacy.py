"""Everything the house holds about a person, and how her consents stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Table, false, func, or_, select
from sqlalchemy.orm import Session

from packhouse.db import Base, reading
from packhouse.domain.privacy import Answer, Purpose, Standing, standings
from packhouse.domain.time_range import local_iso
from packhouse.errors import NotFound
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Membership
from packhouse.models.privacy import Consent
from packhouse.models.users import User

USER_COLUMNS = ("id", "name", "email", "phone", "role", "locale", "is_active", "created_at")
# What lets somebody in, and what programs keep for themselves, is told to nobody.
SECRET = ("hash", "token", "secret", "key")
# Told by other means: the trail with her part in it alone, and answers that bookings repeat.
APART = frozenset({"users", "audit_entries", "idempotency_keys", "sign_in_failures"})
# What belongs to a business is hers to see; who else acts for it is not.
OF_OTHERS = frozenset({"memberships", "invitations"})


@dataclass(frozen=True, slots=True)
class Section:
    """How many rows of one kind are held; ``table`` is the key in the file."""

    table: str
    rows: int


def consents(*, user_id: int) -> tuple[Standing, ...]:
    """Return how every purpose stands for a person."""
    rows = reading().scalars(select(Consent).where(Consent.user_id == user_id).order_by(Consent.id))
    return standings(Answer(Purpose(row.purpose), row.version, row.given, row.at) for row in rows)


def consent_history(*, user_id: int) -> tuple[Answer, ...]:
    """Return every answer a person gave, the newest first."""
    rows = reading().scalars(
        select(Consent).where(Consent.user_id == user_id).order_by(Consent.id.desc())
    )
    return tuple(Answer(Purpose(row.purpose), row.version, row.given, row.at) for row in rows)


def held(*, user_id: int) -> tuple[Section, ...]:
    """Return what is held about a person, counted: one query a table, whatever she did."""
    session = reading()
    mine = _businesses(session, user_id)
    counted = (
        Section(
            table.name, session.scalar(select(func.count()).select_from(table).where(where)) or 0
        )
        for table, where in _tables(user_id, mine)
    )
    trail = session.scalar(select(func.count()).select_from(AuditEntry).where(_trail(user_id)))
    return (*(each for each in counted if each.rows), Section("audit_entries", trail or 0))


def everything(*, user_id: int, zone: str, now: datetime) -> dict[str, Any]:
    """Return all that is held about a person as JSON values: rows by table.

    Every table that refers to a person or to a business she acts for, without secrets. Of the
    trail: what she did (of things that are not hers only what and when) and what was done to
    her account. Instants in ``zone``. Raises NotFound.
    """
    session = reading()
    user = session.get(User, user_id)
    if user is None:
        raise NotFound
    mine = _businesses(session, user_id)
    found: dict[str, Any] = {
        "made_at": local_iso(now, zone),
        "account": _row({each: getattr(user, each) for each in USER_COLUMNS}, zone),
    }
    for table, where in _tables(user_id, mine):
        rows = session.execute(select(table).where(where)).mappings()
        found[table.name] = [_row(dict(row), zone) for row in rows]
    entries = session.scalars(select(AuditEntry).where(_trail(user_id)).order_by(AuditEntry.id))
    found["audit_entries"] = [_entry(each, user_id, zone) for each in entries]
    return found


def _businesses(session: Session, user_id: int) -> list[int]:
    return list(
        session.scalars(select(Membership.business_id).where(Membership.user_id == user_id))
    )


def _tables(user_id: int, mine: list[int]) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield the tables that hold something about her, with what selects it."""
    for table in Base.metadata.sorted_tables:
        if table.name in APART:
            continue
        # Where she served others (checked_by, operator_id) the row is about them; the trail
        # tells that she did it.
        hers = [column == user_id for column in table.columns if column.name == "user_id"]
        if mine and table.name not in OF_OTHERS:
            hers += [
                column.in_(mine)
                for column in table.columns
                if _refers(column.foreign_keys, "businesses")
            ]
        if mine and table.name == "businesses":
            hers.append(table.columns["id"].in_(mine))
        if hers:
            yield table, or_(false(), *hers)
    asked = select(Booking.id).where(Booking.business_id.in_(mine))
    questions = Base.metadata.tables["request_questions"]
    yield questions, questions.c.booking_id.in_(asked)


def _refers(keys: set[ForeignKey], table: str) -> bool:
    return any(key.column.table.name == table for key in keys)


def _trail(user_id: int) -> ColumnElement[bool]:
    about = (AuditEntry.subject_kind == "user") & (AuditEntry.subject_id == user_id)
    return or_(AuditEntry.actor_id == user_id, about)


def _entry(entry: AuditEntry, user_id: int, zone: str) -> dict[str, Any]:
    about_her = entry.subject_kind == "user" and entry.subject_id == user_id
    return {
        "at": local_iso(entry.at, zone),
        "action": entry.action,
        "subject": entry.subject_kind,
        "by_you": entry.actor_id == user_id,
        "facts": entry.facts if about_her else None,
    }


def _row(values: dict[str, Any], zone: str) -> dict[str, Any]:
    return {
        name: _plain(value, zone)
        for name, value in values.items()
        if not any(word in name for word in SECRET)
    }


def _plain(value: Any, zone: str) -> Any:
    if isinstance(value, datetime):
        return local_iso(value, zone)
    return value.isoformat() if isinstance(value, date) else value
