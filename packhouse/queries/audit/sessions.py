"""Checks of sessions: taps, the lots of runs, and the cleans that people signed for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

Rows = Iterable[dict[str, Any]]

# A tap's number stands for how much of the session its device knew: none may be missing.
_GAPS = """
    SELECT b.code, count(*) AS taps, max(t.number) AS last FROM taps t
    JOIN bookings b ON b.id = t.booking_id GROUP BY b.code HAVING count(*) <> max(t.number)"""
# The record never goes back: whatever a device said, a tap is not before the one before it.
_BACKWARDS = """
    SELECT b.code, t.number FROM taps t
    JOIN taps before ON before.booking_id = t.booking_id AND before.number = t.number - 1
    JOIN bookings b ON b.id = t.booking_id
    WHERE t.at < before.at AND t.action <> 'correct'"""
_AHEAD = """
    SELECT b.code, t.number FROM taps t JOIN bookings b ON b.id = t.booking_id
    WHERE t.at > t.received_at + 60"""
# A run that people began by a tap has a lot; those of paper logs have none.
_NAMELESS = """
    SELECT b.code, r.id AS run FROM runs r JOIN bookings b ON b.id = r.booking_id
    JOIN taps t ON t.booking_id = b.id AND t.number = 1 AND t.action = 'start'
    WHERE r.lot_code IS NULL"""
# Who checked is another person, and a clean that was left out has its reason.
_UNSIGNED = """
    SELECT c.id, m.code AS machine FROM cleanings c JOIN machines m ON m.id = c.machine_id
    WHERE c.checked_by = c.done_by OR (c.kind = 'skipped' AND trim(c.reason) = '')
        OR (c.checked_at IS NOT NULL AND c.checked_at < c.done_at - 60)"""
# Every run with a run of another product before it on its day was cleaned for, or says why not.
_UNCLEANED = """
    SELECT b.code, m.code AS machine FROM taps t
    JOIN bookings b ON b.id = t.booking_id
    JOIN runs r ON r.booking_id = b.id AND r.undone_at IS NULL
    JOIN machines m ON m.id = r.machine_id
    WHERE t.action = 'start' AND b.product_id IS NOT NULL AND b.cleaning_level > 0
        AND EXISTS (SELECT 1 FROM runs p JOIN bookings pb ON pb.id = p.booking_id
            WHERE p.machine_id = r.machine_id AND p.undone_at IS NULL AND p.id <> r.id
            AND pb.product_id IS NOT NULL AND p.ended_at <= r.started_at
            AND p.ended_at > r.started_at - 14400)
        AND NOT EXISTS (SELECT 1 FROM cleanings c WHERE c.machine_id = r.machine_id
            AND c.done_at <= r.started_at AND c.done_at > r.started_at - 86400)"""


def wrong_taps(session: Session, now: datetime) -> Rows:
    """Find a session whose taps have a gap, go back in time, or lie in the future."""
    for query in (_GAPS, _BACKWARDS, _AHEAD):
        yield from _rows(session, query)


def wrong_lots(session: Session, now: datetime) -> Rows:
    """Find a run that was begun by a tap and has no lot."""
    return _rows(session, _NAMELESS)


def wrong_cleanings(session: Session, now: datetime) -> Rows:
    """Find a clean without its second person or its reason, and a run nobody cleaned for."""
    for query in (_UNSIGNED, _UNCLEANED):
        yield from _rows(session, query)


def _rows(session: Session, query: str) -> Rows:
    return (dict(row) for row in session.execute(text(query)).mappings())
