"""Bookings that no longer fit their house, as people read them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.errors import Problem
from packhouse.models.audit import AuditEntry, AuditHead
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.replanning import load_misfits
from packhouse.models.sites import Site

# For so long what was found stands, whatever is booked, called off and packed.
LATELY = timedelta(minutes=1)
AT_LEISURE = frozenset({"booking", "order", "series", "wish", "message", "complaint"})
MANY = 200


@dataclass(frozen=True, slots=True)
class MisfitItem:
    """A booking to come that its house can no longer keep; ``problems`` say every reason."""

    id: int
    code: str
    machine: str
    machine_name: str
    business_name: str
    product_name: str
    pack: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    problems: tuple[Problem, ...]


def misfits(site_id: int, now: datetime) -> tuple[MisfitItem, ...]:
    """Return the bookings to come that closures, hours or shifts no longer allow, by start.

    For pages of the staff: the caller has checked that the site is theirs.
    """
    session = reading()
    found = {each.booking_id: each for each in load_misfits(session, site_id=site_id, now=now)}
    if not found:
        return ()
    zone = session.get_one(Site, site_id).zone
    rows = session.execute(
        select(
            Booking.id,
            Booking.code,
            Booking.quantity,
            Machine.code.label("machine"),
            Machine.name.label("machine_name"),
            Business.name.label("business_name"),
            Product.name.label("product_name"),
            Product.pack,
        )
        .join(Machine, Machine.id == Booking.machine_id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .outerjoin(Product, Product.id == Booking.product_id)
        .where(Booking.id.in_(found))
        .order_by(Booking.starts_at, Booking.id)
    )
    return tuple(
        MisfitItem(
            id=row.id,
            code=row.code,
            machine=row.machine,
            machine_name=row.machine_name,
            business_name=row.business_name or "",
            product_name=row.product_name or "",
            pack=row.pack or "",
            quantity=row.quantity,
            starts_at=found[row.id].starts_at,
            ends_at=found[row.id].ends_at,
            zone=zone,
            problems=tuple(each.told_in(zone) for each in found[row.id].problems),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found in a house when its record had grown to ``seq``."""

    seq: int
    at: datetime
    items: tuple[MisfitItem, ...]


# By the connections to a database, and house; every process keeps what it found itself.
_kept: WeakKeyDictionary[Pool, dict[int, _Kept]] = WeakKeyDictionary()


def recent_misfits(site_id: int, now: datetime) -> tuple[MisfitItem, ...]:
    """Return what ``misfits`` does, for every page of the staff: as a rule in one query.

    Looking through all that is booked takes time that grows with the house, so what was found is
    kept. It is looked for anew as soon as the house's record tells of more than bookings, such as
    other hours or a machine that broke, or of a booking that did not fit; and a minute after
    anything else.
    """
    session = reading()
    kept = _kept.setdefault(session.get_bind().engine.pool, {})
    known = kept.get(site_id)
    if known is None or _is_outdated(session, site_id, known, now):
        # Read before looking: what is written meanwhile is looked at the next time.
        seq = session.scalar(select(AuditHead.seq).where(AuditHead.chain == site_id)) or 0
        known = kept[site_id] = _Kept(seq, now, misfits(site_id, now))
    return tuple(each for each in known.items if each.starts_at > now)


def _is_outdated(session: Session, site_id: int, known: _Kept, now: datetime) -> bool:
    changes = session.execute(
        select(AuditEntry.subject_kind, AuditEntry.subject_id)
        .where(AuditEntry.chain == site_id, AuditEntry.seq > known.seq)
        .limit(MANY)
    ).all()
    if not changes:
        return False
    if len(changes) == MANY or not timedelta() <= now - known.at < LATELY:
        return True
    unfit = {each.id for each in known.items}
    return any(
        kind not in AT_LEISURE or (kind == "booking" and of in unfit) for kind, of in changes
    )
