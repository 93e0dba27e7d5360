"""Checks of merged businesses: nothing is left with the record that was emptied."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.models.businesses import Merger
from packhouse.models.businesses.merging import load_moves


def left_behind(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a merged business that still has people, products, bookings or anything else."""
    for merged_id in session.scalars(select(Merger.merged_id).order_by(Merger.merged_id)):
        left = {name: count for name, count in load_moves(session, merged_id).items() if count}
        if left:
            yield {"business": merged_id, **left}
