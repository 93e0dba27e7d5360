"""Checks of merged businesses: nothing is left with the record that was emptied."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.models.businesses import DismissedPair, Merger
from packhouse.models.businesses.merging import is_dismissed_with, load_moves


def left_behind(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a merged business that still has people, products, bookings or anything else."""
    for merged_id in session.scalars(select(Merger.merged_id).order_by(Merger.merged_id)):
        counts = load_moves(session, merged_id)
        dismissed = select(func.count()).select_from(DismissedPair)
        counts["dismissed"] = session.scalar(dismissed.where(is_dismissed_with(merged_id))) or 0
        left = {name: count for name, count in counts.items() if count}
        if left:
            yield {"business": merged_id, **left}
