"""Houses as everybody may see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from packhouse.db import reading
from packhouse.models.sites import Site
from packhouse.queries import id_after

MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class SiteItem:
    """A house and the policy under which it is booked."""

    id: int
    code: str
    name: str
    regency_code: str
    zone: str
    owner: str
    address: str
    operators: int
    horizon_days: int
    notice_minutes: int
    cancel_hours: int
    request_hours: int
    grace_minutes: int
    is_demo: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SitesPage:
    """One page of houses; ``next`` is the cursor of the page behind it, None on the last."""

    items: tuple[SiteItem, ...]
    next: str | None


_COLUMNS = (
    Site.id, Site.code, Site.name, Site.regency_code, Site.zone, Site.owner, Site.address,
    Site.operators, Site.horizon_days, Site.notice_minutes, Site.cancel_hours,
    Site.request_hours, Site.grace_minutes, Site.is_demo, Site.created_at,
)  # fmt: skip


def sites_page(*, cursor: str | None = None, limit: int = 50) -> SitesPage:
    """Return a page of houses in one query. Raises Malformed for a cursor that is none."""
    query: Select[*tuple[Any, ...]] = select(*_COLUMNS).order_by(Site.id)
    if cursor is not None:
        query = query.where(Site.id > id_after(cursor))
    limit = min(max(limit, 1), MOST_PER_PAGE)
    rows = reading().execute(query.limit(limit + 1)).all()
    items = tuple(SiteItem(*row) for row in rows[:limit])
    return SitesPage(items, str(items[-1].id) if len(rows) > limit else None)
