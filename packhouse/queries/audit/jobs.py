"""Checks of jobs and of the orders of cooperatives: pieces that add up, lines that are whole."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from packhouse.domain.bookings import GIVEN_UP

Rows = Iterator[dict[str, Any]]

_GONE = ", ".join(f"'{state}'" for state in sorted(GIVEN_UP))
_SUMS = f"""
    SELECT j.code, j.quantity, SUM(b.quantity) AS booked FROM jobs j
    JOIN bookings b ON b.job_id = j.id WHERE b.state NOT IN ({_GONE})
    GROUP BY j.id, j.code, j.quantity
    HAVING SUM(b.quantity) <> j.quantity
        AND NOT (MIN(b.quantity) = j.quantity AND MAX(b.quantity) = j.quantity)"""  # noqa: S608
_OWNERS = """
    SELECT b.code, j.code AS job FROM bookings b JOIN jobs j ON j.id = b.job_id
    WHERE b.business_id <> j.business_id OR b.product_id <> j.product_id"""
_LINES = """
    SELECT o.code, COUNT(l.position) AS lines, MAX(l.position) AS last FROM orders o
    LEFT JOIN job_lines l ON l.order_id = o.id GROUP BY o.id, o.code
    HAVING COUNT(l.position) = 0 OR COUNT(l.position) <> MAX(l.position)"""
_LOTS = """
    SELECT o.code, l.lot_code, b.code AS booking FROM job_lines l
    JOIN orders o ON o.id = l.order_id LEFT JOIN bookings b ON b.job_id = l.job_id
    WHERE b.id IS NULL OR b.site_id <> o.site_id OR l.lot_code NOT LIKE o.code || '-%'"""


def wrong_sums(session: Session, now: datetime) -> Rows:
    """Find a job whose parts neither share its pieces nor each handle all of them."""
    for query in (_SUMS, _OWNERS):
        for row in session.execute(text(query)).mappings():
            yield dict(row)


def wrong_lines(session: Session, now: datetime) -> Rows:
    """Find an order with a gap in its lines, or a line without booking, house or lot of its own."""
    for query in (_LINES, _LOTS):
        for row in session.execute(text(query)).mappings():
            yield dict(row)
