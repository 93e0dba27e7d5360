"""Checks of machine time: claims, overlaps, cleaning, states, runs, prices, rollups."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from packhouse.domain.bookings import HOLDING, State
from packhouse.domain.machines import MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.products import Neighbour
from packhouse.domain.reports import FIELDS, MachineDay
from packhouse.domain.sites import Calendar
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import to_epoch
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, load_specs
from packhouse.models.reports import daily_rollups, load_machine_days
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Occupation, load_neighbours
from packhouse.models.tariffs import BookingReduction
from packhouse.models.waitlist import Offer

Rows = Iterator[dict[str, Any]]
RECENT = timedelta(days=31)

_OVERLAP = """
    SELECT id, machine_id, {start} AS starts, {end} AS ends, previous_end FROM (
        SELECT id, machine_id, {start}, {end}, MAX({end_or_far}) OVER (
            PARTITION BY machine_id ORDER BY {start}, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous_end
        FROM {table} WHERE {where}) AS swept
    WHERE previous_end > {start}"""


def _sql(session: Session, query: str) -> Rows:
    for row in session.execute(text(query)).mappings():
        yield dict(row)


def _overlap(table: str, start: str, end: str, where: str) -> str:
    far = f"COALESCE({end}, {1 << 60})"
    return _OVERLAP.format(table=table, start=start, end=end, end_or_far=far, where=where)


def overlapping_occupations(session: Session, now: datetime) -> Rows:
    """Find two occupations that are or were real share machine time (a sweep, not the claims)."""
    yield from _sql(
        session, _overlap("occupations", "from_at", "to_at", "status IN ('live', 'done')")
    )


def overlapping_bookings(session: Session, now: datetime) -> Rows:
    """Find two bookings that hold time share it, by their own times."""
    states = ", ".join(f"'{state}'" for state in sorted(HOLDING))
    yield from _sql(session, _overlap("bookings", "starts_at", "ends_at", f"state IN ({states})"))


def overlapping_states(session: Session, now: datetime) -> Rows:
    """Find a machine was in two states at once."""
    yield from _sql(session, _overlap("state_intervals", "starts_at", "ends_at", "1 = 1"))


_EXPECTED_CLAIMS = """SELECT machine_id, from_at / 300 + n AS slot, id AS occupation_id
    FROM occupations JOIN numbers ON n < (to_at - from_at) / 300 WHERE status = 'live'"""
_CLAIMS = "SELECT machine_id, slot, occupation_id FROM claims"


def wrong_claims(session: Session, now: datetime) -> Rows:
    """Find claims that are missing, or that no live occupation asks for."""
    for what, query in (
        ("missing", f"{_EXPECTED_CLAIMS} EXCEPT {_CLAIMS}"),
        ("unasked", f"{_CLAIMS} EXCEPT {_EXPECTED_CLAIMS}"),
    ):
        for row in _sql(session, query):
            yield {"claim": what, **row}


_LOAD = """
    SELECT site_id, slot, SUM(needed) AS needed, SUM(used) AS used FROM (
        SELECT site_id, attended_from / 300 + n AS slot, 1 AS needed, 0 AS used
        FROM occupations JOIN numbers ON n < (to_at - attended_from) / 300
        WHERE status = 'live' AND attended_from IS NOT NULL
        UNION ALL SELECT site_id, slot, 0, used FROM operator_load) AS both_sides
    GROUP BY site_id, slot HAVING SUM(needed) <> SUM(used)"""


def wrong_operator_load(session: Session, now: datetime) -> Rows:
    """Find counters that differ from what attended occupations add up to, or exceed the people."""
    yield from _sql(session, _LOAD)
    yield from _sql(
        session,
        "SELECT site_id, slot, used, capacity, promised FROM operator_load"
        " WHERE used > capacity + promised OR (promised > 0 AND used <> capacity + promised)",
    )


_STATUS = """
    SELECT b.code, b.state, o.status FROM bookings b JOIN occupations o ON o.id = b.occupation_id
    WHERE o.status <> CASE
        WHEN b.state IN ('requested', 'confirmed', 'arrived', 'running') THEN 'live'
        WHEN b.state = 'finished' AND b.source <> 'paper' THEN 'done'
        ELSE 'released' END"""


def wrong_holdings(session: Session, now: datetime) -> Rows:
    """Find a booking that holds time it must not, or does not hold what it must."""
    yield from _sql(session, _STATUS)
    yield from _sql(
        session,
        "SELECT o.id, o.machine_id FROM occupations o WHERE o.kind = 'booking'"
        " AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.occupation_id = o.id)",
    )


def wrong_periods(session: Session, now: datetime) -> Rows:
    """Find a live booking that lies outside its occupation, off the grid, or on another machine."""
    yield from _sql(
        session,
        "SELECT b.code, b.starts_at, b.ends_at, o.from_at, o.to_at"
        " FROM bookings b JOIN occupations o ON o.id = b.occupation_id"
        " WHERE o.status = 'live' AND (o.machine_id <> b.machine_id OR o.site_id <> b.site_id"
        " OR o.from_at > b.starts_at OR o.to_at <> b.ends_at"
        " OR b.starts_at % 300 <> 0 OR b.ends_at % 300 <> 0)",
    )


def wrong_lanes(session: Session, now: datetime) -> Rows:
    """Find a product on a machine of the other lane."""
    yield from _sql(
        session,
        "SELECT b.code, p.lane AS product_lane, m.lane AS machine_lane FROM bookings b"
        " JOIN products p ON p.id = b.product_id JOIN machines m ON m.id = b.machine_id"
        # Before its lane was changed, which happens once, it was in the other one.
        " WHERE (p.lane <> m.lane) <> COALESCE(b.ends_at <= m.converted_at, FALSE)",
    )


def wrong_prices(session: Session, now: datetime) -> Rows:
    """Find a price that is not the tariff times setup and run, less its reduction, rounded."""
    rows = session.execute(
        select(
            Booking.code,
            Booking.price,
            Booking.tariff_per_hour,
            Booking.setup_minutes,
            Booking.run_minutes,
            func.coalesce(BookingReduction.percent, 0).label("percent"),
        )
        .outerjoin(BookingReduction, BookingReduction.booking_id == Booking.id)
        .execution_options(yield_per=5000)
    )
    for row in rows:
        minutes = row.setup_minutes + row.run_minutes
        if row.price != price_of(row.tariff_per_hour, minutes, row.percent):
            yield {"code": row.code, "price": row.price}


def wrong_runs(session: Session, now: datetime) -> Rows:
    """Find a run that is open while its booking is not running, or the other way round."""
    yield from _sql(
        session,
        "SELECT b.code, b.state, r.id AS run FROM bookings b LEFT JOIN runs r"
        " ON r.booking_id = b.id AND r.ended_at IS NULL"
        " WHERE (b.state = 'running') <> (r.id IS NOT NULL)",
    )
    yield from _sql(
        session,
        "SELECT i.id, i.run_id FROM state_intervals i JOIN runs r ON r.id = i.run_id"
        " WHERE i.machine_id <> r.machine_id OR (r.ended_at IS NOT NULL AND i.ends_at IS NULL)",
    )


def wrong_cleaning(session: Session, now: datetime) -> Rows:
    """Find a booking to come whose cleaning is not what its neighbours demand, or does not fit."""
    days: dict[int, set[date]] = defaultdict(set)
    zones = {row.id: ZoneInfo(row.zone) for row in session.execute(select(Site.id, Site.zone))}
    bookings = session.execute(
        select(Booking.machine_id, Booking.site_id, Booking.starts_at)
        .join(Occupation, Occupation.id == Booking.occupation_id)
        .where(Occupation.status == "live", Booking.state != State.RUNNING)
    )
    offers = session.execute(
        select(Offer.machine_id, Offer.site_id, Offer.starts_at).where(Offer.state == "open")
    )
    for row in (*bookings, *offers):
        days[row.machine_id].add(row.starts_at.astimezone(zones[row.site_id]).date())
    for machine_id in sorted(days):
        machine = session.get_one(Machine, machine_id)
        yield from _wrong_cleaning_of(session, machine, sorted(days[machine_id]), now)


def _wrong_cleaning_of(session: Session, machine: Machine, days: list[date], now: datetime) -> Rows:
    spec = load_specs(session, machines=[machine], now=now)[machine.id]
    calendar = load_calendar(session, machine.site_id).for_machine(machine.code)
    for day in days:
        window = calendar.local_day(day)
        around = load_neighbours(session, machine_ids=[machine.id], window=window)
        time = MachineTime(spec, calendar, around[machine.id])
        if not _within_hours(calendar, around[machine.id]):
            continue  # Hours were shortened over bookings: the house lists and settles those.
        live = _live_bookings(session, machine.id)
        for each in cleanings_on(time, day):
            claimed = each.neighbour.occupied_from
            if each.neighbour.key in live and each.occupied_from not in (claimed, None):
                yield {
                    "booking": each.neighbour.key,
                    "occupied_from": to_epoch(claimed),
                    "should_be": to_epoch(each.occupied_from) if each.occupied_from else None,
                }
            elif each.neighbour.key in live and each.occupied_from is None:
                yield {"booking": each.neighbour.key, "cleaning": "does not fit"}
        blocked = any(each.traits is None for each in around[machine.id])
        if not blocked and not closing_clean_fits(time, day):
            yield {"machine": machine.code, "day": day.isoformat(), "closing_clean": "missing"}


def _within_hours(calendar: Calendar, neighbours: list[Neighbour]) -> bool:
    """Say whether every booking begins and ends in opening hours as they are now."""
    for each in neighbours:
        if each.traits is None:
            continue
        ranges = calendar.open_ranges_on(calendar.day_of(each.starts_at))
        starts = any(span.contains(each.starts_at) for span in ranges)
        ends = any(span.start < each.ends_at <= span.end for span in ranges)
        if not (starts and ends):
            return False
    return True


def _live_bookings(session: Session, machine_id: int) -> set[int]:
    """Return the keys of what is still to be cleaned for: bookings, and offers with a minus."""
    offered = select(-Offer.id).where(Offer.machine_id == machine_id, Offer.state == "open")
    return set(session.scalars(offered)) | set(
        session.scalars(
            select(Booking.id)
            .join(Occupation, Occupation.id == Booking.occupation_id)
            .where(
                Occupation.machine_id == machine_id,
                Occupation.status == "live",
                Booking.state != State.RUNNING,
            )
        )
    )


def wrong_rollups(session: Session, now: datetime) -> Rows:
    """Find a cached day of the last month that raw states tell otherwise."""
    last = now.date()
    first = last - RECENT
    for site in session.scalars(select(Site).order_by(Site.id)):
        machines = session.scalars(select(Machine).where(Machine.site_id == site.id)).all()
        held = {
            (row.machine_id, row.day): MachineDay(*row[2:])
            for row in session.execute(
                select(
                    daily_rollups.c.machine_id,
                    daily_rollups.c.day,
                    *(daily_rollups.c[name] for name in FIELDS),
                ).where(
                    daily_rollups.c.machine_id.in_([machine.id for machine in machines]),
                    daily_rollups.c.day >= first,
                )
            )
        }
        days = [first + timedelta(days=number) for number in range(RECENT.days + 1)]
        fresh = load_machine_days(session, machines=machines, days=days, now=now, only=held.keys())
        for (machine_id, day), kept in held.items():
            if fresh[machine_id, day] != kept:
                yield {"machine": machine_id, "day": day.isoformat()}
