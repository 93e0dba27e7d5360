"""What a board is read from: columns, not entities, in a fixed number of statements.

A day comes from the indexes on (site, time), what is open now from the partial indexes: nothing
here grows with the history.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from packhouse.db import UtcDateTime
from packhouse.domain.bookings import BOOKED, State
from packhouse.domain.time_range import TimeRange
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.downtime import Breakdown, Maintenance, outage_behind
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.runs import Run, StateInterval
from packhouse.models.slots import Occupation
from packhouse.queries.runs.views import WORKING, Block

_Stood = aliased(StateInterval)


def _epoch(instant: Any) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


SHOWN = tuple(sorted(BOOKED | {State.DISPLACED}))
AnyRow = Row[*tuple[Any, ...]]

# So long its open run stood still, and when a run or a breakdown of the day last ended.
_LOST = (
    select(func.sum(_epoch(_Stood.ends_at) - _epoch(_Stood.starts_at), type_=BigInteger))
    .where(_Stood.run_id == Run.id, _Stood.ends_at.is_not(None), _Stood.reason.not_in(WORKING))
    .scalar_subquery()
)
_Ended, _Mended = aliased(Run), aliased(Breakdown)
_LAST_RUN = (
    select(func.max(_Ended.ended_at, type_=UtcDateTime))
    .where(_Ended.machine_id == Machine.id, _Ended.started_at >= bindparam("since"))
    .scalar_subquery()
)
_LAST_BREAKDOWN = (
    select(func.max(_Mended.ended_at, type_=UtcDateTime))
    .where(_Mended.machine_id == Machine.id, _Mended.ended_at >= bindparam("since"))
    .scalar_subquery()
)
_MACHINES: Select[*tuple[Any, ...]] = (
    select(
        Machine.id,
        Machine.code,
        Machine.name,
        Machine.commissioned_at,
        Machine.retired_at,
        Run.started_at.label("run_started_at"),
        Booking.code.label("run_code"),
        Booking.ends_at.label("run_ends_at"),
        Booking.setup_minutes.label("run_setup_minutes"),
        Booking.run_minutes,
        _LOST.label("lost_seconds"),
        _LAST_RUN.label("last_run_at"),
        _LAST_BREAKDOWN.label("last_breakdown_at"),
        StateInterval.reason.label("state_reason"),
        StateInterval.starts_at.label("state_since"),
        Breakdown.reason.label("broken_reason"),
        Breakdown.started_at.label("broken_since"),
        Breakdown.expected_back_at,
        Breakdown.note.label("broken_note"),
    )
    .outerjoin(Run, and_(Run.machine_id == Machine.id, Run.ended_at.is_(None)))
    .outerjoin(Booking, Booking.id == Run.booking_id)
    .outerjoin(
        StateInterval,
        and_(StateInterval.machine_id == Machine.id, StateInterval.ends_at.is_(None)),
    )
    .outerjoin(Breakdown, and_(Breakdown.machine_id == Machine.id, Breakdown.ended_at.is_(None)))
    .order_by(Machine.name, Machine.code)
)
_JOBS: Select[*tuple[Any, ...]] = (
    select(
        Booking.code,
        Booking.state,
        Booking.source,
        Booking.machine_id,
        Booking.business_id,
        Booking.quantity,
        Booking.starts_at,
        Booking.ends_at,
        Booking.cleaning_level,
        Booking.changeover_minutes,
        Booking.setup_minutes,
        Booking.run_minutes,
        Occupation.from_at,
        Occupation.to_at,
        Occupation.status,
        Business.name.label("business_name"),
        Product.name.label("product_name"),
        Product.pack,
        Product.lane,
        type_coerce(Product.allergens, Text).label("allergens"),
        Product.aroma,
        Product.wet,
    )
    .join(Occupation, Occupation.id == Booking.occupation_id)
    .outerjoin(Business, Business.id == Booking.business_id)
    .outerjoin(Product, Product.id == Booking.product_id)
    .order_by(Booking.starts_at, Booking.id)
)
_BLOCKS: Select[*tuple[Any, ...]] = select(
    Occupation.machine_id,
    Occupation.kind,
    Occupation.from_at,
    Occupation.to_at,
    Occupation.status,
    func.coalesce(Maintenance.reason, outage_behind(Occupation)).label("reason"),
    Maintenance.note,
).outerjoin(
    Maintenance,
    # The machine is named for its index: there are few rows for each.
    and_(
        Maintenance.machine_id == Occupation.machine_id,
        Maintenance.occupation_id == Occupation.id,
    ),
)
_IS_BLOCK: ColumnElement[bool] = literal_column("occupations.kind <> 'booking'")
_IS_LIVE_BLOCK: ColumnElement[bool] = literal_column(
    "occupations.kind <> 'booking' AND occupations.status = 'live'"
)


class Only(NamedTuple):
    """One machine's day, with one booking that is shown whatever its state."""

    machine_id: int
    code: str


def machine_rows(
    session: Session, site_id: int, window: TimeRange, only: Only | None
) -> Sequence[AnyRow]:
    """Return the machines in service on the day, with the run, state and breakdown open now."""
    query = _MACHINES.where(Machine.site_id == site_id)
    if only is not None:
        query = query.where(Machine.id == only.machine_id)
    else:
        in_service = or_(Machine.retired_at.is_(None), Machine.retired_at > window.start)
        query = query.where(in_service, Machine.commissioned_at < window.end)
    return session.execute(query, {"since": window.start}).all()


def job_rows(
    session: Session, site_id: int, window: TimeRange, only: Only | None
) -> dict[int, list[AnyRow]]:
    """Return the bookings of the day by machine, each list by start."""
    query = _JOBS.where(
        Booking.site_id == site_id,
        Booking.starts_at >= window.start,
        Booking.starts_at < window.end,
    )
    if only is None:
        query = query.where(Booking.state.in_(SHOWN))
    else:
        shown = or_(Booking.state.in_(SHOWN), Booking.code == only.code)
        query = query.where(Booking.machine_id == only.machine_id, shown)
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.execute(query):
        found[row.machine_id].append(row)
    return found


def block_rows(
    session: Session, machine_ids: list[int], site_id: int, window: TimeRange
) -> dict[int, list[Block]]:
    """Return the blocks that begin on the day, and the live ones that reach into it."""
    begins_here = and_(
        Occupation.site_id == site_id,
        Occupation.from_at >= window.start,
        Occupation.from_at < window.end,
        Occupation.status.in_(("live", "done")),
        _IS_BLOCK,
    )
    reaches_here = and_(
        Occupation.machine_id.in_(machine_ids),
        Occupation.to_at > window.start,
        Occupation.from_at < window.start,
        _IS_LIVE_BLOCK,
    )
    found: dict[int, list[Block]] = defaultdict(list)
    # Two halves of one query: each has an index of its own.
    rows = session.execute(union_all(_BLOCKS.where(reaches_here), _BLOCKS.where(begins_here)))
    for row in sorted(rows, key=lambda each: each.from_at):
        block = Block(
            row.kind, row.reason or "", row.note or "", row.from_at, row.to_at,
            row.status == "live",
        )  # fmt: skip
        found[row.machine_id].append(block)
    return found
