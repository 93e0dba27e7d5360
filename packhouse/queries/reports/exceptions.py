"""What was done although a rule spoke against it, with the reason that was kept."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, select

from packhouse.db import reading
from packhouse.domain.bookings import ExceptionKind
from packhouse.domain.permissions import may_review, may_see_booking
from packhouse.domain.time_range import local_iso
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.bookings import Booking, RuleException
from packhouse.models.businesses import Business
from packhouse.models.sites import Site
from packhouse.models.users import User
from packhouse.models.waitlist import Wish
from packhouse.queries.reports.demand import bounds
from packhouse.queries.reports.periods import Period

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """One exception; ``at`` is UTC, ``beyond`` are codes of rules.

    The names of the business and of who did it are empty for who may not know them.
    """

    at: datetime
    kind: ExceptionKind
    reason: str
    beyond: tuple[str, ...]
    by: str
    site: str | None
    site_name: str
    zone: str
    booking: str | None
    wish: int | None
    business_name: str

    def as_dict(self) -> dict[str, Any]:
        """Return the exception as the API tells it: without names."""
        return {
            "at": local_iso(self.at, self.zone),
            "kind": self.kind.value,
            "reason": self.reason,
            "beyond": list(self.beyond),
            "site": self.site,
            "booking": self.booking,
            "wish": self.wish,
        }


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions of a period, newest first, and how many there are of each kind."""

    period: Period
    rows: tuple[ExceptionLine, ...]
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as the API tells it."""
        return {
            "from": self.period.from_day.isoformat(),
            "to": self.period.to_day.isoformat(),
            "site": self.period.site,
            "counts": dict(self.counts),
            "rows": [row.as_dict() for row in self.rows],
        }


def exceptions_report(*, period: Period, actor: Actor, zone: str) -> Exceptions:
    """Return the exceptions of a period, at most a thousand, in two queries.

    A manager reads those of her houses, reviewer, auditor and admin all. The days are those of
    ``zone``. Raises NotAllowed, NotFound.
    """
    if not may_review(actor):
        raise NotAllowed
    session = reading()
    begins, ends = bounds(period, ZoneInfo(zone))
    asked: list[ColumnElement[bool]] = [RuleException.at >= begins, RuleException.at < ends]
    if actor.role == Role.MANAGER:
        asked.append(RuleException.site_id.in_(actor.site_ids))
    if period.site:
        site_id = session.scalar(select(Site.id).where(Site.code == period.site))
        if site_id is None or (actor.role == Role.MANAGER and site_id not in actor.site_ids):
            raise NotFound("site_not_found", site=period.site)
        asked.append(RuleException.site_id == site_id)
    rows = session.execute(
        select(
            RuleException, User.name, Site.code, Site.name, Site.zone, Booking.code,
            Business.id, Business.name,
        )
        .outerjoin(User, User.id == RuleException.actor_id)
        .outerjoin(Site, Site.id == RuleException.site_id)
        .outerjoin(Booking, Booking.id == RuleException.booking_id)
        .outerjoin(Wish, Wish.id == RuleException.wish_id)
        .outerjoin(Business, Business.id == func.coalesce(Booking.business_id, Wish.business_id))
        .where(*asked)
        .order_by(RuleException.at.desc(), RuleException.id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    counted: Counter[str] = Counter(dict.fromkeys(ExceptionKind, 0))
    for kind, number in session.execute(
        select(RuleException.kind, func.count()).where(*asked).group_by(RuleException.kind)
    ):
        counted[ExceptionKind(kind)] = number
    return Exceptions(
        period,
        tuple(_line(row, actor, zone) for row in rows),
        {kind.value: counted[kind] for kind in ExceptionKind},
    )


def _line(found: Row[*tuple[Any, ...]], actor: Actor, zone: str) -> ExceptionLine:
    row, by, site, site_name, site_zone, booking, business_id, business_name = found
    knows = may_see_booking(actor, business_id, row.site_id or 0)
    return ExceptionLine(
        at=row.at,
        kind=ExceptionKind(row.kind),
        reason=row.reason,
        beyond=tuple(row.beyond),
        by=(by or "") if knows else "",
        site=site,
        site_name=site_name or "",
        zone=site_zone or zone,
        booking=booking,
        wish=row.wish_id,
        business_name=(business_name or "") if knows else "",
    )
