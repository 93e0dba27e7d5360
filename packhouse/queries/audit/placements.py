"""Checks of where machines stand."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# A machine that was never moved has no placement.
_WRONG = """
    SELECT m.code AS machine, COALESCE(o.id, 0) AS placement
    FROM machines m JOIN placements p ON p.machine_id = m.id
    LEFT JOIN placements o ON o.machine_id = m.id AND o.to_at IS NULL
    LEFT JOIN placements n ON n.machine_id = m.id AND n.from_at = p.to_at
    WHERE o.id IS NULL OR o.site_id <> m.site_id OR (p.to_at IS NOT NULL AND n.id IS NULL)
    GROUP BY m.code, o.id ORDER BY m.code"""


def wrong_placements(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Find a machine that is not where its open placement says, or was nowhere for a while."""
    return [dict(row) for row in session.execute(text(_WRONG)).mappings()]
