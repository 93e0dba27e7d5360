"""Checks of re-planning: nobody who lost her time is forgotten, and what was applied stands."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

Rows = Iterator[dict[str, Any]]

# A plan looked at her, or she was told; whoever has neither does not know.
_FORGOTTEN = """
    SELECT b.code FROM bookings b WHERE b.state = 'displaced'
    AND NOT EXISTS (SELECT 1 FROM plan_rows r WHERE r.booking_id = b.id)
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.booking_id = b.id
        AND m.kind = 'booking_displaced' AND m.booking_version = b.version
        AND m.state <> 'cancelled')
    AND EXISTS (SELECT 1 FROM memberships s JOIN users u ON u.id = s.user_id
        WHERE s.business_id = b.business_id AND u.is_active)"""
# Who keeps machine and time is not asked; everybody else of an applied plan is, or is called.
_UNASKED = """
    SELECT b.code, p.id AS plan FROM plans p JOIN plan_rows r ON r.plan_id = p.id
    JOIN bookings b ON b.id = r.booking_id
    WHERE p.state = 'applied'
    AND NOT (r.machine_id = r.was_machine_id AND r.starts_at = r.was_starts_at
        AND r.was_state <> 'displaced' AND r.result = 'move')
    AND NOT EXISTS (SELECT 1 FROM plan_answers a
        WHERE a.plan_id = r.plan_id AND a.booking_id = r.booking_id)"""
_ELSEWHERE = """
    SELECT b.code, p.id AS plan, b.state, b.starts_at FROM plans p
    JOIN plan_rows r ON r.plan_id = p.id JOIN bookings b ON b.id = r.booking_id
    JOIN plan_answers a ON a.plan_id = r.plan_id AND a.booking_id = r.booking_id
    WHERE p.state = 'applied' AND b.version = a.booking_version
    AND NOT CASE WHEN r.result = 'move'
        THEN b.machine_id = r.machine_id AND b.starts_at = r.starts_at
            AND b.state IN ('confirmed', 'requested')
        ELSE b.state = 'displaced' END"""


def forgotten(session: Session, now: datetime) -> Rows:
    """Find who lost her time and neither stands in a plan nor was told, or was never asked."""
    for query in (_FORGOTTEN, _UNASKED):
        for row in session.execute(text(query)).mappings():
            yield dict(row)


def applied_otherwise(session: Session, now: datetime) -> Rows:
    """Find a booking that an applied plan left elsewhere than it says, unchanged since."""
    for row in session.execute(text(_ELSEWHERE)).mappings():
        yield dict(row)
