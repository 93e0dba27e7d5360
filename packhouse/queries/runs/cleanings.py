"""The cleaning log of a machine and day, as it is read and printed."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from packhouse.db import reading
from packhouse.domain.permissions import may_operate, may_trace
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.runs import Cleaning, Run
from packhouse.models.sites import Site, load_calendar
from packhouse.models.users import User


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A run or a clean; ``kind`` is run, before, closing or skipped."""

    kind: str
    at: datetime
    until: datetime | None
    level: int
    product: str
    code: str
    lot: str
    done_by: str
    checked_by: str
    checked_at: datetime | None
    reason: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class CleaningLog:
    """One machine's day; ``lacks_closing`` when something ran behind its last closing clean."""

    machine: str
    name: str
    site: str
    site_code: str
    zone: str
    day: date
    entries: tuple[LogEntry, ...]
    lacks_closing: bool
    may_close: bool


def cleaning_log(*, machine: str, day: date | None, actor: Actor, now: datetime) -> CleaningLog:
    """Return the log of a machine's local day, today without one. Raises NotFound."""
    session = reading()
    row = session.execute(
        select(Machine, Site).join(Site, Site.id == Machine.site_id).where(Machine.code == machine)
    ).one_or_none()
    if row is None or not may_trace(actor, row.Site.id):
        raise NotFound("machine_not_found", machine=machine)
    calendar = load_calendar(session, row.Site.id)
    today = calendar.day_of(now)
    shown = day or today
    window = calendar.local_day(shown)
    runs = session.execute(
        select(
            Run.started_at, Run.ended_at, Run.lot_code, Run.estimated, Booking.code,
            Product.name, User.name.label("by"),
        )
        .outerjoin(Booking, Booking.id == Run.booking_id)
        .outerjoin(Product, Product.id == Booking.product_id)
        .outerjoin(User, User.id == Run.operator_id)
        .where(
            Run.machine_id == row.Machine.id, Run.undone_at.is_(None),
            Run.started_at >= window.start, Run.started_at < window.end,
        )
    ).all()  # fmt: skip
    cleans = session.execute(
        select(Cleaning, Booking.code)
        .outerjoin(Booking, Booking.id == Cleaning.booking_id)
        .where(
            Cleaning.machine_id == row.Machine.id,
            Cleaning.done_at >= window.start,
            Cleaning.done_at < window.end,
        )
    ).all()
    people = {each for clean, _ in cleans for each in (clean.done_by, clean.checked_by) if each}
    names = {
        each.id: each.name
        for each in session.execute(select(User.id, User.name).where(User.id.in_(people)))
    }
    entries = [
        LogEntry(
            "run", each.started_at, each.ended_at, 0, each.name or "", each.code or "",
            each.lot_code or "", each.by or "", "", None, "", bool(each.estimated),
        )
        for each in runs
    ]  # fmt: skip
    entries += [
        LogEntry(
            clean.kind, clean.done_at, None, clean.level, "", code or "", "",
            names.get(clean.done_by or 0, ""), names.get(clean.checked_by or 0, ""),
            clean.checked_at, clean.reason, bool(clean.estimated),
        )
        for clean, code in cleans
    ]  # fmt: skip
    entries.sort(key=lambda each: (each.at, each.kind == "run"))
    closed_at = max((each.at for each in entries if each.kind == "closing"), default=None)
    ran_until = max((each.until or each.at for each in entries if each.kind == "run"), default=None)
    lacks = ran_until is not None and (closed_at is None or closed_at < ran_until)
    is_running = any(each.kind == "run" and each.until is None for each in entries)
    may_close = lacks and not is_running and shown == today and may_operate(actor, row.Site.id)
    return CleaningLog(
        row.Machine.code, row.Machine.name, row.Site.name, row.Site.code, row.Site.zone, shown,
        tuple(entries), lacks, may_close,
    )  # fmt: skip
