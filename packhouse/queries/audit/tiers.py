"""Check of tiers: what every list is filtered by is what papers and officers say."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import setting
from packhouse.domain.businesses import Level, Paper, PaperState, level_of
from packhouse.models.businesses import Business, Document, paper_of
from packhouse.models.products import Product

# A paper ends with its day; the worker sees to it within another one.
LATE = timedelta(days=1)


def wrong_tiers(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Find a business whose tier is not what follows from what is verified of it."""
    today = now.astimezone(ZoneInfo(setting("ZONE"))).date()
    papers: dict[int, list[Paper]] = defaultdict(list)
    for row in session.scalars(
        select(Document).where(Document.state != PaperState.REMOVED).order_by(Document.id)
    ):
        papers[row.business_id].append(paper_of(row))
    lanes: dict[int, dict[int, str]] = defaultdict(dict)
    for product_id, business_id, lane in session.execute(
        select(Product.id, Product.business_id, Product.lane).where(Product.archived_at.is_(None))
    ):
        lanes[business_id][product_id] = lane
    rows = session.execute(
        select(Business.id, Business.level, Business.seen_level).order_by(Business.id)
    )
    for business_id, level, seen in rows:
        mine, made = papers.get(business_id, []), lanes.get(business_id, {})
        fitting = {
            level_of(seen=Level(seen), papers=mine, lanes=made, today=day)
            for day in (today, today - LATE)
        }
        if level not in fitting:
            yield {"business": business_id, "level": level, "should_be": str(min(fitting))}
