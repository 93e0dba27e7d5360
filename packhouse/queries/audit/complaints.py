"""Checks of complaints: each has a state that its record leads to, and the deadline promised."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.complaints import ANSWER_DAYS, EntryKind, Topic
from packhouse.domain.time_range import to_epoch
from packhouse.models.audit import AuditEntry
from packhouse.models.complaints import Complaint, ComplaintEntry

Rows = Iterator[dict[str, Any]]
BATCH = 5000


def wrong_clocks(session: Session, now: datetime) -> Rows:
    """Find a complaint whose deadline or state differs from what the trail says was promised.

    A deadline is fixed when the complaint comes: a closure entered later does not lengthen it, so
    it is compared with the trail, and with the least that so many working days can take.
    """
    promised = {
        row.subject_id: row.facts
        for row in session.execute(
            select(AuditEntry.subject_id, AuditEntry.facts)
            .where(AuditEntry.subject_kind == "complaint")
            .order_by(AuditEntry.chain, AuditEntry.seq)
            .execution_options(yield_per=BATCH)
        )
    }
    for row in session.scalars(select(Complaint).execution_options(yield_per=BATCH)):
        told = promised.get(row.id, {})
        if (told.get("state"), told.get("due_at")) != (row.state, to_epoch(row.due_at)):
            yield {"complaint": row.number, "state": row.state, "audited": told.get("state")}
        # The first day may be nearly over, and the last one ends when the house closes.
        elif row.due_at - row.asked_at < timedelta(days=ANSWER_DAYS[Topic(row.topic)] - 1):
            yield {"complaint": row.number, "due_at": to_epoch(row.due_at)}


def wrong_answers(session: Session, now: datetime) -> Rows:
    """Find a complaint that counts as answered without an answer, or whose answer is not known."""
    last: dict[int, datetime] = {}
    entries = session.execute(
        select(ComplaintEntry.complaint_id, ComplaintEntry.at)
        .where(ComplaintEntry.kind == EntryKind.ANSWER)
        .order_by(ComplaintEntry.id)
        .execution_options(yield_per=BATCH)
    )
    for entry in entries:
        last[entry.complaint_id] = entry.at
    for row in session.scalars(select(Complaint).execution_options(yield_per=BATCH)):
        if row.answered_at != last.get(row.id):
            yield {"complaint": row.number, "state": row.state}
