"""Check of fair use: nobody holds more of a house than its limits let her have had."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import BOOKED, HOLDING, Limits, month_of, week_of
from packhouse.models.audit import AuditEntry
from packhouse.models.bookings import Booking, JobLine, Move, RuleException
from packhouse.models.businesses import Business, CooperativeMember, Merger
from packhouse.models.sites import Site, load_calendar

Rows = Iterator[dict[str, Any]]
# Bookings of so long, and all that are to come, are added up every night.
RECENT = timedelta(days=31)
MEMBERS_CHANGED = ("business:member_added", "business:member_removed")


@dataclass(frozen=True, slots=True)
class _Held:
    """A booking that had to keep to the limits when it was made, and was not moved since."""

    business_id: int
    made_at: datetime
    day: date
    minutes: int
    is_open: bool
    is_ordered: bool


def beyond_limits(session: Session, now: datetime) -> Rows:
    """Find a business or a pool that holds more than a house's limits, without a reason for it.

    Counted is what surely was under today's limits when it was made: since they were last set,
    since the pool's members last changed, and since a merger. Left out is what the staff allowed
    for a reason or moved.
    """
    members = _members(session)
    for site in session.scalars(select(Site).order_by(Site.id)):
        if site.limits.are_set:
            yield from _beyond(session, site, members, now)


def _beyond(session: Session, site: Site, members: Mapping[int, set[int]], now: datetime) -> Rows:
    held = list(_held(session, site, now))
    by_business: dict[int, list[_Held]] = defaultdict(list)
    for each in held:
        by_business[each.business_id].append(each)
    changed, merged = _members_changed(session), _merged(session)
    for business_id, mine in by_business.items():
        if business_id in members:
            continue  # A cooperative has none but its pool.
        since = merged.get(business_id)
        own = [each for each in mine if not each.is_ordered and _is_after(each, since)]
        yield from _told(site, business_id, site.limits, own)
    for pool, ids in members.items():
        both = (pool, *ids)
        times = [changed.get(pool), *(merged.get(each) for each in both)]
        since = max((each for each in times if each), default=None)
        pooled = [
            one for each in both for one in by_business.get(each, ()) if _is_after(one, since)
        ]
        yield from _told(site, pool, site.limits.pooled(max(len(ids), 1)), pooled)


def _told(site: Site, holder: int, limits: Limits, held: Iterable[_Held]) -> Rows:
    """Yield each limit that these bookings of one holder are beyond."""
    listed = list(held)
    row = {"site": site.code, "business": holder}
    count = sum(each.is_open for each in listed)
    if limits.open_bookings is not None and count > limits.open_bookings:
        yield row | {"open": count, "most": limits.open_bookings}
    periods: tuple[tuple[str, int | None, Callable[[date], date]], ...] = (
        ("week", limits.week_minutes, week_of),
        ("month", limits.month_minutes, month_of),
    )
    for name, most, first_of in periods:
        minutes: dict[date, int] = defaultdict(int)
        for each in listed:
            minutes[first_of(each.day)] += each.minutes
        for first, used in sorted(minutes.items()):
            if most is not None and used > most:
                yield row | {name: str(first), "minutes": used, "most": most}


def _held(session: Session, site: Site, now: datetime) -> Iterator[_Held]:
    calendar = load_calendar(session, site.id)
    limits_set = session.scalar(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.subject_kind == "site",
            AuditEntry.subject_id == site.id,
            AuditEntry.action == "site:edited",
        )
    )
    ordered = select(JobLine.job_id).where(JobLine.job_id == Booking.job_id).exists()
    rows = session.execute(
        select(
            Booking.business_id, Booking.created_at, Booking.starts_at, Booking.state,
            Booking.setup_minutes + Booking.run_minutes, ordered,
        )
        .where(
            Booking.site_id == site.id,
            Booking.starts_at >= now - RECENT,
            Booking.state.in_(BOOKED),
            Booking.source != "paper",
            ~select(Move.id).where(Move.booking_id == Booking.id).exists(),
            ~select(RuleException.id).where(RuleException.booking_id == Booking.id).exists(),
        )
    )  # fmt: skip
    for business_id, made_at, starts_at, state, minutes, is_ordered in rows:
        if business_id is not None and (limits_set is None or made_at > limits_set):
            day = calendar.day_of(starts_at)
            yield _Held(business_id, made_at, day, minutes, state in HOLDING, bool(is_ordered))


def _is_after(held: _Held, since: datetime | None) -> bool:
    return since is None or held.made_at > since


def _members(session: Session) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {
        each: set()
        for each in session.scalars(select(Business.id).where(Business.kind == "cooperative"))
    }
    for pool, member in session.execute(
        select(CooperativeMember.cooperative_id, CooperativeMember.member_id)
    ):
        found.setdefault(pool, set()).add(member)
    return found


def _members_changed(session: Session) -> dict[int, datetime]:
    rows = session.execute(
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(AuditEntry.subject_kind == "business", AuditEntry.action.in_(MEMBERS_CHANGED))
        .group_by(AuditEntry.subject_id)
    )
    return {row[0]: row[1] for row in rows}


def _merged(session: Session) -> dict[int, datetime]:
    rows = session.execute(select(Merger.into_id, func.max(Merger.at)).group_by(Merger.into_id))
    return {row[0]: row[1] for row in rows}
